package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.ManualClock;
import io.sluice.core.log.LogReader;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.topic.NewTopic;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuietCompactedLogTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock(1_700_000_000_000L);

    private LocalLogEngine start() {
        LocalLogEngine engine = LocalLogEngine.on(BrokerConfig.at(folder)
                .with("log.min.free.bytes", "0")
                .with("log.cleaner.backoff.ms", "5")
                .withClock(clock));
        engine.start();
        return engine;
    }

    @Test
    void tombstonesGoInTimeAlthoughNobodyWritesAnyMore() {
        long compactions;
        try (LocalLogEngine engine = start()) {
            engine.createTopic(new NewTopic(
                            "t",
                            1,
                            Map.of(
                                    "cleanup.policy",
                                    "compact",
                                    "internal.segment.bytes",
                                    "500",
                                    "delete.retention.ms",
                                    "60000")))
                    .join();
            append(engine, "gone", 10);
            append(engine, "gone", -1);
            append(engine, "roll", 500);
            Await.until("compacted", () -> engine.metrics().compactions().sum() > 0);
            assertThat(keys(engine)).containsExactly("gone", "roll");
            compactions = engine.metrics().compactions().sum();
            clock.advance(Duration.ofMillis(50_000));
            Await.until(
                    "noted",
                    () -> folder.resolve("delete-horizon-checkpoint").toFile().exists());
        }

        try (LocalLogEngine engine = start()) {
            assertThat(compactions).isEqualTo(1);
            assertThat(keys(engine)).containsExactly("gone", "roll");
            clock.advance(Duration.ofMillis(20_000));
            Await.until("the tombstone is gone", () -> keys(engine).equals(List.of("roll")));
        }
    }

    private static PartitionLog log(LocalLogEngine engine) {
        return ((Route.Local) engine.route(T0)).log();
    }

    private void append(LocalLogEngine engine, String key, int valueBytes) {
        byte[] value = valueBytes < 0 ? null : new byte[valueBytes];
        log(engine)
                .append(
                        new RecordBatchBuilder(64)
                                .append(clock.millis(), key.getBytes(StandardCharsets.UTF_8), value)
                                .build(),
                        Acks.COMMITTED)
                .join();
    }

    private static List<String> keys(LocalLogEngine engine) {
        // From the disk: what is in memory has not been compacted.
        LogReader reader = new LogReader(engine.log(T0).orElseThrow(), Codecs.jdk());
        List<String> keys = new ArrayList<>();
        long offset = 0;
        while (offset < log(engine).highWatermark()) {
            LogRead read = reader.read(offset, 10_000, ByteBuffer::allocate);
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    RecordCursor cursor = RecordCursor.over(batch);
                    while (cursor.next()) {
                        keys.add(StandardCharsets.UTF_8.decode(cursor.key()).toString());
                    }
                }
            }
            offset = read.nextOffset();
        }
        return keys;
    }
}
