package io.sluice.core.record;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A view of one record batch, format v2, in a buffer. Nothing is copied or decoded until it is asked for.
 *
 * <pre>
 *  at  bytes  field
 *   0    8    base offset             assigned by the log
 *   8    4    batch length            bytes after this field
 *  12    4    partition leader epoch  assigned by the log
 *  16    1    magic                   2
 *  17    4    crc                     CRC-32C of everything after this field
 *  21    2    attributes              bits 0-2 compression, 3 timestamp type, 4 transactional, 5 control,
 *                                     6 base timestamp is the delete horizon
 *  23    4    last offset delta
 *  27    8    base timestamp          ms since the epoch
 *  35    8    max timestamp           ms since the epoch
 *  43    8    producer id             -1 for none
 *  51    2    producer epoch          -1 for none
 *  53    4    base sequence           -1 for none
 *  57    4    record count
 *  61         records                 compressed as the attributes say
 * </pre>
 *
 * <p>All numbers are big-endian. Base offset and leader epoch lie outside the checksum, so the log assigns both without
 * computing it again. Not safe for use by several threads while one of them assigns.
 */
public final class RecordBatch {
    public static final int BASE_OFFSET_AT = 0;
    public static final int LENGTH_AT = 8;
    public static final int LEADER_EPOCH_AT = 12;
    public static final int MAGIC_AT = 16;
    public static final int CRC_AT = 17;
    public static final int ATTRIBUTES_AT = 21;
    public static final int LAST_OFFSET_DELTA_AT = 23;
    public static final int BASE_TIMESTAMP_AT = 27;
    public static final int MAX_TIMESTAMP_AT = 35;
    public static final int PRODUCER_ID_AT = 43;
    public static final int PRODUCER_EPOCH_AT = 51;
    public static final int BASE_SEQUENCE_AT = 53;
    public static final int RECORD_COUNT_AT = 57;
    /** Bytes of the header, and where the records begin. */
    public static final int HEADER_BYTES = 61;
    /** Bytes that the batch length does not count: base offset and the length itself. */
    public static final int LOG_OVERHEAD = 12;
    /** The only format version that is written or read. */
    public static final byte MAGIC = 2;
    /** "None", for timestamps, producer ids, epochs and sequences. */
    public static final int NONE = -1;

    static final int COMPRESSION_MASK = 0x07;
    static final int TIMESTAMP_TYPE_MASK = 0x08;
    static final int TRANSACTIONAL_MASK = 0x10;
    static final int CONTROL_MASK = 0x20;
    static final int DELETE_HORIZON_MASK = 0x40;

    private final ByteBuffer buffer;
    private final int start;
    private final int size;

    private RecordBatch(ByteBuffer buffer, int start, int size) {
        this.buffer = buffer;
        this.start = start;
        this.size = size;
    }

    /**
     * A view of the batch at an index of a buffer, whose length field must already have been checked.
     *
     * @param buffer big-endian; its position and limit are neither read nor moved, but for the limit's bound
     * @param index where the batch begins
     */
    public static RecordBatch at(ByteBuffer buffer, int index) {
        return new RecordBatch(buffer, index, LOG_OVERHEAD + buffer.getInt(index + LENGTH_AT));
    }

    /**
     * A view of a header alone, to ask for its fields; the records need not be in the buffer.
     *
     * @param buffer at least {@link #HEADER_BYTES} from {@code index} on
     * @param index where the batch begins
     */
    public static RecordBatch headerAt(ByteBuffer buffer, int index) {
        return at(buffer, index);
    }

    /** The size of the whole batch in bytes, header included. */
    public int sizeInBytes() {
        return size;
    }

    public long baseOffset() {
        return buffer.getLong(start + BASE_OFFSET_AT);
    }

    /** The offset of the last record, inclusive. */
    public long lastOffset() {
        return baseOffset() + lastOffsetDelta();
    }

    /** The offset after the last record. */
    public long nextOffset() {
        return lastOffset() + 1;
    }

    public int lastOffsetDelta() {
        return buffer.getInt(start + LAST_OFFSET_DELTA_AT);
    }

    public int leaderEpoch() {
        return buffer.getInt(start + LEADER_EPOCH_AT);
    }

    public byte magic() {
        return buffer.get(start + MAGIC_AT);
    }

    public int attributes() {
        return buffer.getShort(start + ATTRIBUTES_AT);
    }

    /**
     * How the records are compressed.
     *
     * @throws MalformedRecordException if the number means nothing
     */
    public CompressionType compression() {
        int id = attributes() & COMPRESSION_MASK;
        return CompressionType.forId(id)
                .orElseThrow(() -> new MalformedRecordException("compression type " + id + " is unknown"));
    }

    public TimestampType timestampType() {
        return (attributes() & TIMESTAMP_TYPE_MASK) == 0 ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME;
    }

    public boolean isTransactional() {
        return (attributes() & TRANSACTIONAL_MASK) != 0;
    }

    /** Whether the records are markers of transactions, not data. */
    public boolean isControl() {
        return (attributes() & CONTROL_MASK) != 0;
    }

    /** Whether {@link #baseTimestamp()} is the time after which compaction may drop the batch's tombstones. */
    public boolean hasDeleteHorizon() {
        return (attributes() & DELETE_HORIZON_MASK) != 0;
    }

    public long baseTimestamp() {
        return buffer.getLong(start + BASE_TIMESTAMP_AT);
    }

    public long maxTimestamp() {
        return buffer.getLong(start + MAX_TIMESTAMP_AT);
    }

    public long producerId() {
        return buffer.getLong(start + PRODUCER_ID_AT);
    }

    public boolean hasProducerId() {
        return producerId() != NONE;
    }

    public short producerEpoch() {
        return buffer.getShort(start + PRODUCER_EPOCH_AT);
    }

    public int baseSequence() {
        return buffer.getInt(start + BASE_SEQUENCE_AT);
    }

    /** The sequence number of the last record; sequences go on at 0 after {@link Integer#MAX_VALUE}. */
    public int lastSequence() {
        int base = baseSequence();
        return base == NONE ? NONE : addToSequence(base, lastOffsetDelta());
    }

    public int recordCount() {
        return buffer.getInt(start + RECORD_COUNT_AT);
    }

    /** The checksum in the header, unsigned. */
    public long crc() {
        return Integer.toUnsignedLong(buffer.getInt(start + CRC_AT));
    }

    /** The checksum that the bytes have, unsigned. */
    public long computeCrc() {
        CRC32C crc = new CRC32C();
        crc.update(slice(ATTRIBUTES_AT, size - ATTRIBUTES_AT));
        return crc.getValue();
    }

    public boolean isCrcValid() {
        return size >= HEADER_BYTES && crc() == computeCrc();
    }

    /** The whole batch, read-only. */
    public ByteBuffer bytes() {
        return slice(0, size).asReadOnlyBuffer();
    }

    /** The records as they are in the batch, compressed or not, read-only. */
    public ByteBuffer recordBytes() {
        return slice(HEADER_BYTES, size - HEADER_BYTES).asReadOnlyBuffer();
    }

    /** The whole batch, writable if the buffer is. For the log, which owns the buffer. */
    public ByteBuffer ownedBytes() {
        return slice(0, size);
    }

    /** How much memory keeping this batch keeps: that of the whole buffer it lies in. */
    public int retainedBytes() {
        return buffer.hasArray() ? buffer.array().length : buffer.capacity();
    }

    /**
     * Gives the batch its place in the log. The checksum does not cover these fields.
     *
     * @param baseOffset the first record's offset
     * @param leaderEpoch the epoch of the append
     */
    public void assign(long baseOffset, int leaderEpoch) {
        buffer.putLong(start + BASE_OFFSET_AT, baseOffset);
        buffer.putInt(start + LEADER_EPOCH_AT, leaderEpoch);
    }

    /** Gives every record the broker's time, and the batch its new checksum. */
    public void assignAppendTime(long timestampMs) {
        buffer.putShort(start + ATTRIBUTES_AT, (short) (attributes() | TIMESTAMP_TYPE_MASK));
        buffer.putLong(start + MAX_TIMESTAMP_AT, timestampMs);
        buffer.putInt(start + CRC_AT, (int) computeCrc());
    }

    /**
     * Marks the batch as part of an idempotent producer's sequence, and gives it its new checksum.
     *
     * @param producerId who
     * @param producerEpoch which incarnation of it
     * @param baseSequence the first record's sequence number
     */
    public void assignProducer(long producerId, short producerEpoch, int baseSequence) {
        buffer.putLong(start + PRODUCER_ID_AT, producerId);
        buffer.putShort(start + PRODUCER_EPOCH_AT, producerEpoch);
        buffer.putInt(start + BASE_SEQUENCE_AT, baseSequence);
        buffer.putInt(start + CRC_AT, (int) computeCrc());
    }

    /** The sequence number {@code steps} after another; they go on at 0 after {@link Integer#MAX_VALUE}. */
    public static int addToSequence(int sequence, int steps) {
        return (int) (((long) sequence + steps) & Integer.MAX_VALUE);
    }

    private ByteBuffer slice(int from, int length) {
        return buffer.slice(start + from, length);
    }

    @Override
    public String toString() {
        return "batch [" + baseOffset() + ", " + lastOffset() + "], " + size + " bytes, " + recordCount() + " records";
    }
}
