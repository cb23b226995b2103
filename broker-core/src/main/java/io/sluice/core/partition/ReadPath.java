package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.log.LogReader;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.metrics.LogMetrics;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reads of one partition: what is new is answered from memory, at once, everything else from the disk by one of the
 * readers. For any thread.
 */
final class ReadPath {
    private static final Logger LOG = LoggerFactory.getLogger(ReadPath.class);

    private final Partition partition;
    private final SegmentedLog log;
    private final LogReader reader;
    private final TailCache.View tail;
    private final Executor readers;
    private final LogMetrics metrics;

    ReadPath(Partition partition, LogReader reader, TailCache.View tail, Executor readers, LogMetrics metrics) {
        this.partition = partition;
        this.log = partition.log();
        this.reader = reader;
        this.tail = tail;
        this.readers = readers;
        this.metrics = metrics;
    }

    /** See {@link io.sluice.core.engine.PartitionLog#read}. */
    CompletableFuture<LogRead> read(long offset, int maxBytes, IntFunction<ByteBuffer> memory) {
        long highWatermark = log.highWatermark();
        long logStart = log.logStartOffset();
        boolean inRange = offset >= logStart && offset <= highWatermark && !partition.isClosed();
        if (inRange && offset == highWatermark) {
            return CompletableFuture.completedFuture(
                    new LogRead(List.of(), Optional.empty(), offset, highWatermark, logStart));
        }
        if (inRange) {
            Optional<LogRead> recent = tail.read(offset, maxBytes, highWatermark, logStart);
            if (recent.isPresent()) {
                metrics.readsFromMemory().increment();
                metrics.readBytes().add(recent.get().sizeInBytes());
                return CompletableFuture.completedFuture(recent.get());
            }
        }
        return fromDisk(disk -> {
            LogRead read = disk.read(offset, maxBytes, memory);
            metrics.readsFromDisk().increment();
            metrics.readBytes().add(read.sizeInBytes());
            return read;
        });
    }

    /** Lets a reader do something that may block on the disk; OVERLOADED if too many do. */
    <T> CompletableFuture<T> fromDisk(Function<LogReader, T> work) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            partition.checkOpen();
            readers.execute(() -> {
                try {
                    T result = work.apply(reader);
                    if (!answer.complete(result) && result instanceof LogRead abandoned) {
                        // Nobody waits any more, so nobody else would let go of the segment.
                        abandoned.oversized().ifPresent(OversizedBatch::close);
                    }
                } catch (BrokerException e) {
                    if (partition.isClosed()) {
                        answer.completeExceptionally(partition.closedException());
                        return;
                    }
                    if (e.code() == ErrorCode.DATA_CORRUPT) {
                        metrics.damagedReads().increment();
                        LOG.error("{}: {}", partition, e.getMessage());
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
                    new BrokerException(ErrorCode.OVERLOADED, "too many reads of " + partition + " wait"));
        }
        return answer;
    }
}
