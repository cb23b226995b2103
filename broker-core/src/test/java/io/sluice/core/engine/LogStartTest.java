package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.NewTopic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LogStartTest {
    private final CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));

    private LocalLogEngine start() {
        BrokerConfig config = BrokerConfig.at(Path.of("unused")).with("log.min.free.bytes", "0");
        LocalLogEngine engine = LocalLogEngine.on(config, machine.root());
        engine.start();
        return engine;
    }

    private static PartitionLog log(LocalLogEngine engine, int partition) {
        return ((Route.Local) engine.route(new TopicPartition("t", partition))).log();
    }

    @Test
    void aDeletionThatCouldNotBeWrittenDownDoesNotHappenLaterEither() throws Exception {
        try (LocalLogEngine engine = start()) {
            engine.createTopic(new NewTopic("t", 2, Map.of())).get(20, TimeUnit.SECONDS);
            for (int partition = 0; partition < 2; partition++) {
                log(engine, partition)
                        .append(
                                new RecordBatchBuilder(64)
                                        .append(1, null, new byte[10])
                                        .append(1, null, new byte[10])
                                        .build(),
                                Acks.COMMITTED)
                        .get(20, TimeUnit.SECONDS);
            }
            machine.failSyncs(path -> path.contains(OffsetCheckpoint.LOG_STARTS));
            assertThat(log(engine, 0).trimBefore(1))
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STORAGE_FAILED));
            machine.failSyncs(path -> false);

            assertThat(log(engine, 1).trimBefore(1).get(20, TimeUnit.SECONDS)).isEqualTo(1);
        }

        try (LocalLogEngine engine = start()) {
            assertThat(log(engine, 0).logStartOffset()).isZero();
            assertThat(log(engine, 1).logStartOffset()).isEqualTo(1);
        }
    }
}
