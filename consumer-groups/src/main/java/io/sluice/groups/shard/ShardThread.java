package io.sluice.groups.shard;

import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that runs all shards of a kind, by partition. Safe on any thread; only {@link #close()} blocks.
 *
 * @param <S> the shards
 * @param <F> what a turn can bring about
 */
public final class ShardThread<S extends Shard<F>, F> implements Executor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShardThread.class);
    private static final int MAX_TURNS = 1_000;

    private final InstantSource clock;
    private final int maxQueued;
    private final Thread thread;
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private volatile boolean parked;
    private volatile boolean stopping;
    private volatile boolean ended;
    /** How often somebody has come with a task since the end, for whom the one who runs them has to look again. */
    private final AtomicInteger late = new AtomicInteger();

    /** By partition; owned by the thread. */
    private final Map<Integer, ShardRunner<S, F>> shards = new HashMap<>();

    /** @param maxQueued how many requests may wait; more are refused */
    public ShardThread(String name, InstantSource clock, int maxQueued) {
        this.clock = clock;
        this.maxQueued = maxQueued;
        this.thread = new Thread(this::run, name);
    }

    public void start() {
        thread.start();
    }

    /** A partition is here from now on. */
    public void gain(int partition, ShardRunner<S, F> runner) {
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
        if (stopping) {
            ticket.refuse(Refusal.NOT_HERE);
        } else if (queued.incrementAndGet() > maxQueued) {
            queued.decrementAndGet();
            ticket.refuse(Refusal.UNAVAILABLE);
        } else {
            execute(() -> {
                queued.decrementAndGet();
                ShardRunner<S, F> shard = shards.get(partition);
                Optional<Refusal> fault = shard == null ? Optional.of(Refusal.NOT_HERE) : shard.fault();
                if (fault.isPresent()) {
                    ticket.refuse(fault.get());
                } else {
                    shard.turn(ticket, clock.millis(), turn);
                }
            });
        }
        return ticket.future();
    }

    /** Lets the shard of a partition do something that nobody waits for, if it is there and has been read. */
    public void tell(int partition, BiConsumer<S, F> what) {
        execute(() -> {
            ShardRunner<S, F> shard = shards.get(partition);
            if (shard != null) {
                shard.tell(what, clock.millis());
            }
        });
    }

    /** As {@link #tell}, for all that are here. */
    public void tellAll(BiConsumer<S, F> what) {
        execute(() -> shards.values().forEach(shard -> shard.tell(what, clock.millis())));
    }

    /** Those that are here. For tasks of this thread. */
    public Collection<ShardRunner<S, F>> shards() {
        return shards.values();
    }

    /** Runs a task on the thread; when that has ended, on any, but still one after the other: nobody must wait for ever. */
    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (ended) {
            runRest();
        } else if (parked) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!stopping || !tasks.isEmpty()) {
            try {
                if (!runOnce()) {
                    park();
                }
            } catch (RuntimeException | Error e) {
                // A mistake of ours in one task must not end everything.
                LOG.error("{} goes on after a failure", thread.getName(), e);
            }
        }
        shards.values().forEach(ShardRunner::close);
        shards.clear();
        end();
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
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                try {
                    task.run();
                } catch (RuntimeException | Error e) {
                    LOG.error("a task failed after the end of {}", thread.getName(), e);
                }
            }
            seen = late.addAndGet(-seen);
        } while (seen > 0);
    }

    private boolean runOnce() {
        boolean worked = false;
        for (int i = 0; i < MAX_TURNS; i++) {
            Runnable task = tasks.poll();
            if (task == null) {
                break;
            }
            worked = true;
            task.run();
        }
        long nowMs = clock.millis();
        for (ShardRunner<S, F> shard : shards.values()) {
            shard.tick(nowMs);
            shard.flush(nowMs);
        }
        return worked;
    }

    private void park() {
        parked = true;
        try {
            if (tasks.isEmpty() && !stopping) {
                long nextMs = Long.MAX_VALUE;
                for (ShardRunner<S, F> shard : shards.values()) {
                    nextMs = Math.min(nextMs, shard.nextTimerMs());
                }
                long waitMs = Math.min(1_000, nextMs == Long.MAX_VALUE ? 1_000 : nextMs - clock.millis());
                if (waitMs > 0) {
                    LockSupport.parkNanos(this, waitMs * 1_000_000);
                }
            }
        } finally {
            parked = false;
        }
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
