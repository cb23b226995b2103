package io.sluice.server.kafka;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.RecordsSend;

/**
 * Fetched batches as they lie in the log, for a place in a response.
 *
 * @param buffers in order; their positions do not move
 * @param sizeInBytes of all of them
 */
public record LogRecords(List<ByteBuffer> buffers, int sizeInBytes) implements BaseRecords {
    /** No records. */
    public static final LogRecords NONE = new LogRecords(List.of(), 0);

    /** Batches of a read. */
    public static LogRecords of(List<ByteBuffer> buffers) {
        int size = 0;
        for (ByteBuffer buffer : buffers) {
            size += buffer.remaining();
        }
        return new LogRecords(buffers, size);
    }

    /** Not asked for: {@link ByteBufWriter} knows what to do with these records. */
    @Override
    public RecordsSend<? extends BaseRecords> toSend() {
        throw new UnsupportedOperationException("records of the log are written by the connection");
    }
}
