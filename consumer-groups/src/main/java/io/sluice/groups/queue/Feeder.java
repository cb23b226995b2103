package io.sluice.groups.queue;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.topic.Topic;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the logs of queues that have receivers, as far as they can be delivered soon, and waits for more to come. A queue without receivers
 * costs nothing. Owned by the thread that runs the queues.
 */
final class Feeder implements Feeding {
    private static final Logger LOG = LoggerFactory.getLogger(Feeder.class);
    private static final int READ_BYTES = 256 * 1024;
    private static final long AWAIT_MS = 60_000;
    private static final long RETRY_MS = 200;

    private final LogEngine engine;
    private final Arrivals arrivals;
    private final Executor thread;
    private final BiConsumer<Queue, Fed> turns;
    private final Set<Queue> hungry = new HashSet<>();
    private final Map<Queue, Map<Integer, Feed>> feeds = new HashMap<>();
    private final Presence presence;
    private final Consumer<Queue> onCondemned;
    private final Consumer<Queue> onJobs;

    /** What one partition of a queue is doing. */
    private static final class Feed {
        boolean reading;
        CompletableFuture<Boolean> awaiting;
    }

    /**
     * What was read of a partition: everything in {@code [from, to)}.
     *
     * @param releases how often the queue had given back what it had, when that was asked for
     */
    record Fed(int releases, int partition, long from, long to, List<Arrival> messages) {}

    /**
     * @param thread runs tasks on the thread of the queues
     * @param turns gives a queue, if it is still there, what was read of it
     */
    Feeder(
            LogEngine engine,
            Arrivals arrivals,
            Executor thread,
            BiConsumer<Queue, Fed> turns,
            Presence presence,
            Consumer<Queue> onCondemned,
            Consumer<Queue> onJobs) {
        this.engine = engine;
        this.arrivals = arrivals;
        this.thread = thread;
        this.turns = turns;
        this.presence = presence;
        this.onCondemned = onCondemned;
        this.onJobs = onJobs;
    }

    @Override
    public void wants(Queue queue) {
        if (hungry.add(queue)) {
            thread.execute(() -> {
                hungry.remove(queue);
                feed(queue);
            });
        }
    }

    @Override
    public void condemned(Queue queue) {
        onCondemned.accept(queue);
    }

    @Override
    public void jobs(Queue queue) {
        onJobs.accept(queue);
    }

    @Override
    public boolean isConnected(Queue queue, String consumer) {
        return presence.has(queue.id(), consumer);
    }

    @Override
    public int partitions(Queue queue) {
        return engine.topic(queue.id()).map(Topic::partitions).orElse(0);
    }

    @Override
    public long end(Queue queue, int partition) {
        PartitionLog log = log(queue, partition);
        return log == null ? 0 : log.highWatermark();
    }

    @Override
    public long bytes(Queue queue, int partition, long messages) {
        PartitionLog log = log(queue, partition);
        return log == null
                ? 0
                : (long) ((double) log.sizeInBytes()
                        * messages
                        / Math.max(1, log.highWatermark() - log.logStartOffset()));
    }

    /** Nothing of a queue is to be read any more. */
    void forget(Queue queue) {
        Map<Integer, Feed> gone = feeds.remove(queue);
        if (gone != null) {
            gone.values().forEach(feed -> {
                if (feed.awaiting != null) {
                    feed.awaiting.cancel(false);
                }
            });
        }
    }

    /** The log of a partition of a queue; null if it is not here. */
    PartitionLog log(Queue queue, int partition) {
        // Another topic may have the name of one that was deleted.
        return engine.topic(queue.id()).isPresent()
                        && engine.route(new TopicPartition(queue.name(), partition)) instanceof Route.Local local
                ? local.log()
                : null;
    }

    private void feed(Queue queue) {
        if (queue.isEnded() || !(queue.hasWaiters() || queue.isShort())) {
            return;
        }
        for (int i = 0; i < partitions(queue); i++) {
            feed(queue, i);
        }
    }

    private void feed(Queue queue, int partition) {
        Feed feed = feeds.computeIfAbsent(queue, absent -> new HashMap<>())
                .computeIfAbsent(partition, absent -> new Feed());
        PartitionLog log = log(queue, partition);
        if (feed.reading || log == null) {
            return;
        }
        OptionalLong next = queue.nextToRead(partition);
        if (next.isEmpty()) {
            return;
        }
        long from = next.getAsLong();
        if (from < log.logStartOffset()) {
            turns.accept(queue, new Fed(queue.releases(), partition, from, log.logStartOffset(), List.of()));
            wants(queue);
        } else if (from < log.highWatermark()) {
            read(queue, partition, feed, log, from);
        } else if (queue.hasWaiters() && (feed.awaiting == null || feed.awaiting.isDone())) {
            feed.awaiting = log.awaitBeyond(from, 1, AWAIT_MS);
            feed.awaiting.whenComplete((isThere, failure) -> {
                if (failure == null) {
                    thread.execute(() -> feedIfWaiting(queue));
                } else if (!(failure instanceof java.util.concurrent.CancellationException)) {
                    later(queue, failure);
                }
            });
        }
    }

    private void read(Queue queue, int partition, Feed feed, PartitionLog log, long from) {
        feed.reading = true;
        int releases = queue.releases();
        log.read(from, READ_BYTES)
                .whenComplete((read, failure) -> thread.execute(() -> {
                    feed.reading = false;
                    if (failure != null) {
                        later(queue, failure);
                    } else if (queue.isEnded()) {
                        read.oversized().ifPresent(OversizedBatch::close);
                    } else {
                        take(queue, releases, partition, from, read);
                    }
                }));
    }

    private void take(Queue queue, int releases, int partition, long from, LogRead read) {
        List<Arrival> messages;
        try {
            messages = arrivals.in(read, from, queue.config().delayMs());
        } catch (RuntimeException e) {
            later(queue, e);
            return;
        }
        turns.accept(queue, new Fed(releases, partition, from, read.nextOffset(), messages));
        wants(queue);
    }

    private void later(Queue queue, Throwable failure) {
        LOG.debug("queue {} cannot be read at the moment", queue.name(), failure);
        CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS, thread)
                .execute(() -> feedIfWaiting(queue));
    }

    private void feedIfWaiting(Queue queue) {
        if (queue.hasWaiters()) {
            feed(queue);
        }
    }
}
