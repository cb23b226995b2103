package io.sluice.core.simulation;

import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.PartitionLog.Closed;
import io.sluice.core.engine.PartitionLog.Reason;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.fixture.ManualClock;
import io.sluice.core.log.Compaction;
import io.sluice.core.log.LogRecovery;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.partition.PartitionWorker;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One partition with its worker on a {@link CrashingMachine}, and around them the little that an engine adds: where the
 * recovery point, the log start and the mark of a clean shutdown are kept. Nothing runs until {@link #run()}.
 */
final class SimulatedPartition {
    static final TopicPartition NAME = new TopicPartition("t", 0);
    private static final LogRecovery.ProducerLimits LIMITS =
            new LogRecovery.ProducerLimits(1000, Long.MAX_VALUE / 4, 1000, Long.MAX_VALUE / 4);

    private final CrashingMachine machine;
    private final ManualClock clock;
    private final LogDirectory root;
    private final PartitionWorker worker;
    private final DiskSpace diskSpace;
    private final Partition partition;
    private final LogRecovery.Recovered recovered;

    /** Starts on what the machine's disk holds. */
    SimulatedPartition(CrashingMachine machine, ManualClock clock, TopicConfig config, long cacheBytes)
            throws IOException {
        this.machine = machine;
        this.clock = clock;
        this.root = machine.root();
        this.diskSpace = new DiskSpace(root, new ReservedSpace(root), 0);
        int epoch = (int) number("epoch", 0) + 1;
        CheckpointFile.write(root, "epoch", "" + epoch);
        boolean clean = root.exists("clean");
        root.delete("clean");
        LogDirectory directory = root.directory(NAME.toString());
        root.sync();
        this.recovered = LogRecovery.open(
                NAME,
                directory,
                new LogRecovery.Start(
                        config,
                        LIMITS,
                        epoch,
                        number("recovery-point", 0),
                        number("log-start", 0),
                        clean,
                        clock.millis(),
                        Runnable::run));
        this.worker = new PartitionWorker(
                "simulated",
                new PartitionWorker.Limits(1000, 1 << 24, cacheBytes),
                clock,
                () -> clock.millis() * 1_000_000,
                new LogMetrics(),
                diskSpace);
        this.partition = new Partition(
                recovered.log(),
                worker,
                new Partition.Surroundings(
                        new KafkaCodecs(), Runnable::run, 10, false, this::saveLogStart, (failed, why) -> {}));
    }

    private long number(String file, long otherwise) throws IOException {
        return CheckpointFile.read(root, file)
                .map(content -> Long.parseLong(new String(content)))
                .orElse(otherwise);
    }

    private CompletableFuture<Void> saveLogStart(PartitionLog log, long offset) {
        try {
            if (offset > number("log-start", 0)) {
                CheckpointFile.write(root, "log-start", "" + offset);
            }
            return CompletableFuture.completedFuture(null);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    Partition partition() {
        return partition;
    }

    LogRecovery.Recovered recovered() {
        return recovered;
    }

    boolean isOffline() {
        return partition.closed().isDone();
    }

    /** Does all that waits in the worker's queue. */
    void run() {
        while (worker.runOnce()) {
            // Once more, until there is nothing.
        }
    }

    private <T> CompletableFuture<T> task(Partition.LogTask<T> task) {
        CompletableFuture<T> answer = partition.onWorker(task);
        run();
        assert answer.isDone();
        return answer;
    }

    /** Saves the recovery point. */
    void checkpoint() throws IOException {
        CompletableFuture<Long> point = task(log -> log.checkpoint());
        if (!point.isCompletedExceptionally()) {
            CheckpointFile.write(root, "recovery-point", "" + point.join());
        }
    }

    /**
     * Compacts as the engine's cleaner does.
     *
     * @param meanwhile what happens after the segments have been written and before they are put in place
     */
    void compact(long dedupeBytes, Runnable meanwhile) throws IOException {
        long firstDirty = number("cleaner-point", 0);
        Optional<Compaction> compaction =
                Compaction.run(partition.log(), new KafkaCodecs(), firstDirty, dedupeBytes, clock.millis());
        meanwhile.run();
        if (compaction.isEmpty()) {
            return;
        }
        CompletableFuture<Boolean> applied = partition.apply(compaction.get());
        run();
        if (applied.join()) {
            CheckpointFile.write(root, "cleaner-point", "" + compaction.get().cleanedTo());
        }
    }

    void applyRetention() {
        task(log -> log.applyRetention(clock.millis()));
    }

    void configure(TopicConfig config) {
        task(log -> {
            log.configure(config);
            return null;
        });
    }

    /** Looks at the disk again, as the engine does from time to time. */
    void refreshDiskSpace() {
        diskSpace.refresh();
    }

    /** A shutdown in order; the next start finds the mark of it. */
    void close() throws IOException {
        CompletableFuture<Long> point = partition.close(new Closed(Reason.SHUT_DOWN, "the simulation stops"));
        run();
        try {
            CheckpointFile.write(root, "recovery-point", "" + point.join());
            CheckpointFile.write(root, "clean", "");
        } catch (BrokerException offline) {
            // No mark: the next start looks at everything.
        }
        machine.kill();
    }
}
