package io.sluice.core.partition;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The readers that wait for records, over all partitions of one worker, which owns this. One queue of deadlines serves
 * them all.
 */
final class FetchWaiters {
    private static final int PURGE_FROM = 64;

    private final PriorityQueue<Waiter> deadlines =
            new PriorityQueue<>((a, b) -> Long.compare(a.deadlineNs - b.deadlineNs, 0));
    private int purgeAt = PURGE_FROM;

    /** One reader. */
    static final class Waiter {
        final Partition partition;
        final long offset;
        final int minBytes;
        final long deadlineNs;
        final CompletableFuture<Boolean> answer;
        /** Whether the worker has come to it; set by the worker. */
        volatile boolean arrived;

        Waiter(Partition partition, long offset, int minBytes, long deadlineNs, CompletableFuture<Boolean> answer) {
            this.partition = partition;
            this.offset = offset;
            this.minBytes = minBytes;
            this.deadlineNs = deadlineNs;
            this.answer = answer;
        }

        boolean isSatisfied() {
            return partition.hasBeyond(offset, minBytes);
        }
    }

    void add(Waiter waiter) {
        if (waiter.answer.isDone()) {
            return;
        }
        if (waiter.isSatisfied()) {
            waiter.answer.complete(true);
            return;
        }
        waiter.partition.waiters().add(waiter);
        deadlines.add(waiter);
        if (deadlines.size() > purgeAt) {
            purge();
            purgeAt = Math.max(PURGE_FROM, deadlines.size() * 2);
        }
    }

    /** Those who went away have left their entries behind until now: here, and with partitions that nobody writes to. */
    private void purge() {
        Set<Partition> left = new HashSet<>();
        deadlines.removeIf(waiter -> {
            if (waiter.answer.isDone()) {
                left.add(waiter.partition);
                return true;
            }
            return false;
        });
        left.forEach(partition -> partition.waiters().removeIf(waiter -> waiter.answer.isDone()));
    }

    /** Answers those for whom there is enough now. */
    void committed(Partition partition) {
        List<Waiter> waiters = partition.waiters();
        if (waiters.isEmpty()) {
            return;
        }
        waiters.removeIf(waiter -> {
            if (!waiter.answer.isDone() && waiter.isSatisfied()) {
                waiter.answer.complete(true);
            }
            return waiter.answer.isDone();
        });
    }

    /** Answers those whose time is over. */
    void expire(long nowNs) {
        while (!deadlines.isEmpty() && deadlines.peek().deadlineNs - nowNs <= 0) {
            Waiter waiter = deadlines.remove();
            waiter.answer.complete(false);
            if (!waiter.partition.waiters().isEmpty()) {
                waiter.partition.waiters().remove(waiter);
            }
        }
    }

    /** Answers everybody who waits for a partition that is closed. */
    void close(Partition partition, RuntimeException why) {
        List<Waiter> waiters = new ArrayList<>(partition.waiters());
        partition.waiters().clear();
        waiters.forEach(waiter -> waiter.answer.completeExceptionally(why));
        deadlines.removeIf(waiter -> waiter.partition == partition);
    }

    /** When {@link #expire} has something to do, in ns from {@code nowNs}; {@link Long#MAX_VALUE} if nobody waits. */
    long nextDeadlineNs(long nowNs) {
        return deadlines.isEmpty() ? Long.MAX_VALUE : Math.max(0, deadlines.peek().deadlineNs - nowNs);
    }
}
