package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.ActiveProducer;
import io.sluice.core.engine.AppendListener;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.EpochEnd;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.LogThread;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.core.log.Compaction;
import io.sluice.core.log.DiskFullException;
import io.sluice.core.log.LogReader;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition of this node, in one epoch. The methods of {@link PartitionLog} are for any thread; those without
 * {@code public} are for the worker's thread, but for the question whether it is closed.
 *
 * <p>Life: open; then closed once, for one reason, and never open again.
 */
public final class Partition implements PartitionLog {
    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);
    /** For ever: deadlines are compared by their differences, which must not overflow. */
    private static final long MAX_WAIT_NS = Long.MAX_VALUE / 4;

    private final SegmentedLog log;
    private final ReadPath reads;
    private final PartitionWorker worker;
    private final Surroundings surroundings;
    private final AppendChecks checks;
    private final TailCache.View tail;
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private final AtomicInteger waiterCount = new AtomicInteger();

    // Owned by the worker.
    private final List<FetchWaiters.Waiter> waiters = new ArrayList<>();
    private final AppendPath appends;

    /**
     * What a partition needs of the engine around it.
     *
     * @param codecs for looking into compressed batches
     * @param readers runs what may block on the disk; refuses when it is full
     * @param maxWaiters readers that may wait for this partition
     * @param internal whether the partition holds the broker's own books, which go on when the disk is low
     * @param logStarts keeps log start offsets durably
     * @param onFailure hears of a partition whose disk failed, on the worker's thread
     */
    public record Surroundings(
            Codecs codecs,
            Executor readers,
            int maxWaiters,
            boolean internal,
            LogStarts logStarts,
            BiConsumer<Partition, IOException> onFailure) {}

    /** Keeps log start offsets where the next start finds them. */
    @FunctionalInterface
    public interface LogStarts {
        /**
         * Completes when the offset is durable. Refused, and nothing is kept, if the partition is closed by then: another
         * topic may have its name.
         */
        CompletableFuture<Void> save(PartitionLog partition, long logStartOffset);
    }

    public Partition(SegmentedLog log, PartitionWorker worker, Surroundings surroundings) {
        this.log = log;
        this.worker = worker;
        this.surroundings = surroundings;
        this.checks = new AppendChecks(log, surroundings.codecs(), worker, surroundings.internal());
        this.tail = worker.tailCache().view();
        this.reads = new ReadPath(
                this, new LogReader(log, surroundings.codecs()), tail, surroundings.readers(), worker.metrics());
        this.appends = new AppendPath(this, worker, checks, tail);
    }

    // ---- any thread: the handle ----

    @Override
    public TopicPartition partition() {
        return log.partition();
    }

    @Override
    public LogThread thread() {
        return worker.thread();
    }

    @Override
    public int epoch() {
        return log.epoch();
    }

    @Override
    public CompletableFuture<Appended> append(RecordBatch batch, Acks acks, AppendListener listener) {
        try {
            checkOpen();
            checks.onArrival(batch);
        } catch (BrokerException e) {
            listener.released();
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Appended> answer = new CompletableFuture<>();
        if (!worker.offer(new Append(this, batch, acks, answer, listener))) {
            listener.released();
            return CompletableFuture.failedFuture(
                    new BrokerException(ErrorCode.OVERLOADED, "too many appends wait to be written to " + partition()));
        }
        return acks == Acks.NONE ? CompletableFuture.completedFuture(unanswered()) : answer;
    }

    private Appended unanswered() {
        return new Appended(-1, -1, -1, log.logStartOffset(), false);
    }

    @Override
    public CompletableFuture<LogRead> read(long offset, int maxBytes, IntFunction<ByteBuffer> memory) {
        return reads.read(offset, maxBytes, memory);
    }

    @Override
    public CompletableFuture<Optional<TimestampedOffset>> offsetForTimestamp(long timestampMs) {
        return reads.fromDisk(reader -> reader.offsetForTimestamp(timestampMs));
    }

    @Override
    public CompletableFuture<Optional<TimestampedOffset>> offsetOfMaxTimestamp() {
        return reads.fromDisk(LogReader::offsetOfMaxTimestamp);
    }

    @Override
    public CompletableFuture<Boolean> awaitBeyond(long offset, int minBytes, long maxWaitMs) {
        if (closed.isDone()) {
            return CompletableFuture.failedFuture(closedException());
        }
        if (hasBeyond(offset, minBytes)) {
            return CompletableFuture.completedFuture(true);
        }
        if (maxWaitMs <= 0) {
            return CompletableFuture.completedFuture(false);
        }
        if (waiterCount.incrementAndGet() > surroundings.maxWaiters()) {
            waiterCount.decrementAndGet();
            return CompletableFuture.failedFuture(new BrokerException(
                    ErrorCode.OVERLOADED, surroundings.maxWaiters() + " readers wait for " + partition() + " already"));
        }
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        long waitNs = Math.min(MAX_WAIT_NS, TimeUnit.MILLISECONDS.toNanos(maxWaitMs));
        long deadlineNs = worker.nanoClock().getAsLong() + waitNs;
        FetchWaiters.Waiter waiter = new FetchWaiters.Waiter(this, offset, minBytes, deadlineNs, answer);
        worker.metrics().waiters().increment();
        answer.whenComplete((ready, failure) -> {
            waiterCount.decrementAndGet();
            worker.metrics().waiters().decrement();
            worker.abandoned(waiter);
        });
        worker.await(waiter);
        return answer;
    }

    @Override
    public int bytesBeyond(long offset, int enough) {
        long highWatermark = log.highWatermark();
        return highWatermark > offset ? tail.bytesBeyond(offset, enough, highWatermark) : 0;
    }

    @Override
    public CompletableFuture<Optional<EpochEnd>> endOfEpoch(int epoch) {
        return onWorker(log -> {
            if (epoch == log.epoch()) {
                return Optional.of(new EpochEnd(epoch, log.highWatermark()));
            }
            TreeMap<Integer, Long> starts = new TreeMap<>(log.epochStarts());
            // An epoch is written down with its first record; this one begins at the end until then.
            starts.putIfAbsent(log.epoch(), log.highWatermark());
            Map.Entry<Integer, Long> next = starts.higherEntry(epoch);
            if (next == null) {
                return Optional.empty();
            }
            Integer floor = starts.floorKey(epoch);
            return Optional.of(new EpochEnd(floor == null ? epoch : floor, next.getValue()));
        });
    }

    @Override
    public CompletableFuture<Optional<Appended>> find(RecordBatch batch) {
        return onWorker(log -> log.find(batch)
                .map(there -> new Appended(
                        there.baseOffset(),
                        there.lastOffset(),
                        there.appendTimeMs(),
                        log.logStartOffset(),
                        there.duplicate())));
    }

    @Override
    public CompletableFuture<List<ActiveProducer>> activeProducers() {
        return onWorker(SegmentedLog::activeProducers);
    }

    /** Whether that many committed bytes lie at or beyond an offset. */
    boolean hasBeyond(long offset, int minBytes) {
        long highWatermark = log.highWatermark();
        return highWatermark > offset
                && (minBytes <= 1 || tail.bytesBeyond(offset, minBytes, highWatermark) >= minBytes);
    }

    @Override
    public long logStartOffset() {
        return log.logStartOffset();
    }

    @Override
    public long highWatermark() {
        return log.highWatermark();
    }

    @Override
    public long logEndOffset() {
        return log.logEndOffset();
    }

    @Override
    public long sizeInBytes() {
        return log.sizeInBytes();
    }

    @Override
    public CompletableFuture<Long> trimBefore(long offset) {
        if (closed.isDone()) {
            return CompletableFuture.failedFuture(closedException());
        }
        long highWatermark = log.highWatermark();
        if (offset < 0 || offset > highWatermark) {
            return CompletableFuture.failedFuture(new BrokerException(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "records of " + partition() + " can be deleted up to its high watermark, " + highWatermark
                            + ", not up to " + offset));
        }
        CompletableFuture<Long> answer = new CompletableFuture<>();
        // Durable first: a crash in between must not bring back what was said to be deleted.
        surroundings.logStarts().save(this, offset).whenComplete((saved, failure) -> {
            if (failure != null) {
                answer.completeExceptionally(failure);
            } else {
                worker.execute(() -> trim(offset, answer));
            }
        });
        return answer;
    }

    @Override
    public CompletableFuture<Closed> closed() {
        return closed;
    }

    /** Whether it holds books of the broker's own, which nobody reads while they are written. */
    boolean isInternal() {
        return surroundings.internal();
    }

    boolean isClosed() {
        return closed.isDone();
    }

    void checkOpen() {
        if (closed.isDone()) {
            throw closedException();
        }
    }

    BrokerException closedException() {
        Closed why = closed.join();
        ErrorCode code = switch (why.reason()) {
            case FENCED -> ErrorCode.FENCED;
            case MOVED -> ErrorCode.NOT_OWNER;
            case IO_FAILED -> ErrorCode.PARTITION_OFFLINE;
            case DELETED -> ErrorCode.UNKNOWN_TOPIC;
            case SHUT_DOWN -> ErrorCode.SHUTTING_DOWN;
        };
        return new BrokerException(code, why.detail());
    }

    // ---- the worker's thread ----

    AppendPath appends() {
        return appends;
    }

    List<FetchWaiters.Waiter> waiters() {
        return waiters;
    }

    /** Lets a reader wait from now on. */
    void arrived(FetchWaiters.Waiter waiter) {
        if (closed.isDone()) {
            waiter.answer.completeExceptionally(closedException());
        } else {
            worker.waiters().add(waiter);
        }
    }

    private void trim(long offset, CompletableFuture<Long> answer) {
        try {
            checkOpen();
            worker.metrics()
                    .deletedBytes()
                    .add(log.trimBefore(offset, worker.clock().millis()));
            worker.diskSpace().refresh();
            answer.complete(log.logStartOffset());
        } catch (BrokerException e) {
            answer.completeExceptionally(e);
        } catch (IOException e) {
            fail(e);
            answer.completeExceptionally(closedException());
        } catch (RuntimeException | Error e) {
            fail(new IOException("a deletion of records ended halfway: " + e, e));
            answer.completeExceptionally(closedException());
        }
    }

    /** The disk failed: nothing can be said of what is durable, so nothing is promised any more. */
    void fail(IOException e) {
        if (closed.isDone()) {
            // Deleted, or closed in order, or offline already: there is nothing left to go offline.
            LOG.warn("{} is closed, and its disk failed: {}", partition(), e.toString());
            return;
        }
        LOG.error("{} is offline until the broker is started again: {}", partition(), e.toString(), e);
        close(
                new Closed(
                        Reason.IO_FAILED,
                        partition() + " is offline since its disk failed: " + e.getMessage()
                                + ". See the broker's log, mend the disk and start the broker again"),
                true);
        surroundings.onFailure().accept(this, e);
    }

    /** @return whether everything written is durable and the log need not be checked by the next start */
    private boolean close(Closed why, boolean failed) {
        if (!closed.complete(why)) {
            return false;
        }
        BrokerException exception = closedException();
        appends.close(exception);
        worker.waiters().close(this, exception);
        worker.tailCache().drop(tail);
        try {
            log.close(failed);
            return !failed;
        } catch (IOException e) {
            LOG.error("{} cannot be closed in order; the next start checks its end", partition(), e);
            return false;
        }
    }

    // ---- tasks for the worker, asked for on any thread ----

    /**
     * Closes the log in order.
     *
     * @return the recovery point, when that is done; fails if the log could not be closed in order, and is closed all the
     *     same
     */
    public CompletableFuture<Long> close(Closed why) {
        return onWorker(log -> {
            if (!close(why, false)) {
                throw new BrokerException(ErrorCode.STORAGE_FAILED, partition() + " was not closed in order");
            }
            return log.flushedOffset();
        });
    }

    /** Puts what compaction has made in place; see {@link Compaction#apply}. */
    public CompletableFuture<Boolean> apply(Compaction compaction) {
        return onWorker(log -> {
            if (compaction.changesAnything()) {
                // What is in memory is as it was before. Beside what is on the disk then, a value could be seen whose
                // tombstone has gone.
                worker.tailCache().dropBefore(tail, compaction.cleanedTo());
            }
            return compaction.apply();
        });
    }

    /** Uses other settings from now on. */
    public CompletableFuture<Void> configure(TopicConfig config) {
        return onWorker(log -> {
            log.configure(config);
            return null;
        });
    }

    /** Runs something that the log's owner alone may do. Fails if the partition is closed. */
    public <T> CompletableFuture<T> onWorker(LogTask<T> task) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        worker.execute(() -> {
            try {
                checkOpen();
                answer.complete(task.run(log));
            } catch (DiskFullException e) {
                worker.diskSpace().full();
                answer.completeExceptionally(checks.diskLow());
            } catch (IOException e) {
                fail(e);
                answer.completeExceptionally(closedException());
            } catch (RuntimeException | Error e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    /** Something that the log's owner does. */
    @FunctionalInterface
    public interface LogTask<T> {
        T run(SegmentedLog log) throws IOException;
    }

    /** What may be read of the log on any thread: offsets, sizes, settings. */
    public SegmentedLog log() {
        return log;
    }

    /** Readers that wait. */
    public int waiterCount() {
        return waiterCount.get();
    }

    @Override
    public String toString() {
        return partition().toString();
    }
}
