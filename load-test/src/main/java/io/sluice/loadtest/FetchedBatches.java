package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.sluice.loadtest.target.MalformedAnswerException;

/**
 * Finds its way along the raw record batches of a fetch. Only what tells how far they reach is read:
 *
 * <table>
 * <caption>Fields of a record batch, big-endian</caption>
 * <tr><td>0</td><td>8</td><td>base offset</td></tr>
 * <tr><td>8</td><td>4</td><td>length of what follows</td></tr>
 * <tr><td>23</td><td>4</td><td>last offset delta</td></tr>
 * </table>
 */
final class FetchedBatches {
    private static final int LENGTH_AT = 8;
    private static final int LAST_DELTA_AT = 23;
    private static final int PREFIX_BYTES = 12;
    private static final int HEADER_BYTES = 61;

    private FetchedBatches() {}

    /**
     * The offset after the last record.
     *
     * @param from what it is when there is no batch
     * @throws MalformedAnswerException if the bytes are not whole batches
     */
    static long nextOffset(ByteBuf body, long from) {
        long next = from;
        int at = body.readerIndex();
        while (at < body.writerIndex()) {
            int left = body.writerIndex() - at;
            long size = left < HEADER_BYTES ? HEADER_BYTES : (long) body.getInt(at + LENGTH_AT) + PREFIX_BYTES;
            if (size < HEADER_BYTES || size > left) {
                throw new MalformedAnswerException("a batch that is not whole");
            }
            next = body.getLong(at) + body.getInt(at + LAST_DELTA_AT) + 1;
            at += (int) size;
        }
        return next;
    }
}
