package io.sluice.server.http.records;

import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.TimestampType;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/**
 * Walks the records of a batch that is read as a stream and never is in memory as a whole. A record is entered with
 * {@link #next()}; its fields are then read in their order, in pieces of any size. For use by one thread at a time.
 */
final class RecordStream implements Closeable {
    private static final int BUFFER_BYTES = 8 * 1024;

    private final InputStream in;
    private final long baseOffset;
    private final long baseTimestamp;
    /** The time of all records if the batch uses append time, else -1. */
    private final long appendTimeMs;

    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int bufferAt;
    private int bufferEnd;
    /** Bytes of the records consumed so far. */
    private long position;

    private int recordsLeft;
    /** Where the record at hand ends. */
    private long recordEnd;

    private long offset;
    private long timestamp;
    /** Where to go back to, in the buffer and in all records. */
    private int heldBufferAt;

    private long heldPosition;

    /** @param in the records, not compressed */
    RecordStream(RecordBatch header, InputStream in) {
        this.in = in;
        this.baseOffset = header.baseOffset();
        this.baseTimestamp = header.baseTimestamp();
        this.appendTimeMs = header.timestampType() == TimestampType.LOG_APPEND_TIME ? header.maxTimestamp() : -1;
        this.recordsLeft = header.recordCount();
    }

    /** Enters the next record, past what is left of this one; false after the last. */
    boolean next() throws IOException {
        skip(recordEnd - position);
        if (recordsLeft == 0) {
            return false;
        }
        recordsLeft--;
        long length = readVarint();
        if (length <= 0 || length > Integer.MAX_VALUE) {
            throw new MalformedRecordException("a record length of " + length + " bytes");
        }
        recordEnd = position + length;
        readByte();
        timestamp = baseTimestamp + readVarint();
        offset = baseOffset + readVarint();
        return true;
    }

    long offset() {
        return offset;
    }

    /** In ms since the epoch. */
    long timestamp() {
        return appendTimeMs >= 0 ? appendTimeMs : timestamp;
    }

    /** Bytes of the record that have not been read. */
    int remaining() {
        return (int) (recordEnd - position);
    }

    /** Bytes of all records that have been read. */
    long position() {
        return position;
    }

    /** Reads the length of a field, or -1 for null. */
    int readLength(String what) throws IOException {
        long length = readVarint();
        if (length < -1 || length > remaining()) {
            throw new MalformedRecordException("a " + what + " of " + length + " bytes");
        }
        return (int) length;
    }

    /** Reads a count that cannot be more than the bytes that are left. */
    int readCount(String what) throws IOException {
        int count = readLength(what);
        if (count < 0) {
            throw new MalformedRecordException("a " + what + " of " + count);
        }
        return count;
    }

    /** Reads exactly so many bytes. */
    void read(byte[] target, int from, int length) throws IOException {
        int done = 0;
        while (done < length) {
            if (bufferAt == bufferEnd) {
                refill();
            }
            int count = Math.min(length - done, bufferEnd - bufferAt);
            System.arraycopy(buffer, bufferAt, target, from + done, count);
            bufferAt += count;
            done += count;
        }
        position += length;
    }

    /** Moves to the fields of a record, which begin at or behind the present position. */
    void enter(long begin, long end) throws IOException {
        skip(begin - position);
        recordEnd = end;
    }

    /** Moves to a position at or behind the present one. */
    void skipTo(long target) throws IOException {
        skip(target - position);
    }

    /**
     * Makes sure that what is left of the record can be read now, and once more after {@link #rewind()}.
     *
     * @return false if it is too large for that
     */
    boolean tryHold() throws IOException {
        int needed = remaining();
        if (needed > BUFFER_BYTES) {
            return false;
        }
        if (bufferEnd - bufferAt < needed) {
            System.arraycopy(buffer, bufferAt, buffer, 0, bufferEnd - bufferAt);
            bufferEnd -= bufferAt;
            bufferAt = 0;
            while (bufferEnd < needed) {
                bufferEnd += readSome(bufferEnd);
            }
        }
        heldBufferAt = bufferAt;
        heldPosition = position;
        return true;
    }

    /** Goes back to where the record was held. */
    void rewind() {
        bufferAt = heldBufferAt;
        position = heldPosition;
    }

    private void skip(long count) throws IOException {
        long left = count;
        while (left > 0) {
            if (bufferAt == bufferEnd) {
                long skipped = in.skip(left);
                left -= skipped;
                position += skipped;
                if (left == 0) {
                    return;
                }
                refill();
            }
            int step = (int) Math.min(left, bufferEnd - bufferAt);
            bufferAt += step;
            position += step;
            left -= step;
        }
    }

    private int readByte() throws IOException {
        if (bufferAt == bufferEnd) {
            refill();
        }
        position++;
        return buffer[bufferAt++];
    }

    private long readVarint() throws IOException {
        long raw = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            int b = readByte();
            raw |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new MalformedRecordException("a varint is longer than 64 bits");
    }

    private void refill() throws IOException {
        bufferAt = 0;
        bufferEnd = 0;
        bufferEnd = readSome(0);
    }

    private int readSome(int at) throws IOException {
        int count = in.read(buffer, at, buffer.length - at);
        if (count <= 0) {
            throw new MalformedRecordException("the batch ends within a record");
        }
        return count;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
