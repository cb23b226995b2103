package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.LogEngineContract;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.NewTopic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalLogEngineTest extends LogEngineContract {
    @TempDir
    Path folder;

    @Override
    protected LogEngine create() {
        return LocalLogEngine.on(BrokerConfig.at(folder).with("log.min.free.bytes", "0"));
    }

    @Test
    void aSecondEngineOnTheSameFolderIsRefused() {
        assertThatThrownBy(() -> {
                    LogEngine second = create();
                    second.start();
                })
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_DIRECTORY_LOCKED));
    }

    @Test
    void aPartitionThatIsNotThereIsToldWithTheNumberOfThoseThatAre() {
        try (LogEngine engine =
                LocalLogEngine.on(BrokerConfig.at(folder.resolve("one")).with("log.min.free.bytes", "0"))) {
            engine.start();
            engine.createTopic(new NewTopic("t", 1, Map.of())).join();

            assertThat(engine.route(new TopicPartition("t", 1)))
                    .isInstanceOfSatisfying(
                            Route.Unavailable.class,
                            nowhere -> assertThat(nowhere.why()).isEqualTo("topic t has 1 partition, there is no 1"));
        }
    }

    @Test
    void aLogWhoseLastSyncFailedDoesNotCountAsClosedInOrder() throws Exception {
        CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));
        BrokerConfig config = BrokerConfig.at(folder.resolve("unused")).with("log.min.free.bytes", "0");
        LocalLogEngine engine = LocalLogEngine.on(config, machine.root());
        engine.start();
        engine.createTopic(new NewTopic("t", 1, Map.of("flush.messages", "1000")))
                .get(20, TimeUnit.SECONDS);
        PartitionLog log = ((Route.Local) engine.route(new TopicPartition("t", 0))).log();
        log.append(
                        new RecordBatchBuilder(64)
                                .append(1, new byte[1], new byte[1])
                                .build(),
                        Acks.WRITTEN)
                .get(20, TimeUnit.SECONDS);
        // The first append of a log is synced, since its last sync is long ago.
        log.append(
                        new RecordBatchBuilder(64)
                                .append(1, new byte[1], new byte[1])
                                .build(),
                        Acks.WRITTEN)
                .get(20, TimeUnit.SECONDS);

        machine.failSyncs(path -> path.contains("t-0") && path.endsWith(".log"));
        engine.close();

        assertThat(machine.root().exists(DataDirectory.CLEAN)).isFalse();
    }

    /** Whoever returns from a close may open the folder again, also if somebody else began it. */
    @Test
    void aSecondCloseWaitsForTheFirst() throws Exception {
        LocalLogEngine engine =
                LocalLogEngine.on(BrokerConfig.at(folder.resolve("twice")).with("log.min.free.bytes", "0"));
        engine.start();
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        engine.createTopic(new NewTopic("t", 1, Map.of())).get(20, TimeUnit.SECONDS);
        PartitionLog log = ((Route.Local) engine.route(new TopicPartition("t", 0))).log();
        log.closed().thenRun(() -> {
            closing.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Thread first = new Thread(engine::close);
        first.start();
        assertThat(closing.await(20, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<Void> second = new CompletableFuture<>();
        Thread other = new Thread(() -> {
            engine.close();
            second.complete(null);
        });
        other.start();
        Await.until("the second waits or is done", () -> second.isDone() || other.getState() != Thread.State.RUNNABLE);
        assertThat(second).isNotDone();

        goOn.countDown();
        assertThat(second).succeedsWithin(Duration.ofSeconds(20));
        first.join(20_000);
        assertThat(first.isAlive()).isFalse();
    }

    @Test
    void aTopicWithACodecThatIsNotThereIsRefused() {
        BrokerConfig config = BrokerConfig.at(folder.resolve("jdk")).with("log.min.free.bytes", "0");
        try (LogEngine engine = LocalLogEngine.on(config)) {
            engine.start();
            assertThat(engine.createTopic(new NewTopic("t", 1, Map.of("compression.type", "zstd"))))
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableThat()
                    .withMessageContaining("compression.type");
        }
    }
}
