package io.sluice.server.http.records;

import io.sluice.core.record.Headers;
import io.sluice.groups.queue.MessageHeaders;
import java.nio.charset.StandardCharsets;

/**
 * When a message of a queue is to be delivered, as its sender says it. Times in ms.
 *
 * @param delayMs how long from now; -1 if it is not said
 * @param deliverAtMs at what time; -1 if it is not said
 * @param ttlMs for how long from then; -1 if it is not said
 * @param dedupId what makes it the same as another; null if nothing does
 */
record MessageWishes(long delayMs, long deliverAtMs, long ttlMs, String dedupId) {
    static final MessageWishes NONE = new MessageWishes(-1, -1, -1, null);

    /** The longest delay or time to live: a hundred years. */
    static final long MAX_MS = 100L * 365 * 24 * 3_600_000;

    /** The last time at which a message can be delivered that is sent now, in ms since the epoch. */
    static long lastMs(long nowMs) {
        return nowMs + MAX_MS;
    }

    MessageWishes withDelay(long ms) {
        return new MessageWishes(ms, deliverAtMs, ttlMs, dedupId);
    }

    MessageWishes withDeliverAt(long atMs) {
        return new MessageWishes(delayMs, atMs, ttlMs, dedupId);
    }

    MessageWishes withTtl(long ms) {
        return new MessageWishes(delayMs, deliverAtMs, ms, dedupId);
    }

    MessageWishes withDedupId(String id) {
        return new MessageWishes(delayMs, deliverAtMs, ttlMs, id);
    }

    /** Writes them as headers of the record. */
    void addTo(Headers headers, long nowMs) {
        long dueMs = delayMs > 0 ? nowMs + delayMs : deliverAtMs;
        // A delay of none is said too: the queue may have another one for those that do not say.
        if (dueMs >= 0 || delayMs == 0) {
            add(headers, MessageHeaders.DELIVER_AT, Long.toString(Math.max(0, dueMs)));
        }
        if (ttlMs >= 0) {
            add(headers, MessageHeaders.EXPIRES_AT, Long.toString(Math.max(nowMs, dueMs) + ttlMs));
        }
        if (dedupId != null) {
            add(headers, MessageHeaders.DEDUP_ID, dedupId);
        }
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
