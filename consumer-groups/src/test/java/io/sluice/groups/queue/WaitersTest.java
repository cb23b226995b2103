package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Receivers that wait, against a plain list of them. */
class WaitersTest {
    private record One(int number, Receive.Request request) {}

    @Test
    void theyAreInTheirOrderAndLeaveWhenTheirTimeIsOver() {
        Seeds.runs(20, 1_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            Waiters<One> waiters = new Waiters<>();
            List<One> plain = new ArrayList<>();
            long nowMs = 0;
            for (int step = 0; step < 500; step++) {
                int lot = random.nextInt(10);
                if (lot < 5) {
                    One one = new One(
                            step,
                            new Receive.Request(
                                    "c" + random.nextInt(5),
                                    1,
                                    Integer.MAX_VALUE,
                                    OptionalLong.empty(),
                                    random.nextBoolean() ? 1_000 : 0,
                                    nowMs + random.nextInt(50)));
                    waiters.add(one, one.request());
                    plain.add(one);
                } else if (lot < 7 && !plain.isEmpty()) {
                    One one = plain.remove(random.nextInt(plain.size()));
                    assertThat(waiters.contains(one)).isTrue();
                    assertThat(waiters.remove(one)).isTrue();
                    assertThat(waiters.remove(one)).isFalse();
                    assertThat(waiters.contains(one)).isFalse();
                } else {
                    nowMs += random.nextInt(10);
                    while (waiters.over(nowMs).isPresent()) {
                        One one = waiters.over(nowMs).orElseThrow();
                        assertThat(one.request().deadlineMs()).isLessThanOrEqualTo(nowMs);
                        waiters.remove(one);
                        assertThat(plain.remove(one)).isTrue();
                    }
                    long atMs = nowMs;
                    assertThat(plain).noneMatch(one -> one.request().deadlineMs() <= atMs);
                }
                assertThat(waiters.all()).containsExactlyElementsOf(plain);
                assertThat(waiters.size()).isEqualTo(plain.size());
                assertThat(waiters.isEmpty()).isEqualTo(plain.isEmpty());
                if (!plain.isEmpty()) {
                    assertThat(waiters.first()).isEqualTo(plain.get(0));
                }
                for (int i = 0; i < 5; i++) {
                    String consumer = "c" + i;
                    assertThat(waiters.hasSession(consumer))
                            .isEqualTo(plain.stream()
                                    .anyMatch(one -> one.request().sessionTimeoutMs() > 0
                                            && one.request().consumer().equals(consumer)));
                }
            }
            waiters.clear();
            assertThat(waiters.isEmpty()).isTrue();
            assertThat(waiters.over(Long.MAX_VALUE)).isEmpty();
        });
    }
}
