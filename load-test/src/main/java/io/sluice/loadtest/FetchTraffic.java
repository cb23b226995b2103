package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.sluice.loadtest.target.HttpRequests;
import io.sluice.loadtest.target.MalformedAnswerException;

/** Reads one partition from its start to its end, as much at a time as allowed, and then from the start again. */
final class FetchTraffic implements Traffic {
    private final HttpRequests requests;
    private final String path;
    private final Workload.FetchFormat format;
    private final int maxBytes;
    private long offset;
    private long lastBytes;

    FetchTraffic(HttpRequests requests, String topic, int partition, Workload.FetchFormat format, int maxBytes) {
        this.requests = requests;
        this.path = "/v1/topics/" + topic + "/partitions/" + partition + "/records";
        this.format = format;
        this.maxBytes = maxBytes;
    }

    @Override
    public ByteBuf request(long intendedNs) {
        return requests.get(path + "?offset=" + offset + "&max_bytes=" + maxBytes + "&wait_ms=0", format.mediaType());
    }

    @Override
    public int answered(ByteBuf body, long nowNs) {
        long next = format == Workload.FetchFormat.JSON
                ? FetchedJson.nextOffset(body)
                : FetchedBatches.nextOffset(body, offset);
        if (next < offset) {
            throw new MalformedAnswerException("a next offset before the offset asked for");
        }
        int count = Math.toIntExact(next - offset);
        if (count == 0 && offset == 0) {
            throw new MalformedAnswerException("nothing in a partition that was filled");
        }
        lastBytes = body.readableBytes();
        offset = count == 0 ? 0 : next;
        return count;
    }

    @Override
    public long answeredBytes() {
        return lastBytes;
    }
}
