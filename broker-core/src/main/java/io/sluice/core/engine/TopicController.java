package io.sluice.core.engine;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.record.CompressionType;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicCatalog;
import io.sluice.core.topic.TopicDecision;
import io.sluice.core.topic.TopicEntry;
import io.sluice.core.topic.TopicEvent;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes topics: a request is decided by the catalog, its events are made durable, then they happen to the catalog, the
 * partitions and the folders. One thread, the controller, does all of that, one request after the other; it may block, and
 * nobody waits for it but those who asked for a change.
 *
 * <p>Life: {@link #recover} before anything else, on the thread that starts the engine; {@link #start}, from which on changes
 * are taken; {@link #stop}.
 */
final class TopicController {
    private static final Logger LOG = LoggerFactory.getLogger(TopicController.class);
    /** Six files of at most one block that is commonly used. */
    private static final long BYTES_OF_A_NEW_PARTITION = 6 * 4_096;

    private final BrokerConfig config;
    private final DataDirectory data;
    private final DiskSpace diskSpace;
    private final PartitionFolders folders;
    private final LocalPartitions partitions;
    private final TopicCatalog catalog;
    private final ExecutorService thread;
    private volatile boolean running;

    /** Set by {@link #recover}. */
    private CatalogLog events;

    TopicController(
            BrokerConfig config,
            DataDirectory data,
            DiskSpace diskSpace,
            PartitionFolders folders,
            LocalPartitions partitions,
            TopicCatalog catalog) {
        this.config = config;
        this.data = data;
        this.diskSpace = diskSpace;
        this.folders = folders;
        this.partitions = partitions;
        this.catalog = catalog;
        this.thread = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(LocalLogEngine.MAX_QUEUED_CHANGES), task -> {
                    Thread controller = new Thread(task, "sluice-controller");
                    controller.setDaemon(true);
                    return controller;
                });
    }

    // ---- life ----

    /** Replays the catalog and finishes the deletions that the last owner began. */
    void recover() throws IOException {
        events = new CatalogLog(partitions.openOwn(CatalogLog.PARTITION, CatalogLog.config(config.topicDefaults())));
        events.replay(catalog::replay);
        folders.deleteLeftovers();
        for (TopicEntry entry : catalog.deleting()) {
            finishDelete(entry);
        }
    }

    void start() {
        running = true;
    }

    /** Takes no more changes, and waits for the one that is under way. */
    void stop() {
        running = false;
        thread.shutdown();
        try {
            if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
                LOG.warn("a change of topics is still under way");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- any thread ----

    CompletableFuture<Topic> create(NewTopic topic, Change change) {
        return decide(() -> {
            TopicDecision decision =
                    catalog.create(topic, UUID.randomUUID(), config.clock().millis());
            requireCodec(decision.answer());
            requireSpace(decision.answer().partitions());
            if (change == Change.APPLY) {
                record(decision.events());
                partitions.openFrom(decision.answer(), 0);
            }
            return decision.answer();
        });
    }

    CompletableFuture<Topic> createInternal(NewTopic topic) {
        return decide(() -> {
            TopicDecision decision = catalog.createInternal(
                    topic, UUID.randomUUID(), config.clock().millis());
            record(decision.events());
            partitions.openFrom(decision.answer(), 0);
            return decision.answer();
        });
    }

    CompletableFuture<Topic> addPartitions(String topic, int total, Change change) {
        return decide(() -> {
            TopicDecision decision = catalog.addPartitions(topic, total);
            int before = catalog.byName(topic).map(Topic::partitions).orElse(0);
            requireSpace(total - before);
            if (change == Change.APPLY) {
                record(decision.events());
                partitions.openFrom(decision.answer(), before);
            }
            return decision.answer();
        });
    }

    CompletableFuture<Topic> alter(String topic, Map<String, Optional<String>> changes, Change change) {
        return decide(() -> {
            TopicDecision decision = catalog.alter(topic, changes);
            requireCodec(decision.answer());
            if (change == Change.APPLY) {
                record(decision.events());
                partitions.configure(decision.answer());
            }
            return decision.answer();
        });
    }

    CompletableFuture<Void> delete(String topic) {
        return decide(() -> deleteNow(topic));
    }

    CompletableFuture<Void> delete(UUID id) {
        return decide(() -> deleteNow(catalog.byId(id)
                .orElseThrow(() -> new BrokerException(ErrorCode.UNKNOWN_TOPIC, "there is no topic with id " + id))
                .name()));
    }

    private Void deleteNow(String topic) throws IOException {
        TopicDecision decision = catalog.beginDelete(topic);
        record(decision.events());
        partitions.drop(decision.answer());
        finishDelete(catalog.deleting().stream()
                .filter(deleting -> deleting.id().equals(decision.answer().id()))
                .findFirst()
                .orElseThrow());
        return null;
    }

    private <T> CompletableFuture<T> decide(Decision<T> decision) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            thread.execute(() -> {
                try {
                    if (!running) {
                        throw shuttingDown();
                    }
                    answer.complete(decision.make());
                } catch (BrokerException e) {
                    answer.completeExceptionally(e);
                } catch (CompletionException e) {
                    answer.completeExceptionally(e.getCause());
                } catch (IOException e) {
                    answer.completeExceptionally(DataDirectory.unusable(data.root(), e));
                } catch (RuntimeException | Error e) {
                    LOG.error("a change of topics failed", e);
                    answer.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(
                    thread.isShutdown()
                            ? shuttingDown()
                            : new BrokerException(
                                    ErrorCode.OVERLOADED,
                                    LocalLogEngine.MAX_QUEUED_CHANGES + " changes of topics wait already"));
        }
        return answer;
    }

    @FunctionalInterface
    private interface Decision<T> {
        T make() throws IOException;
    }

    private static BrokerException shuttingDown() {
        return new BrokerException(ErrorCode.SHUTTING_DOWN, "the broker is starting or closing");
    }

    // ---- the controller's thread ----

    /** A partition that finds no room for its first files would be offline until the next start. */
    private void requireSpace(int newPartitions) {
        if (diskSpace.isTooLowFor(newPartitions * BYTES_OF_A_NEW_PARTITION)) {
            throw new BrokerException(
                    ErrorCode.DISK_LOW,
                    "there is no space for " + Topic.counted(newPartitions) + " more: " + diskSpace.freeBytes()
                            + " bytes are free and the floor is " + diskSpace.floorBytes());
        }
    }

    /** A topic must not ask for a compression that this broker cannot make. */
    private void requireCodec(Topic topic) {
        String wanted = topic.config().compressionType();
        boolean known = Arrays.stream(CompressionType.values())
                .filter(type -> type.label().equals(wanted))
                .allMatch(config.codecs()::supports);
        if (!known) {
            throw new BrokerException(
                    ErrorCode.INVALID_CONFIG,
                    "compression.type = " + wanted + " needs a codec library that this broker was not given");
        }
    }

    /** Makes events durable, then lets them happen. */
    private void record(List<TopicEvent> decided) {
        if (decided.isEmpty()) {
            return;
        }
        long nowMs = config.clock().millis();
        try {
            events.append(decided, nowMs);
        } catch (CompletionException e) {
            boolean noSpace = e.getCause() instanceof BrokerException refusal && refusal.code() == ErrorCode.DISK_LOW;
            if (!noSpace || !diskSpace.giveUpReserve()) {
                throw e;
            }
            events.append(decided, nowMs);
        }
        decided.forEach(catalog::replay);
    }

    /** The partitions are closed: the folders go, and then the name is free. */
    private void finishDelete(TopicEntry entry) throws IOException {
        folders.moveAway(entry);
        record(catalog.finishDelete(entry.id()));
    }
}
