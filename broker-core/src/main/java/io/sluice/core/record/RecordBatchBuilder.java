package io.sluice.core.record;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Builds one record batch in one growing array. Header space is kept in front, so the finished batch is that array:
 * nothing is copied again. For use by one thread; {@link #build()} ends it.
 */
public final class RecordBatchBuilder {
    /** More than any record's fixed fields take: length, attributes, three deltas and lengths, header count. */
    private static final int MAX_RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5 + 5;

    private byte[] bytes;
    private int position = RecordBatch.HEADER_BYTES;
    private int count;
    private long baseOffset;
    /** Whether the base offset is given; else it is that of the first record. */
    private boolean baseOffsetSet;

    private long lastOffset = -1;
    private long baseTimestamp;
    private boolean deleteHorizon;
    private long maxTimestamp = RecordBatch.NONE;
    private long producerId = RecordBatch.NONE;
    private short producerEpoch = RecordBatch.NONE;
    private int baseSequence = RecordBatch.NONE;
    private int leaderEpoch = RecordBatch.NONE;
    private int otherAttributes;

    /** @param expectedBytes a guess at the size of all records; the array grows as needed */
    public RecordBatchBuilder(int expectedBytes) {
        this.bytes = new byte[RecordBatch.HEADER_BYTES + Math.max(64, expectedBytes)];
    }

    /** Appends a record; {@code null} stands for no key, and for a null value. */
    public RecordBatchBuilder append(long timestampMs, byte[] key, byte[] value) {
        return append(timestampMs, key, value, Headers.NONE);
    }

    /** Appends a record; {@code null} stands for no key, and for a null value. */
    public RecordBatchBuilder append(long timestampMs, byte[] key, byte[] value, Headers headers) {
        return append(
                timestampMs,
                key,
                0,
                key == null ? -1 : key.length,
                value,
                0,
                value == null ? -1 : value.length,
                headers);
    }

    /**
     * Appends a record whose key and value are parts of larger arrays.
     *
     * @param timestampMs the record's time, in ms since the epoch
     * @param keyLength bytes of the key, or -1 for none
     * @param valueLength bytes of the value, or -1 for a null value
     */
    public RecordBatchBuilder append(
            long timestampMs,
            byte[] key,
            int keyFrom,
            int keyLength,
            byte[] value,
            int valueFrom,
            int valueLength,
            Headers headers) {
        long offset = count == 0 ? baseOffset : lastOffset + 1;
        int body = begin(offset, timestampMs, keyLength, valueLength, headers.count(), headers.sizeInBytes());
        putField(key, keyFrom, keyLength);
        putField(value, valueFrom, valueLength);
        position = Varints.write(bytes, position, headers.count());
        headers.copyTo(bytes, position);
        position += headers.sizeInBytes();
        assert position == body : position + " is not " + body;
        return this;
    }

    /**
     * Appends a record whose value is still to come, so that a large one can be received straight into the batch. It is
     * the last record: nothing may be appended after it, and {@link #build()} waits until the value is filled in.
     *
     * @param timestampMs the record's time, in ms since the epoch
     * @param key the key, or {@code null} for none
     * @param valueLength bytes of the value, from 0
     * @return the place of the value, {@code valueLength} bytes, all zero
     */
    public ByteBuffer appendReserved(long timestampMs, byte[] key, int valueLength, Headers headers) {
        long offset = count == 0 ? baseOffset : lastOffset + 1;
        int keyLength = key == null ? -1 : key.length;
        int body = begin(offset, timestampMs, keyLength, valueLength, headers.count(), headers.sizeInBytes());
        putField(key, 0, keyLength);
        position = Varints.write(bytes, position, valueLength);
        ByteBuffer value = ByteBuffer.wrap(bytes, position, valueLength).slice();
        position += valueLength;
        position = Varints.write(bytes, position, headers.count());
        headers.copyTo(bytes, position);
        position += headers.sizeInBytes();
        assert position == body : position + " is not " + body;
        return value;
    }

    /** Appends the record that a cursor stands on, with its own offset: for compaction, which leaves gaps. */
    public RecordBatchBuilder appendFrom(RecordCursor record) {
        ByteBuffer headers = record.headerBytes();
        int keyLength = record.hasKey() ? record.key().remaining() : -1;
        int valueLength = record.hasValue() ? record.value().remaining() : -1;
        if (count == 0 && !baseOffsetSet) {
            baseOffset = record.offset();
        }
        int body = begin(
                record.offset(), record.timestamp(), keyLength, valueLength, record.headerCount(), headers.remaining());
        putField(record.key(), keyLength);
        putField(record.value(), valueLength);
        position = Varints.write(bytes, position, record.headerCount());
        int length = headers.remaining();
        headers.get(bytes, position, length);
        position += length;
        assert position == body : position + " is not " + body;
        return this;
    }

    /** Writes everything up to the key, and returns where the record will end. */
    private int begin(long offset, long timestampMs, int keyLength, int valueLength, int headerCount, int headerBytes) {
        if (count == 0 && !deleteHorizon) {
            baseTimestamp = timestampMs;
        }
        long timestampDelta = timestampMs - baseTimestamp;
        int offsetDelta = Math.toIntExact(offset - baseOffset);
        int length = recordLength(timestampDelta, offsetDelta, keyLength, valueLength, headerCount, headerBytes);
        ensureRoom(length + 5);
        position = Varints.write(bytes, position, length);
        int end = position + length;
        bytes[position++] = 0;
        position = Varints.write(bytes, position, timestampDelta);
        position = Varints.write(bytes, position, offsetDelta);
        count++;
        lastOffset = offset;
        maxTimestamp = Math.max(maxTimestamp, timestampMs);
        return end;
    }

    private static int recordLength(
            long timestampDelta, int offsetDelta, int keyLength, int valueLength, int headerCount, int headerBytes) {
        long length = 1L
                + Varints.sizeOf(timestampDelta)
                + Varints.sizeOf(offsetDelta)
                + Varints.sizeOf(keyLength)
                + Math.max(0, keyLength)
                + Varints.sizeOf(valueLength)
                + Math.max(0, valueLength)
                + Varints.sizeOf(headerCount)
                + headerBytes;
        return Math.toIntExact(length);
    }

    private void putField(byte[] field, int from, int length) {
        position = Varints.write(bytes, position, length);
        if (length > 0) {
            System.arraycopy(field, from, bytes, position, length);
            position += length;
        }
    }

    private void putField(ByteBuffer field, int length) {
        position = Varints.write(bytes, position, length);
        if (length > 0) {
            field.get(bytes, position, length);
            position += length;
        }
    }

    private void ensureRoom(int more) {
        long needed = (long) position + more;
        if (needed > bytes.length) {
            if (needed > Integer.MAX_VALUE - 16) {
                throw new IllegalArgumentException("a batch of " + needed + " bytes");
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 16, Math.max(needed, bytes.length * 2L)));
        }
    }

    public RecordBatchBuilder producer(long producerId, short producerEpoch, int baseSequence) {
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        return this;
    }

    /** The offset of the first record; the log assigns another at the append. */
    public RecordBatchBuilder baseOffset(long baseOffset) {
        assert count == 0 : "set before the first record";
        this.baseOffset = baseOffset;
        this.baseOffsetSet = true;
        return this;
    }

    /**
     * Takes over from a batch that compaction rewrites what is not in its records: base offset, leader epoch, producer,
     * attributes.
     *
     * @param deleteHorizonMs when its tombstones may be dropped, in ms since the epoch; -1 if it has none
     */
    public RecordBatchBuilder like(RecordBatch original, long deleteHorizonMs) {
        assert count == 0 : "set before the first record";
        baseOffset(original.baseOffset());
        lastOffset = original.baseOffset() - 1;
        leaderEpoch = original.leaderEpoch();
        producerId = original.producerId();
        producerEpoch = original.producerEpoch();
        baseSequence = original.baseSequence();
        otherAttributes = original.attributes()
                & (RecordBatch.TIMESTAMP_TYPE_MASK | RecordBatch.TRANSACTIONAL_MASK | RecordBatch.CONTROL_MASK);
        deleteHorizon = deleteHorizonMs >= 0;
        baseTimestamp = deleteHorizon ? deleteHorizonMs : original.baseTimestamp();
        return this;
    }

    public int count() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** The size that the batch has now, in bytes, not compressed. */
    public int sizeInBytes() {
        return position;
    }

    /** An upper bound of what one record would add. */
    public static long maxSizeOf(int keyLength, int valueLength, Headers headers) {
        return (long) MAX_RECORD_OVERHEAD + Math.max(0, keyLength) + Math.max(0, valueLength) + headers.sizeInBytes();
    }

    /** The batch, not compressed. */
    public RecordBatch build() {
        return finish(CompressionType.NONE, lastOffset);
    }

    /** The batch, with its records compressed. */
    public RecordBatch build(CompressionType type, Codecs codecs) {
        return build(type, codecs, lastOffset);
    }

    /**
     * The batch, with its records compressed and a last offset that may lie behind the last record: compaction keeps
     * the end of the batch it rewrites.
     */
    public RecordBatch build(CompressionType type, Codecs codecs, long lastOffset) {
        if (type != CompressionType.NONE) {
            ByteArrayOutputStream compressed = new ByteArrayOutputStream(position / 2);
            compressed.write(bytes, 0, RecordBatch.HEADER_BYTES);
            try (OutputStream out = codecs.compress(type, compressed)) {
                out.write(bytes, RecordBatch.HEADER_BYTES, position - RecordBatch.HEADER_BYTES);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            bytes = compressed.toByteArray();
            position = bytes.length;
        }
        return finish(type, lastOffset);
    }

    private RecordBatch finish(CompressionType type, long lastOffset) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, position);
        buffer.putLong(RecordBatch.BASE_OFFSET_AT, baseOffset);
        buffer.putInt(RecordBatch.LENGTH_AT, position - RecordBatch.LOG_OVERHEAD);
        buffer.putInt(RecordBatch.LEADER_EPOCH_AT, leaderEpoch);
        buffer.put(RecordBatch.MAGIC_AT, RecordBatch.MAGIC);
        int attributes = type.id() | otherAttributes | (deleteHorizon ? RecordBatch.DELETE_HORIZON_MASK : 0);
        buffer.putShort(RecordBatch.ATTRIBUTES_AT, (short) attributes);
        buffer.putInt(RecordBatch.LAST_OFFSET_DELTA_AT, Math.toIntExact(lastOffset - baseOffset));
        buffer.putLong(RecordBatch.BASE_TIMESTAMP_AT, baseTimestamp);
        buffer.putLong(RecordBatch.MAX_TIMESTAMP_AT, maxTimestamp);
        buffer.putLong(RecordBatch.PRODUCER_ID_AT, producerId);
        buffer.putShort(RecordBatch.PRODUCER_EPOCH_AT, producerEpoch);
        buffer.putInt(RecordBatch.BASE_SEQUENCE_AT, baseSequence);
        buffer.putInt(RecordBatch.RECORD_COUNT_AT, count);
        CRC32C crc = new CRC32C();
        crc.update(bytes, RecordBatch.ATTRIBUTES_AT, position - RecordBatch.ATTRIBUTES_AT);
        buffer.putInt(RecordBatch.CRC_AT, (int) crc.getValue());
        return RecordBatch.at(buffer, 0);
    }
}
