package io.sluice.groups.queue;

import io.sluice.core.engine.PartitionLog;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops messages that have become too old though nobody asks for them: they would count as unfinished, and fill a queue that has a limit. One queue
 * is gone through at a time. Owned by the thread that runs the queues.
 */
final class Sweeper {
    private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
    /** How often the log of a queue is read before others have their turn. */
    private static final int MAX_READINGS = 64;

    private final Feeder feeder;
    private final Turns turns;
    private final Executor thread;
    private final Set<Queue> wanted = new LinkedHashSet<>();
    private boolean sweeping;

    /** @param thread runs tasks on the thread of the queues */
    Sweeper(Feeder feeder, Turns turns, Executor thread) {
        this.feeder = feeder;
        this.turns = turns;
        this.thread = thread;
    }

    /** Looks after a queue, when it is its turn. */
    void look(Queue queue) {
        if (queue.mayBecomeTooOld()) {
            wanted.add(queue);
            next();
        }
    }

    private void next() {
        if (sweeping || wanted.isEmpty()) {
            return;
        }
        sweeping = true;
        Queue queue = wanted.iterator().next();
        wanted.remove(queue);
        sweep(queue, 0, MAX_READINGS)
                .whenCompleteAsync(
                        (swept, failure) -> {
                            sweeping = false;
                            if (failure != null) {
                                LOG.debug(
                                        "queue {} is not looked through for messages that are too old for now",
                                        queue.name(),
                                        failure);
                            }
                            next();
                        },
                        thread);
    }

    private CompletableFuture<Void> sweep(Queue queue, int first, int readings) {
        if (queue.isEnded() || readings == 0) {
            return CompletableFuture.completedFuture(null);
        }
        int partitions = feeder.partitions(queue);
        for (int partition = first; partition < partitions; partition++) {
            PartitionLog log = feeder.log(queue, partition);
            long from = log == null ? 0 : Math.max(queue.nextToSweep(partition), log.logStartOffset());
            if (log != null && from < log.highWatermark()) {
                return sweep(queue, partition, log, from, readings);
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<Void> sweep(Queue queue, int partition, PartitionLog log, long from, int readings) {
        return feeder.found(log, from, queue.config().delayMs())
                .thenCompose(found -> turns.turn(
                        queue.name(),
                        queue.id(),
                        (now, effects) -> now != queue
                                || !now.expire(partition, found.to(), log.highWatermark(), found.messages(), effects)))
                .exceptionally(failure -> {
                    LOG.debug(
                            "partition {} of queue {} is not looked through for messages that are too old for now",
                            partition,
                            queue.name(),
                            failure);
                    return true;
                })
                .thenComposeAsync(
                        isDone ->
                                isDone ? sweep(queue, partition + 1, readings) : sweep(queue, partition, readings - 1),
                        thread);
    }
}
