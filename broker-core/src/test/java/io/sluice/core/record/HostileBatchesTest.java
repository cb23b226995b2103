package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.fixture.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Batches made by somebody who knows the format: their checksums are right, what they say is not. */
class HostileBatchesTest {
    private static final int LIMIT = 1024 * 1024;

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void headersThatLieAreRefused(String what, ErrorCode code, Consumer<ByteBuffer> lie) {
        byte[] bytes = Sample.bytes(new RecordBatchBuilder(0)
                .producer(42, (short) 1, 7)
                .append(1000, null, new byte[] {1})
                .append(1001, null, new byte[] {2})
                .build());
        lie.accept(ByteBuffer.wrap(bytes));

        assertRefused(Sample.signed(bytes), code);
    }

    static Stream<Arguments> headersThatLieAreRefused() {
        return Stream.of(
                lie("no record", b -> b.putInt(RecordBatch.RECORD_COUNT_AT, 0)),
                lie("negative count", b -> b.putInt(RecordBatch.RECORD_COUNT_AT, -2)),
                lie("count too small", b -> b.putInt(RecordBatch.RECORD_COUNT_AT, 1)),
                lie("count too large", b -> b.putInt(RecordBatch.RECORD_COUNT_AT, Integer.MAX_VALUE)),
                lie("last offset delta too large", b -> b.putInt(RecordBatch.LAST_OFFSET_DELTA_AT, 2)),
                lie("last offset delta negative", b -> b.putInt(RecordBatch.LAST_OFFSET_DELTA_AT, -1)),
                lie(
                        "count and delta negative, in agreement",
                        b -> b.putInt(RecordBatch.RECORD_COUNT_AT, -1).putInt(RecordBatch.LAST_OFFSET_DELTA_AT, -2)),
                arguments("fewer records than both say", ErrorCode.CORRUPT_BATCH, (Consumer<ByteBuffer>)
                        b -> b.putInt(RecordBatch.RECORD_COUNT_AT, 3).putInt(RecordBatch.LAST_OFFSET_DELTA_AT, 2)),
                arguments("more records than both say", ErrorCode.CORRUPT_BATCH, (Consumer<ByteBuffer>)
                        b -> b.putInt(RecordBatch.RECORD_COUNT_AT, 1).putInt(RecordBatch.LAST_OFFSET_DELTA_AT, 0)),
                lie("max timestamp too early", b -> b.putLong(RecordBatch.MAX_TIMESTAMP_AT, 1000)),
                lie("max timestamp too late", b -> b.putLong(RecordBatch.MAX_TIMESTAMP_AT, Long.MAX_VALUE)),
                lie("timestamps that overflow", b -> b.putLong(RecordBatch.BASE_TIMESTAMP_AT, Long.MAX_VALUE)),
                lie("negative timestamps", b -> b.putLong(RecordBatch.BASE_TIMESTAMP_AT, -1000)),
                lie("control batch", b -> b.putShort(RecordBatch.ATTRIBUTES_AT, (short) 0x20)),
                lie("append time", b -> b.putShort(RecordBatch.ATTRIBUTES_AT, (short) 0x08)),
                lie("delete horizon", b -> b.putShort(RecordBatch.ATTRIBUTES_AT, (short) 0x40)),
                lie(
                        "transaction without producer",
                        b -> b.putShort(RecordBatch.ATTRIBUTES_AT, (short) 0x10)
                                .putLong(RecordBatch.PRODUCER_ID_AT, -1)),
                lie("producer id negative", b -> b.putLong(RecordBatch.PRODUCER_ID_AT, -2)),
                lie("producer id of a key", b -> b.putLong(RecordBatch.PRODUCER_ID_AT, 1L << 62)),
                lie("producer epoch missing", b -> b.putShort(RecordBatch.PRODUCER_EPOCH_AT, (short) -1)),
                lie("base sequence missing", b -> b.putInt(RecordBatch.BASE_SEQUENCE_AT, -1)),
                arguments("compression 5", ErrorCode.UNSUPPORTED_FORMAT, (Consumer<ByteBuffer>)
                        b -> b.putShort(RecordBatch.ATTRIBUTES_AT, (short) 5)),
                arguments("magic 0", ErrorCode.UNSUPPORTED_FORMAT, (Consumer<ByteBuffer>)
                        b -> b.put(RecordBatch.MAGIC_AT, (byte) 0)),
                arguments("magic 3", ErrorCode.UNSUPPORTED_FORMAT, (Consumer<ByteBuffer>)
                        b -> b.put(RecordBatch.MAGIC_AT, (byte) 3)),
                arguments("magic -1", ErrorCode.UNSUPPORTED_FORMAT, (Consumer<ByteBuffer>)
                        b -> b.put(RecordBatch.MAGIC_AT, (byte) -1)));
    }

    private static Arguments lie(String what, Consumer<ByteBuffer> lie) {
        return arguments(what, ErrorCode.INVALID_RECORD, lie);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void recordsThatLieAreRefused(String what, byte[] records) {
        byte[] bytes = batchOf(1, records);

        assertThatThrownBy(() -> BatchValidator.validateOne(Sample.signed(bytes), LIMIT))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        e -> assertThat(e.code()).isIn(ErrorCode.CORRUPT_BATCH, ErrorCode.INVALID_RECORD));
    }

    static Stream<Arguments> recordsThatLieAreRefused() {
        byte[] max = varint(Integer.MAX_VALUE);
        byte[] min = varint(Integer.MIN_VALUE);
        byte[] endless = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
        byte[] nullField = varint(-1);
        byte[] zero = {0};
        return Stream.of(
                arguments("nothing at all", new byte[0]),
                arguments("a record of no bytes", zero),
                arguments("a record length of 2^31-1", join(max, new byte[20])),
                arguments("a negative record length", join(min, new byte[20])),
                arguments("an endless record length", endless),
                arguments("an endless timestamp delta", record(join(zero, endless))),
                arguments("an endless offset delta", record(join(zero, zero, endless))),
                arguments(
                        "an offset delta that is not 0",
                        record(join(zero, zero, varint(1), nullField, nullField, zero))),
                arguments("a negative offset delta", record(join(zero, zero, varint(-1), nullField, nullField, zero))),
                arguments("a key of 2^31-1 bytes", record(join(zero, zero, zero, max, nullField, zero))),
                arguments("a key of -2 bytes", record(join(zero, zero, zero, varint(-2), nullField, zero))),
                arguments("a key of -2^31 bytes", record(join(zero, zero, zero, min, nullField, zero))),
                arguments("a value of 2^31-1 bytes", record(join(zero, zero, zero, nullField, max, zero))),
                arguments("a value of -2 bytes", record(join(zero, zero, zero, nullField, varint(-2), zero))),
                arguments("a value one byte too long", record(join(zero, zero, zero, nullField, varint(2), zero))),
                arguments("2^31-1 headers", record(join(zero, zero, zero, nullField, nullField, max))),
                arguments(
                        "2^31-1 headers and some bytes",
                        record(join(zero, zero, zero, nullField, nullField, max, new byte[99]))),
                arguments("-1 headers", record(join(zero, zero, zero, nullField, nullField, varint(-1)))),
                arguments(
                        "a header without a name",
                        record(join(zero, zero, zero, nullField, nullField, varint(1), nullField, nullField))),
                arguments(
                        "a header name of 2^31-1 bytes",
                        record(join(zero, zero, zero, nullField, nullField, varint(1), max, nullField))),
                arguments(
                        "a header value of 2^31-1 bytes",
                        record(join(zero, zero, zero, nullField, nullField, varint(1), zero, max))),
                arguments(
                        "a header value of -2 bytes",
                        record(join(zero, zero, zero, nullField, nullField, varint(1), zero, varint(-2)))),
                arguments("no header count", record(join(zero, zero, zero, nullField, nullField))),
                arguments("only attributes", record(zero)),
                arguments(
                        "fields that end before the record",
                        record(join(zero, zero, zero, nullField, nullField, zero, zero))),
                arguments(
                        "bytes behind the last record",
                        join(record(join(zero, zero, zero, nullField, nullField, zero)), zero)),
                arguments(
                        "fields that reach into the next record",
                        join(
                                varint(5),
                                new byte[] {0, 0, 0},
                                nullField,
                                varint(6),
                                record(join(zero, zero, zero, nullField, nullField, zero)))));
    }

    @Test
    void offsetDeltasWithAGapAreRefused() {
        byte[] none = varint(-1);
        byte[] zero = {0};
        byte[] records = join(
                record(join(zero, zero, varint(0), none, none, zero)),
                record(join(zero, zero, varint(2), none, none, zero)));

        assertRefused(Sample.signed(batchOf(2, records)), ErrorCode.INVALID_RECORD);
    }

    /** Many records of one byte more than nothing: the count is honest, and is walked without an object for each. */
    @Test
    void aMillionTinyRecordsCostNoMemory() {
        RecordBatchBuilder builder = new RecordBatchBuilder(0);
        for (int i = 0; i < 1_000_000; i++) {
            builder.append(1, null, null);
        }
        ByteBuffer bytes = builder.build().bytes();

        long before = allocatedBytes();
        BatchValidator.validateOne(bytes, bytes.remaining());
        assertThat(allocatedBytes() - before).isLessThan(1024 * 1024);
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aDecompressionBombEndsAtTheLimit(CompressionType type) {
        RecordBatch bomb = new RecordBatchBuilder(0)
                .append(1, null, new byte[64 * 1024 * 1024])
                .build(type, new KafkaCodecs());
        assertThat(bomb.sizeInBytes()).isLessThan(4 * 1024 * 1024);

        long before = allocatedBytes();
        assertThatThrownBy(() -> RecordCursor.over(bomb, new KafkaCodecs(), LIMIT))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining("" + LIMIT);
        assertThat(allocatedBytes() - before).isLessThan(24 * 1024 * 1024);
    }

    @ParameterizedTest
    @EnumSource
    void recordsOfExactlyTheLimitAreRead(CompressionType type) {
        RecordBatchBuilder builder = new RecordBatchBuilder(0).append(1, null, new byte[5000]);
        int size = builder.sizeInBytes() - RecordBatch.HEADER_BYTES;
        RecordBatch batch = builder.build(type, new KafkaCodecs());

        assertThat(RecordCursor.over(batch, new KafkaCodecs(), size).next()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void garbageInPlaceOfRecordsIsMalformedAndNothingElse(CompressionType type) {
        Seeds.runs(400, 20_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = Sample.bytes(new RecordBatchBuilder(0)
                    .append(1, null, new byte[random.nextInt(2000)])
                    .append(1, new byte[random.nextInt(50)], new byte[10])
                    .build(type, new KafkaCodecs()));
            for (int i = random.nextInt(8); i >= 0; i--) {
                int at = RecordBatch.HEADER_BYTES + random.nextInt(bytes.length - RecordBatch.HEADER_BYTES);
                bytes[at] = (byte) random.nextInt(256);
            }

            try {
                RecordCursor cursor =
                        RecordCursor.over(RecordBatch.at(Sample.signed(bytes), 0), new KafkaCodecs(), 100_000);
                Sample.read(cursor);
            } catch (MalformedRecordException expected) {
                assertThat(expected).hasMessageNotContaining("null");
            }
        });
    }

    /** Whatever bytes come, with a checksum that is right or wrong: a sound batch or a refusal, never anything else. */
    @Test
    void theValidatorRefusesWithNothingButItsOwnException() {
        Seeds.runs(30_000, 5_000_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = Sample.bytes(Sample.builder(Sample.records(random, 1 + random.nextInt(3)))
                    .build());
            for (int i = random.nextInt(6); i > 0; i--) {
                int at = random.nextInt(bytes.length);
                bytes[at] = random.nextBoolean()
                        ? (byte) random.nextInt(256)
                        : new byte[] {0, -1, 1, Byte.MIN_VALUE, Byte.MAX_VALUE}[random.nextInt(5)];
            }
            ByteBuffer input = random.nextInt(10) == 0 ? ByteBuffer.wrap(bytes) : Sample.signed(bytes);

            try {
                RecordBatch batch = BatchValidator.validateOne(input, LIMIT);
                if (batch.compression() == CompressionType.NONE) {
                    assertThat(Sample.read(RecordCursor.over(batch))).hasSize(batch.recordCount());
                }
            } catch (BrokerException e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("null");
            }
        });
    }

    private static void assertRefused(ByteBuffer buffer, ErrorCode code) {
        assertThatThrownBy(() -> BatchValidator.validateOne(buffer, LIMIT))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private static byte[] batchOf(int count, byte[] records) {
        byte[] header =
                Sample.bytes(new RecordBatchBuilder(0).append(0, null, null).build());
        ByteBuffer bytes = ByteBuffer.allocate(RecordBatch.HEADER_BYTES + records.length);
        bytes.put(header, 0, RecordBatch.HEADER_BYTES).put(records);
        bytes.putInt(RecordBatch.RECORD_COUNT_AT, count).putInt(RecordBatch.LAST_OFFSET_DELTA_AT, count - 1);
        return bytes.array();
    }

    private static byte[] record(byte[] fields) {
        return join(varint(fields.length), fields);
    }

    private static byte[] varint(int value) {
        byte[] bytes = new byte[Varints.sizeOf(value)];
        Varints.write(bytes, 0, value);
        return bytes;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    /** What this thread has allocated so far. */
    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
