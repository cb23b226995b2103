package io.sluice.core.log;

import io.sluice.core.record.RecordBatch;
import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Walks the batches of a segment file from header to header, with a small buffer however large they are. Stops at the
 * first place where no whole batch is; {@link #fault()} says why, if it is not the end. For use by one thread.
 */
public final class BatchScanner {
    private final LogFile file;
    private final long limit;
    private final ByteBuffer buffer;
    private long bufferAt;
    private int buffered;
    private long position;
    private long nextPosition;
    private RecordBatch header;
    private String fault = "";
    private long lastOffset = -1;
    private boolean followsOn;

    /**
     * @param from where the first batch begins
     * @param limit where the last one ends
     * @param bufferBytes how much to read at once; at least a header
     */
    public BatchScanner(LogFile file, long from, long limit, int bufferBytes) {
        this.file = file;
        this.limit = limit;
        this.buffer = ByteBuffer.allocate(Math.max(bufferBytes, RecordBatch.HEADER_BYTES));
        this.nextPosition = from;
        this.bufferAt = from;
    }

    /** Moves to the next batch. False at the limit, and at anything that is not a batch. */
    public boolean next() throws IOException {
        position = nextPosition;
        if (position == limit) {
            return false;
        }
        if (limit - position < RecordBatch.HEADER_BYTES) {
            return stop((limit - position) + " bytes are fewer than a batch header has");
        }
        int at = fill(position, RecordBatch.HEADER_BYTES);
        if (at < 0) {
            return stop("the file ends within a batch header");
        }
        int length = buffer.getInt(at + RecordBatch.LENGTH_AT);
        if (length < RecordBatch.HEADER_BYTES - RecordBatch.LOG_OVERHEAD) {
            return stop("a batch length of " + length);
        }
        if (length > limit - position - RecordBatch.LOG_OVERHEAD) {
            return stop("a batch length of " + length + ", " + (limit - position - RecordBatch.LOG_OVERHEAD)
                    + " bytes are left");
        }
        RecordBatch batch = RecordBatch.headerAt(buffer, at);
        if (batch.magic() != RecordBatch.MAGIC) {
            return stop("batch format " + batch.magic());
        }
        if (batch.lastOffsetDelta() < 0 || batch.baseOffset() <= lastOffset) {
            return stop("offsets " + batch.baseOffset() + " to " + batch.lastOffset() + " after " + lastOffset);
        }
        header = batch;
        followsOn = batch.baseOffset() == lastOffset + 1 && lastOffset >= 0;
        lastOffset = batch.lastOffset();
        nextPosition = position + batch.sizeInBytes();
        return true;
    }

    private boolean stop(String why) {
        fault = why;
        return false;
    }

    /** Makes {@code bytes} bytes from {@code from} on available, and returns their index in the buffer; -1 if too few. */
    private int fill(long from, int bytes) throws IOException {
        if (from < bufferAt || from + bytes > bufferAt + buffered) {
            buffer.clear();
            buffer.limit((int) Math.min(buffer.capacity(), limit - from));
            buffered = file.read(from, buffer);
            buffer.clear();
            bufferAt = from;
        }
        return from + bytes <= bufferAt + buffered ? (int) (from - bufferAt) : -1;
    }

    /** The header of the batch; good until the next move or {@link #isCrcValid()}. */
    public RecordBatch header() {
        return header;
    }

    /** Copies the header into a buffer of its own, to be used when the walk has gone on. */
    public void copyHeader(ByteBuffer target) throws IOException {
        int at = fill(position, RecordBatch.HEADER_BYTES);
        target.put(0, buffer, at, RecordBatch.HEADER_BYTES);
    }

    /** Whether the batch begins with the offset after the one before it, which the walk has passed. */
    boolean followsOn() {
        return followsOn;
    }

    /** Where the batch begins; after a stop, where the batch that is not one begins. */
    public long position() {
        return position;
    }

    /** Where the batch ends. */
    public long nextPosition() {
        return nextPosition;
    }

    /** Why the walk stopped before the limit; empty if it did not. */
    public String fault() {
        return fault;
    }

    /** Reads the batch and compares it with its checksum. Ends what {@link #header()} is good for. */
    public boolean isCrcValid() throws IOException {
        long expected = header.crc();
        CRC32C crc = new CRC32C();
        long from = position + RecordBatch.ATTRIBUTES_AT;
        while (from < nextPosition) {
            int at = fill(from, 1);
            if (at < 0) {
                return false;
            }
            int count = (int) (Math.min(bufferAt + buffered, nextPosition) - from);
            crc.update(buffer.array(), at, count);
            from += count;
        }
        return crc.getValue() == expected;
    }
}
