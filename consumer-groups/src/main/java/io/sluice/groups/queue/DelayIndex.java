package io.sluice.groups.queue;

import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Messages that need not be looked at before some time: which offsets, by the time at which they wake up. That time is at or before the one at
 * which they are due, the coarser the further away: a message that is due in a year is looked at again on the day, in the hour and in
 * the minute, and in between it costs some bits. For one thread.
 */
final class DelayIndex {
    /** What is due within this is not worth being forgotten. */
    static final long SOON_MS = 60_000;

    private static final long SECOND_MS = 1_000;
    private static final long HOUR_MS = 3_600_000;
    private static final long DAY_MS = 24 * HOUR_MS;

    private final NavigableMap<Long, OffsetSet> byWakeMs = new TreeMap<>();
    /** All of them. */
    private final OffsetSet asleep = new OffsetSet();

    /**
     * When a message wakes up that is due at a time.
     *
     * @return 0 if it should stay awake
     */
    static long wakeMs(long dueMs, long nowMs) {
        long aheadMs = dueMs - nowMs;
        if (aheadMs <= 2 * SOON_MS) {
            return 0;
        }
        long widthMs = aheadMs > 2 * DAY_MS ? DAY_MS : aheadMs > 2 * HOUR_MS ? HOUR_MS : SOON_MS;
        return dueMs - Math.floorMod(dueMs, widthMs);
    }

    /** When a message is to be read again that is due soon: within its second, and then at its time. */
    static long laterMs(long dueMs, long nowMs) {
        return dueMs - nowMs <= 2 * SECOND_MS ? dueMs : dueMs - Math.floorMod(dueMs, SECOND_MS);
    }

    void clear() {
        byWakeMs.clear();
        asleep.clear();
    }

    /** A message sleeps until a time, and no longer until another. */
    void add(long offset, long wakeMs) {
        remove(offset);
        asleep.add(offset);
        byWakeMs.computeIfAbsent(wakeMs, at -> new OffsetSet()).add(offset);
    }

    void remove(long offset) {
        if (!asleep.contains(offset)) {
            return;
        }
        asleep.remove(offset);
        for (Map.Entry<Long, OffsetSet> bucket : byWakeMs.entrySet()) {
            if (bucket.getValue().contains(offset)) {
                bucket.getValue().remove(offset);
                if (bucket.getValue().isEmpty()) {
                    byWakeMs.remove(bucket.getKey());
                }
                return;
            }
        }
    }

    /** Some sleep until a time that did not yet. */
    void addAll(OffsetSet offsets, long wakeMs) {
        asleep.addAll(offsets);
        byWakeMs.computeIfAbsent(wakeMs, at -> new OffsetSet()).addAll(offsets);
    }

    /** Takes out {@code [from, to)}. */
    void remove(long from, long to) {
        for (Iterator<OffsetSet> each = byWakeMs.values().iterator(); each.hasNext(); ) {
            OffsetSet bucket = each.next();
            bucket.remove(from, to);
            if (bucket.isEmpty()) {
                each.remove();
            }
        }
        asleep.remove(from, to);
    }

    /** Takes out what wakes up until a time. */
    OffsetSet wake(long nowMs) {
        OffsetSet all = new OffsetSet();
        while (nextMs() <= nowMs) {
            all.addAll(byWakeMs.pollFirstEntry().getValue());
        }
        asleep.removeAll(all);
        return all;
    }

    /** Who sleeps. Not to be changed. */
    OffsetSet asleep() {
        return asleep;
    }

    /** When the next wakes up, in ms since the epoch; {@link Long#MAX_VALUE} if none does. */
    long nextMs() {
        return byWakeMs.isEmpty() ? Long.MAX_VALUE : byWakeMs.firstKey();
    }

    /** All that sleep, by the time at which they wake up. */
    NavigableMap<Long, OffsetSet> byWakeMs() {
        return byWakeMs;
    }

    long count() {
        return asleep.count();
    }
}
