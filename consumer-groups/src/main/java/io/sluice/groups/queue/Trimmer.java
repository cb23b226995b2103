package io.sluice.groups.queue;

import io.sluice.core.engine.PartitionLog;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes from the logs of queues what is finished and older than the queue keeps it. A log begins with the first message that is not finished: one
 * that is never finished keeps everything behind it, which is told when it becomes much. To copy such messages to the end of the log would
 * free the space, and is for later. Owned by the thread that runs the queues.
 */
final class Trimmer {
    private static final Logger LOG = LoggerFactory.getLogger(Trimmer.class);
    /** From how many bytes on it is worth a line that they cannot be deleted. */
    private static final long MUCH_BYTES = 64L * 1024 * 1024;

    private final Feeder feeder;
    private final Executor thread;

    /** @param thread runs tasks on the thread of the queues */
    Trimmer(Feeder feeder, Executor thread) {
        this.feeder = feeder;
        this.thread = thread;
    }

    /** Looks after a queue. */
    void look(Queue queue, QueueEffects effects) {
        for (int i = 0; i < feeder.partitions(queue); i++) {
            PartitionLog log = feeder.log(queue, i);
            if (log != null) {
                look(queue, i, log, effects);
            }
        }
    }

    private void look(Queue queue, int partition, PartitionLog log, QueueEffects effects) {
        queue.logBegins(partition, log.logStartOffset(), effects);
        Window window = queue.window(partition);
        long end = log.highWatermark();
        long finishedTo = Math.min(window.low(), end);
        long retentionMs = queue.config().retentionMs();
        boolean mayHavePinned = window.pinnedBytes > 0 || finishedTo < window.frontier;
        if (retentionMs < 0 || (finishedTo <= log.logStartOffset() && !mayHavePinned)) {
            pinned(queue, window, 0);
            return;
        }
        // What has been sent within the window of deduplication is found in the log after a start.
        long keepMs = Math.max(retentionMs, queue.config().dedupWindowMs());
        log.offsetForTimestamp(effects.nowMs() - keepMs)
                .thenAcceptAsync(
                        young -> trim(
                                queue,
                                window,
                                log,
                                finishedTo,
                                young.map(found -> found.offset()).orElse(end)),
                        thread)
                .exceptionally(failure -> {
                    LOG.debug("queue {} is not trimmed at the moment", queue.name(), failure);
                    return null;
                });
    }

    /** @param oldTo everything before it is older than the queue keeps it */
    private void trim(Queue queue, Window window, PartitionLog log, long finishedTo, long oldTo) {
        long start = log.logStartOffset();
        long kept = Math.max(0, oldTo - finishedTo);
        long keptFinished = kept == 0
                ? 0
                : kept - window.open.within(finishedTo, oldTo).count() - Math.max(0, oldTo - window.frontier);
        // Records are taken to be of one size.
        pinned(queue, window, (long)
                ((double) log.sizeInBytes() * keptFinished / Math.max(1, log.highWatermark() - start)));
        long to = Math.min(finishedTo, oldTo);
        if (to > start) {
            log.trimBefore(to).exceptionally(failure -> {
                LOG.warn("queue {} is not trimmed for now: {}", queue.name(), failure.getMessage());
                return start;
            });
        }
    }

    private static void pinned(Queue queue, Window window, long bytes) {
        if (bytes >= MUCH_BYTES && window.pinnedBytes < MUCH_BYTES) {
            LOG.warn(
                    "queue {}: about {} MiB of finished messages cannot be deleted, because message {} is not finished",
                    queue.name(),
                    bytes / (1024 * 1024),
                    new MessageId(window.partition, window.low()));
        }
        window.pinnedBytes = bytes;
    }
}
