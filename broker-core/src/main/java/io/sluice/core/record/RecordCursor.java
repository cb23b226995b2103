package io.sluice.core.record;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * Walks the records of one batch without making an object for each. Accessors speak of the record that the last
 * {@link #next()} moved to; the buffers they return are read-only views that stay valid.
 *
 * <pre>
 *  length           varint  bytes after this field
 *  attributes       1 byte  unused
 *  timestamp delta  varlong to the batch's base timestamp
 *  offset delta     varint  to the batch's base offset
 *  key length       varint  -1 for a null key
 *  key
 *  value length     varint  -1 for a null value
 *  value
 *  header count     varint
 *    per header: key length varint, key (UTF-8), value length varint (-1 for null), value
 * </pre>
 */
public final class RecordCursor {
    private final ByteBuffer records;
    private final long baseOffset;
    private final long baseTimestamp;
    /** The time of all records if the batch uses append time, else -1. */
    private final long appendTimeMs;

    private int left;
    private long offset;
    private long timestamp;
    private int keyAt;
    private int keyLength;
    private int valueAt;
    private int valueLength;
    private int headersAt;
    private int headerCount;
    private int end;

    private RecordCursor(RecordBatch batch, ByteBuffer records) {
        this.records = records;
        this.baseOffset = batch.baseOffset();
        this.baseTimestamp = batch.baseTimestamp();
        this.appendTimeMs = batch.timestampType() == TimestampType.LOG_APPEND_TIME ? batch.maxTimestamp() : -1;
        this.left = batch.recordCount();
        this.end = records.position();
    }

    /** A cursor over a batch that is not compressed. */
    public static RecordCursor over(RecordBatch batch) {
        assert batch.compression() == CompressionType.NONE;
        return new RecordCursor(batch, batch.recordBytes());
    }

    /**
     * A cursor over any batch. A compressed one is decompressed into memory first.
     *
     * @param maxBytes how large its records may become
     * @throws MalformedRecordException if the records cannot be decompressed, or grow beyond {@code maxBytes}
     */
    public static RecordCursor over(RecordBatch batch, Codecs codecs, int maxBytes) {
        CompressionType type = batch.compression();
        return type == CompressionType.NONE
                ? over(batch)
                : new RecordCursor(batch, decompress(type, batch.recordBytes(), codecs, maxBytes));
    }

    private static ByteBuffer decompress(CompressionType type, ByteBuffer compressed, Codecs codecs, int maxBytes) {
        try (InputStream in = codecs.decompress(type, new ByteBufferInputStream(compressed))) {
            byte[] bytes = in.readNBytes(maxBytes);
            if (bytes.length == maxBytes && in.read() >= 0) {
                throw new MalformedRecordException("the records grow beyond " + maxBytes + " bytes");
            }
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        } catch (MalformedRecordException e) {
            throw e;
        } catch (VirtualMachineError | LinkageError e) {
            throw e;
        } catch (IOException | RuntimeException | Error e) {
            // Codec libraries report bad data with an Error of their own, too: snappy does.
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new MalformedRecordException("the " + type.label() + " data cannot be decompressed: " + why);
        }
    }

    /** How large the records of the batch are together, decompressed. */
    public int sizeInBytes() {
        return records.limit();
    }

    /**
     * Moves to the next record.
     *
     * @return false after the last one
     * @throws MalformedRecordException if the bytes are not a record, or bytes are left behind the last record
     */
    public boolean next() {
        if (left == 0) {
            if (end != records.limit()) {
                throw new MalformedRecordException((records.limit() - end) + " bytes follow the last record");
            }
            return false;
        }
        left--;
        records.position(end);
        int length = Varints.readInt(records);
        if (length < 0 || length > records.remaining()) {
            throw new MalformedRecordException(
                    "a record length of " + length + " bytes, with " + records.remaining() + " left");
        }
        end = records.position() + length;
        if (length == 0) {
            throw new MalformedRecordException("a record of 0 bytes");
        }
        records.get();
        timestamp = baseTimestamp + Varints.readLong(records);
        offset = baseOffset + Varints.readInt(records);
        keyLength = readLength("key");
        keyAt = records.position();
        skip(keyLength);
        valueLength = readLength("value");
        valueAt = records.position();
        skip(valueLength);
        headerCount = Varints.readInt(records);
        if (headerCount < 0 || headerCount > end - records.position()) {
            throw new MalformedRecordException("a header count of " + headerCount);
        }
        headersAt = records.position();
        for (int i = 0; i < headerCount; i++) {
            int nameLength = readLength("header name");
            if (nameLength < 0) {
                throw new MalformedRecordException("a header without a name");
            }
            skip(nameLength);
            skip(readLength("header value"));
        }
        if (records.position() != end) {
            throw new MalformedRecordException("a record's fields do not fill its length");
        }
        return true;
    }

    private int readLength(String what) {
        int length = Varints.readInt(records);
        if (length < -1 || length > end - records.position()) {
            throw new MalformedRecordException("a " + what + " of " + length + " bytes");
        }
        return length;
    }

    private void skip(int length) {
        if (length > 0) {
            records.position(records.position() + length);
        }
    }

    public long offset() {
        return offset;
    }

    /** In ms since the epoch. */
    public long timestamp() {
        return appendTimeMs >= 0 ? appendTimeMs : timestamp;
    }

    public boolean hasKey() {
        return keyLength >= 0;
    }

    /** The key's bytes; empty if there is no key, which {@link #hasKey()} tells apart. */
    public ByteBuffer key() {
        return view(keyAt, keyLength);
    }

    public boolean hasValue() {
        return valueLength >= 0;
    }

    /** The value's bytes; empty if the value is null, which {@link #hasValue()} tells apart. */
    public ByteBuffer value() {
        return view(valueAt, valueLength);
    }

    public int headerCount() {
        return headerCount;
    }

    /** Hands every header of the record to {@code consumer}, in order. */
    public void forEachHeader(HeaderConsumer consumer) {
        records.position(headersAt);
        for (int i = 0; i < headerCount; i++) {
            int nameLength = Varints.readInt(records);
            ByteBuffer name = view(records.position(), nameLength);
            skip(nameLength);
            int length = Varints.readInt(records);
            ByteBuffer value = view(records.position(), length);
            skip(length);
            consumer.accept(name, length >= 0, value);
        }
    }

    /** The headers as they are in the record, count excluded. */
    ByteBuffer headerBytes() {
        return view(headersAt, end - headersAt);
    }

    private ByteBuffer view(int at, int length) {
        return records.slice(at, Math.max(0, length));
    }

    /** Takes one header. */
    @FunctionalInterface
    public interface HeaderConsumer {
        /**
         * @param name the header's name, UTF-8
         * @param hasValue false if the value is null
         * @param value the value's bytes
         */
        void accept(ByteBuffer name, boolean hasValue, ByteBuffer value);
    }
}
