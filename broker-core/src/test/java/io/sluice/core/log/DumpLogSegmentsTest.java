package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Configs;
import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Headers;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kafka's own tool reads our files and finds nothing to complain about. It is shown to complain when there is reason. */
class DumpLogSegmentsTest {
    @TempDir
    Path folder;

    private final SplittableRandom random = new SplittableRandom(7);
    private short epoch = 1;

    private LogFixture open(int segmentBytes) throws IOException {
        return open(segmentBytes, -1, false);
    }

    private LogFixture open(int segmentBytes, long retentionBytes, boolean compacted) throws IOException {
        LogFixture log = LogFixture.on(folder, Map.of());
        log.config = Configs.of(segmentBytes, 100, retentionBytes, -1, 1, compacted);
        return log.open();
    }

    /** Batches of every awkward kind: times that go back, producers, keys, nulls, headers. */
    private void fill(LogFixture log, int batches, CompressionType type) throws IOException {
        epoch++;
        int sequence = 0;
        for (int i = 0; i < batches; i++) {
            log.nowMs += 100;
            RecordBatchBuilder builder = new RecordBatchBuilder(64);
            int records = 1 + random.nextInt(4);
            boolean numbered = i % 3 == 0;
            if (numbered) {
                builder.producer(55, epoch, sequence);
                sequence += records;
            }
            for (int r = 0; r < records; r++) {
                builder.append(
                        log.nowMs - random.nextInt(5000),
                        LogFixture.bytes("key" + random.nextInt(10)),
                        random.nextInt(6) == 0 ? null : new byte[random.nextInt(200)],
                        new Headers().add("h", new byte[] {1}).add("n", null));
            }
            RecordBatch batch = builder.build(type, new KafkaCodecs());
            if (i % 6 == 1) {
                IdempotencyKey.of("k" + i + "/" + epoch, "t", 0).stamp(batch, i);
            }
            log.append(batch);
        }
    }

    @ParameterizedTest
    @EnumSource
    void rolledSegmentsOfEveryCompressionAreSound(CompressionType type) throws IOException {
        LogFixture log = open(4000);
        fill(log, 200, type);
        assertThat(log.log.segmentCount()).isGreaterThan(3);
        log.log.close(false);

        assertThat(KafkaJudge.complaints(folder, false)).isEmpty();
        String said = KafkaJudge.says(folder, List.of(".log"), "--deep-iteration");
        assertThat(said).contains("compresscodec: " + type.label()).contains("baseOffset: 0 ");
        assertThat(said.lines().filter(line -> line.startsWith("baseOffset:"))).hasSize(200);
        assertThat(KafkaJudge.says(folder, List.of(".index"))).contains("offset:");
        assertThat(KafkaJudge.says(folder, List.of(".timeindex"))).contains("timestamp:");
        assertThat(KafkaJudge.says(folder, List.of(".snapshot"))).contains("producerId: 55 producerEpoch: 2");
    }

    @Test
    void aRecoveredLogIsSound() throws IOException {
        LogFixture log = open(6000);
        fill(log, 150, CompressionType.NONE);
        log.log.checkpoint();
        Segment active = log.log.segments()[log.log.segmentCount() - 1];
        log.log.close(true);
        Path last = last(".log");
        byte[] bytes = Files.readAllBytes(last);
        Files.write(last, java.util.Arrays.copyOf(bytes, (int) active.size() - 20));

        log.open();
        assertThat(log.recovered.cutBytes()).isPositive();
        fill(log, 5, CompressionType.NONE);
        log.log.checkpoint();
        log.log.close(false);

        assertThat(KafkaJudge.complaints(folder, false)).isEmpty();
    }

    @Test
    void rebuiltIndexesAreSound() throws IOException {
        LogFixture log = open(6000);
        fill(log, 150, CompressionType.GZIP);
        log.log.close(false);
        try (var all = Files.list(folder)) {
            for (Path path : all.filter(p -> p.toString().endsWith("index")).toList()) {
                Files.delete(path);
            }
        }

        log.open();
        log.log.checkpoint();
        log.log.close(false);

        assertThat(Files.size(last(".index")) + Files.size(first(".index"))).isPositive();
        assertThat(KafkaJudge.complaints(folder, false)).isEmpty();
    }

    @Test
    void aLogThatRetentionAndTrimsHaveShortenedIsSound() throws IOException {
        LogFixture log = open(4000, 12_000, false);
        fill(log, 300, CompressionType.LZ4);
        log.log.applyRetention(log.nowMs);
        log.log.trimBefore(log.log.logStartOffset() + 7, log.nowMs);
        log.log.close(false);

        assertThat(log.log.logStartOffset()).isPositive();
        assertThat(KafkaJudge.complaints(folder, false)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "ZSTD"})
    void aCompactedLogIsSound(CompressionType type) throws IOException {
        LogFixture log = open(4000, -1, true);
        fill(log, 200, type);
        long before = log.log.sizeInBytes();
        for (int round = 0; round < 2; round++) {
            log.nowMs += 1000;
            assertThat(Compaction.run(log.log, new KafkaCodecs(), 0, 1 << 20, log.nowMs)
                            .orElseThrow()
                            .apply())
                    .isTrue();
        }
        assertThat(log.log.sizeInBytes()).isLessThan(before / 2);
        fill(log, 20, type);
        log.log.close(false);

        assertThat(KafkaJudge.complaints(folder, true)).isEmpty();
    }

    @Test
    void theJudgeComplainsAboutAGarbledIndex() throws IOException {
        LogFixture log = open(100000);
        fill(log, 100, CompressionType.NONE);
        log.log.close(false);
        assertThat(KafkaJudge.complaints(folder, false)).isEmpty();

        flip(last(".index"), 3);
        assertThat(KafkaJudge.complaints(folder, false)).isNotEmpty();
    }

    @Test
    void theJudgeComplainsAboutAGarbledTimeIndex() throws IOException {
        LogFixture log = open(100000);
        fill(log, 100, CompressionType.NONE);
        log.log.close(false);

        flip(last(".timeindex"), 6);
        assertThat(KafkaJudge.complaints(folder, false)).isNotEmpty();
    }

    @Test
    void theJudgeComplainsAboutAGarbledLogAndSnapshot() throws IOException {
        LogFixture log = open(100000);
        fill(log, 100, CompressionType.NONE);
        log.log.close(false);

        flip(last(".snapshot"), 20);
        assertThat(KafkaJudge.complaints(folder, false)).isNotEmpty();
        flip(last(".snapshot"), 20);
        assertThat(KafkaJudge.complaints(folder, false)).isEmpty();
        flip(last(".log"), 300);
        assertThat(KafkaJudge.complaints(folder, false)).isNotEmpty();
    }

    private Path last(String suffix) throws IOException {
        try (var all = Files.list(folder)) {
            return all.filter(path -> path.toString().endsWith(suffix))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
    }

    private Path first(String suffix) throws IOException {
        try (var all = Files.list(folder)) {
            return all.filter(path -> path.toString().endsWith(suffix))
                    .min(Path::compareTo)
                    .orElseThrow();
        }
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 1;
        Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
    }
}
