package io.sluice.groups.shard;

import io.sluice.core.engine.LogThread;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs all shards of a kind, by partition, one task after the other: on a thread of its own, and what is short also on a {@link LogThread} that happens to be
 * there or has nothing to do, if it {@linkplain Where may}. That saves changes of threads, of which a request that is written down would have four. Safe on any
 * thread; only {@link #close()} blocks.
 *
 * @param <S> the shards
 * @param <F> what a turn can bring about
 */
public final class ShardThread<S extends Shard<F>, F> implements ShardExecutor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShardThread.class);
    private static final int MAX_TURNS = 1_000;
    /** How long a log's thread does this before it does what it is there for. */
    private static final long MAX_LENT_NS = 500_000;

    private final InstantSource clock;
    private final int maxQueued;
    private final boolean borrows;
    private final Thread thread;
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /** Those that are left to the own thread. */
    private final ConcurrentLinkedQueue<Runnable> apart = new ConcurrentLinkedQueue<>();

    private final AtomicInteger queued = new AtomicInteger();
    /** Whether some thread runs tasks. Who sets it owns the shards until it is taken back. */
    private final AtomicBoolean running = new AtomicBoolean();

    private volatile boolean parked;
    /** When the own thread looks again, in ms since the epoch. */
    private volatile long parkedUntilMs;
    /** When the first of the shards has something to do, in ms since the epoch. */
    private volatile long nextTimerMs = Long.MAX_VALUE;

    private volatile boolean stopping;
    private volatile boolean ended;
    /** How often somebody has come with a task since the end, for whom the one who runs them has to look again. */
    private final AtomicInteger late = new AtomicInteger();

    /** By partition; owned by the one who runs tasks. */
    private final Map<Integer, ShardRunner<S, F>> shards = new HashMap<>();
    /** Who writes the log of a partition. */
    private final Map<Integer, LogThread> writers = new ConcurrentHashMap<>();

    /** Which threads run tasks. */
    public enum Where {
        /** The own one alone. */
        OWN,
        /** The threads of logs as well, if a task is short. */
        LOGS_TOO
    }

    /** @param maxQueued how many requests may wait; more are refused */
    public ShardThread(String name, InstantSource clock, int maxQueued, Where where) {
        this.clock = clock;
        this.maxQueued = maxQueued;
        this.borrows = where == Where.LOGS_TOO;
        this.thread = new Thread(this::work, name);
    }

    public void start() {
        thread.start();
    }

    /** A partition is here from now on. */
    public void gain(int partition, ShardRunner<S, F> runner) {
        if (borrows) {
            writers.put(partition, runner.log().thread());
        }
        execute(() -> {
            if (ended) {
                return;
            }
            ShardRunner<S, F> before = shards.put(partition, runner);
            if (before != null) {
                before.close();
            }
            runner.load(clock.millis());
        });
    }

    /** A partition that was owned in an epoch is here no more. */
    public void lose(int partition, int epoch) {
        execute(() -> {
            ShardRunner<S, F> shard = shards.get(partition);
            if (shard != null && shard.log().epoch() == epoch) {
                shards.remove(partition).close();
            }
        });
    }

    /** Lets the shard of a partition answer a request. */
    public <T> CompletableFuture<T> ask(int partition, Function<Refusal, T> refusal, ShardRunner.Turn<S, F, T> turn) {
        Ticket<T> ticket = new Ticket<>(refusal);
        if (admits(ticket)) {
            execute(() -> turn(partition, ticket, turn), partition);
        }
        return ticket.future();
    }

    /** As {@link #ask}, if it may take its time. */
    public <T> CompletableFuture<T> askApart(
            int partition, Function<Refusal, T> refusal, ShardRunner.Turn<S, F, T> turn) {
        Ticket<T> ticket = new Ticket<>(refusal);
        if (admits(ticket)) {
            executeApart(() -> turn(partition, ticket, turn));
        }
        return ticket.future();
    }

    private boolean admits(Ticket<?> ticket) {
        if (stopping) {
            ticket.refuse(Refusal.NOT_HERE);
            return false;
        }
        if (queued.incrementAndGet() > maxQueued) {
            queued.decrementAndGet();
            ticket.refuse(Refusal.UNAVAILABLE);
            return false;
        }
        return true;
    }

    private <T> void turn(int partition, Ticket<T> ticket, ShardRunner.Turn<S, F, T> turn) {
        queued.decrementAndGet();
        ShardRunner<S, F> shard = shards.get(partition);
        Optional<Refusal> fault = shard == null ? Optional.of(Refusal.NOT_HERE) : shard.fault();
        if (fault.isPresent()) {
            ticket.refuse(fault.get());
        } else {
            shard.turn(ticket, clock.millis(), turn);
        }
    }

    /** Lets the shard of a partition do something that nobody waits for, if it is there and has been read. */
    public void tell(int partition, BiConsumer<S, F> what) {
        execute(
                () -> {
                    ShardRunner<S, F> shard = shards.get(partition);
                    if (shard != null) {
                        shard.tell(what, clock.millis());
                    }
                },
                partition);
    }

    /** As {@link #tell}, for all that are here; it may take its time. */
    public void tellAll(BiConsumer<S, F> what) {
        executeApart(() -> shards.values().forEach(shard -> shard.tell(what, clock.millis())));
    }

    /** Those that are here. For tasks. */
    public Collection<ShardRunner<S, F>> shards() {
        return shards.values();
    }

    /** Runs a short task; when the thread has ended, on any, but still one after the other: nobody must wait for ever. */
    @Override
    public void execute(Runnable task) {
        execute(task, -1);
    }

    /** @param partition the one that it may write to; -1 for none */
    private void execute(Runnable task, int partition) {
        tasks.add(task);
        if (ended) {
            runRest();
        } else if (running.get()) {
            // Whoever runs looks again when it is done.
            return;
        } else if (borrows && Thread.currentThread() instanceof LogThread) {
            lend();
        } else {
            LogThread writer = borrows ? writers.get(partition) : null;
            if (writer == null || !writer.executeIfIdle(this::lend)) {
                wake();
            }
        }
    }

    @Override
    public void executeApart(Runnable task) {
        apart.add(task);
        if (ended) {
            runRest();
        } else {
            wake();
        }
    }

    private void wake() {
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    // ---- running ----

    /** Runs tasks on a thread of a log, for a short time. */
    private void lend() {
        long endNs = System.nanoTime() + MAX_LENT_NS;
        boolean hasTime = true;
        // What has to be done on the own thread goes first, or it might never have its turn; and what is due may be
        // much.
        while (hasTime && !tasks.isEmpty() && apart.isEmpty() && nextTimerMs > clock.millis() && !stopping) {
            if (!running.compareAndSet(false, true)) {
                return;
            }
            try {
                for (Runnable task = tasks.poll(); task != null; task = hasTime ? tasks.poll() : null) {
                    runSafely(task);
                    hasTime = System.nanoTime() - endNs < 0;
                }
                lookAfter();
            } finally {
                running.set(false);
            }
        }
        if (!tasks.isEmpty() || !apart.isEmpty() || nextTimerMs < parkedUntilMs) {
            wake();
        }
    }

    private void runSafely(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            // A mistake of ours in one task must not end everything.
            LOG.error("{} goes on after a failure", thread.getName(), e);
        }
    }

    /** Lets time do what it does, and writes what has come of all that. */
    private void lookAfter() {
        long nowMs = clock.millis();
        long nextMs = Long.MAX_VALUE;
        for (ShardRunner<S, F> shard : shards.values()) {
            try {
                shard.tick(nowMs);
                shard.flush(nowMs);
            } catch (RuntimeException | Error e) {
                LOG.error("{} goes on after a failure", thread.getName(), e);
            }
            nextMs = Math.min(nextMs, shard.nextTimerMs());
        }
        nextTimerMs = nextMs;
    }

    private void work() {
        while (!stopping || hasTasks()) {
            if (!runOnce()) {
                park();
            }
        }
        while (!running.compareAndSet(false, true)) {
            // A thread of a log is in the midst of something short.
            Thread.onSpinWait();
        }
        shards.values().forEach(ShardRunner::close);
        shards.clear();
        // It stays running: what comes from now on is run by whoever brings it.
        end();
    }

    private boolean hasTasks() {
        return !tasks.isEmpty() || !apart.isEmpty();
    }

    private boolean runOnce() {
        if (!running.compareAndSet(false, true)) {
            return false;
        }
        boolean worked = false;
        try {
            Runnable task = apart.poll();
            for (int i = 0; i < MAX_TURNS && (task != null || (task = tasks.poll()) != null); i++) {
                worked = true;
                runSafely(task);
                task = null;
            }
            lookAfter();
        } finally {
            running.set(false);
        }
        return worked;
    }

    private void park() {
        long nowMs = clock.millis();
        long untilMs = Math.min(nowMs + 1_000, nextTimerMs);
        parkedUntilMs = untilMs;
        parked = true;
        try {
            // Whoever runs tasks meanwhile wakes this thread if some are left.
            if ((running.get() || !hasTasks() && nextTimerMs >= untilMs) && !stopping && untilMs > nowMs) {
                LockSupport.parkNanos(this, (untilMs - nowMs) * 1_000_000);
            }
        } finally {
            parked = false;
        }
    }

    private void end() {
        ended = true;
        runRest();
    }

    private void runRest() {
        if (late.getAndIncrement() > 0) {
            return;
        }
        int seen = 1;
        do {
            for (Runnable task = rest(); task != null; task = rest()) {
                try {
                    task.run();
                } catch (RuntimeException | Error e) {
                    LOG.error("a task failed after the end of {}", thread.getName(), e);
                }
            }
            seen = late.addAndGet(-seen);
        } while (seen > 0);
    }

    private Runnable rest() {
        Runnable task = tasks.poll();
        return task != null ? task : apart.poll();
    }

    /** Answers what it can, and ends. To be called before the engine is closed. */
    @Override
    public void close() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!thread.isAlive()) {
            // It may never have begun.
            end();
        }
    }
}
