package io.sluice.server.why;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SamplesTest {
    private final Samples samples = new Samples();

    private static Sample at(long ms) {
        return new Sample(ms, Map.of(new TopicPartition("t", 0), new Sample.Offsets(ms, 0)));
    }

    @Test
    void whatIsComparedWithIsOldEnoughAndNotTooOld() {
        assertThat(samples.before("g", 0)).isEmpty();
        samples.add("g", at(0));
        assertThat(samples.before("g", Samples.MIN_AGE_MS - 1)).isEmpty();
        assertThat(samples.before("g", Samples.MIN_AGE_MS)).contains(at(0));
        assertThat(samples.before("other", Samples.MIN_AGE_MS)).isEmpty();
        assertThat(samples.before("g", Samples.MAX_AGE_MS)).contains(at(0));
        assertThat(samples.before("g", Samples.MAX_AGE_MS + 1)).isEmpty();
    }

    @Test
    void whoAsksOftenHasOneOfTheLastHalfMinuteOrSo() {
        for (long ms = 0; ms <= 300_000; ms += 100) {
            samples.add("g", at(ms));
            long nowMs = ms;
            if (ms >= Samples.MIN_AGE_MS) {
                assertThat(samples.before("g", ms).orElseThrow().atMs())
                        .isBetween(nowMs - Samples.TURN_MS - 11_000, nowMs - Samples.MIN_AGE_MS);
            }
        }
    }

    @Test
    void allTogetherHaveABound() {
        Map<TopicPartition, Sample.Offsets> many = new HashMap<>();
        for (int i = 0; i < Samples.MAX_PARTITIONS; i++) {
            many.put(new TopicPartition("t", i), new Sample.Offsets(i, 0));
        }
        for (int i = 0; i < 200; i++) {
            samples.add("g" + i, new Sample(0, many));
        }

        assertThat(samples.before("g0", 2_000)).isEmpty();
        assertThat(samples.before("g100", 2_000)).isEmpty();
        assertThat(samples.before("g199", 2_000)).isPresent();
        assertThat(samples.before("g160", 2_000)).isPresent();
    }
}
