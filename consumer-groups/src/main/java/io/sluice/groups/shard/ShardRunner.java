package io.sluice.groups.shard;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.AppendListener;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one shard over its partition: replays it, gives it its turns, writes down what comes of them, and lets answers go when
 * that is written, or synced if anything of it needs that. One append is under way at a time; what comes meanwhile makes the next one.
 *
 * <p>Events gather in batches that the log takes, whatever their number: a turn may need several, of which a crash can leave
 * the first ones. It has not been answered then. One event is never too large for the log, the shard sees to that.
 *
 * <p>An append that finds the partition's worker busy is made again. If it fails otherwise, the state is ahead of the log, or
 * nobody knows what is in the log: the shard is thrown away and replayed after a pause, and everybody who waits is told to ask
 * again. Owned by the {@link ShardThread}.
 *
 * @param <S> the shard
 * @param <F> what a turn can bring about
 */
public final class ShardRunner<S extends Shard<F>, F> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardRunner.class);
    private static final int READ_BYTES = 1024 * 1024;
    /** What a batch begins with; it grows with its records. */
    private static final int BATCH_BYTES = 1024;

    private static final long RETRY_MS = 1_000;
    private static final long BUSY_MS = 20;
    /** How much may gather while an append is under way; then requests are refused. A batch that is as large gets no more. */
    private static final int MAX_GATHERED_BYTES = 8 * 1024 * 1024;

    private final PartitionLog log;
    private final Supplier<S> make;
    private final BiFunction<S, TurnOutput, F> effects;
    private final ShardExecutor thread;
    private final InstantSource clock;
    private final Set<Ticket<?>> waiting = new LinkedHashSet<>();

    private S shard;
    private boolean loading;
    /** Whether something has failed since the shard was last there. */
    private boolean broken;

    private boolean closed;
    /** When a replay that failed is tried again, in ms since the epoch. */
    private long retryAtMs = Long.MAX_VALUE;
    /** Counts the lives of the shard: what was begun in an earlier one is of no interest. */
    private int life;

    private RecordBatchBuilder batch = new RecordBatchBuilder(BATCH_BYTES);
    private boolean batchHasRecords;
    /** Whether anything of what has gathered has to be synced before it is answered. */
    private boolean gathersDurable;

    /** Batches that go before {@link #batch}, for they are full. */
    private Deque<RecordBatch> full = new ArrayDeque<>();

    private List<Runnable> answers = new ArrayList<>();
    /** Answers that leave before the sync, if there is one. */
    private List<Runnable> early = new ArrayList<>();

    private boolean appending;
    /** Whether a checkpoint is about to be put together. */
    private boolean shortening;
    /**
     * Whether the log has an append that has not ended, be it of an earlier life: nothing is read until then, for it would lack what comes of
     * that.
     */
    private boolean inLog;
    /** The append that found the worker busy, and when it is made again, in ms since the epoch. */
    private Runnable busyAppend = () -> {};

    private long appendAgainAtMs = Long.MAX_VALUE;

    /**
     * @param make makes an empty shard
     * @param effects what a turn of a shard brings about, of what comes of it
     * @param thread runs tasks on the thread of the shard
     */
    public ShardRunner(
            PartitionLog log,
            Supplier<S> make,
            BiFunction<S, TurnOutput, F> effects,
            ShardExecutor thread,
            InstantSource clock) {
        this.log = log;
        this.make = make;
        this.effects = effects;
        this.thread = thread;
        this.clock = clock;
        this.shard = make.get();
    }

    public PartitionLog log() {
        return log;
    }

    // ---- replay ----

    /** Reads everything from the beginning of the log. */
    public void load(long nowMs) {
        life++;
        loading = true;
        if (log.highWatermark() < log.logEndOffset()) {
            // What was answered when it was written cannot be read before it is synced.
            retryAtMs = nowMs + BUSY_MS;
            return;
        }
        retryAtMs = Long.MAX_VALUE;
        shard.discard();
        shard = make.get();
        batch = new RecordBatchBuilder(BATCH_BYTES);
        batchHasRecords = false;
        gathersDurable = false;
        full = new ArrayDeque<>();
        answers = new ArrayList<>();
        early = new ArrayList<>();
        appending = false;
        shortening = false;
        appendAgainAtMs = Long.MAX_VALUE;
        long startNs = System.nanoTime();
        load(log.logStartOffset(), life, startNs, 0, nowMs);
    }

    private void load(long offset, int ofLife, long startNs, long records, long nowMs) {
        log.read(offset, READ_BYTES)
                .whenComplete((read, failure) -> thread.executeApart(() -> {
                    if (ofLife != life || closed) {
                        if (read != null) {
                            read.oversized().ifPresent(OversizedBatch::close);
                        }
                        return;
                    }
                    try {
                        if (failure != null) {
                            throw failure instanceof RuntimeException known
                                    ? known
                                    : new IllegalStateException(failure);
                        }
                        long replayed = records + replay(read);
                        if (read.nextOffset() < log.highWatermark()) {
                            load(read.nextOffset(), ofLife, startNs, replayed, nowMs);
                        } else {
                            begin(startNs, replayed, clock.millis());
                        }
                    } catch (RuntimeException | Error e) {
                        if (broken) {
                            LOG.warn("{} still cannot be read: {}", log.partition(), e.toString());
                        } else {
                            LOG.error("{} cannot be read; it is tried again", log.partition(), e);
                        }
                        broken = true;
                        retryAtMs = clock.millis() + RETRY_MS;
                    }
                }));
    }

    private long replay(LogRead read) {
        long records = 0;
        for (ByteBuffer bytes : read.batches()) {
            for (RecordBatch one : RecordBatches.in(bytes)) {
                records += replay(one);
            }
        }
        if (read.oversized().isPresent()) {
            try (OversizedBatch large = read.oversized().get()) {
                ByteBuffer bytes = ByteBuffer.allocate(large.sizeInBytes());
                large.read(0, bytes);
                records += replay(RecordBatch.at(bytes.flip(), 0));
            }
        }
        return records;
    }

    private long replay(RecordBatch records) {
        long count = 0;
        for (RecordCursor record = RecordCursor.over(records); record.next(); count++) {
            shard.replay(record);
        }
        return count;
    }

    private void begin(long startNs, long records, long nowMs) {
        loading = false;
        broken = false;
        LOG.info(
                "{}: {} records replayed in {} ms",
                log.partition(),
                records,
                (System.nanoTime() - startNs) / 1_000_000);
        run(nowMs, shard::begin);
    }

    // ---- turns ----

    /** Why the shard cannot have a turn now; empty if it can. */
    public Optional<Refusal> fault() {
        if (closed) {
            return Optional.of(Refusal.NOT_HERE);
        }
        if (loading) {
            return Optional.of(broken ? Refusal.UNAVAILABLE : Refusal.LOADING);
        }
        return (appending || shortening) && isMuch() ? Optional.of(Refusal.UNAVAILABLE) : Optional.empty();
    }

    private boolean isMuch() {
        return !full.isEmpty() || batch.sizeInBytes() > MAX_GATHERED_BYTES;
    }

    /** Lets the shard answer a request. */
    public <T> void turn(Ticket<T> ticket, long nowMs, Turn<S, F, T> turn) {
        waiting.add(ticket);
        if (shard.nextTimerMs() <= nowMs) {
            // What is due has happened when somebody asks.
            run(nowMs, shard::tick);
        }
        if (!loading) {
            run(nowMs, made -> turn.run(shard, ticket, made));
        }
    }

    /**
     * What the shard does with a request.
     *
     * @param <S> the shard
     * @param <F> what a turn can bring about
     * @param <T> the answer
     */
    @FunctionalInterface
    public interface Turn<S, F, T> {
        void run(S shard, Reply<T> reply, F effects);
    }

    /** Lets time do what it does. */
    public void tick(long nowMs) {
        if (closed) {
            return;
        }
        if (loading) {
            if (nowMs >= retryAtMs && !inLog) {
                load(nowMs);
            }
            return;
        }
        if (nowMs >= appendAgainAtMs) {
            appendAgainAtMs = Long.MAX_VALUE;
            busyAppend.run();
        }
        if (shard.nextTimerMs() <= nowMs) {
            run(nowMs, shard::tick);
        }
        makeShorter();
    }

    /** A checkpoint may be long; nothing is written until it has been put together, so that it has its turn. */
    private void makeShorter() {
        if (shortening || appending || loading || closed || !shard.isCheckpointDue()) {
            return;
        }
        shortening = true;
        int ofLife = life;
        thread.executeApart(() -> {
            if (ofLife == life) {
                shortening = false;
                long nowMs = clock.millis();
                shorten(nowMs);
                flush(nowMs);
            }
        });
    }

    /** Never while an append is under way: much may come of it, and nobody is refused for that. */
    private void shorten(long nowMs) {
        if (appending || loading || closed || !shard.isCheckpointDue()) {
            return;
        }
        run(nowMs, made -> {
            shard.checkpoint(made);
            long from = shard.neededFrom();
            answers.add(() -> trim(from));
        });
    }

    private void trim(long before) {
        log.trimBefore(before).whenComplete((start, failure) -> {
            if (failure != null) {
                LOG.warn("{} is not made shorter for now: {}", log.partition(), failure.getMessage());
            }
        });
    }

    /** When {@link #tick} has something to do, in ms since the epoch. */
    public long nextTimerMs() {
        if (closed) {
            return Long.MAX_VALUE;
        }
        if (loading) {
            return inLog ? Long.MAX_VALUE : retryAtMs;
        }
        return Math.min(appendAgainAtMs, shard.nextTimerMs());
    }

    /** Lets the shard do something that nobody waits for. */
    public void tell(BiConsumer<S, F> what, long nowMs) {
        if (!loading && !closed) {
            run(nowMs, made -> what.accept(shard, made));
        }
    }

    private void run(long nowMs, Consumer<F> turn) {
        try {
            turn.accept(effects.apply(shard, new Output(nowMs)));
            if (isMuch()) {
                flush(nowMs);
            }
        } catch (RuntimeException | Error e) {
            // A turn that ended halfway may have done half of what it wanted to: what is written down is whole.
            LOG.error("a turn of {} failed; it is read again", log.partition(), e);
            startAgain();
        }
    }

    private final class Output implements TurnOutput {
        private final long nowMs;

        Output(long nowMs) {
            this.nowMs = nowMs;
        }

        @Override
        public long nowMs() {
            return nowMs;
        }

        @Override
        public long logEndOffset() {
            return log.logEndOffset();
        }

        @Override
        public void append(byte[] key, byte[] value) {
            gathersDurable = true;
            appendWritten(key, value);
        }

        @Override
        public void appendWritten(byte[] key, byte[] value) {
            if (batch.sizeInBytes() > MAX_GATHERED_BYTES) {
                closeBatch();
            }
            batch.append(nowMs, key, value);
            batchHasRecords = true;
        }

        @Override
        public void afterwards(Runnable what) {
            answers.add(what);
        }

        @Override
        public <T> void answer(Reply<T> reply, T answer) {
            answers.add(() -> send(reply, answer));
        }

        @Override
        public <T> void answerWritten(Reply<T> reply, T answer) {
            early.add(() -> send(reply, answer));
        }

        private <T> void send(Reply<T> reply, T answer) {
            if (reply instanceof Ticket<?> ticket) {
                waiting.remove(ticket);
            }
            reply.send(answer);
        }
    }

    // ---- writing ----

    /** Writes what has gathered, if nothing is being written; answers that wait for nothing leave. */
    public void flush(long nowMs) {
        if (appending || shortening || closed || loading) {
            return;
        }
        boolean hasRecords = batchHasRecords;
        if (hasRecords) {
            try {
                closeBatch();
            } catch (RuntimeException | Error e) {
                LOG.error("what is to be written to {} cannot be put together; it is read again", log.partition(), e);
                startAgain();
                return;
            }
        }
        List<Runnable> ready = answers;
        answers = new ArrayList<>();
        List<Runnable> first = early;
        early = new ArrayList<>();
        if (!hasRecords) {
            runAll(first);
            runAll(ready);
            return;
        }
        Deque<RecordBatch> batches = full;
        full = new ArrayDeque<>();
        appending = true;
        Acks acks = gathersDurable ? Acks.COMMITTED : Acks.WRITTEN;
        gathersDurable = false;
        append(batches, acks, first, ready, nowMs);
    }

    private void closeBatch() {
        full.add(batch.build());
        batch = new RecordBatchBuilder(BATCH_BYTES);
        batchHasRecords = false;
    }

    /**
     * Appends one batch after the other.
     *
     * @param first answers that leave when the last one is written
     * @param ready those that leave when it has been synced, if it has to be
     */
    private void append(Deque<RecordBatch> batches, Acks acks, List<Runnable> first, List<Runnable> ready, long nowMs) {
        int ofLife = life;
        CompletableFuture<Appended> written;
        try {
            boolean isSoonWritten = acks == Acks.COMMITTED && batches.size() == 1 && !first.isEmpty();
            written = log.append(batches.getFirst(), acks, isSoonWritten ? whenWritten(first) : NOBODY);
        } catch (RuntimeException | Error e) {
            LOG.error("{} could not be written, and is read again", log.partition(), e);
            startAgain();
            return;
        }
        inLog = true;
        written.whenComplete((appended, failure) -> thread.execute(() -> {
            inLog = false;
            if (ofLife != life || closed) {
                return;
            }
            if (failure instanceof BrokerException refusal && refusal.code() == ErrorCode.OVERLOADED) {
                busyAppend = () -> append(batches, acks, first, ready, nowMs);
                appendAgainAtMs = clock.millis() + BUSY_MS;
            } else if (failure == null && batches.size() > 1) {
                batches.removeFirst();
                append(batches, acks, first, ready, nowMs);
            } else {
                appended(first, ready, failure, nowMs);
            }
        }));
    }

    private AppendListener whenWritten(List<Runnable> first) {
        int ofLife = life;
        return new AppendListener() {
            @Override
            public void written() {
                thread.execute(() -> {
                    if (ofLife == life && !closed) {
                        runAll(first);
                        first.clear();
                    }
                });
            }

            @Override
            public void released() {
                // Nobody counts the memory of what shards write down.
            }
        };
    }

    private static final AppendListener NOBODY = () -> {};

    /** One that fails does not keep those behind it. */
    private void runAll(List<Runnable> ready) {
        for (Runnable one : ready) {
            try {
                one.run();
            } catch (RuntimeException | Error e) {
                LOG.error("what follows from a turn of {} failed", log.partition(), e);
            }
        }
    }

    private void appended(List<Runnable> first, List<Runnable> ready, Throwable failure, long nowMs) {
        appending = false;
        if (failure == null) {
            runAll(first);
            first.clear();
            runAll(ready);
            makeShorter();
            flush(nowMs);
            return;
        }
        LOG.warn("{} could not be written, and is read again: {}", log.partition(), failure.getMessage());
        startAgain();
    }

    /** Not at once: what failed may fail again, and would be read again and again. */
    private void startAgain() {
        refuseAll(Refusal.UNAVAILABLE);
        life++;
        loading = true;
        broken = true;
        retryAtMs = clock.millis() + RETRY_MS;
        shard.discard();
    }

    private void refuseAll(Refusal why) {
        List<Ticket<?>> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(ticket -> ticket.refuse(why));
    }

    /** The partition is here no more. */
    public void close() {
        closed = true;
        life++;
        refuseAll(Refusal.NOT_HERE);
        shard.discard();
    }
}
