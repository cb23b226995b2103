package io.sluice.core.engine;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicCatalog;
import io.sluice.core.topic.TopicLimits;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine that keeps its logs in a folder of this machine. It obeys the rules of every engine: routes are always
 * {@link Route.Local} or say why not, and each start is a new epoch.
 *
 * <p>It puts the parts together, starts and ends them in order, and answers questions: {@link TopicController} changes
 * topics, {@link LocalPartitions} has what is open, {@link HouseKeeping} does what must happen from time to time.
 */
public final class LocalLogEngine implements LogEngine {
    private static final Logger LOG = LoggerFactory.getLogger(LocalLogEngine.class);
    static final int MAX_QUEUED_CHANGES = 10_000;

    private final DataDirectory data;
    private final AtomicInteger producerIds = new AtomicInteger();
    private final LogMetrics metrics = new LogMetrics();
    private final DiskSpace diskSpace;
    private final HouseKeeping houseKeeping;
    private final LocalPartitions partitions;
    private final TopicCatalog catalog;
    private final TopicController controller;
    private volatile boolean running;
    private volatile boolean closing;

    private LocalLogEngine(BrokerConfig config, DataDirectory data) throws IOException {
        this.data = data;
        this.diskSpace = new DiskSpace(data.root(), data.reserve(), config.minFreeBytes());
        this.houseKeeping =
                new HouseKeeping(config, data.root(), data.reserve(), diskSpace, metrics, this::openPartitions);
        PartitionFolders folders = new PartitionFolders(data.root(), houseKeeping, diskSpace);
        this.partitions = new LocalPartitions(config, data, folders, houseKeeping);
        this.catalog = new TopicCatalog(
                config.topicDefaults(),
                config.defaultPartitions(),
                new TopicLimits(config.maxPartitions(), config.maxPartitionsPerTopic()));
        this.controller = new TopicController(config, data, diskSpace, folders, partitions, catalog);
    }

    private Collection<Partition> openPartitions() {
        return partitions.all();
    }

    /**
     * An engine on the data directory of a configuration, which it locks.
     *
     * @throws BrokerException DATA_DIRECTORY_LOCKED or STORAGE_FAILED
     */
    public static LocalLogEngine on(BrokerConfig config) {
        return create(config, DataDirectory.lock(config.dataDirectory()));
    }

    /** An engine on any folder that nobody else has: for tests that put a crashing one there. */
    public static LocalLogEngine on(BrokerConfig config, LogDirectory root) {
        try {
            return create(config, DataDirectory.unlocked(root));
        } catch (IOException e) {
            throw DataDirectory.unusable(root, e);
        }
    }

    private static LocalLogEngine create(BrokerConfig config, DataDirectory data) {
        try {
            return new LocalLogEngine(config, data);
        } catch (IOException e) {
            data.close();
            throw DataDirectory.unusable(data.root(), e);
        }
    }

    // ---- start ----

    @Override
    public void start() {
        try {
            if (diskSpace.freeBytes() < ReservedSpace.BYTES) {
                // Every log may need a little to begin with, and one that finds nothing is offline.
                diskSpace.giveUpReserve();
            }
            partitions.startWorkers(metrics, diskSpace);
            controller.recover();
            partitions.openAll(catalog.all());
            houseKeeping.start();
            running = true;
            controller.start();
        } catch (IOException e) {
            abandon();
            throw DataDirectory.unusable(data.root(), e);
        } catch (RuntimeException e) {
            abandon();
            throw e;
        }
    }

    /** Leaves a start that failed, without claiming that anything was closed in order. */
    private void abandon() {
        closing = true;
        controller.stop();
        stopThreads();
        data.close();
    }

    // ---- changes of topics ----

    @Override
    public CompletableFuture<Topic> createTopic(NewTopic topic, Change change) {
        return controller.create(topic, change);
    }

    @Override
    public CompletableFuture<Topic> createInternalTopic(NewTopic topic) {
        return controller.createInternal(topic);
    }

    @Override
    public CompletableFuture<Topic> createPartitions(String topic, int total, Change change) {
        return controller.addPartitions(topic, total, change);
    }

    @Override
    public CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes, Change change) {
        return controller.alter(topic, changes, change);
    }

    @Override
    public CompletableFuture<Void> deleteTopic(String topic) {
        return controller.delete(topic);
    }

    @Override
    public CompletableFuture<Void> deleteTopic(UUID topic) {
        return controller.delete(topic);
    }

    // ---- questions ----

    @Override
    public Optional<Topic> topic(String name) {
        return catalog.byName(name);
    }

    @Override
    public Optional<Topic> topic(UUID id) {
        return catalog.byId(id);
    }

    @Override
    public Collection<Topic> topics() {
        return catalog.all();
    }

    @Override
    public Route route(TopicPartition partition) {
        Optional<Partition> open = partitions.find(partition);
        if (open.isPresent()) {
            return new Route.Local(open.get());
        }
        String why = partitions.offline().get(partition);
        if (why != null) {
            return new Route.Unavailable(30_000, ErrorCode.PARTITION_OFFLINE, why);
        }
        Optional<Topic> topic = catalog.byName(partition.topic());
        if (topic.isEmpty()) {
            return new Route.Unavailable(1_000, ErrorCode.UNKNOWN_TOPIC, "there is no topic " + partition.topic());
        }
        if (partition.partition() >= topic.get().partitions()) {
            return new Route.Unavailable(
                    1_000,
                    ErrorCode.UNKNOWN_PARTITION,
                    "topic " + partition.topic() + " has "
                            + Topic.counted(topic.get().partitions()) + ", there is no " + partition.partition());
        }
        return closing
                ? new Route.Unavailable(1_000, ErrorCode.SHUTTING_DOWN, "the broker is closing")
                : new Route.Unavailable(100, ErrorCode.NOT_OWNER, partition + " is being opened");
    }

    @Override
    public void listen(OwnershipListener listener) {
        partitions.listen(listener);
    }

    @Override
    public EngineHealth health() {
        return new EngineHealth(
                running && !closing,
                diskSpace.isLow(),
                diskSpace.freeBytes(),
                diskSpace.floorBytes(),
                partitions.offline());
    }

    @Override
    public LogMetrics metrics() {
        return metrics;
    }

    @Override
    public String clusterId() {
        return data.clusterId();
    }

    /** The epoch is durable and no start has it twice, so a number within it is all that makes an id new. */
    @Override
    public CompletableFuture<Long> newProducerId() {
        int number = producerIds.getAndUpdate(last -> last == Integer.MAX_VALUE ? last : last + 1);
        return number == Integer.MAX_VALUE
                ? CompletableFuture.failedFuture(new BrokerException(
                        ErrorCode.OVERLOADED, "there are no producer ids left; the next start has new ones"))
                : CompletableFuture.completedFuture(((long) data.epoch() << 31) + number);
    }

    /** The log of a partition that is open, for those who look at files. */
    public Optional<SegmentedLog> log(TopicPartition partition) {
        return partitions.find(partition).map(Partition::log);
    }

    // ---- the end ----

    /** One that comes second waits for the first: when it returns, the folder is free. */
    @Override
    public synchronized void close() {
        if (closing) {
            return;
        }
        closing = true;
        boolean wasRunning = running;
        controller.stop();
        Map<TopicPartition, Long> ends = new HashMap<>();
        boolean allClosed = partitions.closeAll(ends);
        stopThreads();
        try {
            if (wasRunning) {
                houseKeeping.writeEnds(ends);
            }
            if (wasRunning && allClosed) {
                data.markClean();
            }
        } catch (IOException e) {
            LOG.error("the end of the logs cannot be written down; the next start checks them", e);
        } finally {
            data.close();
        }
    }

    private void stopThreads() {
        try {
            // Before the workers: what it has asked of one that has ended would never be answered.
            houseKeeping.stop();
            partitions.stopThreads();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
