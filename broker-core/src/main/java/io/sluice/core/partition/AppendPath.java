package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.log.DiskFullException;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.log.WriteBuffer;
import io.sluice.core.metrics.LogMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The appends to one partition on their way through its log: {@link #stage staged}, {@link #write written},
 * {@link #commit committed}, and answered where they have come as far as they asked to. A failure of the disk on the way
 * takes the partition offline. Owned by the worker.
 */
final class AppendPath {
    private static final Logger LOG = LoggerFactory.getLogger(AppendPath.class);

    /** How long what nobody waits for may wait for somebody who does, and share the sync. */
    private static final long LAZY_MS = 50;

    private final Partition partition;
    private final SegmentedLog log;
    private final PartitionWorker worker;
    private final AppendChecks checks;
    private final TailCache.View tail;
    private final List<Append> staged = new ArrayList<>();
    private final List<Append> written = new ArrayList<>();
    /** When what nobody waits for is synced at the latest, in ms since the epoch. */
    private long flushByMs = Long.MAX_VALUE;

    AppendPath(Partition partition, PartitionWorker worker, AppendChecks checks, TailCache.View tail) {
        this.partition = partition;
        this.log = partition.log();
        this.worker = worker;
        this.checks = checks;
        this.tail = tail;
    }

    /** Gives an append its offsets; or answers it, if it is refused. */
    void stage(Append append, WriteBuffer buffer, long nowMs) {
        try {
            partition.checkOpen();
            checks.onWorker(append.batch);
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
            partition.fail(e);
        } catch (RuntimeException | Error e) {
            staged.add(append);
            partition.fail(new IOException("an append ended halfway: " + e, e));
        }
    }

    /** Writes what is staged, and answers those who wait for no more than that. */
    void write(WriteBuffer buffer) {
        if (partition.isClosed()) {
            return;
        }
        try {
            log.write(buffer);
            settle();
        } catch (DiskFullException e) {
            noSpace(e);
        } catch (IOException e) {
            partition.fail(e);
        } catch (RuntimeException | Error e) {
            // The file and what is known of it may differ now: the next append would give offsets a second time.
            partition.fail(new IOException("an append ended halfway: " + e, e));
        }
    }

    private void noSpace(DiskFullException e) {
        LOG.warn("{}: {}", partition, e.getMessage());
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
                } else if (append.acks == Acks.COMMITTED) {
                    append.listener.written();
                }
            } else {
                worker.metrics().refusedDiskLow().increment();
                append.answer.completeExceptionally(checks.diskLow());
            }
        }
        staged.clear();
    }

    /** Syncs if the flush policy says so, lets readers see what was written, and answers everybody left. */
    void commit(long nowMs, TailCache cache) {
        if (partition.isClosed()) {
            return;
        }
        try {
            if (log.isFlushDue(nowMs)) {
                if (isAwaited()) {
                    flush(nowMs);
                } else {
                    flushByMs = Math.min(flushByMs, nowMs + LAZY_MS);
                }
            }
        } catch (IOException e) {
            partition.fail(e);
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

    /** Whether the sync that is due is waited for: by whoever appended, or by readers, whom only topics of the broker's own do not have. */
    private boolean isAwaited() {
        if (!partition.isInternal()) {
            return true;
        }
        for (Append append : written) {
            if (append.acks == Acks.COMMITTED) {
                return true;
            }
        }
        return written.isEmpty();
    }

    private void flush(long nowMs) throws IOException {
        flushByMs = Long.MAX_VALUE;
        long startNs = worker.nanoClock().getAsLong();
        log.flush(nowMs);
        worker.metrics().flushes().increment();
        worker.metrics().flushNs().add(worker.nanoClock().getAsLong() - startNs);
    }

    boolean hasUnflushed() {
        return !partition.isClosed() && log.hasUnflushed();
    }

    /** How long what is unsynced may stay so, in ms; 0 or less if it is time. */
    long msUntilFlush(long nowMs) {
        return Math.min(log.msUntilFlush(nowMs), flushByMs - nowMs);
    }

    void flushNow(long nowMs) {
        try {
            flush(nowMs);
        } catch (IOException e) {
            partition.fail(e);
        }
    }

    /** Answers all that are on their way: the partition is closed. */
    void close(RuntimeException why) {
        for (List<Append> left : List.of(staged, written)) {
            left.forEach(append -> append.answer.completeExceptionally(why));
            left.clear();
        }
    }
}
