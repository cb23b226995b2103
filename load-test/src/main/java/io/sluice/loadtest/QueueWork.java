package io.sluice.loadtest;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Records, for each message that is taken from a queue, the time from its intended send to its arrival here, or to its
 * acknowledgement. For one connection.
 */
final class QueueWork implements QueueTraffic.Listener {
    private final LatencyRecorder recorder;
    private final boolean untilArrival;
    private final AtomicLong received;
    private long[] underWay = new long[16];
    private int count;

    /**
     * @param untilArrival whether a message's time ends with its arrival; else with the answer to its acknowledgement
     * @param received counts the acknowledged messages of all connections; read by other threads
     */
    QueueWork(LatencyRecorder recorder, boolean untilArrival, AtomicLong received) {
        this.recorder = recorder;
        this.untilArrival = untilArrival;
        this.received = received;
    }

    @Override
    public void arrived(long intendedNs, long nowNs) {
        if (untilArrival) {
            recorder.record(intendedNs, nowNs);
            return;
        }
        if (count == underWay.length) {
            underWay = Arrays.copyOf(underWay, count * 2);
        }
        underWay[count++] = intendedNs;
    }

    @Override
    public void acknowledged(int acknowledgedCount, long nowNs) {
        for (int i = 0; i < count; i++) {
            recorder.record(underWay[i], nowNs);
        }
        count = 0;
        received.addAndGet(acknowledgedCount);
    }
}
