package io.sluice.core.partition;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.ManualClock;
import io.sluice.core.log.LogRecovery;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** A worker without a thread and a partition of it: the test decides when something happens. */
final class WorkerFixture {
    static final int MAX_WAITERS = 100;

    final CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));
    final ManualClock clock = new ManualClock(1_700_000_000_000L);
    final LogMetrics metrics = new LogMetrics();
    final PartitionWorker worker;
    final Partition partition;

    WorkerFixture(Map<String, String> settings, Codecs codecs) throws IOException {
        this(settings, codecs, false);
    }

    WorkerFixture(Map<String, String> settings, Codecs codecs, boolean internal) throws IOException {
        LogDirectory root = machine.root();
        worker = new PartitionWorker(
                "test",
                new PartitionWorker.Limits(1000, 1 << 24, 1 << 20),
                clock,
                () -> clock.millis() * 1_000_000,
                metrics,
                new DiskSpace(root, new ReservedSpace(root), 0));
        TopicPartition name = new TopicPartition("t", 0);
        LogRecovery.Recovered recovered = LogRecovery.open(
                name,
                root.directory(name.toString()),
                new LogRecovery.Start(
                        TopicConfig.parse(settings, TopicConfig.defaults()),
                        new LogRecovery.ProducerLimits(100, 60_000, 100, 60_000),
                        1,
                        0,
                        0,
                        false,
                        clock.millis(),
                        Runnable::run));
        partition = new Partition(
                recovered.log(),
                worker,
                new Partition.Surroundings(
                        codecs,
                        Runnable::run,
                        MAX_WAITERS,
                        internal,
                        (log, offset) -> CompletableFuture.completedFuture(null),
                        (failed, why) -> {}));
    }

    /** Asks for a small record to be appended. */
    CompletableFuture<Appended> append(String key) {
        return append(key, Acks.COMMITTED);
    }

    CompletableFuture<Appended> append(String key, Acks acks) {
        return partition.append(
                new RecordBatchBuilder(64)
                        .append(clock.millis(), key.getBytes(), new byte[10])
                        .build(),
                acks);
    }

    /** Does all that waits. */
    void run() {
        while (worker.runOnce()) {
            // Once more, until there is nothing.
        }
    }
}
