package io.sluice.core.engine;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.log.Compaction;
import io.sluice.core.log.DamagedSegmentException;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.NoSpace;
import io.sluice.core.storage.ReservedSpace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must happen from time to time: looking at the disk, checkpoints, retention, compaction. Two threads: one for what
 * is short, which also owns the checkpoint files, and one for compaction. Both may block; neither touches a log but
 * through its worker.
 */
final class HouseKeeping {
    private static final Logger LOG = LoggerFactory.getLogger(HouseKeeping.class);
    private static final long DISK_CHECK_MS = 100;
    static final int MAX_QUEUED_LOG_STARTS = 10_000;
    static final int MAX_QUEUED_TASKS = 10_000;

    private final BrokerConfig config;
    private final LogDirectory root;
    private final ReservedSpace reserve;
    private final DiskSpace diskSpace;
    private final Supplier<Collection<Partition>> partitions;
    private final LogMetrics metrics;
    private final ScheduledExecutorService janitor = Executors.newSingleThreadScheduledExecutor(thread("janitor"));
    private final ScheduledExecutorService cleaner = Executors.newSingleThreadScheduledExecutor(thread("cleaner"));

    // Changed by the janitor's thread only; the controller asks when it opens a partition.
    private final ConcurrentHashMap<TopicPartition, Long> recoveryPoints;
    private final ConcurrentHashMap<TopicPartition, Long> logStarts;

    /** Owned by the janitor's thread. */
    private final List<LogStart> waitForLogStarts = new ArrayList<>();

    private final AtomicInteger queuedLogStarts = new AtomicInteger();
    private final AtomicInteger queuedTasks = new AtomicInteger();

    /** A log start offset that is to be written down. */
    private record LogStart(PartitionLog partition, long offset, CompletableFuture<Void> saved) {}

    /** Logs that have a damaged segment, with the end of that segment. Owned by the cleaner's thread. */
    private final Map<Partition, Long> damaged = new HashMap<>();

    /** Where the compaction of each log ended. Changed by the janitor's thread only; the cleaner asks. */
    private final ConcurrentHashMap<TopicPartition, Long> cleanerPoints;

    /** When the first tombstone that each compaction left may go, in ms since the epoch. Changed and asked likewise. */
    private final ConcurrentHashMap<TopicPartition, Long> deleteHorizons;

    HouseKeeping(
            BrokerConfig config,
            LogDirectory root,
            ReservedSpace reserve,
            DiskSpace diskSpace,
            LogMetrics metrics,
            Supplier<Collection<Partition>> partitions)
            throws IOException {
        this.config = config;
        this.root = root;
        this.reserve = reserve;
        this.diskSpace = diskSpace;
        this.metrics = metrics;
        this.partitions = partitions;
        this.recoveryPoints = new ConcurrentHashMap<>(OffsetCheckpoint.read(root, OffsetCheckpoint.RECOVERY_POINTS));
        this.logStarts = new ConcurrentHashMap<>(OffsetCheckpoint.read(root, OffsetCheckpoint.LOG_STARTS));
        this.cleanerPoints = new ConcurrentHashMap<>(OffsetCheckpoint.read(root, OffsetCheckpoint.CLEANER_POINTS));
        this.deleteHorizons = new ConcurrentHashMap<>(OffsetCheckpoint.read(root, OffsetCheckpoint.DELETE_HORIZONS));
    }

    private static ThreadFactory thread(String name) {
        return task -> {
            Thread thread = new Thread(task, "sluice-" + name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** What the last owner wrote down, for a partition that is not open yet. */
    long recoveryPoint(TopicPartition partition) {
        return recoveryPoints.getOrDefault(partition, 0L);
    }

    /** What the last owner wrote down, for a partition that is not open yet. */
    long logStart(TopicPartition partition) {
        return logStarts.getOrDefault(partition, 0L);
    }

    void start() {
        every(DISK_CHECK_MS, diskSpace::refresh);
        every(config.recoveryCheckpointMs(), this::checkpoint);
        every(config.retentionCheckMs(), this::retention);
        if (config.cleanerEnabled()) {
            every(cleaner, config.cleanerBackoffMs(), this::compactNeediest);
        }
    }

    private void every(long ms, Runnable task) {
        every(janitor, ms, task);
    }

    private static void every(ScheduledExecutorService thread, long ms, Runnable task) {
        // A setting of 0 means all the time.
        long delayMs = Math.max(1, ms);
        thread.scheduleWithFixedDelay(guarded(task), delayMs, delayMs, TimeUnit.MILLISECONDS);
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                // Whatever comes out of a periodic task ends it for good, and in silence.
                LOG.error("house keeping goes on after a failure", e);
            }
        };
    }

    /** Runs something short that may block, such as deleting a file: here and now, if too much waits already. */
    void run(Runnable task) {
        if (queuedTasks.incrementAndGet() > MAX_QUEUED_TASKS) {
            queuedTasks.decrementAndGet();
            guarded(task).run();
            return;
        }
        try {
            janitor.execute(() -> {
                queuedTasks.decrementAndGet();
                guarded(task).run();
            });
        } catch (RejectedExecutionException e) {
            // The broker is closing: the next start does what is left.
            LOG.debug("house keeping has ended", e);
        }
    }

    // ---- checkpoints: the janitor's thread ----

    private void checkpoint() {
        boolean changed = false;
        for (Partition partition : partitions.get()) {
            Long last = recoveryPoints.get(partition.partition());
            if (last != null && last == partition.log().flushedOffset()) {
                continue;
            }
            Optional<Long> point = await(partition.onWorker(log -> log.checkpoint()));
            if (point.isPresent()) {
                recoveryPoints.put(partition.partition(), point.get());
                changed = true;
            }
        }
        if (changed) {
            writeRecoveryPoints();
        }
    }

    private void writeRecoveryPoints() {
        write(OffsetCheckpoint.RECOVERY_POINTS, recoveryPoints);
    }

    private void write(String name, Map<TopicPartition, Long> offsets) {
        try {
            OffsetCheckpoint.write(root, name, offsets);
        } catch (IOException e) {
            // An older checkpoint is still true; it only makes the next start slower.
            LOG.warn("{} cannot be written: {}", name, e.toString());
        }
    }

    /** Empty if the partition closed meanwhile, or refused. */
    private static <T> Optional<T> await(CompletableFuture<T> answer) {
        try {
            return Optional.ofNullable(answer.join());
        } catch (CompletionException e) {
            LOG.debug("house keeping skips a partition", e);
            return Optional.empty();
        }
    }

    /**
     * Makes a log start offset durable. On any thread. Several at once are written together. Fails with OVERLOADED if too
     * many wait, NOT_OWNER if the partition is closed, SHUTTING_DOWN or STORAGE_FAILED: then the old one stays.
     */
    CompletableFuture<Void> saveLogStart(PartitionLog partition, long offset) {
        if (queuedLogStarts.incrementAndGet() > MAX_QUEUED_LOG_STARTS) {
            queuedLogStarts.decrementAndGet();
            return CompletableFuture.failedFuture(new BrokerException(
                    ErrorCode.OVERLOADED,
                    MAX_QUEUED_LOG_STARTS + " deletions of records wait to be written down already"));
        }
        CompletableFuture<Void> saved = new CompletableFuture<>();
        saved.whenComplete((done, failure) -> queuedLogStarts.decrementAndGet());
        try {
            janitor.execute(() -> {
                waitForLogStarts.add(new LogStart(partition, offset, saved));
                if (waitForLogStarts.size() > 1) {
                    return;
                }
                try {
                    janitor.execute(this::writeLogStarts);
                } catch (RejectedExecutionException e) {
                    // The end came in between: there is nobody to wait for.
                    writeLogStarts();
                }
            });
        } catch (RejectedExecutionException e) {
            saved.completeExceptionally(new BrokerException(ErrorCode.SHUTTING_DOWN, "the broker is closing"));
        }
        return saved;
    }

    private void writeLogStarts() {
        List<LogStart> waiting = new ArrayList<>(waitForLogStarts);
        waitForLogStarts.clear();
        // A deleted topic is closed before it is forgotten, and both happened before this or will be after it.
        waiting.removeIf(one -> one.partition().closed().isDone()
                && one.saved()
                        .completeExceptionally(new BrokerException(
                                ErrorCode.NOT_OWNER,
                                one.partition().partition() + " has been closed, nothing was deleted")));
        Map<TopicPartition, Long> next = new HashMap<>(logStarts);
        waiting.forEach(one -> next.merge(one.partition().partition(), one.offset(), Math::max));
        try {
            reserve.write(() -> OffsetCheckpoint.write(root, OffsetCheckpoint.LOG_STARTS, next));
            logStarts.putAll(next);
            waiting.forEach(one -> one.saved().complete(null));
        } catch (IOException e) {
            // It may have come to the disk all the same.
            write(OffsetCheckpoint.LOG_STARTS, logStarts);
            BrokerException failure = new BrokerException(
                    ErrorCode.STORAGE_FAILED,
                    "the log start offset cannot be written down, nothing was deleted: " + e.getMessage(),
                    e);
            waiting.forEach(one -> one.saved().completeExceptionally(failure));
        }
    }

    /** Forgets partitions whose files are gone, durably: another topic may get the name. Blocks. */
    void forget(Collection<TopicPartition> gone) throws IOException {
        try {
            janitor.submit(() -> {
                        boolean known = recoveryPoints.keySet().removeAll(gone);
                        known |= logStarts.keySet().removeAll(gone);
                        known |= cleanerPoints.keySet().removeAll(gone);
                        known |= deleteHorizons.keySet().removeAll(gone);
                        if (known) {
                            reserve.write(() -> {
                                OffsetCheckpoint.write(root, OffsetCheckpoint.RECOVERY_POINTS, recoveryPoints);
                                OffsetCheckpoint.write(root, OffsetCheckpoint.LOG_STARTS, logStarts);
                                OffsetCheckpoint.write(root, OffsetCheckpoint.CLEANER_POINTS, cleanerPoints);
                                OffsetCheckpoint.write(root, OffsetCheckpoint.DELETE_HORIZONS, deleteHorizons);
                            });
                        }
                        return null;
                    })
                    .get();
        } catch (ExecutionException e) {
            throw new IOException("checkpoints cannot be written", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    // ---- retention: the janitor's thread ----

    private void retention() {
        long nowMs = config.clock().millis();
        for (Partition partition : partitions.get()) {
            Optional<Long> deleted = await(partition.onWorker(log -> {
                log.expireProducers(nowMs);
                return log.applyRetention(nowMs);
            }));
            deleted.ifPresent(metrics.deletedBytes()::add);
        }
    }

    // ---- compaction: the cleaner's thread ----

    private record Candidate(Partition partition, long firstDirty, Compaction.Need need) {}

    void compactNeediest() {
        if (diskSpace.isLow()) {
            // It writes before it deletes, and would take the last of the space.
            return;
        }
        long nowMs = config.clock().millis();
        List<Candidate> candidates = new ArrayList<>();
        forgetDamaged();
        for (Partition partition : partitions.get()) {
            if (partition.log().config().compacted() && !damaged.containsKey(partition)) {
                long firstDirty = cleanerPoints.getOrDefault(partition.partition(), 0L);
                candidates.add(
                        new Candidate(partition, firstDirty, Compaction.need(partition.log(), firstDirty, nowMs)));
            }
        }
        candidates.removeIf(candidate -> !isDue(candidate, nowMs));
        candidates.sort(
                Comparator.comparingDouble(candidate -> -candidate.need().ratio()));
        for (Candidate candidate : candidates) {
            compact(candidate.partition(), candidate.firstDirty(), nowMs);
        }
    }

    /** Logs that are closed, and those whose damaged segment has been deleted, are none of them any more. */
    private void forgetDamaged() {
        for (Iterator<Map.Entry<Partition, Long>> all = damaged.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Partition, Long> one = all.next();
            if (one.getKey().closed().isDone() || one.getKey().logStartOffset() >= one.getValue()) {
                all.remove();
                metrics.uncompactableLogs().decrement();
            }
        }
    }

    private boolean isDue(Candidate candidate, long nowMs) {
        Compaction.Need need = candidate.need();
        Partition partition = candidate.partition();
        boolean isDirty = need.dirtyBytes() > 0
                && (need.overdue() || need.ratio() > partition.log().config().minCleanableDirtyRatio());
        // Else a log that nobody writes to would keep its last tombstones for ever.
        return isDirty || deleteHorizons.getOrDefault(partition.partition(), Long.MAX_VALUE) <= nowMs;
    }

    private void compact(Partition partition, long firstDirty, long nowMs) {
        try {
            Optional<Compaction> compaction =
                    Compaction.run(partition.log(), config.codecs(), firstDirty, config.cleanerDedupeBytes(), nowMs);
            if (compaction.isPresent()
                    && await(partition.apply(compaction.get())).orElse(false)) {
                if (compaction.get().changesAnything()) {
                    metrics.compactions().increment();
                }
                tellUnreadable(partition, compaction.get());
                CompletableFuture.runAsync(() -> noteCleaned(partition, compaction.get()), janitor)
                        .join();
            }
        } catch (DamagedSegmentException e) {
            // To read all of it again, and to say so each time, would mend nothing.
            damaged.put(partition, e.endOffset());
            metrics.uncompactableLogs().increment();
            LOG.error(
                    "{} is not compacted as long as it has damage: {}. Stop the broker and run: sluice log repair {}",
                    partition,
                    e.getMessage(),
                    partition.log().path());
        } catch (IOException | RuntimeException e) {
            if (partition.closed().isDone()) {
                LOG.debug("the compaction of {} ends with its log", partition, e);
            } else if (e instanceof IOException failure && NoSpace.isWhy(failure)) {
                LOG.warn("{} is compacted later, there is no space: {}", partition, e.getMessage());
            } else {
                LOG.error("{} is not compacted: {}", partition, e.toString(), e);
            }
        }
    }

    /** Once for each: the next compaction begins behind them. */
    private void tellUnreadable(Partition partition, Compaction compaction) {
        if (compaction.unreadableBatches() > 0) {
            metrics.unreadableBatches().add(compaction.unreadableBatches());
            LOG.warn(
                    "{}: the records of some batches cannot be read; the batches stay as they are. There are {}, the first"
                            + " is at {}",
                    partition,
                    compaction.unreadableBatches(),
                    compaction.firstUnreadable());
        }
    }

    /** On the janitor's thread, which also forgets: a deleted topic must not come back here. */
    private void noteCleaned(Partition partition, Compaction compaction) {
        TopicPartition name = partition.partition();
        if (partition.closed().isDone()) {
            return;
        }
        long horizonMs = compaction.nextHorizonMs();
        Long before = horizonMs == Long.MAX_VALUE ? deleteHorizons.remove(name) : deleteHorizons.put(name, horizonMs);
        // Before the point up to which it holds: else a crash in between would forget tombstones.
        if (before != null || horizonMs != Long.MAX_VALUE) {
            write(OffsetCheckpoint.DELETE_HORIZONS, deleteHorizons);
        }
        cleanerPoints.put(name, compaction.cleanedTo());
        write(OffsetCheckpoint.CLEANER_POINTS, cleanerPoints);
    }

    // ---- the end ----

    /** Ends both threads. Blocks until what they do is done. */
    void stop() throws InterruptedException {
        cleaner.shutdown();
        janitor.shutdown();
        cleaner.awaitTermination(1, TimeUnit.MINUTES);
        janitor.awaitTermination(1, TimeUnit.MINUTES);
    }

    /** After {@link #stop()}: writes down where each log ended. */
    void writeEnds(Map<TopicPartition, Long> ends) throws IOException {
        recoveryPoints.putAll(ends);
        reserve.write(() -> OffsetCheckpoint.write(root, OffsetCheckpoint.RECOVERY_POINTS, recoveryPoints));
    }
}
