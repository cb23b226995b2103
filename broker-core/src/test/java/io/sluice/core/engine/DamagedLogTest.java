package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.LoggedErrors;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.partition.Partition;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.NewTopic;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DamagedLogTest {
    private final CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));
    private final LogDirectory root = machine.root();
    private final BrokerConfig config =
            BrokerConfig.at(Path.of("unused")).with("log.min.free.bytes", "0").with("log.cleaner.enable", "false");
    private final LogMetrics metrics = new LogMetrics();

    @Test
    void aDamagedSegmentIsToldOnceAndItsLogIsCompactedAgainWhenItIsGone() throws Exception {
        try (LocalLogEngine engine = LocalLogEngine.on(config, root);
                LoggedErrors logged = new LoggedErrors(HouseKeeping.class)) {
            engine.start();
            Partition bad = create(engine, "bad");
            Partition good = create(engine, "good");
            machine.flipBit(root.directory("bad-0").path() + "/00000000000000000000.log", 100, 0);
            ReservedSpace reserve = new ReservedSpace(root);
            HouseKeeping houseKeeping = new HouseKeeping(
                    config, root, reserve, new DiskSpace(root, reserve, 0), metrics, () -> List.of(bad, good));

            houseKeeping.compactNeediest();
            fill(bad);
            houseKeeping.compactNeediest();

            assertThat(logged.lines())
                    .singleElement()
                    .asString()
                    .startsWith("bad-0 is not compacted")
                    .contains("damaged at position 0", "sluice log repair")
                    .doesNotEndWith("trace");
            assertThat(metrics.uncompactableLogs().sum()).isEqualTo(1);
            assertThat(metrics.compactions().sum()).as("the other log").isEqualTo(1);

            bad.trimBefore(bad.highWatermark()).join();
            fill(bad);
            houseKeeping.compactNeediest();

            assertThat(metrics.uncompactableLogs().sum()).isZero();
            assertThat(metrics.compactions().sum()).isEqualTo(2);
            assertThat(logged.lines()).hasSize(1);
            houseKeeping.stop();
        }
    }

    private static Partition create(LocalLogEngine engine, String topic) {
        engine.createTopic(new NewTopic(topic, 1, Map.of("cleanup.policy", "compact", "internal.segment.bytes", "300")))
                .join();
        Partition partition = (Partition) ((Route.Local) engine.route(new TopicPartition(topic, 0))).log();
        fill(partition);
        return partition;
    }

    private static void fill(Partition partition) {
        for (int i = 0; i < 20; i++) {
            partition
                    .append(
                            new RecordBatchBuilder(64)
                                    .append(1, new byte[1], new byte[50])
                                    .build(),
                            Acks.COMMITTED)
                    .join();
        }
    }
}
