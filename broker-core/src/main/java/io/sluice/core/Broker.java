package io.sluice.core;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * The front door: topics, and the partitions behind them, over one engine. Safe on any thread; nothing but
 * {@link #close()} blocks.
 */
public final class Broker implements AutoCloseable {
    private final LogEngine engine;
    private final boolean autoCreateTopics;

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
     * {@code auto.create.topics.enable} is on; else the future fails with UNKNOWN_TOPIC.
     */
    public CompletableFuture<Topic> topicOrCreate(String name) {
        Optional<Topic> existing = engine.topic(name);
        if (existing.isPresent()) {
            return CompletableFuture.completedFuture(existing.get());
        }
        if (!autoCreateTopics) {
            return CompletableFuture.failedFuture(unknownTopic(name));
        }
        return engine.createTopic(new NewTopic(name, -1, Map.of())).exceptionallyCompose(failure -> {
            // Two requests may have wanted it at once: the one that came second finds it there.
            Optional<Topic> now = engine.topic(name);
            return now.isPresent()
                    ? CompletableFuture.completedFuture(now.get())
                    : CompletableFuture.failedFuture(failure);
        });
    }

    /** See {@link LogEngine#createTopic}. */
    public CompletableFuture<Topic> createTopic(NewTopic topic) {
        return engine.createTopic(topic);
    }

    /** See {@link LogEngine#alterTopic}. */
    public CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes) {
        return engine.alterTopic(topic, changes);
    }

    /** See {@link LogEngine#createPartitions}. */
    public CompletableFuture<Topic> createPartitions(String topic, int total) {
        return engine.createPartitions(topic, total);
    }

    /** See {@link LogEngine#deleteTopic}. */
    public CompletableFuture<Void> deleteTopic(String topic) {
        return engine.deleteTopic(topic);
    }

    /**
     * The log of a partition that lives on this node.
     *
     * @throws BrokerException UNKNOWN_TOPIC, UNKNOWN_PARTITION, PARTITION_OFFLINE, NOT_OWNER or SHUTTING_DOWN
     */
    public PartitionLog partition(String topic, int partition) {
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
            String topic, int partition, RecordBatch batch, Acks acks, Runnable released) {
        PartitionLog log;
        try {
            log = partition(topic, partition);
        } catch (BrokerException e) {
            released.run();
            return CompletableFuture.failedFuture(e);
        }
        return log.append(batch, acks, released);
    }

    private static BrokerException unknownTopic(String name) {
        return new BrokerException(ErrorCode.UNKNOWN_TOPIC, "there is no topic " + name);
    }

    @Override
    public void close() {
        engine.close();
    }
}
