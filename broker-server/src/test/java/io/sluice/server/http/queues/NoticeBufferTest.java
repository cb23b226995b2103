package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NoticeBufferTest {
    private static final Notice ONE = Notice.sent(0, 0, 1);

    private final AtomicInteger shared = new AtomicInteger();
    private final NoticeBuffer buffer = new NoticeBuffer(shared, 10_000);

    private boolean offer(int count) {
        return buffer.offer(count, 1, () -> List.of(ONE));
    }

    @Test
    void whoBringsTheFirstHasToTell() {
        assertThat(offer(1)).isTrue();
        assertThat(offer(1)).isFalse();
        buffer.take();
        assertThat(offer(1)).isFalse();
        buffer.take();
        buffer.take();
        assertThat(buffer.take()).isNull();
        assertThat(offer(1)).isTrue();
    }

    @Test
    void whatDoesNotFitIsCountedWhereItWasLost() {
        offer(NoticeBuffer.MAX_NOTICES);
        offer(3);
        offer(4);

        assertThat(buffer.take().lostBefore()).isZero();
        offer(1);
        assertThat(buffer.take()).isEqualTo(new NoticeBuffer.Taken(7, 1, List.of(ONE)));
        assertThat(buffer.take()).isNull();
    }

    @Test
    void lossesAreToldEvenIfNothingFollows() {
        offer(NoticeBuffer.MAX_NOTICES);
        offer(3);

        buffer.take();

        assertThat(buffer.take()).isEqualTo(new NoticeBuffer.Taken(3, 0, List.of()));
        assertThat(buffer.take()).isNull();
    }

    @Test
    void anEventThatIsLargerThanEverythingFitsAlone() {
        offer(NoticeBuffer.MAX_NOTICES + 1);

        assertThat(buffer.take().lostBefore()).isZero();
        assertThat(shared).hasValue(0);
    }

    @Test
    void allListenersTogetherHaveALimit() {
        NoticeBuffer other = new NoticeBuffer(shared, 10_000);
        offer(4_000);
        other.offer(4_000, 1, List::of);

        assertThat(new NoticeBuffer(shared, 10_000).offer(4_000, 1, List::of)).isTrue();
        assertThat(shared).hasValue(8_000);

        other.close();
        assertThat(shared).hasValue(4_000);
        assertThat(other.offer(1, 1, List::of)).isFalse();
        buffer.close();
        assertThat(shared).hasValue(0);
    }
}
