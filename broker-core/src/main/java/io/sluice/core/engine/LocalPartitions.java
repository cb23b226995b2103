package io.sluice.core.engine;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.log.LogRecovery;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.partition.PartitionWorker;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicConfig;
import io.sluice.core.topic.TopicName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of this node with the threads that serve them. Each is open, or offline for a reason until the next start.
 * Opening and closing block: they are for the start, the controller and the end. The rest is for any thread.
 */
final class LocalPartitions {
    private static final Logger LOG = LoggerFactory.getLogger(LocalPartitions.class);
    private static final int MAX_QUEUED_READS = 10_000;

    private final BrokerConfig config;
    private final DataDirectory data;
    private final PartitionFolders folders;
    private final HouseKeeping houseKeeping;
    private final List<PartitionWorker> workers = new ArrayList<>();
    private final ThreadPoolExecutor readers;
    private final ConcurrentHashMap<TopicPartition, Partition> open = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<TopicPartition, String> offline = new ConcurrentHashMap<>();
    /** The engine's own, which nobody is routed to. */
    private final List<Partition> own = new CopyOnWriteArrayList<>();

    private final List<OwnershipListener> listeners = new CopyOnWriteArrayList<>();

    LocalPartitions(BrokerConfig config, DataDirectory data, PartitionFolders folders, HouseKeeping houseKeeping) {
        this.config = config;
        this.data = data;
        this.folders = folders;
        this.houseKeeping = houseKeeping;
        AtomicInteger readerNumber = new AtomicInteger();
        this.readers = new ThreadPoolExecutor(
                config.readers(),
                config.readers(),
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_QUEUED_READS),
                task -> daemon(task, "sluice-reader-" + readerNumber.getAndIncrement()));
        this.readers.allowCoreThreadTimeOut(true);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    void startWorkers(LogMetrics metrics, DiskSpace diskSpace) {
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
    }

    // ---- opening ----

    /** Opens a partition of the engine's own. */
    Partition openOwn(TopicPartition name, TopicConfig topicConfig) throws IOException {
        Partition partition = recover(name, topicConfig, true);
        own.add(partition);
        return partition;
    }

    /** Opens the partitions of all topics, several at once. */
    void openAll(Collection<Topic> topics) throws IOException {
        Map<TopicPartition, Topic> wanted = new HashMap<>();
        for (Topic topic : topics) {
            for (int i = 0; i < topic.partitions(); i++) {
                wanted.put(new TopicPartition(topic.name(), i), topic);
            }
        }
        List<TopicPartition> known = new ArrayList<>(wanted.keySet());
        own.forEach(partition -> known.add(partition.partition()));
        folders.warnOfOthers(known);
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

    /** Opens the partitions of a topic from a number on: those that it did not have before. */
    void openFrom(Topic topic, int first) {
        for (int i = first; i < topic.partitions(); i++) {
            openOrNote(new TopicPartition(topic.name(), i), topic);
        }
    }

    /** Opens a partition; if that fails the rest serves all the same. */
    private void openOrNote(TopicPartition name, Topic topic) {
        try {
            folders.claim(name, topic);
            Partition partition = recover(name, topic.config(), TopicName.isInternal(topic.name()));
            open.put(name, partition);
            listeners.forEach(listener -> listener.gained(name, partition));
        } catch (BrokerException e) {
            // It says what to do.
            LOG.error(noteOffline(name, e.getMessage()));
        } catch (IOException e) {
            LOG.error(noteOffline(
                    name,
                    e + ". See to the disk and the folder " + folders.path(name) + ", and start the broker again"));
        } catch (RuntimeException e) {
            LOG.error(noteOffline(name, "an unexpected failure, " + e), e);
        }
    }

    private String noteOffline(TopicPartition name, String why) {
        String sentence = name + " is offline: " + why;
        offline.put(name, sentence);
        return sentence;
    }

    private Partition recover(TopicPartition name, TopicConfig topicConfig, boolean internal) throws IOException {
        LogRecovery.Start start = new LogRecovery.Start(
                topicConfig,
                new LogRecovery.ProducerLimits(
                        config.maxProducerIdsPerPartition(),
                        config.producerIdExpirationMs(),
                        config.maxIdempotencyKeysPerPartition(),
                        config.idempotencyKeyRetentionMs()),
                data.epoch(),
                houseKeeping.recoveryPoint(name),
                houseKeeping.logStart(name),
                data.cleanShutdown(),
                config.clock().millis(),
                houseKeeping::run);
        LogRecovery.Recovered recovered = LogRecovery.open(name, folders.of(name), start);
        PartitionWorker worker = workers.get(workerOf(name, workers.size()));
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

    /**
     * Partitions of a topic have their workers in turn. The first is chosen so that a topic and what is kept of it in an internal topic, whose partitions are
     * chosen by the hash codes of names, come to the same worker if the number of partitions is a multiple of that of workers: who goes on from one to the
     * other need not change threads.
     */
    static int workerOf(TopicPartition name, int workers) {
        int first = TopicName.isInternal(name.topic()) ? 0 : name.topic().hashCode();
        return Math.floorMod(first + name.partition(), workers);
    }

    private void failed(Partition partition, IOException why) {
        offline.put(
                partition.partition(),
                partition + " is offline since its disk failed: " + why.getMessage()
                        + ". See the broker's log, mend the disk and start the broker again");
        open.remove(partition.partition(), partition);
        listeners.forEach(listener -> listener.lost(partition.partition(), partition.epoch()));
    }

    // ---- what is there ----

    /** The partition, if it is open. */
    Optional<Partition> find(TopicPartition name) {
        return Optional.ofNullable(open.get(name));
    }

    /** All that are open, the engine's own included. */
    Collection<Partition> all() {
        List<Partition> all = new ArrayList<>(open.values());
        all.addAll(own);
        return all;
    }

    /** The reasons of those that are offline. A view, for any thread. */
    Map<TopicPartition, String> offline() {
        return offline;
    }

    void listen(OwnershipListener listener) {
        listeners.add(listener);
        open.forEach(listener::gained);
    }

    /** Gives a topic's partitions its settings. When this returns they hold for whatever comes then. */
    void configure(Topic topic) {
        List<CompletableFuture<Void>> configured = new ArrayList<>();
        for (int i = 0; i < topic.partitions(); i++) {
            find(new TopicPartition(topic.name(), i))
                    .ifPresent(partition -> configured.add(partition.configure(topic.config())));
        }
        // One that has closed meanwhile needs none.
        configured.forEach(one -> one.exceptionally(failure -> null).join());
    }

    // ---- closing ----

    /** Closes the partitions of a topic that is deleted. */
    void drop(Topic topic) {
        List<CompletableFuture<Long>> closed = new ArrayList<>();
        for (int i = 0; i < topic.partitions(); i++) {
            TopicPartition name = new TopicPartition(topic.name(), i);
            offline.remove(name);
            Partition partition = open.remove(name);
            if (partition != null) {
                listeners.forEach(listener -> listener.lost(name, partition.epoch()));
                closed.add(partition.close(new PartitionLog.Closed(
                        PartitionLog.Reason.DELETED, "topic " + topic.name() + " has been deleted")));
            }
        }
        for (CompletableFuture<Long> one : closed) {
            // A partition that failed on its way is closed all the same.
            one.exceptionally(failure -> 0L).join();
        }
    }

    /**
     * Closes every partition.
     *
     * @param ends where the ends of those that were closed in order are put
     * @return whether all of them were, and none was offline
     */
    boolean closeAll(Map<TopicPartition, Long> ends) {
        PartitionLog.Closed why = new PartitionLog.Closed(PartitionLog.Reason.SHUT_DOWN, "the broker is shutting down");
        Map<TopicPartition, CompletableFuture<Long>> closed = new HashMap<>();
        for (Partition partition : all()) {
            closed.put(partition.partition(), partition.close(why));
        }
        boolean inOrder = true;
        for (Map.Entry<TopicPartition, CompletableFuture<Long>> one : closed.entrySet()) {
            try {
                ends.put(one.getKey(), one.getValue().join());
            } catch (CompletionException e) {
                LOG.warn("{} was not closed in order", one.getKey(), e);
                inOrder = false;
            }
        }
        return inOrder && offline.isEmpty();
    }

    /** Ends the threads, when what they have to do is done. */
    void stopThreads() throws InterruptedException {
        for (PartitionWorker worker : workers) {
            worker.stop();
        }
        readers.shutdown();
        readers.awaitTermination(10, TimeUnit.SECONDS);
    }
}
