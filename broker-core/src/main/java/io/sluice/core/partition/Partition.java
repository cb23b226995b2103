package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.ActiveProducer;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.EpochEnd;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.core.log.DiskFullException;
import io.sluice.core.log.LogReader;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.log.WriteBuffer;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition of this node, in one epoch. The methods of {@link PartitionLog} are for any thread; those without
 * {@code public} are for the worker's thread.
 *
 * <p>Life: open; then closed once, for one reason, and never open again.
 */
public final class Partition implements PartitionLog {
    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);

    /** For ever: deadlines are compared by their differences, which must not overflow. */
    private static final long MAX_WAIT_NS = Long.MAX_VALUE / 4;

    private final SegmentedLog log;
    private final LogReader reader;
    private final PartitionWorker worker;
    private final Surroundings surroundings;
    private final TailCache.View tail;
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private final AtomicInteger waiterCount = new AtomicInteger();

    // Owned by the worker.
    private final List<FetchWaiters.Waiter> waiters = new ArrayList<>();
    private final List<Append> staged = new ArrayList<>();
    private final List<Append> written = new ArrayList<>();

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
        this.reader = new LogReader(log, surroundings.codecs());
        this.worker = worker;
        this.surroundings = surroundings;
        this.tail = worker.tailCache().view();
    }

    // ---- any thread: the handle ----

    @Override
    public TopicPartition partition() {
        return log.partition();
    }

    @Override
    public int epoch() {
        return log.epoch();
    }

    @Override
    public CompletableFuture<Appended> append(RecordBatch batch, Acks acks, Runnable released) {
        try {
            checkOpen();
            checkBatch(batch);
        } catch (BrokerException e) {
            released.run();
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Appended> answer = new CompletableFuture<>();
        if (!worker.offer(new Append(this, batch, acks, answer, released))) {
            released.run();
            return CompletableFuture.failedFuture(
                    new BrokerException(ErrorCode.OVERLOADED, "too many appends wait to be written to " + partition()));
        }
        return acks == Acks.NONE ? CompletableFuture.completedFuture(unanswered()) : answer;
    }

    private Appended unanswered() {
        return new Appended(-1, -1, -1, log.logStartOffset(), false);
    }

    private void checkBatch(RecordBatch batch) {
        TopicConfig config = log.config();
        if (batch.sizeInBytes() > config.maxMessageBytes()) {
            throw new BrokerException(
                    ErrorCode.RECORD_TOO_LARGE,
                    "a record batch of " + batch.sizeInBytes() + " bytes, max.message.bytes of "
                            + partition().topic() + " is " + config.maxMessageBytes());
        }
        // A compressed one waits for the worker: what it grows to may take long, and this is an event loop.
        if (batch.compression() == CompressionType.NONE) {
            checkRecords(batch, worker.clock().millis());
        }
        checkSpace();
    }

    private void checkRecords(RecordBatch batch, long nowMs) {
        RecordCheck.check(batch, partition().topic(), log.config(), surroundings.codecs(), nowMs);
    }

    private void checkSpace() {
        if (worker.diskSpace().isLow() && !surroundings.internal()) {
            worker.metrics().refusedDiskLow().increment();
            throw diskLow();
        }
    }

    private BrokerException diskLow() {
        return new BrokerException(
                ErrorCode.DISK_LOW,
                "the disk is full, or has less free space than the floor of "
                        + worker.diskSpace().floorBytes() + " bytes; writes are refused until space returns");
    }

    @Override
    public CompletableFuture<LogRead> read(long offset, int maxBytes) {
        long highWatermark = log.highWatermark();
        long logStart = log.logStartOffset();
        boolean inRange = offset >= logStart && offset <= highWatermark && !closed.isDone();
        if (inRange && offset == highWatermark) {
            return CompletableFuture.completedFuture(
                    new LogRead(List.of(), Optional.empty(), offset, highWatermark, logStart));
        }
        if (inRange) {
            Optional<LogRead> recent = tail.read(offset, maxBytes, highWatermark, logStart);
            if (recent.isPresent()) {
                worker.metrics().readsFromMemory().increment();
                worker.metrics().readBytes().add(recent.get().sizeInBytes());
                return CompletableFuture.completedFuture(recent.get());
            }
        }
        return onReader(() -> {
            LogRead read = reader.read(offset, maxBytes);
            worker.metrics().readsFromDisk().increment();
            worker.metrics().readBytes().add(read.sizeInBytes());
            return read;
        });
    }

    @Override
    public CompletableFuture<Optional<TimestampedOffset>> offsetForTimestamp(long timestampMs) {
        return onReader(() -> reader.offsetForTimestamp(timestampMs));
    }

    @Override
    public CompletableFuture<Optional<TimestampedOffset>> offsetOfMaxTimestamp() {
        return onReader(reader::offsetOfMaxTimestamp);
    }

    private <T> CompletableFuture<T> onReader(Supplier<T> work) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            checkOpen();
            surroundings.readers().execute(() -> {
                try {
                    T result = work.get();
                    if (!answer.complete(result) && result instanceof LogRead abandoned) {
                        // Nobody waits any more, so nobody else would let go of the segment.
                        abandoned.oversized().ifPresent(OversizedBatch::close);
                    }
                } catch (BrokerException e) {
                    if (closed.isDone()) {
                        answer.completeExceptionally(closedException());
                        return;
                    }
                    if (e.code() == ErrorCode.DATA_CORRUPT) {
                        worker.metrics().damagedReads().increment();
                        LOG.error("{}: {}", partition(), e.getMessage());
                    }
                    answer.completeExceptionally(e);
                } catch (RuntimeException | Error e) {
                    answer.completeExceptionally(e);
                }
            });
        } catch (BrokerException e) {
            answer.completeExceptionally(e);
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(
                    new BrokerException(ErrorCode.OVERLOADED, "too many reads of " + partition() + " wait"));
        }
        return answer;
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
        worker.metrics().waiters().increment();
        answer.whenComplete((ready, failure) -> {
            waiterCount.decrementAndGet();
            worker.metrics().waiters().decrement();
        });
        long waitNs = Math.min(MAX_WAIT_NS, TimeUnit.MILLISECONDS.toNanos(maxWaitMs));
        long deadlineNs = worker.nanoClock().getAsLong() + waitNs;
        worker.await(new FetchWaiters.Waiter(this, offset, minBytes, deadlineNs, answer));
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

    private void checkOpen() {
        if (closed.isDone()) {
            throw closedException();
        }
    }

    private BrokerException closedException() {
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

    /** Gives an append its offsets; or answers it, if it is refused. */
    void stage(Append append, WriteBuffer buffer, long nowMs) {
        try {
            checkOpen();
            checkSpace();
            if (append.batch.compression() != CompressionType.NONE) {
                checkRecords(append.batch, nowMs);
            }
        } catch (RuntimeException | Error e) {
            // The log does not know of it yet.
            append.answer.completeExceptionally(e);
            return;
        }
        try {
            SegmentedLog.Staged where = log.stage(append.batch, buffer, nowMs);
            append.outcome = new Appended(
                    where.baseOffset(),
                    where.lastOffset(),
                    where.appendTimeMs(),
                    log.logStartOffset(),
                    where.duplicate());
            staged.add(append);
        } catch (BrokerException e) {
            append.answer.completeExceptionally(e);
        } catch (DiskFullException e) {
            staged.add(append);
            noSpace(e);
        } catch (IOException e) {
            staged.add(append);
            fail(e);
        } catch (RuntimeException | Error e) {
            staged.add(append);
            fail(new IOException("an append ended halfway: " + e, e));
        }
    }

    /** Writes what is staged, and answers those who wait for no more than that. */
    void write(WriteBuffer buffer) {
        if (closed.isDone()) {
            return;
        }
        try {
            log.write(buffer);
            settle();
        } catch (DiskFullException e) {
            noSpace(e);
        } catch (IOException e) {
            fail(e);
        } catch (RuntimeException | Error e) {
            // The file and what is known of it may differ now: the next append would give offsets a second time.
            fail(new IOException("an append ended halfway: " + e, e));
        }
    }

    private void noSpace(DiskFullException e) {
        LOG.warn("{}: {}", partition(), e.getMessage());
        worker.diskSpace().full();
        settle();
    }

    /** Sorts the staged appends into those that are in the log and those that found no space. */
    private void settle() {
        long logEnd = log.logEndOffset();
        for (Append append : staged) {
            if (append.outcome != null && append.outcome.lastOffset() < logEnd) {
                written.add(append);
                if (append.acks == Acks.WRITTEN) {
                    append.answer.complete(append.outcome);
                }
            } else {
                worker.metrics().refusedDiskLow().increment();
                append.answer.completeExceptionally(diskLow());
            }
        }
        staged.clear();
    }

    /** Syncs if the flush policy says so, lets readers see what was written, and answers everybody left. */
    void commit(long nowMs, TailCache cache) {
        if (closed.isDone()) {
            return;
        }
        try {
            if (log.isFlushDue(nowMs)) {
                flush(nowMs);
            }
        } catch (IOException e) {
            fail(e);
            return;
        }
        LogMetrics metrics = worker.metrics();
        long bytes = 0;
        for (Append append : written) {
            if (append.outcome.duplicate()) {
                metrics.duplicateBatches().increment();
                continue;
            }
            cache.add(tail, append.batch);
            bytes += append.batch.sizeInBytes();
            metrics.appendedBatches().increment();
            metrics.appendedRecords().add(append.batch.recordCount());
        }
        metrics.appendedBytes().add(bytes);
        log.commit();
        // Before any answer: whoever sends the next one after it must not meet the last one in the queue.
        written.forEach(worker::release);
        for (Append append : written) {
            append.answer.complete(append.outcome);
        }
        written.clear();
        worker.diskSpace().wrote(bytes);
    }

    private void flush(long nowMs) throws IOException {
        long startNs = worker.nanoClock().getAsLong();
        log.flush(nowMs);
        worker.metrics().flushes().increment();
        worker.metrics().flushNs().add(worker.nanoClock().getAsLong() - startNs);
    }

    boolean hasUnflushed() {
        return !closed.isDone() && log.hasUnflushed();
    }

    /** How long what is unsynced may stay so, in ms; 0 or less if it is time. */
    long msUntilFlush(long nowMs) {
        return log.msUntilFlush(nowMs);
    }

    void flushNow(long nowMs) {
        try {
            flush(nowMs);
        } catch (IOException e) {
            fail(e);
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
    private void fail(IOException e) {
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
        for (List<Append> left : List.of(staged, written)) {
            left.forEach(append -> append.answer.completeExceptionally(exception));
            left.clear();
        }
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
                answer.completeExceptionally(diskLow());
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
