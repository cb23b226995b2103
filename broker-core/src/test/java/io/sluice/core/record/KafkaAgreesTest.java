package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.fixture.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;

/** Kafka's own library reads what we write, and we read what it writes. */
class KafkaAgreesTest {
    private static final int LIMIT = 16 * 1024 * 1024;

    @Test
    void kafkaReadsOurBatches() {
        Seeds.runs(300, 10_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            List<Sample.Rec> records = Sample.records(random, 1 + random.nextInt(20));
            CompressionType type = CompressionType.values()[random.nextInt(5)];
            RecordBatch ours = Sample.builder(records)
                    .producer(random.nextLong(1000), (short) random.nextInt(100), random.nextInt(1 << 30))
                    .build(type, new KafkaCodecs());
            ours.assign(random.nextLong(1L << 50), random.nextInt(1000));

            MutableRecordBatch theirs = MemoryRecords.readableRecords(ours.bytes())
                    .batches()
                    .iterator()
                    .next();

            theirs.ensureValid();
            assertHeadersAgree(theirs, ours);
            List<Sample.Rec> read = new ArrayList<>();
            for (Record record : theirs) {
                read.add(new Sample.Rec(
                        record.offset() - ours.baseOffset(),
                        record.timestamp(),
                        optional(record.key()),
                        optional(record.value()),
                        headers(record.headers())));
            }
            assertThat(read).isEqualTo(records);
        });
    }

    @Test
    void weReadKafkasBatches() {
        Seeds.runs(300, 10_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            List<Sample.Rec> records = Sample.records(random, 1 + random.nextInt(20));
            SimpleRecord[] simple = records.stream()
                    .map(r -> new SimpleRecord(
                            r.timestamp(),
                            r.key().map(Sample.Bytes::array).orElse(null),
                            r.value().map(Sample.Bytes::array).orElse(null),
                            r.headers().stream()
                                    .map(h -> new RecordHeader(
                                            h.name(),
                                            h.value().map(Sample.Bytes::array).orElse(null)))
                                    .toArray(RecordHeader[]::new)))
                    .toArray(SimpleRecord[]::new);
            CompressionType type = CompressionType.values()[random.nextInt(5)];
            MemoryRecords theirs = random.nextBoolean()
                    ? MemoryRecords.withRecords(KafkaCodecs.of(type), simple)
                    : MemoryRecords.withIdempotentRecords(
                            KafkaCodecs.of(type), 9, (short) 3, Integer.MAX_VALUE - 1, simple);

            RecordBatch ours = BatchValidator.validateOne(theirs.buffer().duplicate(), LIMIT);

            assertHeadersAgree(theirs.batches().iterator().next(), ours);
            assertThat(Sample.read(RecordCursor.over(ours, new KafkaCodecs(), LIMIT)))
                    .isEqualTo(records);
        });
    }

    @Test
    void transactionalAndControlBatchesOfKafkaAreSeenAsSuch() {
        MemoryRecords data = MemoryRecords.withTransactionalRecords(
                KafkaCodecs.of(CompressionType.ZSTD), 5, (short) 1, 0, new SimpleRecord(7, new byte[] {1}));
        RecordBatch ours = BatchValidator.validateOne(data.buffer().duplicate(), LIMIT);

        assertThat(ours.isTransactional()).isTrue();
        assertThat(ours.isControl()).isFalse();
    }

    private static void assertHeadersAgree(MutableRecordBatch theirs, RecordBatch ours) {
        assertThat(ours.sizeInBytes()).isEqualTo(theirs.sizeInBytes());
        assertThat(ours.baseOffset()).isEqualTo(theirs.baseOffset());
        assertThat(ours.lastOffset()).isEqualTo(theirs.lastOffset());
        assertThat(ours.nextOffset()).isEqualTo(theirs.nextOffset());
        assertThat(ours.leaderEpoch()).isEqualTo(theirs.partitionLeaderEpoch());
        assertThat(ours.magic()).isEqualTo(theirs.magic());
        assertThat(ours.compression().id()).isEqualTo(theirs.compressionType().id);
        assertThat(ours.timestampType().ordinal()).isEqualTo(theirs.timestampType().id);
        assertThat(ours.isTransactional()).isEqualTo(theirs.isTransactional());
        assertThat(ours.isControl()).isEqualTo(theirs.isControlBatch());
        assertThat(ours.maxTimestamp()).isEqualTo(theirs.maxTimestamp());
        assertThat(ours.producerId()).isEqualTo(theirs.producerId());
        assertThat(ours.producerEpoch()).isEqualTo(theirs.producerEpoch());
        assertThat(ours.baseSequence()).isEqualTo(theirs.baseSequence());
        assertThat(ours.lastSequence()).isEqualTo(theirs.lastSequence());
        assertThat(ours.recordCount()).isEqualTo(theirs.countOrNull());
        assertThat(ours.crc()).isEqualTo(theirs.checksum());
        assertThat(ours.isCrcValid()).isTrue();
    }

    private static Optional<Sample.Bytes> optional(ByteBuffer buffer) {
        return Optional.ofNullable(buffer).map(Sample.Bytes::new);
    }

    private static List<Sample.Header> headers(org.apache.kafka.common.header.Header[] headers) {
        List<Sample.Header> all = new ArrayList<>();
        for (org.apache.kafka.common.header.Header header : headers) {
            all.add(new Sample.Header(
                    header.key(), Optional.ofNullable(header.value()).map(Sample.Bytes::of)));
        }
        return all;
    }
}
