package io.sluice.server.http.queues;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What one listener has not taken yet. What does not fit is lost, and counted: whoever brings it never waits. Safe on any thread.
 */
final class NoticeBuffer {
    /** How many notices wait for one listener at most, unless one event is more than that. */
    static final int MAX_NOTICES = 4_096;

    private final AtomicInteger shared;
    private final int sharedLimit;
    private final ArrayDeque<Some> waiting = new ArrayDeque<>();
    private int count;
    private long lost;
    private boolean closed;

    /** Notices that come together: made when they are taken. */
    private record Some(int count, long first, long lostBefore, Supplier<List<Notice>> notices) {}

    /**
     * What is taken.
     *
     * @param lostBefore how many were lost since those before
     * @param first the number of the first; each further one has the next
     */
    record Taken(long lostBefore, long first, List<Notice> notices) {}

    /**
     * @param shared how many wait for all listeners
     * @param sharedLimit how many may
     */
    NoticeBuffer(AtomicInteger shared, int sharedLimit) {
        this.shared = shared;
        this.sharedLimit = sharedLimit;
    }

    /**
     * Brings notices.
     *
     * @param first the number of the first
     * @return whether somebody has to be told that there are some: there were none before
     */
    synchronized boolean offer(int more, long first, Supplier<List<Notice>> notices) {
        if (closed) {
            return false;
        }
        boolean wasEmpty = waiting.isEmpty() && lost == 0;
        boolean isFull = !waiting.isEmpty() && count + more > MAX_NOTICES;
        if (isFull || shared.get() + more > sharedLimit) {
            lost += more;
            return wasEmpty;
        }
        shared.addAndGet(more);
        count += more;
        waiting.add(new Some(more, first, lost, notices));
        lost = 0;
        return wasEmpty;
    }

    /** Takes those that came together, the first first; null if there are none. */
    Taken take() {
        Some some;
        synchronized (this) {
            some = waiting.poll();
            if (some == null) {
                long gone = lost;
                lost = 0;
                return gone == 0 ? null : new Taken(gone, 0, List.of());
            }
            count -= some.count();
            shared.addAndGet(-some.count());
        }
        return new Taken(some.lostBefore(), some.first(), some.notices().get());
    }

    /** Nothing is kept any more. */
    synchronized void close() {
        closed = true;
        waiting.clear();
        shared.addAndGet(-count);
        count = 0;
    }
}
