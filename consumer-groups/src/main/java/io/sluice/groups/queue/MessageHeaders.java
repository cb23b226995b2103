package io.sluice.groups.queue;

import java.nio.ByteBuffer;

/**
 * Headers of the records of a queue's topic. Whoever produces a record there may set them; times are decimal numbers of ms since the epoch,
 * as text.
 */
public final class MessageHeaders {
    /** What the names of all of them begin with. */
    public static final String PREFIX = "sluice-";

    /** Not to be delivered before this time. */
    public static final String DELIVER_AT = "sluice-deliver-at";

    /** Not to be delivered any more from this time on. */
    public static final String EXPIRES_AT = "sluice-expires-at";

    /** What makes two messages the same one. */
    public static final String DEDUP_ID = "sluice-dedup-id";

    /** What the message is called, if not by where it lies: it has been somewhere else in its queue before. What is no {@link MessageId} names nothing. */
    public static final String ID = "sluice-id";

    /** The queue in which a message died. */
    public static final String QUEUE = "sluice-queue";

    /** The id of that queue's topic, which tells it from others that have its name before or after. */
    public static final String QUEUE_ID = "sluice-queue-id";

    /** In which partition of that queue it lay. */
    public static final String PARTITION = "sluice-partition";

    /** At which offset of that partition. */
    public static final String OFFSET = "sluice-offset";

    /** When it died. */
    public static final String DIED_AT = "sluice-died-at";

    /** When it was sent to the queue in which it died. */
    public static final String ENQUEUED_AT = "sluice-enqueued-at";

    /** Why it died. */
    public static final String REASON = "sluice-reason";

    /** How often it had been delivered. */
    public static final String DELIVERIES = "sluice-deliveries";

    /** The deliveries that did not end well, as a JSON array of objects. */
    public static final String ATTEMPTS = "sluice-attempts";

    /** Of a message that was sent again from the dead letters: how it died before, as a JSON array of objects, the first death first. */
    public static final String EARLIER_DEATHS = "sluice-earlier-deaths";

    /** How often it has been sent again from the dead letters. */
    public static final String REDRIVES = "sluice-redrives";

    /** The message of another queue that died there and was sent to this one: the queue, a slash and its id there. */
    public static final String REDRIVE_OF = "sluice-redrive-of";

    /** The message of which this is a replay. */
    public static final String REPLAY_OF = "sluice-replay-of";

    /** When the replay was made. */
    public static final String REPLAYED_AT = "sluice-replayed-at";

    /** The largest number and the latest time, to which much can be added still. */
    private static final long MAX = 999_999_999_999_999_999L;

    private MessageHeaders() {}

    /**
     * A time or a count as a header has it: a decimal number, which counts as 18 nines if it is larger than that. What is none is as if it
     * were not there.
     *
     * @param otherwise what holds then
     */
    public static long number(ByteBuffer text, long otherwise) {
        if (!text.hasRemaining()) {
            return otherwise;
        }
        long number = 0;
        for (int i = text.position(); i < text.limit(); i++) {
            int digit = text.get(i) - '0';
            if (digit < 0 || digit > 9) {
                return otherwise;
            }
            number = Math.min(MAX, number * 10 + digit);
        }
        return number;
    }

    /** The time of a record: producers may say anything, and what is added to it must not become a time in the past. */
    public static long time(long timestampMs) {
        return Math.min(MAX, timestampMs);
    }
}
