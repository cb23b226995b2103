package io.sluice.core.engine;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * What a read found: whole record batches, or one batch that is too large to hand out at once, or nothing yet.
 *
 * @param batches read-only buffers, in log order, each holding one or more whole batches. The first batch may begin
 *     before the offset that was asked for: batches are not cut.
 * @param oversized the first batch, if it alone is larger than the limit of the read; then {@code batches} is empty.
 *     The caller closes it.
 * @param nextOffset where to read on: the offset after the last record returned, or the offset asked for if there is
 *     nothing there yet
 * @param highWatermark the first offset that may not be read yet
 * @param logStartOffset the first offset that may be read
 */
public record LogRead(
        List<ByteBuffer> batches,
        Optional<OversizedBatch> oversized,
        long nextOffset,
        long highWatermark,
        long logStartOffset) {

    /** Bytes in {@link #batches()}. */
    public int sizeInBytes() {
        int bytes = 0;
        for (ByteBuffer batch : batches) {
            bytes += batch.remaining();
        }
        return bytes;
    }

    /** Whether nothing was found. */
    public boolean isEmpty() {
        return batches.isEmpty() && oversized.isEmpty();
    }
}
