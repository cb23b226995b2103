package io.sluice.groups.queue;

import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * What happens when. A time that moves away, as that of a lease that is extended, costs nothing until the old time has come: only then is it
 * looked at again. What was cancelled goes when there is as much of it as of anything else. For one thread.
 */
final class Agenda {
    private static final int PURGE_FROM = 1_024;

    private final PriorityQueue<Entry> entries = new PriorityQueue<>(Comparator.comparingLong(Entry::atMs));

    private int purgeAt = PURGE_FROM;

    private record Entry(long atMs, Timed what) {
        /** Whether something may happen then. */
        boolean isOf() {
            return atMs == what.queuedMs && what.atMs != Long.MAX_VALUE;
        }
    }

    /** Something happens at a time, and at no other. */
    void set(Timed what, long atMs) {
        what.atMs = atMs;
        if (atMs < what.queuedMs) {
            what.queuedMs = atMs;
            entries.add(new Entry(atMs, what));
            if (entries.size() > purgeAt) {
                purge();
            }
        }
    }

    private void purge() {
        entries.removeIf(entry -> {
            if (entry.isOf()) {
                return false;
            }
            if (entry.atMs() == entry.what().queuedMs) {
                entry.what().queuedMs = Long.MAX_VALUE;
            }
            return true;
        });
        purgeAt = Math.max(PURGE_FROM, 2 * entries.size());
    }

    /** How many times are kept. */
    int size() {
        return entries.size();
    }

    /** Something does not happen. */
    void cancel(Timed what) {
        what.atMs = Long.MAX_VALUE;
    }

    /** When there is something to do, at the earliest; {@link Long#MAX_VALUE} if never. */
    long nextMs() {
        Entry first = entries.peek();
        return first == null ? Long.MAX_VALUE : first.atMs();
    }

    /** Lets everything happen whose time has come. */
    void run(QueueEffects effects) {
        while (nextMs() <= effects.nowMs()) {
            Entry entry = entries.remove();
            Timed what = entry.what();
            if (entry.atMs() != what.queuedMs) {
                // It was set to an earlier time later on, and has been looked at then.
                continue;
            }
            what.queuedMs = Long.MAX_VALUE;
            if (what.atMs > effects.nowMs()) {
                if (what.atMs != Long.MAX_VALUE) {
                    set(what, what.atMs);
                }
                continue;
            }
            what.atMs = Long.MAX_VALUE;
            what.due(effects);
        }
    }
}
