package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How long a queue's chronicle remembers, and what that costs the others. */
class ChronicleTest {
    private final AtomicInteger shared = new AtomicInteger();
    private final AtomicLong nowNs = new AtomicLong(-5);
    private final Chronicle chronicle = new Chronicle(shared, 100, nowNs::get);

    private void advance(int seconds) {
        nowNs.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void itIsKeptForAMinuteToWhichNobodyListens() {
        advance(35);
        assertThat(chronicle.isOver()).isFalse();
        advance(25);
        assertThat(chronicle.isOver()).isTrue();
    }

    @Test
    void whatIsToldToOneThatIsForgottenTakesNoRoomOfOthers() {
        chronicle.happened(Notice.sent(0, 0, 1));
        assertThat(shared).hasValue(1);
        chronicle.forget();
        assertThat(shared).hasValue(0);

        chronicle.happened(Notice.sent(0, 1, 2));

        assertThat(shared).hasValue(0);
    }

    @Test
    void whatIsToldToOneOfADeletedQueueTakesNoRoomOfOthers() {
        chronicle.end();

        chronicle.happened(Notice.sent(0, 0, 1));

        assertThat(shared).hasValue(0);
    }
}
