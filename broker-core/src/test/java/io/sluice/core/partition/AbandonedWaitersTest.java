package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.topic.NewTopic;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AbandonedWaitersTest {
    private static final int COUNT = 20_000;
    private static final int WAIT_MS = 600_000;

    @Test
    void readersThatGiveUpLeaveNothingBehindOnAQuietPartition(@TempDir Path folder) {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            broker.createTopic(new NewTopic("quiet", 1, Map.of())).join();
            Partition partition = (Partition) broker.partition("quiet", 0);
            CompletableFuture<Boolean> patient = partition.awaitBeyond(0, 1, WAIT_MS);

            for (int i = 0; i < COUNT; i++) {
                partition.awaitBeyond(0, 1, WAIT_MS).cancel(false);
            }

            assertThat(partition.waiterCount()).isEqualTo(1);
            assertThat(broker.engine().metrics().waiters().sum()).isEqualTo(1);
            int kept = partition.onWorker(log -> partition.waiters().size()).join();
            assertThat(kept).isLessThan(200);
            assertThat(patient).isNotDone();
        }
    }
}
