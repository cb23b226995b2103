package io.sluice.core.engine;

import io.sluice.core.TopicPartition;
import io.sluice.core.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

/**
 * A handle on one partition that is proof of owning it in one epoch. Safe on any thread, event loops included:
 * nothing here blocks. Futures complete on threads of the engine; a caller that owns a thread comes back to it.
 *
 * <p>There is no truncate: torn tails are the engine's own affair. Offsets may have gaps. Only what is committed
 * can be read.
 *
 * <p>A refusal ({@link io.sluice.core.BrokerException} with a code like OVERLOADED, DISK_LOW, CORRUPT_BATCH or
 * OUT_OF_ORDER_SEQUENCE) leaves nothing in the log. Any other failure of an append closes the handle, and the
 * outcome of the appends in flight is unknown.
 */
public interface PartitionLog {
    TopicPartition partition();

    /** The thread that writes the log. */
    LogThread thread();

    /** The epoch in which this handle owns the partition; stamped into every batch it appends. */
    int epoch();

    /**
     * Appends one batch. The engine assigns the offsets. Appends of one caller with the same acks
     * complete in the order they were made.
     *
     * @param batch a batch of which the caller gives up the buffer: it is written to (base offset, epoch, and the
     *     timestamps if the topic uses append time) and may be kept in memory to be served to readers. It must have been
     *     validated with {@link io.sluice.core.record.BatchValidator}.
     * @param acks what to wait for
     * @param listener hears how far it has come
     */
    CompletableFuture<Appended> append(RecordBatch batch, Acks acks, AppendListener listener);

    /** As {@link #append(RecordBatch, Acks, AppendListener)}, for a caller who counts no memory. */
    default CompletableFuture<Appended> append(RecordBatch batch, Acks acks) {
        return append(batch, acks, () -> {});
    }

    /**
     * Where a batch is that may have been appended before: what {@link #append} would answer if it has been, and nothing if it has not. Fails as
     * that does if its producer's sequence or its idempotency key is another batch's. The batch stays the caller's.
     */
    CompletableFuture<Optional<Appended>> find(RecordBatch batch);

    /**
     * Reads committed batches. Completes at once, on the calling thread, if the answer is in memory.
     *
     * @param offset the first offset wanted; must lie in {@code [logStartOffset, highWatermark]}, else
     *     OFFSET_OUT_OF_RANGE
     * @param maxBytes how many bytes to return at most. If the first batch is larger, it comes as
     *     {@link LogRead#oversized()}.
     * @param memory gives room for as many bytes as it is asked for, to read batches into that are not in memory. Asked
     *     once at most, on any thread; then the batches found are one buffer, which begins where this room does. It is the
     *     caller's again when the future is done, however that ends: so a caller does not complete or cancel it.
     */
    CompletableFuture<LogRead> read(long offset, int maxBytes, IntFunction<ByteBuffer> memory);

    /** As {@link #read(long, int, IntFunction)}, into arrays. */
    default CompletableFuture<LogRead> read(long offset, int maxBytes) {
        return read(offset, maxBytes, ByteBuffer::allocate);
    }

    /**
     * Waits until there is something to read.
     *
     * @param offset where the reader stands
     * @param minBytes how many committed bytes must lie at or beyond {@code offset}
     * @param maxWaitMs when to give up
     * @return true once there is that much, false if the time is over. Cancelling the future ends the wait. Fails with
     *     OVERLOADED if there are too many waiters.
     */
    CompletableFuture<Boolean> awaitBeyond(long offset, int minBytes, long maxWaitMs);

    /**
     * The first committed record whose timestamp is at least {@code timestampMs}; empty if there is none.
     */
    CompletableFuture<Optional<TimestampedOffset>> offsetForTimestamp(long timestampMs);

    /** The committed record with the largest timestamp, the first of several; empty if the log is. */
    CompletableFuture<Optional<TimestampedOffset>> offsetOfMaxTimestamp();

    /**
     * Committed bytes at or beyond an offset, as far as they are known without a look at the disk.
     *
     * @param enough where to stop counting
     * @return at most {@code enough}; just that much if some of them are not in memory
     */
    int bytesBeyond(long offset, int enough);

    /**
     * The end of an epoch, or of the last one before it that has records; of an epoch before all that are known, where those
     * begin. Empty if the epoch has not begun.
     */
    CompletableFuture<Optional<EpochEnd>> endOfEpoch(int epoch);

    /** The idempotent producers that are remembered, by their ids. */
    CompletableFuture<List<ActiveProducer>> activeProducers();

    /** The first offset that can be read. */
    long logStartOffset();

    /** The first offset that may not be read yet: everything before it is committed. */
    long highWatermark();

    /** The offset that the next record will get. */
    long logEndOffset();

    /** Bytes of the log on disk. */
    long sizeInBytes();

    /**
     * Deletes all records before an offset.
     *
     * @param offset the new log start offset; at most the high watermark, else OFFSET_OUT_OF_RANGE. An offset before the
     *     log start offset changes nothing.
     * @return the log start offset that holds from now on, durable. If it cannot be written down (STORAGE_FAILED, or
     *     OVERLOADED if too many wait for that), nothing is deleted.
     */
    CompletableFuture<Long> trimBefore(long offset);

    /** Completes with the reason when this handle has become useless. */
    CompletableFuture<Closed> closed();

    /**
     * Why a handle closed.
     *
     * @param reason the kind
     * @param detail a sentence for people
     */
    record Closed(Reason reason, String detail) {}

    /** The kinds of end that a handle can come to. */
    enum Reason {
        FENCED,
        MOVED,
        IO_FAILED,
        DELETED,
        SHUT_DOWN
    }
}
