package io.sluice.groups;

import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Deadlines. A deadline that moves away, as those of members do with each heartbeat, costs nothing until the time of the old
 * one: only then is it looked at again. For one thread.
 */
public final class Timers {
    private final PriorityQueue<Entry> queue = new PriorityQueue<>(Comparator.comparingLong(entry -> entry.atMs));

    /** Something with a deadline that may move. */
    public abstract static class Timer {
        private long dueMs = Long.MAX_VALUE;
        /** The earliest time at which the queue looks at it. */
        private long queuedMs = Long.MAX_VALUE;

        /** When it is due, in ms since the epoch; {@link Long#MAX_VALUE} if never. */
        public final long dueMs() {
            return dueMs;
        }

        /** Its time has come. It is not due any more. */
        protected abstract void due(Effects effects);
    }

    private record Entry(long atMs, Timer timer) {}

    /** Sets when a timer is due. */
    public void set(Timer timer, long dueMs) {
        timer.dueMs = dueMs;
        if (dueMs < timer.queuedMs) {
            timer.queuedMs = dueMs;
            queue.add(new Entry(dueMs, timer));
        }
    }

    /** The timer is not due any more. */
    public void cancel(Timer timer) {
        timer.dueMs = Long.MAX_VALUE;
    }

    /** When {@link #run} has something to do, at the earliest; {@link Long#MAX_VALUE} if nothing is set. */
    public long nextMs() {
        Entry first = queue.peek();
        return first == null ? Long.MAX_VALUE : first.atMs;
    }

    /** Lets everything happen that is due. */
    public void run(Effects effects) {
        while (!queue.isEmpty() && queue.peek().atMs <= effects.nowMs()) {
            Entry entry = queue.remove();
            Timer timer = entry.timer;
            if (entry.atMs != timer.queuedMs) {
                // It was set to an earlier time later on, and has been looked at then.
                continue;
            }
            timer.queuedMs = Long.MAX_VALUE;
            if (timer.dueMs > effects.nowMs()) {
                if (timer.dueMs != Long.MAX_VALUE) {
                    set(timer, timer.dueMs);
                }
                continue;
            }
            timer.dueMs = Long.MAX_VALUE;
            timer.due(effects);
        }
    }
}
