package io.sluice.server.kafka;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.RecordsSend;

/**
 * Fetched batches as they lie in the log, for a place in a response.
 *
 * @param bytes outside of the heap; held by whoever made this until the response has gone out
 */
public record LogRecords(ByteBuf bytes) implements BaseRecords {
    /** No records. */
    public static final LogRecords NONE = new LogRecords(Unpooled.EMPTY_BUFFER);

    @Override
    public int sizeInBytes() {
        return bytes.readableBytes();
    }

    /** Not asked for: {@link ByteBufWriter} knows what to do with these records. */
    @Override
    public RecordsSend<? extends BaseRecords> toSend() {
        throw new UnsupportedOperationException("records of the log are written by the connection");
    }
}
