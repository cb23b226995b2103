package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.NewTopic;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CompactionAndSpaceTest {
    @Test
    void nothingIsCompactedWhileTheDiskIsLow() throws Exception {
        LogDirectory root = new CrashingMachine(new SplittableRandom(1)).root();
        BrokerConfig config = BrokerConfig.at(Path.of("unused"))
                .with("log.min.free.bytes", "0")
                .with("log.cleaner.enable", "false");
        try (LocalLogEngine engine = LocalLogEngine.on(config, root)) {
            engine.start();
            engine.createTopic(
                            new NewTopic("t", 1, Map.of("cleanup.policy", "compact", "internal.segment.bytes", "300")))
                    .join();
            Partition partition = (Partition) ((Route.Local) engine.route(new TopicPartition("t", 0))).log();
            for (int i = 0; i < 20; i++) {
                partition
                        .append(
                                new RecordBatchBuilder(64)
                                        .append(1, new byte[1], new byte[50])
                                        .build(),
                                Acks.COMMITTED)
                        .join();
            }

            assertThat(compactions(root, config, partition, Long.MAX_VALUE / 2)).isZero();
            assertThat(compactions(root, config, partition, 0)).isEqualTo(1);
        }
    }

    private static long compactions(LogDirectory root, BrokerConfig config, Partition partition, long floorBytes)
            throws IOException, InterruptedException {
        LogMetrics metrics = new LogMetrics();
        ReservedSpace reserve = new ReservedSpace(root);
        DiskSpace disk = new DiskSpace(root, reserve, floorBytes);
        HouseKeeping houseKeeping = new HouseKeeping(config, root, reserve, disk, metrics, () -> List.of(partition));
        houseKeeping.compactNeediest();
        houseKeeping.stop();
        return metrics.compactions().sum();
    }
}
