package io.sluice.core.record;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Batches that lie one behind the other in a buffer. */
public final class RecordBatches {
    private RecordBatches() {}

    /**
     * The size of the batch at an index, from its length field.
     *
     * @return the size in bytes, header included; 0 if the buffer ends before the length field does
     * @throws MalformedRecordException if the length cannot be that of a batch
     */
    public static int sizeAt(ByteBuffer buffer, int index) {
        if (buffer.limit() - index < RecordBatch.LOG_OVERHEAD) {
            return 0;
        }
        int length = buffer.getInt(index + RecordBatch.LENGTH_AT);
        if (length < RecordBatch.HEADER_BYTES - RecordBatch.LOG_OVERHEAD
                || length > Integer.MAX_VALUE - RecordBatch.LOG_OVERHEAD) {
            throw new MalformedRecordException("a batch length of " + length + " bytes is not possible");
        }
        return RecordBatch.LOG_OVERHEAD + length;
    }

    /**
     * The whole batches between a buffer's position and its limit, neither of which moves. A batch that the buffer cuts
     * short ends the walk.
     *
     * @throws MalformedRecordException from {@code hasNext} or {@code next}, at a length that is not possible
     */
    public static Iterable<RecordBatch> in(ByteBuffer buffer) {
        return () -> new Walk(buffer);
    }

    private static final class Walk implements Iterator<RecordBatch> {
        private final ByteBuffer buffer;
        private int index;

        Walk(ByteBuffer buffer) {
            this.buffer = buffer;
            this.index = buffer.position();
        }

        @Override
        public boolean hasNext() {
            int size = sizeAt(buffer, index);
            return size > 0 && size <= buffer.limit() - index;
        }

        @Override
        public RecordBatch next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            RecordBatch batch = RecordBatch.at(buffer, index);
            index += batch.sizeInBytes();
            return batch;
        }
    }
}
