package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogThread;
import io.sluice.core.log.WriteBuffer;
import io.sluice.core.metrics.LogMetrics;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes a fixed set of partitions. It takes what waits in its queue, writes all of it, answers those
 * who asked for the write, syncs once per partition, moves the high watermarks, answers the rest. While it syncs, the next
 * group gathers: that is all of group commit.
 *
 * <p>The queue is bounded in appends and bytes; over the bound an append is refused at once. Everything else that must
 * happen on this thread comes as a task, in order with the appends. Readers who begin to wait have a queue of their own:
 * they need no order, and in this one each would end a group.
 *
 * <p>Without {@link #start()} it has no thread: a test then calls {@link #runOnce()} and decides the order of things.
 */
public final class PartitionWorker {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionWorker.class);
    private static final int MAX_GROUP = 4096;
    private static final long MAX_GROUP_BYTES = 16L * 1024 * 1024;
    private static final int WRITE_BUFFER_BYTES = 512 * 1024;
    private static final int MAX_ABANDONED = 1024;

    private final Limits limits;
    private final InstantSource clock;
    private final LongSupplier nanoClock;
    private final LogMetrics metrics;
    private final DiskSpace diskSpace;
    private final LogThread thread;

    // Shared.
    private final ConcurrentLinkedQueue<Object> queue = new ConcurrentLinkedQueue<>();
    /** Readers who begin to wait. Each partition bounds its own; those who gave up are taken out when they are many. */
    private final ConcurrentLinkedQueue<FetchWaiters.Waiter> arrivals = new ConcurrentLinkedQueue<>();

    /** How many gave up in {@link #arrivals} since they were last taken out. */
    private final AtomicInteger abandoned = new AtomicInteger();

    private final AtomicInteger queuedAppends = new AtomicInteger();
    private final AtomicLong queuedBytes = new AtomicLong();
    private volatile boolean parked;
    private volatile boolean stopping;
    /** Whether the thread is gone; set when it is. */
    private volatile boolean ended;

    // Owned by the thread.
    private final WriteBuffer buffer = new WriteBuffer(WRITE_BUFFER_BYTES);
    private final TailCache tailCache;
    private final FetchWaiters waiters = new FetchWaiters();
    private final List<Append> group = new ArrayList<>();
    private final Set<Partition> dirty = new LinkedHashSet<>();
    /** Partitions with records that are committed but not synced: their flush policy is relaxed. */
    private final Set<Partition> unflushed = new LinkedHashSet<>();

    /**
     * How much may wait.
     *
     * @param maxQueuedAppends appends in the queue
     * @param maxQueuedBytes bytes of batches in the queue
     * @param tailCacheBytes bytes of batches kept for readers
     */
    public record Limits(int maxQueuedAppends, long maxQueuedBytes, long tailCacheBytes) {}

    public PartitionWorker(
            String name,
            Limits limits,
            InstantSource clock,
            LongSupplier nanoClock,
            LogMetrics metrics,
            DiskSpace diskSpace) {
        this.limits = limits;
        this.clock = clock;
        this.nanoClock = nanoClock;
        this.metrics = metrics;
        this.diskSpace = diskSpace;
        this.tailCache = new TailCache(limits.tailCacheBytes());
        this.thread = new Writer(name);
    }

    private final class Writer extends LogThread {
        Writer(String name) {
            super(name);
        }

        @Override
        public void run() {
            work();
        }

        @Override
        public boolean executeIfIdle(Runnable task) {
            if (parked && !stopping) {
                execute(task);
                return true;
            }
            return false;
        }
    }

    public void start() {
        thread.start();
    }

    /** Ends the thread when the queue is empty, and waits for it. The partitions must be closed, or not be used any more. */
    public void stop() throws InterruptedException {
        stopping = true;
        LockSupport.unpark(thread);
        if (thread.isAlive()) {
            thread.join();
        }
        ended = true;
        finish();
    }

    /**
     * Does what came too late for the thread, on the caller's: its partitions are closed, so it comes to answering that.
     * Otherwise whoever asked would wait for ever.
     */
    private synchronized void finish() {
        while (hasWork()) {
            try {
                runOnce();
            } catch (RuntimeException | Error e) {
                LOG.error("the partition worker ends after a failure", e);
            }
        }
    }

    // ---- any thread ----

    /** Queues an append, or refuses it. */
    boolean offer(Append append) {
        int size = append.batch.sizeInBytes();
        boolean full = queuedAppends.incrementAndGet() > limits.maxQueuedAppends();
        // One append is let in however large it is: its size has been checked against the topic's limit.
        long bytes = queuedBytes.addAndGet(size);
        if (full || (bytes > limits.maxQueuedBytes() && bytes != size)) {
            queuedAppends.decrementAndGet();
            queuedBytes.addAndGet(-size);
            metrics.refusedOverloaded().increment();
            return false;
        }
        enqueue(append);
        return true;
    }

    /** Runs a task on the worker, after everything queued before it has been written and answered. */
    public void execute(Runnable task) {
        enqueue(task);
    }

    /** Lets a reader wait, unless there is enough for it by then. */
    void await(FetchWaiters.Waiter waiter) {
        arrivals.add(waiter);
        wake();
    }

    /** Notes that a reader gave up: a worker that is busy with the disk for long does not come to it. */
    void abandoned(FetchWaiters.Waiter waiter) {
        if (!waiter.arrived && abandoned.incrementAndGet() >= MAX_ABANDONED) {
            abandoned.set(0);
            arrivals.removeIf(one -> one.answer.isDone());
        }
    }

    /** Readers that the worker has not come to yet. */
    int arriving() {
        return arrivals.size();
    }

    private void enqueue(Object item) {
        queue.add(item);
        wake();
    }

    private void wake() {
        if (ended) {
            finish();
        } else if (parked) {
            LockSupport.unpark(thread);
        }
    }

    /** Appends that wait. */
    public int queuedAppends() {
        return queuedAppends.get();
    }

    // ---- the thread ----

    LogThread thread() {
        return thread;
    }

    private boolean hasWork() {
        return !queue.isEmpty() || !arrivals.isEmpty();
    }

    private void work() {
        while (!stopping || hasWork()) {
            try {
                if (!runOnce()) {
                    park();
                }
            } catch (RuntimeException | Error e) {
                // A mistake of ours in one task must not end the partitions of this worker.
                LOG.error("the partition worker goes on after a failure", e);
            }
        }
    }

    private void park() {
        parked = true;
        try {
            if (!hasWork() && !stopping) {
                long waitNs = Math.min(nextDeadlineNs(), 1_000_000_000L);
                if (waitNs > 0) {
                    LockSupport.parkNanos(this, waitNs);
                }
            }
        } finally {
            parked = false;
        }
    }

    private long nextDeadlineNs() {
        long nextNs = waiters.nextDeadlineNs(nanoClock.getAsLong());
        for (Partition partition : unflushed) {
            nextNs = Math.min(nextNs, partition.appends().msUntilFlush(clock.millis()) * 1_000_000L);
        }
        return nextNs;
    }

    /**
     * Does what there is to do now: one group of appends, or one task, and everything whose time has come.
     *
     * @return whether there was anything in the queues
     */
    public boolean runOnce() {
        boolean worked = takeArrivals();
        worked |= takeGroup();
        if (!group.isEmpty()) {
            commitGroup();
        }
        Object next = queue.peek();
        if (next instanceof Runnable task) {
            queue.remove();
            task.run();
            worked = true;
        }
        waiters.expire(nanoClock.getAsLong());
        flushByTime();
        return worked;
    }

    /** Whoever arrives while a group is committed is here in the next round, and sees then what it brought. */
    private boolean takeArrivals() {
        int count = 0;
        FetchWaiters.Waiter waiter;
        while (count < MAX_GROUP && (waiter = arrivals.poll()) != null) {
            waiter.arrived = true;
            waiter.partition.arrived(waiter);
            count++;
        }
        return count > 0;
    }

    private boolean takeGroup() {
        long bytes = 0;
        while (group.size() < MAX_GROUP && bytes < MAX_GROUP_BYTES && queue.peek() instanceof Append append) {
            queue.remove();
            group.add(append);
            bytes += append.batch.sizeInBytes();
        }
        return !group.isEmpty();
    }

    private void commitGroup() {
        try {
            long nowMs = clock.millis();
            for (Append append : group) {
                append.partition.appends().stage(append, buffer, nowMs);
                dirty.add(append.partition);
            }
            for (Partition partition : dirty) {
                partition.appends().write(buffer);
            }
            for (Partition partition : dirty) {
                partition.appends().commit(nowMs, tailCache);
                waiters.committed(partition);
                if (partition.appends().hasUnflushed()) {
                    unflushed.add(partition);
                }
            }
        } finally {
            for (Append append : group) {
                release(append);
                if (!append.answer.isDone()) {
                    append.answer.completeExceptionally(new BrokerException(
                            ErrorCode.INTERNAL,
                            "the append to " + append.partition.partition()
                                    + " was left behind by a failure; whether it is in the log is unknown"));
                }
            }
            group.clear();
            dirty.clear();
        }
    }

    /** Takes an append out of the account of what waits, once. */
    void release(Append append) {
        if (!append.isReleased) {
            append.isReleased = true;
            queuedAppends.decrementAndGet();
            queuedBytes.addAndGet(-append.batch.sizeInBytes());
            append.listener.released();
        }
    }

    private void flushByTime() {
        if (unflushed.isEmpty()) {
            return;
        }
        long nowMs = clock.millis();
        for (Iterator<Partition> all = unflushed.iterator(); all.hasNext(); ) {
            Partition partition = all.next();
            if (partition.appends().msUntilFlush(nowMs) <= 0) {
                partition.appends().flushNow(nowMs);
            }
            if (!partition.appends().hasUnflushed()) {
                all.remove();
            }
        }
    }

    /** For the partitions of this worker, on its thread. */
    FetchWaiters waiters() {
        assert Thread.currentThread() == thread || !thread.isAlive() : "not the worker's thread";
        return waiters;
    }

    TailCache tailCache() {
        return tailCache;
    }

    LogMetrics metrics() {
        return metrics;
    }

    DiskSpace diskSpace() {
        return diskSpace;
    }

    InstantSource clock() {
        return clock;
    }

    LongSupplier nanoClock() {
        return nanoClock;
    }
}
