package io.sluice.groups.queue;

import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.QueueView.Unreadable;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
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
    private static final long MAX_RETRY_MS = 60_000;
    /** How many readings are under way at a time, of all queues: each may hold a batch that is large when it is decompressed. */
    private static final int MAX_READINGS = 4;
    /** After how many failures in a row nobody waits for a partition any more, unless its bytes are known to be damaged. */
    private static final int MAX_FAILURES = 3;

    private final LogEngine engine;
    private final Arrivals arrivals;
    private final Executor workers;
    private final Executor thread;
    private final InstantSource clock;
    private final FeedTurns turns;
    private final Set<Queue> hungry = new HashSet<>();
    private final Map<Queue, Map<Integer, Feed>> feeds = new HashMap<>();
    /** By topic and partition, as long as nobody has compared them with what was known. */
    private final Map<UUID, Map<Integer, Long>> foundEnds = new HashMap<>();

    /** Readings that wait until others are done. */
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

    private int readings;
    private boolean closed;
    private final Presence presence;
    private final Consumer<Queue> onCondemned;
    private final Consumer<Queue> onJobs;

    /** What one partition of a queue is doing. */
    private static final class Feed {
        boolean reading;
        CompletableFuture<Boolean> awaiting;
        /** How often in a row it could not be read. */
        int failures;
        /** Whether it is too early to try again. */
        boolean resting;
        /** What cannot be read, once that is not worth waiting for. */
        Optional<Unreadable> unreadable = Optional.empty();
    }

    /**
     * What was read of a partition: everything in {@code [from, to)}.
     *
     * @param releases how often the queue had given back what it had, when that was asked for
     */
    record Fed(int releases, int partition, long from, long to, List<Arrival> messages) {}

    /** Turns of queues, of those that are still there. */
    interface FeedTurns {
        /** A queue gets what was read of it. */
        void fed(Queue queue, Fed fed);

        /** Some of what a queue has could not be read. */
        void notRead(Queue queue);
    }

    /**
     * @param workers run what may take its time
     * @param thread runs tasks on the thread of the queues
     */
    Feeder(
            LogEngine engine,
            Arrivals arrivals,
            Executor workers,
            Executor thread,
            InstantSource clock,
            FeedTurns turns,
            Presence presence,
            Consumer<Queue> onCondemned,
            Consumer<Queue> onJobs) {
        this.engine = engine;
        this.arrivals = arrivals;
        this.workers = workers;
        this.thread = thread;
        this.clock = clock;
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

    /** Looks where the logs end that are here. Before anything is appended to them. */
    void findEnds() {
        for (Topic topic : engine.topics()) {
            Map<Integer, Long> ends = new HashMap<>();
            for (int i = 0; i < topic.partitions(); i++) {
                if (engine.route(new TopicPartition(topic.name(), i)) instanceof Route.Local local) {
                    ends.put(i, local.log().logEndOffset());
                }
            }
            foundEnds.put(topic.id(), ends);
        }
    }

    @Override
    public OptionalLong foundEnd(Queue queue, int partition) {
        Long end = foundEnds.getOrDefault(queue.id(), Map.of()).get(partition);
        return end == null ? OptionalLong.empty() : OptionalLong.of(end);
    }

    @Override
    public void joined(UUID queue, int partition) {
        Map<Integer, Long> ends = foundEnds.get(queue);
        if (ends != null) {
            ends.remove(partition);
        }
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

    @Override
    public void forget(Queue queue) {
        Map<Integer, Feed> gone = feeds.remove(queue);
        if (gone != null) {
            gone.values().forEach(feed -> {
                if (feed.awaiting != null) {
                    feed.awaiting.cancel(false);
                }
            });
        }
    }

    /** Nothing is to be read any more. */
    void close() {
        closed = true;
        List.copyOf(feeds.keySet()).forEach(this::forget);
        waiting.clear();
    }

    @Override
    public boolean canRead(Queue queue, int partition) {
        Feed feed = feeds.getOrDefault(queue, Map.of()).get(partition);
        return feed == null || feed.unreadable.isEmpty();
    }

    @Override
    public List<Unreadable> unreadable(Queue queue) {
        return feeds.getOrDefault(queue, Map.of()).values().stream()
                .flatMap(feed -> feed.unreadable.stream())
                .toList();
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
        if (closed || queue.isEnded() || !(queue.hasWaiters() || queue.isShort())) {
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
        if (feed.reading || feed.resting || log == null) {
            return;
        }
        OptionalLong next = queue.nextToRead(partition);
        if (next.isEmpty()) {
            return;
        }
        long from = next.getAsLong();
        if (from < log.logStartOffset()) {
            turns.fed(queue, new Fed(queue.releases(), partition, from, log.logStartOffset(), List.of()));
            wants(queue);
        } else if (from < log.highWatermark()) {
            read(queue, partition, feed, log, from, queue.releases());
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

    /** @param releases how often the queue had given back what it had, when it said where to read */
    private void read(Queue queue, int partition, Feed feed, PartitionLog log, long from, int releases) {
        feed.reading = true;
        if (readings >= MAX_READINGS) {
            waiting.add(() -> read(queue, partition, feed, log, from, releases));
            return;
        }
        readings++;
        long delayMs = queue.config().delayMs();
        found(log, from, delayMs)
                .whenComplete((found, failure) -> thread.execute(() -> {
                    readings--;
                    if (!waiting.isEmpty()) {
                        waiting.remove().run();
                    }
                    feed.reading = false;
                    if (failure != null) {
                        failed(queue, feed, new MessageId(partition, from), failure);
                    } else {
                        take(queue, feed, new Fed(releases, partition, from, found.to(), found.messages()));
                    }
                }));
    }

    /**
     * Messages from an offset on, as {@link Arrivals} finds them. To decompress takes its time, and all queues share the thread: that is done on
     * another one. What is plain is not worth the way there and back.
     */
    CompletableFuture<Arrivals.Found> found(PartitionLog log, long from, long delayMs) {
        return log.read(from, READ_BYTES)
                .thenCompose(read -> CompletableFuture.supplyAsync(
                        () -> arrivals.in(read, from, delayMs), Arrivals.isPlain(read) ? thread : workers));
    }

    private void take(Queue queue, Feed feed, Fed fed) {
        if (feed.unreadable.isPresent()) {
            LOG.info(
                    "queue {} can be read again at message {}",
                    queue.name(),
                    feed.unreadable.get().from());
        }
        feed.failures = 0;
        feed.unreadable = Optional.empty();
        turns.fed(queue, fed);
        wants(queue);
    }

    /** A partition that cannot be read holds up nobody who could have messages of another one, and is tried again after a pause. */
    private void failed(Queue queue, Feed feed, MessageId from, Throwable failure) {
        feed.failures++;
        Throwable cause = Failures.cause(failure);
        boolean isDamaged = Failures.code(failure)
                .filter(code -> code == ErrorCode.DATA_CORRUPT)
                .isPresent();
        if (feed.unreadable.isEmpty() && (isDamaged || feed.failures >= MAX_FAILURES)) {
            LOG.error("queue {} cannot be read at message {}; it is tried again", queue.name(), from, cause);
            feed.unreadable = Optional.of(new Unreadable(from, clock.millis(), String.valueOf(cause.getMessage())));
        } else {
            LOG.debug("queue {} cannot be read at the moment", queue.name(), cause);
        }
        feed.resting = true;
        long pauseMs = Math.min(MAX_RETRY_MS, RETRY_MS << Math.min(10, feed.failures - 1));
        CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS, thread)
                .execute(() -> {
                    feed.resting = false;
                    feedIfWaiting(queue);
                });
        turns.notRead(queue);
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
