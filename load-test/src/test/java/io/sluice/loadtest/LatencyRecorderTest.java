package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class LatencyRecorderTest {
    private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final Window WINDOW = new Window(0, 100 * MS, 1_100 * MS);

    @Test
    void onlyWhatIsMeantToGoInsideTheWindowCounts() {
        LatencyRecorder recorder = new LatencyRecorder(WINDOW);

        recorder.record(100 * MS - 1, 500 * MS);
        recorder.record(100 * MS, 101 * MS);
        recorder.record(1_100 * MS - 1, 2_000 * MS);
        recorder.record(1_100 * MS, 1_101 * MS);

        assertThat(recorder.histogram().getTotalCount()).isEqualTo(2);
    }

    @Test
    void stallIsCountedForEveryRequestThatHadToWaitForIt() {
        // One request a ms, one connection, 1 ms of service, and a stall of 500 ms in the middle.
        LatencyRecorder recorder = new LatencyRecorder(WINDOW);
        RateSchedule schedule = RateSchedule.fixed(1_000, 0, 1, 100 * MS, 1_100 * MS);
        long freeNs = 0;
        while (!schedule.isExhausted()) {
            long intended = schedule.take();
            long sent = Math.max(intended, freeNs);
            freeNs = sent + (intended == 300 * MS ? 500 * MS : MS / 2);
            recorder.record(intended, freeNs);
        }

        Histogram latency = recorder.histogram();
        assertThat(latency.getTotalCount()).isEqualTo(1_000);
        // Measured from when the client got around to sending, only one request in a thousand would be slow.
        assertThat(latency.getValueAtPercentile(50)).isGreaterThan(50 * MS);
        assertThat((double) latency.getMaxValue()).isCloseTo(500.0 * MS, Percentage.withPercentage(1));
    }

    @Test
    void requestsNeverSentCountWithTheTimeTheyWaited() {
        LatencyRecorder recorder = new LatencyRecorder(WINDOW);
        RateSchedule schedule = RateSchedule.fixed(100, 0, 1, 100 * MS, 1_100 * MS);
        schedule.take();

        recorder.recordAbandoned(schedule, 2_100 * MS);

        assertThat(schedule.isExhausted()).isTrue();
        assertThat(recorder.histogram().getTotalCount()).isEqualTo(99);
        assertThat((double) recorder.histogram().getMinValue()).isCloseTo(1_010.0 * MS, Percentage.withPercentage(1));
        assertThat((double) recorder.histogram().getMaxValue()).isCloseTo(1_990.0 * MS, Percentage.withPercentage(1));
    }

    @Test
    void millionsNeverSentAreAllCounted() {
        LatencyRecorder recorder = new LatencyRecorder(WINDOW);
        RateSchedule schedule = RateSchedule.fixed(3_500_000, 0, 1, 100 * MS, 1_100 * MS);

        recorder.recordAbandoned(schedule, 1_200 * MS);

        assertThat(recorder.histogram().getTotalCount()).isEqualTo(3_500_000);
    }
}
