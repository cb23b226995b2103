package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RateScheduleTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void requestsAreDueAtEqualSteps() {
        RateSchedule schedule = RateSchedule.fixed(4, 0, 1, 1_000, 1_000 + SECOND);

        assertThat(drain(schedule)).containsExactly(1_000L, 250_001_000L, 500_001_000L, 750_001_000L);
    }

    @Test
    void roundingDoesNotAddUp() {
        RateSchedule schedule = RateSchedule.fixed(3, 0, 1, 0, 1_000_000 * SECOND);

        assertThat(schedule.count()).isEqualTo(3_000_000);
        assertThat(schedule.intendedNs(2_999_999)).isEqualTo(1_000_000 * SECOND - SECOND / 3 - 1);
    }

    @Test
    void loopsTakeTurnsAndMissNothing() {
        List<Long> alone = drain(RateSchedule.fixed(7_919, 0, 1, -5, SECOND - 5));
        List<Long> together = new ArrayList<>();
        for (int loop = 0; loop < 3; loop++) {
            together.addAll(drain(RateSchedule.fixed(7_919, loop, 3, -5, SECOND - 5)));
        }

        assertThat(alone).hasSize(7_919);
        assertThat(together).containsExactlyInAnyOrderElementsOf(alone);
    }

    @Test
    void backlogIsWhatIsDueAndNotTaken() {
        RateSchedule schedule = RateSchedule.fixed(10, 0, 1, 0, SECOND);

        assertThat(schedule.backlogAt(-1)).isZero();
        assertThat(schedule.backlogAt(0)).isEqualTo(1);
        assertThat(schedule.backlogAt(SECOND / 10 - 1)).isEqualTo(1);
        assertThat(schedule.backlogAt(SECOND / 10)).isEqualTo(2);

        schedule.take();
        assertThat(schedule.backlogAt(SECOND / 2)).isEqualTo(5);
        assertThat(schedule.backlogAt(100 * SECOND)).isEqualTo(9);
    }

    @Test
    void countAgreesWithTheTimesWhateverTheRate() {
        long seed = Long.getLong("seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 500; i++) {
            double rate = Math.pow(10, random.nextDouble(-1, 5));
            int stride = random.nextInt(1, 5);
            int first = random.nextInt(stride);
            // Also near the end of the clock's range, where it wraps around.
            long startNs = random.nextBoolean() ? random.nextLong(SECOND) : Long.MAX_VALUE - random.nextLong(SECOND);
            long lengthNs = random.nextLong(1, 2 * SECOND);
            RateSchedule schedule = RateSchedule.fixed(rate, first, stride, startNs, startNs + lengthNs);

            long due = LongStream.iterate(0, n -> n + 1)
                    .takeWhile(n -> schedule.intendedNs(n) - startNs < lengthNs)
                    .count();
            assertThat(schedule.count()).as("seed %d, round %d", seed, i).isEqualTo(due);
        }
    }

    @Test
    void rateMustBePositive() {
        assertThatThrownBy(() -> RateSchedule.fixed(0, 0, 1, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RateSchedule.fixed(Double.NaN, 0, 1, 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static List<Long> drain(RateSchedule schedule) {
        List<Long> all = new ArrayList<>();
        while (!schedule.isExhausted()) {
            assertThat(schedule.nextNs()).isEqualTo(schedule.intendedNs(all.size()));
            all.add(schedule.take());
        }
        return all;
    }
}
