package io.sluice.core.engine;

import io.sluice.core.TopicPartition;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Keeps topics and their partitions, on this machine or on many. Everything above the log sees only this.
 *
 * <p>Safe on any thread. {@link #topic}, {@link #topics} and {@link #route} answer from memory and never block. A change
 * of topics also fails with OVERLOADED if too many wait, with DISK_LOW or STORAGE_FAILED if it cannot be written down, and
 * with SHUTTING_DOWN.
 */
public interface LogEngine extends AutoCloseable {
    /**
     * Opens what is there. Blocks until the engine is ready to serve.
     *
     * @throws io.sluice.core.BrokerException DATA_DIRECTORY_LOCKED, STORAGE_FAILED or INVALID_CONFIG
     */
    void start();

    /**
     * Creates a topic. Durable when the future completes.
     *
     * <p>Fails with TOPIC_EXISTS, INVALID_TOPIC, INVALID_PARTITIONS or INVALID_CONFIG.
     *
     * @return the topic as it is, or as it would be
     */
    CompletableFuture<Topic> createTopic(NewTopic topic, Change change);

    /** As {@link #createTopic(NewTopic, Change)}, applied. */
    default CompletableFuture<Topic> createTopic(NewTopic topic) {
        return createTopic(topic, Change.APPLY);
    }

    /** As {@link #createTopic(NewTopic)}, for a topic of the broker's own, whose name begins with {@code __}. */
    CompletableFuture<Topic> createInternalTopic(NewTopic topic);

    /**
     * Changes settings of a topic, all or none: a value sets, an empty one goes back to the default.
     *
     * <p>Fails with UNKNOWN_TOPIC or INVALID_CONFIG.
     */
    CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes, Change change);

    /** As {@link #alterTopic(String, Map, Change)}, applied. */
    default CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes) {
        return alterTopic(topic, changes, Change.APPLY);
    }

    /**
     * Adds partitions to a topic.
     *
     * <p>Fails with UNKNOWN_TOPIC, or INVALID_PARTITIONS if the total is not more than there are.
     */
    CompletableFuture<Topic> createPartitions(String topic, int total, Change change);

    /** As {@link #createPartitions(String, int, Change)}, applied. */
    default CompletableFuture<Topic> createPartitions(String topic, int total) {
        return createPartitions(topic, total, Change.APPLY);
    }

    /** Deletes a topic and its records. Fails with UNKNOWN_TOPIC. */
    CompletableFuture<Void> deleteTopic(String topic);

    /** As {@link #deleteTopic(String)}, of that identity: another topic that has its name by then stays. */
    CompletableFuture<Void> deleteTopic(UUID topic);

    Optional<Topic> topic(String name);

    /** The topic of that identity, unless it is being deleted. */
    Optional<Topic> topic(UUID id);

    /** All topics, by name. */
    Collection<Topic> topics();

    Route route(TopicPartition partition);

    /** Hears of every partition owned now and from now on. */
    void listen(OwnershipListener listener);

    /** Names what is kept here: the same after every start, another for every data directory or cluster. */
    String clusterId();

    /**
     * An id for an idempotent producer that no other has or had. Fails with OVERLOADED if there are none left.
     */
    CompletableFuture<Long> newProducerId();

    /** What is wrong, from memory. */
    EngineHealth health();

    /** What the engine has done since its start. */
    LogMetrics metrics();

    /** Finishes what is under way, flushes, and marks a clean shutdown. Blocks. */
    @Override
    void close();
}
