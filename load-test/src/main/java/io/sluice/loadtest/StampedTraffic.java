package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Sends one prepared produce request over and over, with the intended send time written into each of its records. The
 * buffer is this connection's own, and the last request was answered before it is written again.
 */
final class StampedTraffic implements Traffic {
    private final ByteBuf request;
    private final int[] stampsAt;
    private final long bytesPerRequest;

    /**
     * @param request a complete request, never released
     * @param stampsAt where in it each record's stamp begins
     */
    StampedTraffic(ByteBuf request, int[] stampsAt, long bytesPerRequest) {
        this.request = Unpooled.unreleasableBuffer(request);
        this.stampsAt = stampsAt.clone();
        this.bytesPerRequest = bytesPerRequest;
    }

    @Override
    public ByteBuf request(long intendedNs) {
        byte[] stamp = SendTimeStamp.encode(intendedNs);
        for (int at : stampsAt) {
            request.setBytes(at, stamp);
        }
        return request.duplicate();
    }

    @Override
    public int answered(ByteBuf body, long nowNs) {
        return stampsAt.length;
    }

    @Override
    public long answeredBytes() {
        return bytesPerRequest;
    }
}
