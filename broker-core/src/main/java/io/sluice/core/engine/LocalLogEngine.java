package io.sluice.core.engine;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.log.LogRecovery;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.partition.PartitionWorker;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicCatalog;
import io.sluice.core.topic.TopicConfig;
import io.sluice.core.topic.TopicDecision;
import io.sluice.core.topic.TopicEntry;
import io.sluice.core.topic.TopicEvent;
import io.sluice.core.topic.TopicEvents;
import io.sluice.core.topic.TopicLimits;
import io.sluice.core.topic.TopicName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine that keeps its logs in a folder of this machine. It obeys the rules of every engine: routes are always
 * {@link Route.Local} or say why not, and each start is a new epoch.
 *
 * <p>Topics live in a catalog that is replayed from a partition of the engine's own, {@value #CATALOG}. One thread, the
 * controller, decides all changes of topics; it may block, and nobody waits for it but those who asked for the change.
 */
public final class LocalLogEngine implements LogEngine {
    private static final Logger LOG = LoggerFactory.getLogger(LocalLogEngine.class);
    private static final String CATALOG = "__topics";
    private static final TopicPartition CATALOG_PARTITION = new TopicPartition(CATALOG, 0);
    private static final String METADATA = "partition.metadata";
    private static final String DELETE = "-delete";
    private static final String STRAY = "-stray";
    private static final int MAX_QUEUED_READS = 10_000;
    static final int MAX_QUEUED_CHANGES = 10_000;
    /** Six files of at most one block that is commonly used. */
    private static final long BYTES_OF_A_NEW_PARTITION = 6 * 4_096;

    private static final int CATALOG_READ_BYTES = 1 << 20;

    private final BrokerConfig config;
    private final DataDirectory data;
    private final AtomicInteger producerIds = new AtomicInteger();
    private final LogDirectory root;
    private final LogMetrics metrics = new LogMetrics();
    private final DiskSpace diskSpace;
    private final HouseKeeping houseKeeping;
    private final List<PartitionWorker> workers = new ArrayList<>();
    private final ThreadPoolExecutor readers;
    private final ExecutorService controller;
    private final TopicCatalog catalog;
    private final ConcurrentHashMap<TopicPartition, Partition> partitions = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<TopicPartition, String> offline = new ConcurrentHashMap<>();
    private final List<OwnershipListener> listeners = new CopyOnWriteArrayList<>();
    private Partition catalogLog;
    private volatile boolean running;
    private volatile boolean closing;

    private LocalLogEngine(BrokerConfig config, DataDirectory data) throws IOException {
        this.config = config;
        this.data = data;
        this.root = data.root();
        this.diskSpace = new DiskSpace(root, data.reserve(), config.minFreeBytes());
        this.houseKeeping = new HouseKeeping(config, root, data.reserve(), diskSpace, metrics, this::open);
        AtomicInteger readerNumber = new AtomicInteger();
        this.readers = new ThreadPoolExecutor(
                config.readers(),
                config.readers(),
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_QUEUED_READS),
                task -> daemon(task, "sluice-reader-" + readerNumber.getAndIncrement()));
        this.readers.allowCoreThreadTimeOut(true);
        this.controller = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_QUEUED_CHANGES),
                task -> daemon(task, "sluice-controller"));
        this.catalog = new TopicCatalog(
                config.topicDefaults(),
                config.defaultPartitions(),
                new TopicLimits(config.maxPartitions(), config.maxPartitionsPerTopic()));
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
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
            throw storageFailed(root, e);
        }
    }

    private static LocalLogEngine create(BrokerConfig config, DataDirectory data) {
        try {
            return new LocalLogEngine(config, data);
        } catch (IOException e) {
            data.close();
            throw storageFailed(data.root(), e);
        }
    }

    private static BrokerException storageFailed(LogDirectory root, IOException e) {
        return new BrokerException(
                ErrorCode.STORAGE_FAILED, "the data directory " + root.path() + " cannot be used: " + e, e);
    }

    // ---- start ----

    @Override
    public void start() {
        try {
            if (diskSpace.freeBytes() < ReservedSpace.BYTES) {
                // Every log may need a little to begin with, and one that finds nothing is offline.
                diskSpace.giveUpReserve();
            }
            long perWorkerCache = config.tailCacheBytes() / config.partitionWorkers();
            long perWorkerQueue = config.maxQueuedAppendBytes() / config.partitionWorkers();
            for (int i = 0; i < config.partitionWorkers(); i++) {
                PartitionWorker worker = new PartitionWorker(
                        "sluice-worker-" + i,
                        new PartitionWorker.Limits(config.maxQueuedAppends(), perWorkerQueue, perWorkerCache),
                        config.clock(),
                        System::nanoTime,
                        metrics,
                        diskSpace);
                workers.add(worker);
                worker.start();
            }
            openCatalog();
            finishDeletions();
            openTopics();
            houseKeeping.start();
            running = true;
        } catch (IOException e) {
            abandon();
            throw storageFailed(root, e);
        } catch (RuntimeException e) {
            abandon();
            throw e;
        }
    }

    /** Leaves a start that failed, without claiming that anything was closed in order. */
    private void abandon() {
        closing = true;
        stopThreads();
        data.close();
    }

    private void openCatalog() throws IOException {
        TopicConfig catalogConfig = TopicConfig.parse(
                Map.of("cleanup.policy", "compact", "flush.messages", "1", "max.message.bytes", "16777216"),
                config.topicDefaults());
        catalogLog = openPartition(CATALOG_PARTITION, catalogConfig, true);
        long offset = catalogLog.logStartOffset();
        while (offset < catalogLog.highWatermark()) {
            LogRead read = catalogLog.read(offset, CATALOG_READ_BYTES).join();
            if (read.oversized().isPresent()) {
                try (OversizedBatch large = read.oversized().get()) {
                    ByteBuffer bytes = ByteBuffer.allocate(large.sizeInBytes());
                    large.read(0, bytes);
                    replay(RecordBatch.at(bytes, 0), offset);
                }
            }
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    replay(batch, offset);
                }
            }
            offset = read.nextOffset();
        }
    }

    private void replay(RecordBatch batch, long from) {
        RecordCursor cursor = RecordCursor.over(batch);
        while (cursor.next()) {
            if (cursor.offset() >= from) {
                catalog.replay(TopicEvents.decode(
                        cursor.key(), cursor.hasValue() ? Optional.of(cursor.value()) : Optional.empty()));
            }
        }
    }

    private void finishDeletions() throws IOException {
        for (String name : root.directories()) {
            if (name.endsWith(DELETE)) {
                houseKeeping.run(() -> deleteFolder(name));
            }
        }
        for (TopicEntry entry : catalog.deleting()) {
            moveAway(entry);
            record(catalog.finishDelete(entry.id()));
        }
    }

    private void openTopics() throws IOException {
        Map<TopicPartition, Topic> wanted = new HashMap<>();
        for (Topic topic : catalog.all()) {
            for (int i = 0; i < topic.partitions(); i++) {
                wanted.put(new TopicPartition(topic.name(), i), topic);
            }
        }
        for (String name : root.directories()) {
            boolean ours = name.endsWith(DELETE) || name.endsWith(STRAY) || name.equals(CATALOG_PARTITION.toString());
            if (!ours
                    && wanted.keySet().stream()
                            .noneMatch(partition -> partition.toString().equals(name))) {
                LOG.warn("the folder {} in {} belongs to no topic and is left alone", name, root.path());
            }
        }
        ExecutorService openers = Executors.newFixedThreadPool(
                Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors())),
                task -> daemon(task, "sluice-opener"));
        try {
            List<CompletableFuture<Void>> opened = new ArrayList<>();
            wanted.forEach((partition, topic) ->
                    opened.add(CompletableFuture.runAsync(() -> openOrNote(partition, topic), openers)));
            opened.forEach(CompletableFuture::join);
        } finally {
            openers.shutdown();
        }
    }

    /** Opens a partition; if that fails the rest serves all the same. */
    private void openOrNote(TopicPartition partition, Topic topic) {
        try {
            claim(partition, topic);
            gained(openPartition(partition, topic.config(), TopicName.isInternal(topic.name())));
        } catch (IOException | BrokerException e) {
            LOG.error("{} is offline: {}", partition, e.getMessage(), e);
            offline.put(partition, partition + " is offline: " + e.getMessage());
        }
    }

    /** Makes sure that the folder is this topic's, not one that an earlier topic of the name left behind. */
    private void claim(TopicPartition partition, Topic topic) throws IOException {
        String name = partition.toString();
        String id = uuid(topic.id());
        if (root.exists(name)) {
            Optional<byte[]> metadata = CheckpointFile.read(root.directory(name), METADATA);
            boolean other = metadata.isPresent()
                    && !new String(metadata.get(), StandardCharsets.UTF_8).contains("topic_id: " + id + "\n");
            if (!other && metadata.isPresent()) {
                return;
            }
            if (other) {
                String stray = UUID.randomUUID() + STRAY;
                LOG.warn("the folder {} is of an earlier topic of that name; it is moved to {}", name, stray);
                root.rename(name, stray);
            }
        }
        LogDirectory folder = root.directory(name);
        CheckpointFile.write(folder, METADATA, "version: 0\ntopic_id: " + id + "\n");
        root.sync();
    }

    private static String uuid(UUID id) {
        byte[] bytes = ByteBuffer.allocate(16)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private Partition openPartition(TopicPartition partition, TopicConfig topicConfig, boolean internal)
            throws IOException {
        LogRecovery.Start start = new LogRecovery.Start(
                topicConfig,
                new LogRecovery.ProducerLimits(
                        config.maxProducerIdsPerPartition(),
                        config.producerIdExpirationMs(),
                        config.maxIdempotencyKeysPerPartition(),
                        config.idempotencyKeyRetentionMs()),
                data.epoch(),
                houseKeeping.recoveryPoint(partition),
                houseKeeping.logStart(partition),
                data.cleanShutdown(),
                config.clock().millis(),
                houseKeeping::run);
        LogDirectory folder = root.directory(partition.toString());
        LogRecovery.Recovered recovered = LogRecovery.open(partition, folder, start);
        PartitionWorker worker = workers.get(Math.floorMod(partition.hashCode(), workers.size()));
        return new Partition(
                recovered.log(),
                worker,
                new Partition.Surroundings(
                        config.codecs(),
                        readers,
                        config.maxWaitersPerPartition(),
                        internal,
                        houseKeeping::saveLogStart,
                        this::failed));
    }

    private void gained(Partition partition) {
        partitions.put(partition.partition(), partition);
        listeners.forEach(listener -> listener.gained(partition.partition(), partition));
    }

    private void failed(Partition partition, IOException why) {
        offline.put(
                partition.partition(),
                partition + " is offline since its disk failed: " + why.getMessage()
                        + ". See the broker's log, mend the disk and start the broker again");
        partitions.remove(partition.partition(), partition);
        listeners.forEach(listener -> listener.lost(partition.partition(), partition.epoch()));
    }

    private Collection<Partition> open() {
        List<Partition> open = new ArrayList<>(partitions.values());
        if (catalogLog != null) {
            open.add(catalogLog);
        }
        return open;
    }

    // ---- topics: decided on the controller's thread ----

    @Override
    public CompletableFuture<Topic> createTopic(NewTopic topic, Change change) {
        return decide(() -> {
            TopicDecision decision =
                    catalog.create(topic, UUID.randomUUID(), config.clock().millis());
            requireCodec(decision.answer());
            requireSpace(decision.answer().partitions());
            if (change == Change.APPLY) {
                record(decision.events());
                openFrom(decision.answer(), 0);
            }
            return decision.answer();
        });
    }

    @Override
    public CompletableFuture<Topic> createInternalTopic(NewTopic topic) {
        return decide(() -> {
            TopicDecision decision = catalog.createInternal(
                    topic, UUID.randomUUID(), config.clock().millis());
            record(decision.events());
            openFrom(decision.answer(), 0);
            return decision.answer();
        });
    }

    @Override
    public CompletableFuture<Topic> createPartitions(String topic, int total, Change change) {
        return decide(() -> {
            TopicDecision decision = catalog.addPartitions(topic, total);
            int before = catalog.byName(topic).map(Topic::partitions).orElse(0);
            requireSpace(total - before);
            if (change == Change.APPLY) {
                record(decision.events());
                openFrom(decision.answer(), before);
            }
            return decision.answer();
        });
    }

    /** A partition that finds no room for its first files would be offline until the next start. */
    private void requireSpace(int partitions) {
        if (diskSpace.isTooLowFor(partitions * BYTES_OF_A_NEW_PARTITION)) {
            throw new BrokerException(
                    ErrorCode.DISK_LOW,
                    "there is no space for " + partitions + " new partitions: " + diskSpace.freeBytes()
                            + " bytes are free and the floor is " + diskSpace.floorBytes());
        }
    }

    private void openFrom(Topic topic, int first) throws IOException {
        for (int i = first; i < topic.partitions(); i++) {
            openOrNote(new TopicPartition(topic.name(), i), topic);
        }
    }

    @Override
    public CompletableFuture<Topic> alterTopic(String topic, Map<String, Optional<String>> changes, Change change) {
        return decide(() -> {
            TopicDecision decision = catalog.alter(topic, changes);
            requireCodec(decision.answer());
            if (change == Change.VALIDATE) {
                return decision.answer();
            }
            record(decision.events());
            for (int i = 0; i < decision.answer().partitions(); i++) {
                Partition partition = partitions.get(new TopicPartition(topic, i));
                if (partition != null) {
                    partition.configure(decision.answer().config());
                }
            }
            return decision.answer();
        });
    }

    @Override
    public CompletableFuture<Void> deleteTopic(String topic) {
        return decide(() -> {
            TopicDecision decision = catalog.beginDelete(topic);
            record(decision.events());
            List<CompletableFuture<Long>> closed = new ArrayList<>();
            for (int i = 0; i < decision.answer().partitions(); i++) {
                TopicPartition name = new TopicPartition(topic, i);
                offline.remove(name);
                Partition partition = partitions.remove(name);
                if (partition != null) {
                    listeners.forEach(listener -> listener.lost(name, partition.epoch()));
                    closed.add(partition.close(new PartitionLog.Closed(
                            PartitionLog.Reason.DELETED, "topic " + topic + " has been deleted")));
                }
            }
            for (CompletableFuture<Long> one : closed) {
                // A partition that failed on its way is closed all the same.
                one.exceptionally(failure -> 0L).join();
            }
            TopicEntry entry = catalog.deleting().stream()
                    .filter(deleting -> deleting.id().equals(decision.answer().id()))
                    .findFirst()
                    .orElseThrow();
            moveAway(entry);
            record(catalog.finishDelete(entry.id()));
            return null;
        });
    }

    /** Takes a deleted topic's folders out of the way at once; the janitor deletes what is in them. */
    private void moveAway(TopicEntry entry) throws IOException {
        List<TopicPartition> gone = new ArrayList<>();
        for (int i = 0; i < entry.partitions(); i++) {
            TopicPartition partition = new TopicPartition(entry.name(), i);
            gone.add(partition);
            String doomed = entry.id() + "-" + i + DELETE;
            if (root.exists(partition.toString())) {
                root.rename(partition.toString(), doomed);
                houseKeeping.run(() -> deleteFolder(doomed));
            }
        }
        root.sync();
        houseKeeping.forget(gone);
    }

    private void deleteFolder(String name) {
        try {
            root.deleteDirectory(name);
            diskSpace.refresh();
        } catch (IOException e) {
            LOG.warn("the folder {} of a deleted topic cannot be removed; the next start tries again", name, e);
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
    private void record(List<TopicEvent> events) {
        if (events.isEmpty()) {
            return;
        }
        try {
            append(events);
        } catch (CompletionException e) {
            boolean noSpace = e.getCause() instanceof BrokerException refusal && refusal.code() == ErrorCode.DISK_LOW;
            if (!noSpace || !diskSpace.giveUpReserve()) {
                throw e;
            }
            append(events);
        }
        events.forEach(catalog::replay);
    }

    private void append(List<TopicEvent> events) {
        RecordBatchBuilder batch = new RecordBatchBuilder(512);
        long nowMs = config.clock().millis();
        for (TopicEvent event : events) {
            batch.append(nowMs, TopicEvents.key(event), TopicEvents.value(event).orElse(null));
        }
        catalogLog.append(batch.build(), Acks.COMMITTED).join();
    }

    private <T> CompletableFuture<T> decide(Decision<T> decision) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            controller.execute(() -> {
                try {
                    requireRunning();
                    answer.complete(decision.make());
                } catch (BrokerException e) {
                    answer.completeExceptionally(e);
                } catch (CompletionException e) {
                    answer.completeExceptionally(e.getCause());
                } catch (IOException e) {
                    answer.completeExceptionally(storageFailed(root, e));
                } catch (RuntimeException | Error e) {
                    LOG.error("a change of topics failed", e);
                    answer.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(
                    controller.isShutdown()
                            ? shuttingDown()
                            : new BrokerException(
                                    ErrorCode.OVERLOADED, MAX_QUEUED_CHANGES + " changes of topics wait already"));
        }
        return answer;
    }

    @FunctionalInterface
    private interface Decision<T> {
        T make() throws IOException;
    }

    private void requireRunning() {
        if (!running || closing) {
            throw shuttingDown();
        }
    }

    private static BrokerException shuttingDown() {
        return new BrokerException(ErrorCode.SHUTTING_DOWN, "the broker is starting or closing");
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
        Partition open = partitions.get(partition);
        if (open != null) {
            return new Route.Local(open);
        }
        String why = offline.get(partition);
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
                    "topic " + partition.topic() + " has " + topic.get().partitions() + " partitions, there is no "
                            + partition.partition());
        }
        return closing
                ? new Route.Unavailable(1_000, ErrorCode.SHUTTING_DOWN, "the broker is closing")
                : new Route.Unavailable(100, ErrorCode.NOT_OWNER, partition + " is being opened");
    }

    @Override
    public void listen(OwnershipListener listener) {
        listeners.add(listener);
        partitions.forEach(listener::gained);
    }

    @Override
    public EngineHealth health() {
        return new EngineHealth(
                running && !closing, diskSpace.isLow(), diskSpace.freeBytes(), diskSpace.floorBytes(), offline);
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
        return Optional.ofNullable(partitions.get(partition)).map(Partition::log);
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
        awaitController();
        Map<TopicPartition, Long> ends = new HashMap<>();
        boolean allClosed = closeAll(ends) && offline.isEmpty();
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

    private void awaitController() {
        controller.shutdown();
        try {
            if (!controller.awaitTermination(1, TimeUnit.MINUTES)) {
                LOG.warn("a change of topics is still under way");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean closeAll(Map<TopicPartition, Long> ends) {
        PartitionLog.Closed why = new PartitionLog.Closed(PartitionLog.Reason.SHUT_DOWN, "the broker is shutting down");
        Map<TopicPartition, CompletableFuture<Long>> closed = new HashMap<>();
        for (Partition partition : open()) {
            closed.put(partition.partition(), partition.close(why));
        }
        boolean all = true;
        for (Map.Entry<TopicPartition, CompletableFuture<Long>> one : closed.entrySet()) {
            try {
                ends.put(one.getKey(), one.getValue().join());
            } catch (CompletionException e) {
                LOG.warn("{} was not closed in order", one.getKey(), e);
                all = false;
            }
        }
        return all;
    }

    private void stopThreads() {
        try {
            // Before the workers: what it has asked of one that has ended would never be answered.
            houseKeeping.stop();
            for (PartitionWorker worker : workers) {
                worker.stop();
            }
            controller.shutdown();
            readers.shutdown();
            readers.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
