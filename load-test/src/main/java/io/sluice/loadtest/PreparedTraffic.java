package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;

/**
 * Sends requests that were made beforehand, one after the other, round and round. Connections of one loop share them
 * and start at different ones.
 */
final class PreparedTraffic implements Traffic {
    private final List<ByteBuf> requests;
    private final int recordsPerRequest;
    private final long bytesPerRequest;
    private int next;

    /**
     * @param requests complete requests, never released
     * @param startAt the first to send
     */
    PreparedTraffic(List<ByteBuf> requests, int startAt, int recordsPerRequest, long bytesPerRequest) {
        this.requests = requests.stream().map(Unpooled::unreleasableBuffer).toList();
        this.next = startAt % requests.size();
        this.recordsPerRequest = recordsPerRequest;
        this.bytesPerRequest = bytesPerRequest;
    }

    @Override
    public ByteBuf request(long intendedNs) {
        ByteBuf request = requests.get(next);
        next = next + 1 == requests.size() ? 0 : next + 1;
        return request.duplicate();
    }

    @Override
    public int answered(ByteBuf body, long nowNs) {
        return recordsPerRequest;
    }

    @Override
    public long answeredBytes() {
        return bytesPerRequest;
    }
}
