package io.sluice.server.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.record.BatchValidator;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches go between our code and kafka-clients in both directions, whatever their compression. */
class KafkaCodecsTest {
    private static final int RECORDS = 500;

    private final KafkaCodecs codecs = new KafkaCodecs();

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void kafkaReadsWhatWeWrite(CompressionType type) {
        RecordBatchBuilder builder = new RecordBatchBuilder(64);
        for (int i = 0; i < RECORDS; i++) {
            Headers headers = new Headers().add("number", utf8("" + i)).add("nothing", null);
            builder.append(1_000 + i, i % 3 == 0 ? null : utf8("key " + i), i % 7 == 0 ? null : value(i), headers);
        }
        RecordBatch batch = builder.build(type, codecs);

        assertThat(BatchValidator.validateOne(batch.bytes(), Integer.MAX_VALUE).compression())
                .isEqualTo(type);
        List<Record> records = new ArrayList<>();
        MemoryRecords.readableRecords(ByteBuffer.wrap(copy(batch.bytes())))
                .batches()
                .forEach(kafka -> {
                    kafka.ensureValid();
                    assertThat(kafka.compressionType().id).isEqualTo((byte) type.id());
                    kafka.forEach(records::add);
                });

        assertThat(records).hasSize(RECORDS);
        for (int i = 0; i < RECORDS; i++) {
            Record record = records.get(i);
            assertThat(record.offset()).isEqualTo(i);
            assertThat(record.timestamp()).isEqualTo(1_000 + i);
            assertThat(record.hasKey()).isEqualTo(i % 3 != 0);
            assertThat(record.hasValue()).isEqualTo(i % 7 != 0);
            if (record.hasValue()) {
                assertThat(copy(record.value())).isEqualTo(value(i));
            }
            assertThat(record.headers()).hasSize(2);
            assertThat(record.headers()[0].value()).isEqualTo(utf8("" + i));
            assertThat(record.headers()[1].value()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void weReadWhatKafkaWrites(CompressionType type) {
        Compression compression = Compression.of(type.label()).build();
        MemoryRecordsBuilder builder =
                MemoryRecords.builder(ByteBuffer.allocate(1 << 20), compression, TimestampType.CREATE_TIME, 0);
        for (int i = 0; i < RECORDS; i++) {
            builder.append(
                    2_000 + i, utf8("key " + i), value(i), new RecordHeader[] {new RecordHeader("number", utf8("" + i))
                    });
        }
        MutableRecordBatch kafka = builder.build().batches().iterator().next();
        ByteBuffer bytes = ByteBuffer.allocate(kafka.sizeInBytes());
        kafka.writeTo(bytes);
        bytes.flip();

        RecordBatch batch = BatchValidator.validateOne(bytes, Integer.MAX_VALUE);
        assertThat(batch.compression()).isEqualTo(type);
        RecordCursor cursor = RecordCursor.over(batch, codecs, 1 << 22);
        for (int i = 0; i < RECORDS; i++) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.offset()).isEqualTo(i);
            assertThat(cursor.timestamp()).isEqualTo(2_000 + i);
            assertThat(copy(cursor.key())).isEqualTo(utf8("key " + i));
            assertThat(copy(cursor.value())).isEqualTo(value(i));
            assertThat(cursor.headerCount()).isEqualTo(1);
        }
        assertThat(cursor.next()).isFalse();
    }

    private static byte[] value(int i) {
        return utf8("the value of record " + i + " ".repeat(i));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
