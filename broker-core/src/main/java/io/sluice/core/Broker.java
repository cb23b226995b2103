package io.sluice.core;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.AppendListener;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.Change;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * The front door: topics, and the partitions behind them, over one engine. Safe on any thread; nothing but
 * {@link #close()} blocks.
 */
public final class Broker implements AutoCloseable {
    private static final int CREATE_TRIES = 3;

    private final LogEngine engine;
    private final boolean autoCreateTopics;
    private volatile TopicGuard guard = topic -> CompletableFuture.completedFuture(null);

    /**
     * A broker over an engine that has been started. It owns the engine from now on.
     *
     * @param autoCreateTopics whether {@link #topicOrCreate} creates
     */
    public Broker(LogEngine engine, boolean autoCreateTopics) {
        this.engine = engine;
        this.autoCreateTopics = autoCreateTopics;
    }

    /**
     * Opens a broker whose logs lie in a folder of this machine.
     *
     * @throws BrokerException DATA_DIRECTORY_LOCKED, STORAGE_FAILED or INVALID_CONFIG
     */
    public static Broker open(BrokerConfig config) {
        LocalLogEngine engine = LocalLogEngine.on(config);
        engine.start();
        return new Broker(engine, config.autoCreateTopics());
    }

    public LogEngine engine() {
        return engine;
    }

    /** The topic of that name, if there is one. */
    public Optional<Topic> topic(String name) {
        return engine.topic(name);
    }

    /**
     * The topic of that name.
     *
     * @throws BrokerException UNKNOWN_TOPIC
     */
    public Topic requireTopic(String name) {
        return engine.topic(name).orElseThrow(() -> unknownTopic(name));
    }

    /** The topic of that identity, if there is one. */
    public Optional<Topic> topic(UUID id) {
        return engine.topic(id);
    }

    /** All topics, by name. */
    public Collection<Topic> topics() {
        return engine.topics();
    }

    /**
     * The topic of that name, created with the broker's defaults if there is none and
     * {@code auto.create.topics.enable} is on; else the future fails with UNKNOWN_TOPIC, and so it does while a topic of that
     * name is being deleted.
     */
    public CompletableFuture<Topic> topicOrCreate(String name) {
        Optional<Topic> existing = engine.topic(name);
        if (existing.isPresent()) {
            return CompletableFuture.completedFuture(existing.get());
        }
        if (!autoCreateTopics) {
            return CompletableFuture.failedFuture(unknownTopic(name));
        }
        return findOrCreate(name, CREATE_TRIES);
    }

    private CompletableFuture<Topic> findOrCreate(String name, int triesLeft) {
        return engine.createTopic(new NewTopic(name, -1, Map.of())).exceptionallyCompose(failure -> {
            // Two requests may have wanted it at once: the one that came second finds it there.
            Optional<Topic> now = engine.topic(name);
            if (now.isPresent()) {
                return CompletableFuture.completedFuture(now.get());
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (!(cause instanceof BrokerException refusal) || refusal.code() != ErrorCode.TOPIC_EXISTS) {
                return CompletableFuture.failedFuture(failure);
            }
            // It was there when it was to be created, and has been deleted since.
            return triesLeft > 1
                    ? findOrCreate(name, triesLeft - 1)
                    : CompletableFuture.failedFuture(new BrokerException(
                            ErrorCode.UNKNOWN_TOPIC, "there is no topic " + name + ", and it is being deleted"));
        });
    }

    /** See {@link LogEngine#createTopic(NewTopic, Change)}. */
    public CompletableFuture<Topic> createTopic(NewTopic topic, Change change) {
        return engine.createTopic(topic, change);
    }

    /** As {@link #createTopic(NewTopic, Change)}, applied. */
    public CompletableFuture<Topic> createTopic(NewTopic topic) {
        return createTopic(topic, Change.APPLY);
    }

    /** Whoever needs topics to be as they are. */
    @FunctionalInterface
    public interface TopicGuard {
        /**
         * Looks at a topic as it would be. On any thread; must not block.
         *
         * @return fails with what the change is to fail with, if it must not be
         */
        CompletableFuture<Void> check(Topic topic);
    }

    /** From now on changes of topics' settings are shown to somebody first. */
    public void guard(TopicGuard other) {
        guard = other;
    }

    /**
     * See {@link LogEngine#alterTopic(String, Map, Change)}. Fails with INVALID_TOPIC if the topic is the broker's own, and as the
     * {@linkplain #guard guard} wants it.
     */
    public CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes, Change change) {
        return forUsers(
                topic,
                () -> engine.alterTopic(topic, changes, Change.VALIDATE)
                        .thenCompose(wouldBe -> guard.check(wouldBe)
                                .thenCompose(fine -> change == Change.VALIDATE
                                        ? CompletableFuture.completedFuture(wouldBe)
                                        : engine.alterTopic(topic, changes, change))));
    }

    /** As {@link #alterTopic(String, Map, Change)}, applied. */
    public CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes) {
        return alterTopic(topic, changes, Change.APPLY);
    }

    /**
     * See {@link LogEngine#createPartitions(String, int, Change)}. Fails with INVALID_TOPIC if the topic is the broker's own.
     */
    public CompletableFuture<Topic> createPartitions(String topic, int total, Change change) {
        return forUsers(topic, () -> engine.createPartitions(topic, total, change));
    }

    /** As {@link #createPartitions(String, int, Change)}, applied. */
    public CompletableFuture<Topic> createPartitions(String topic, int total) {
        return createPartitions(topic, total, Change.APPLY);
    }

    /** See {@link LogEngine#deleteTopic}. Fails with INVALID_TOPIC if the topic is the broker's own. */
    public CompletableFuture<Void> deleteTopic(String topic) {
        return forUsers(topic, () -> engine.deleteTopic(topic));
    }

    private static <T> CompletableFuture<T> forUsers(String topic, Supplier<CompletableFuture<T>> change) {
        return TopicName.isInternal(topic) ? CompletableFuture.failedFuture(ownTopic(topic)) : change.get();
    }

    private static BrokerException ownTopic(String topic) {
        return new BrokerException(
                ErrorCode.INVALID_TOPIC, "topic " + topic + " is the broker's own; nobody else writes or changes it");
    }

    /**
     * The log of a partition that lives on this node.
     *
     * @param partition its number; any that the topic does not have is UNKNOWN_PARTITION
     * @throws BrokerException UNKNOWN_TOPIC, UNKNOWN_PARTITION, PARTITION_OFFLINE, NOT_OWNER or SHUTTING_DOWN
     */
    public PartitionLog partition(String topic, int partition) {
        if (partition < 0) {
            throw new BrokerException(
                    ErrorCode.UNKNOWN_PARTITION,
                    "topic " + requireTopic(topic).name() + " has no partition " + partition);
        }
        return partition(new TopicPartition(topic, partition));
    }

    /** See {@link #partition(String, int)}. */
    public PartitionLog partition(TopicPartition partition) {
        Route route = engine.route(partition);
        if (route instanceof Route.Local local) {
            return local.log();
        }
        if (route instanceof Route.Unavailable unavailable) {
            throw new BrokerException(unavailable.code(), unavailable.why());
        }
        throw new BrokerException(ErrorCode.NOT_OWNER, partition + " lives on another node");
    }

    /** As {@link #append(String, int, RecordBatch, Acks, Runnable)}, for a caller who counts no memory. */
    public CompletableFuture<Appended> append(String topic, int partition, RecordBatch batch, Acks acks) {
        return append(topic, partition, batch, acks, () -> {});
    }

    /**
     * Appends one validated batch; see {@link PartitionLog#append(RecordBatch, Acks, Runnable)}. Refusals come through the
     * future.
     */
    public CompletableFuture<Appended> append(
            String topic, int partition, RecordBatch batch, Acks acks, AppendListener listener) {
        PartitionLog log;
        try {
            if (TopicName.isInternal(topic)) {
                throw ownTopic(topic);
            }
            log = partition(topic, partition);
        } catch (BrokerException e) {
            listener.released();
            return CompletableFuture.failedFuture(e);
        }
        return log.append(batch, acks, listener);
    }

    private static BrokerException unknownTopic(String name) {
        return new BrokerException(ErrorCode.UNKNOWN_TOPIC, "there is no topic " + name);
    }

    @Override
    public void close() {
        engine.close();
    }
}
