package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import io.sluice.core.topic.NewTopic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FullQueuesTest {
    private final LogDirectory root = new CrashingMachine(new SplittableRandom(1)).root();
    private final BrokerConfig config = BrokerConfig.at(Path.of("unused")).with("log.min.free.bytes", "0");
    private final CountDownLatch free = new CountDownLatch(1);
    private final CountDownLatch busy = new CountDownLatch(1);

    private void block() {
        busy.countDown();
        try {
            free.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void changesOfTopicsBeyondTheLimitAreRefused() throws Exception {
        try (LocalLogEngine engine = LocalLogEngine.on(config, root)) {
            engine.start();
            engine.listen(new OwnershipListener() {
                @Override
                public void gained(TopicPartition partition, PartitionLog log) {
                    block();
                }

                @Override
                public void lost(TopicPartition partition, int epoch) {}
            });
            CompletableFuture<?> first = engine.createTopic(new NewTopic("t", 1, Map.of()));
            assertThat(busy.await(20, TimeUnit.SECONDS)).isTrue();
            List<CompletableFuture<?>> waiting = new ArrayList<>();
            for (int i = 0; i < LocalLogEngine.MAX_QUEUED_CHANGES; i++) {
                waiting.add(engine.deleteTopic("nobody"));
            }

            assertThat(waiting).noneMatch(CompletableFuture::isDone);
            assertOverloaded(engine.deleteTopic("nobody"));

            free.countDown();
            first.get(20, TimeUnit.SECONDS);
            for (CompletableFuture<?> one : waiting) {
                assertThat(one).failsWithin(Duration.ofSeconds(20));
            }
        }
    }

    @Test
    void deletionsOfRecordsBeyondTheLimitAreRefusedAndOtherTasksAreDoneByTheCaller() throws Exception {
        try (LocalLogEngine engine = LocalLogEngine.on(config, root)) {
            engine.start();
            engine.createTopic(new NewTopic("t", 1, Map.of())).get(20, TimeUnit.SECONDS);
            PartitionLog log = ((Route.Local) engine.route(new TopicPartition("t", 0))).log();
            ReservedSpace reserve = new ReservedSpace(root);
            HouseKeeping houseKeeping = new HouseKeeping(
                    config, root, reserve, new DiskSpace(root, reserve, 0), new LogMetrics(), List::of);
            houseKeeping.run(this::block);
            assertThat(busy.await(20, TimeUnit.SECONDS)).isTrue();
            List<CompletableFuture<?>> waiting = new ArrayList<>();
            for (int i = 0; i < HouseKeeping.MAX_QUEUED_LOG_STARTS; i++) {
                waiting.add(houseKeeping.saveLogStart(log, 0));
            }

            assertThat(waiting).noneMatch(CompletableFuture::isDone);
            assertOverloaded(houseKeeping.saveLogStart(log, 0));
            for (int i = 0; i < HouseKeeping.MAX_QUEUED_TASKS; i++) {
                houseKeeping.run(() -> {});
            }
            List<Thread> ranOn = new ArrayList<>();
            houseKeeping.run(() -> ranOn.add(Thread.currentThread()));
            assertThat(ranOn).containsExactly(Thread.currentThread());

            free.countDown();
            for (CompletableFuture<?> one : waiting) {
                one.get(20, TimeUnit.SECONDS);
            }
            assertThat(houseKeeping.saveLogStart(log, 0)).succeedsWithin(Duration.ofSeconds(20));
            houseKeeping.stop();
        }
    }

    private static void assertOverloaded(CompletableFuture<?> answer) {
        assertThat(answer)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
    }
}
