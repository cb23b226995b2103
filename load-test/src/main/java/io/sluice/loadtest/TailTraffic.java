package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.sluice.loadtest.target.HttpRequests;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Follows one partition by long poll and records, for each record, the time from its intended send to its arrival here.
 * A record without a stamp is another producer's and is passed over.
 */
final class TailTraffic implements Traffic {
    /** How long the broker may hold a fetch that finds nothing. */
    static final Duration WAIT = Duration.ofSeconds(1);

    private final HttpRequests requests;
    private final String path;
    private final int maxBytes;
    private final LatencyRecorder recorder;
    private final AtomicLong received;
    private long offset;
    private long lastBytes;
    private int lastCount;

    /** @param received counts the records of all partitions; read by other threads */
    TailTraffic(
            HttpRequests requests,
            String topic,
            int partition,
            int maxBytes,
            LatencyRecorder recorder,
            AtomicLong received) {
        this.requests = requests;
        this.path = "/v1/topics/" + topic + "/partitions/" + partition + "/records";
        this.maxBytes = maxBytes;
        this.recorder = recorder;
        this.received = received;
    }

    @Override
    public ByteBuf request(long intendedNs) {
        return requests.get(
                path + "?offset=" + offset + "&max_bytes=" + maxBytes + "&wait_ms=" + WAIT.toMillis(),
                "application/json");
    }

    @Override
    public int answered(ByteBuf body, long nowNs) {
        lastCount = 0;
        offset = FetchedJson.visit(body, (text, from, length) -> {
            if (SendTimeStamp.isIn(text, from, length)) {
                recorder.record(SendTimeStamp.decode(text, from), nowNs);
                lastCount++;
            }
        });
        lastBytes = body.readableBytes();
        received.addAndGet(lastCount);
        return lastCount;
    }

    @Override
    public long answeredBytes() {
        return lastBytes;
    }
}
