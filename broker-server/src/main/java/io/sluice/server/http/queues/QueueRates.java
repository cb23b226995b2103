package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.sluice.groups.queue.QueueListener;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * How fast messages go through queues, over the last minute: counted as it happens, in slots of five seconds. Of a queue to which nothing
 * happens there is nothing. Safe on any thread.
 */
final class QueueRates implements QueueListener {
    private static final long SLOT_MS = 5_000;
    private static final int SLOTS = 12;
    private static final long MIN_MS = 1_000;

    private final Map<UUID, Meter> meters = new ConcurrentHashMap<>();
    private final long startedMs;

    /** What is counted. */
    private enum Kind {
        RECEIVED,
        ACKNOWLEDGED,
        RETURNED,
        EXPIRED
    }

    /**
     * Messages a second.
     *
     * @param received deliveries
     * @param acknowledged messages that are done
     * @param returned deliveries that failed
     * @param expired messages that became too old
     * @param overMs over what time that was counted
     */
    record Rates(double received, double acknowledged, double returned, double expired, long overMs) {}

    /** @param startedMs since when it listens, in ms since the epoch */
    QueueRates(long startedMs) {
        this.startedMs = startedMs;
    }

    @Override
    public void happened(QueueEvent event, UnaryOperator<MessageId> names) {
        if (event instanceof Leased leased) {
            count(event.queue(), Kind.RECEIVED, leased.messages().size(), leased.atMs());
        } else if (event instanceof Finished finished && finished.outcome() == Outcome.ACKNOWLEDGED) {
            count(event.queue(), Kind.ACKNOWLEDGED, finished.messages().size(), finished.atMs());
        } else if (event instanceof Finished finished && finished.outcome() == Outcome.EXPIRED) {
            count(event.queue(), Kind.EXPIRED, finished.messages().size(), finished.atMs());
        } else if (event instanceof Returned returned) {
            count(event.queue(), Kind.RETURNED, returned.messages().size(), returned.atMs());
        } else if (event instanceof Deleted) {
            meters.remove(event.queue());
        }
    }

    private void count(UUID queue, Kind kind, int messages, long atMs) {
        meters.computeIfAbsent(queue, absent -> new Meter()).count(kind, messages, atMs);
    }

    /**
     * The rates of a queue.
     *
     * @param createdMs since when it is there, in ms since the epoch
     */
    Rates of(UUID queue, long createdMs, long nowMs) {
        // The slot that has begun, and those before it.
        long slotsMs = (SLOTS - 1) * SLOT_MS + Math.floorMod(nowMs, SLOT_MS);
        long overMs = Math.max(MIN_MS, Math.min(slotsMs, nowMs - Math.max(createdMs, startedMs)));
        Meter meter = meters.get(queue);
        long[] counts = meter == null ? new long[Kind.values().length] : meter.counts(nowMs);
        return new Rates(
                perSecond(counts[Kind.RECEIVED.ordinal()], overMs),
                perSecond(counts[Kind.ACKNOWLEDGED.ordinal()], overMs),
                perSecond(counts[Kind.RETURNED.ordinal()], overMs),
                perSecond(counts[Kind.EXPIRED.ordinal()], overMs),
                overMs);
    }

    /** A rate that people can read. */
    static double perSecond(long count, long overMs) {
        return Math.round(count * 100_000.0 / overMs) / 100.0;
    }

    /** The counts of one queue. */
    private static final class Meter {
        private final int[][] slots = new int[Kind.values().length][SLOTS];
        /** The number of the slot that was counted in last, since the epoch. */
        private long last;

        synchronized void count(Kind kind, int messages, long atMs) {
            advance(atMs / SLOT_MS);
            slots[kind.ordinal()][(int) (last % SLOTS)] += messages;
        }

        synchronized long[] counts(long nowMs) {
            advance(nowMs / SLOT_MS);
            return Arrays.stream(slots)
                    .mapToLong(kind -> Arrays.stream(kind).asLongStream().sum())
                    .toArray();
        }

        private void advance(long slot) {
            // What happened a moment ago on another thread counts as now.
            for (long next = Math.max(last + 1, slot - SLOTS + 1); next <= slot; next++) {
                for (int[] kind : slots) {
                    kind[(int) (next % SLOTS)] = 0;
                }
            }
            last = Math.max(last, slot);
        }
    }
}
