package io.sluice.groups.queue;

import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A queue as it stands. Times in ms since the epoch.
 *
 * @param error NONE, or why nothing is told of it
 * @param id that of its topic
 * @param sent messages since its beginning
 * @param counts what else has been counted since its beginning
 * @param waiting messages that could be delivered now
 * @param leased messages that consumers have
 * @param delayed messages that are not due, those that are to be delivered again included
 * @param condemned messages that are on their way to the dead letters
 * @param held messages that have been delivered and are not finished
 * @param receivers how many wait for messages
 * @param sessions consumers that keep what they have for as long as they are heard
 * @param oldest the first message of each partition that is not finished, if there is one
 * @param askedMs when somebody asked for messages last, since the broker has been running; 0 if nobody has
 * @param nextDueMs when the next of the delayed messages that are known is due; {@link Long#MAX_VALUE} if none is known
 * @param unfinishedBytes about how large the messages are that are not finished, as they lie in the log
 * @param pinnedBytes about how large that part of the log is which is finished and older than the queue keeps it, but cannot be deleted because
 *     a message before it is not finished
 * @param still whether all that lies in the log has been looked at, and none of it could be delivered now
 * @param unreadable where the log cannot be read, one for each such partition
 */
public record QueueView(
        QueueError error,
        UUID id,
        String name,
        QueueConfig config,
        boolean paused,
        long createdMs,
        long changedMs,
        long sent,
        Counts counts,
        long waiting,
        long leased,
        long delayed,
        long condemned,
        Held held,
        int receivers,
        long askedMs,
        List<SessionView> sessions,
        Map<Integer, MessageId> oldest,
        long nextDueMs,
        long unfinishedBytes,
        long pinnedBytes,
        boolean still,
        List<Unreadable> unreadable) {
    /** How many messages are not finished. */
    public long unfinished() {
        return waiting + leased + delayed + condemned;
    }

    /** What a queue has counted. */
    public record Counts(
            long delivered, long acknowledged, long returned, long dead, long expired, long dropped, long gone) {
        static final Counts ZERO = new Counts(0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * Messages that have been delivered and are not finished: each is in memory.
     *
     * @param bytes about how much memory they take
     * @param isFull whether there is no room for more, so that only those of them are delivered
     */
    public record Held(int messages, long bytes, boolean isFull) {
        static final Held NONE = new Held(0, 0, false);
    }

    /** A consumer that is heard. */
    public record SessionView(String consumer, int messages, int timeoutMs, long expiresMs) {}

    /**
     * A part of the log that cannot be read, at least not for now: what lies there and behind it in its partition is not delivered. It is tried again
     * for as long as somebody receives.
     *
     * @param from the first message of it
     * @param sinceMs since when that is known
     * @param why a sentence for people
     */
    public record Unreadable(MessageId from, long sinceMs, String why) {}

    /** The same with another error. */
    QueueView as(QueueError other) {
        return new QueueView(
                other,
                id,
                name,
                config,
                paused,
                createdMs,
                changedMs,
                sent,
                counts,
                waiting,
                leased,
                delayed,
                condemned,
                held,
                receivers,
                askedMs,
                sessions,
                oldest,
                nextDueMs,
                unfinishedBytes,
                pinnedBytes,
                still,
                unreadable);
    }

    static QueueView refused(QueueError error, String name) {
        return new QueueView(
                error,
                new UUID(0, 0),
                name,
                QueueConfig.DEFAULTS,
                false,
                0,
                0,
                0,
                Counts.ZERO,
                0,
                0,
                0,
                0,
                Held.NONE,
                0,
                0,
                List.of(),
                Map.of(),
                Long.MAX_VALUE,
                0,
                0,
                false,
                List.of());
    }
}
