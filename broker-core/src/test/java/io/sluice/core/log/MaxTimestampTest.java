package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.engine.TimestampedOffset;
import io.sluice.core.fixture.Seeds;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaxTimestampTest {
    @TempDir
    Path folder;

    private LogFixture log;

    private void open(Map<String, String> settings) throws IOException {
        log = LogFixture.on(folder, settings).open();
    }

    private static RecordBatch batch(long... timestamps) {
        RecordBatchBuilder builder = new RecordBatchBuilder(64);
        for (long timestamp : timestamps) {
            builder.append(timestamp, null, new byte[20]);
        }
        return builder.build();
    }

    private long offset() {
        return log.reader.offsetOfMaxTimestamp().map(TimestampedOffset::offset).orElse(-1L);
    }

    @Test
    void whatIsNotCommittedDoesNotCount() throws IOException {
        open(Map.of());
        log.append(batch(50, 70, 60));
        log.log.stage(batch(100), log.buffer, log.nowMs);
        log.log.write(log.buffer);

        assertThat(offset()).isEqualTo(1);
    }

    @Test
    void whatIsDeletedDoesNotCount() throws IOException {
        open(Map.of());
        log.append(batch(100, 50));
        log.append(batch(40));
        assertThat(offset()).isZero();

        log.log.trimBefore(1, log.nowMs);
        assertThat(offset()).isEqualTo(1);
        log.log.trimBefore(2, log.nowMs);
        assertThat(offset()).isEqualTo(2);
        log.log.trimBefore(3, log.nowMs);
        assertThat(offset()).isEqualTo(-1);
    }

    @Test
    void aRecordWithoutATimeHasNone() throws IOException {
        open(Map.of());
        log.append(batch(-1));

        assertThat(offset()).isEqualTo(-1);
    }

    /** Nobody looks into compressed batches when they are appended; a search must get by one that is garbled. */
    @Test
    void aBatchThatCannotBeReadStandsForItsRecords() throws IOException {
        open(Map.of());
        log.append(batch(10));
        log.append(new RecordBatchBuilder(64)
                .append(20, null, new byte[20])
                .append(50, null, new byte[20])
                .build(CompressionType.GZIP, NOT_AT_ALL));
        log.append(batch(40));

        assertThat(offset()).isEqualTo(1);
        assertThat(log.reader.offsetForTimestamp(20)).contains(new TimestampedOffset(1, 50, log.log.epoch()));
        log.append(batch(90));
        assertThat(offset()).isEqualTo(4);
        assertThat(log.reader.offsetForTimestamp(60)).contains(new TimestampedOffset(4, 90, log.log.epoch()));
    }

    /** Says that it compresses, and does not. */
    private static final Codecs NOT_AT_ALL = new Codecs() {
        @Override
        public boolean supports(CompressionType type) {
            return true;
        }

        @Override
        public InputStream decompress(CompressionType type, InputStream compressed) {
            return compressed;
        }

        @Override
        public OutputStream compress(CompressionType type, OutputStream target) {
            return target;
        }
    };

    /** Segments, cuts and compression at random; the records themselves are the model. */
    @Test
    void itIsTheFirstOfTheLargestThatCanBeRead() {
        Seeds.runs(60, 2_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            log = LogFixture.on(
                            folder.resolve("r" + seed),
                            Map.of("internal.segment.bytes", "" + (200 + random.nextInt(600))))
                    .open();
            List<Long> timestamps = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                RecordBatchBuilder builder = new RecordBatchBuilder(64);
                for (int records = 1 + random.nextInt(4); records > 0; records--) {
                    long timestamp = 1000 + random.nextInt(30);
                    builder.append(timestamp, null, new byte[20]);
                    timestamps.add(timestamp);
                }
                log.append(random.nextBoolean() ? builder.build() : builder.build(CompressionType.GZIP, Codecs.jdk()));
            }
            log.log.trimBefore(random.nextInt(timestamps.size()), log.nowMs);
            log.log.stage(batch(5000), log.buffer, log.nowMs);
            log.log.write(log.buffer);

            long start = log.log.logStartOffset();
            long max = timestamps.stream().skip(start).mapToLong(t -> t).max().orElseThrow();
            long expected =
                    start + timestamps.subList((int) start, timestamps.size()).indexOf(max);
            Optional<TimestampedOffset> found = log.reader.offsetOfMaxTimestamp();
            assertThat(found.orElseThrow().offset()).isEqualTo(expected);
            assertThat(found.orElseThrow().timestampMs()).isEqualTo(max);
            log.log.close(true);
        });
    }
}
