package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.partition.Partition;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.topic.NewTopic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SettingsInForceTest {
    private static final int WORKERS = 2;

    private final LogDirectory root = new CrashingMachine(new SplittableRandom(1)).root();
    private final BrokerConfig config = BrokerConfig.at(Path.of("unused"))
            .with("log.min.free.bytes", "0")
            .with("num.partition.workers", String.valueOf(WORKERS));

    /** Whoever was told that a setting has changed must not meet the old one. */
    @Test
    void aSettingHoldsWhenItsChangeIsAnswered() throws Exception {
        try (LocalLogEngine engine = LocalLogEngine.on(config, root)) {
            engine.start();
            engine.createTopic(new NewTopic("t", 8, Map.of())).get(20, TimeUnit.SECONDS);
            Partition partition = besideTheCatalog(engine);
            CountDownLatch changed = new CountDownLatch(1);
            // Busy until the change is answered, as with a slow disk, or for half a second.
            partition.onWorker(log -> {
                awaitBriefly(changed);
                return null;
            });

            CompletableFuture<Integer> seen = engine.alterTopic("t", Map.of("max.message.bytes", Optional.of("77")))
                    .thenApply(topic -> partition.log().config().maxMessageBytes());
            seen.whenComplete((bytes, failure) -> changed.countDown());

            assertThat(seen.get(20, TimeUnit.SECONDS)).isEqualTo(77);
        }
    }

    /** The catalog is written by a worker of its own then. */
    private static Partition besideTheCatalog(LogEngine engine) {
        int catalog = Math.floorMod(CatalogLog.PARTITION.hashCode(), WORKERS);
        int number = 0;
        while (Math.floorMod(new TopicPartition("t", number).hashCode(), WORKERS) == catalog) {
            number++;
        }
        return (Partition) ((Route.Local) engine.route(new TopicPartition("t", number))).log();
    }

    private static void awaitBriefly(CountDownLatch latch) {
        try {
            latch.await(500, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void intervalsMayBeZero() throws Exception {
        BrokerConfig always =
                config.with("log.flush.offset.checkpoint.interval.ms", "0").with("log.cleaner.backoff.ms", "0");
        try (LocalLogEngine engine = LocalLogEngine.on(always, root)) {
            engine.start();

            assertThat(engine.createTopic(new NewTopic("t", 1, Map.of()))).succeedsWithin(Duration.ofSeconds(20));
        }
    }
}
