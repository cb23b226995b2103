package io.sluice.loadtest;

import org.HdrHistogram.Histogram;

/**
 * The latencies of one event loop, from the <em>intended</em> send time, so that a request that had to wait for its turn
 * behind a stalled server counts its wait. Nothing is added by guess. Only what was meant to be sent inside the measured
 * window counts. Recorded by its loop alone; read when the loop is done.
 */
final class LatencyRecorder {
    private static final long MAX_LATENCY_NS = 3_600_000_000_000L;
    private static final int SIGNIFICANT_DIGITS = 3;
    /** More recordings than this at the end of a run would take too long: then one stands for several. */
    private static final long MAX_ABANDONED_RECORDINGS = 1_000_000;

    private final Histogram histogram = emptyHistogram();
    private final Window window;

    LatencyRecorder(Window window) {
        this.window = window;
    }

    static Histogram emptyHistogram() {
        return new Histogram(MAX_LATENCY_NS, SIGNIFICANT_DIGITS);
    }

    /** A request, or a record, that was meant to go at one time and was answered, or given up, at another. */
    void record(long intendedNs, long doneNs) {
        record(intendedNs, doneNs, 1);
    }

    private void record(long intendedNs, long doneNs, long count) {
        if (window.isMeasured(intendedNs)) {
            histogram.recordValueWithCount(Math.max(0, Math.min(MAX_LATENCY_NS, doneNs - intendedNs)), count);
        }
    }

    /**
     * Requests that were due and never sent: they waited at least until now, and leaving them out would flatter the
     * server.
     */
    void recordAbandoned(RateSchedule schedule, long nowNs) {
        long unsent = schedule.backlogAt(nowNs);
        long step = 1 + (unsent - 1) / MAX_ABANDONED_RECORDINGS;
        while (unsent > 0) {
            long count = Math.min(step, unsent);
            long intendedNs = schedule.take();
            for (long i = 1; i < count; i++) {
                schedule.take();
            }
            record(intendedNs, nowNs, count);
            unsent -= count;
        }
    }

    /** What was recorded, in nanoseconds. */
    Histogram histogram() {
        return histogram;
    }
}
