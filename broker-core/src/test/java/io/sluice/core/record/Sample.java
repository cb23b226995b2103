package io.sluice.core.record;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Records as plain values, to be compared with what comes back out of a batch. */
final class Sample {
    private Sample() {}

    /** One record; an empty optional is a null. */
    record Rec(long offset, long timestamp, Optional<Bytes> key, Optional<Bytes> value, List<Header> headers) {}

    record Header(String name, Optional<Bytes> value) {}

    /** Bytes that are equal if their contents are. */
    record Bytes(ByteBuffer buffer) {
        static Bytes of(byte[] bytes) {
            return new Bytes(ByteBuffer.wrap(bytes));
        }

        byte[] array() {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return bytes;
        }
    }

    /** Random records whose keys, values, headers and times are of every awkward kind. */
    static List<Rec> records(SplittableRandom random, int count) {
        List<Rec> records = new ArrayList<>();
        long base = 1_700_000_000_000L;
        for (int i = 0; i < count; i++) {
            long timestamp = switch (random.nextInt(6)) {
                case 0 -> base - random.nextLong(1L << 40);
                case 1 -> 0;
                case 2 -> Long.MAX_VALUE - random.nextInt(3);
                case 3 -> -1;
                default -> base + random.nextInt(1000);
            };
            List<Header> headers = new ArrayList<>();
            for (int h = random.nextInt(4); h > 1; h--) {
                headers.add(new Header(random.nextBoolean() ? "" : "näme" + h, field(random, 40)));
            }
            records.add(new Rec(
                    i, timestamp, field(random, 20), field(random, random.nextInt(20) == 0 ? 70_000 : 300), headers));
        }
        return records;
    }

    private static Optional<Bytes> field(SplittableRandom random, int maxBytes) {
        int kind = random.nextInt(8);
        if (kind == 0) {
            return Optional.empty();
        }
        byte[] bytes = new byte[kind == 1 ? 0 : random.nextInt(maxBytes + 1)];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        } else {
            Arrays.fill(bytes, (byte) 'a');
        }
        return Optional.of(Bytes.of(bytes));
    }

    static RecordBatchBuilder builder(List<Rec> records) {
        RecordBatchBuilder builder = new RecordBatchBuilder(0);
        for (Rec rec : records) {
            Headers headers = new Headers();
            rec.headers.forEach(
                    h -> headers.add(h.name, h.value.map(Bytes::array).orElse(null)));
            builder.append(
                    rec.timestamp,
                    rec.key.map(Bytes::array).orElse(null),
                    rec.value.map(Bytes::array).orElse(null),
                    headers);
        }
        return builder;
    }

    static List<Rec> read(RecordCursor cursor) {
        List<Rec> records = new ArrayList<>();
        while (cursor.next()) {
            List<Header> headers = new ArrayList<>();
            cursor.forEachHeader((name, hasValue, value) -> headers.add(new Header(
                    new String(new Bytes(name).array(), java.nio.charset.StandardCharsets.UTF_8),
                    hasValue ? Optional.of(new Bytes(value)) : Optional.empty())));
            records.add(new Rec(
                    cursor.offset(),
                    cursor.timestamp(),
                    cursor.hasKey() ? Optional.of(new Bytes(cursor.key())) : Optional.empty(),
                    cursor.hasValue() ? Optional.of(new Bytes(cursor.value())) : Optional.empty(),
                    headers));
        }
        return records;
    }

    /** A copy of the whole batch, to be damaged. */
    static byte[] bytes(RecordBatch batch) {
        return new Bytes(batch.bytes()).array();
    }

    /** Makes the checksum of damaged bytes right again, as an attacker would. */
    static ByteBuffer signed(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(bytes, RecordBatch.ATTRIBUTES_AT, bytes.length - RecordBatch.ATTRIBUTES_AT);
        buffer.putInt(RecordBatch.CRC_AT, (int) crc.getValue());
        buffer.putInt(RecordBatch.LENGTH_AT, bytes.length - RecordBatch.LOG_OVERHEAD);
        return buffer;
    }
}
