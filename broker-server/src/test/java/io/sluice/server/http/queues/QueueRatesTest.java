package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.queue.QueueEvent.Finish;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class QueueRatesTest {
    private static final UUID QUEUE = new UUID(1, 2);
    private static final MessageId MESSAGE = new MessageId(0, 0);

    private final QueueRates rates = new QueueRates(0);

    private void finish(Outcome outcome, int count, long atMs) {
        rates.happened(
                new Finished(QUEUE, outcome, atMs, Collections.nCopies(count, new Finish(MESSAGE, new byte[0]))),
                UnaryOperator.identity());
    }

    @Test
    void whatHappensEvenlyHasThatRate() {
        for (long atMs = 500_000; atMs < 603_000; atMs += 1_000) {
            finish(Outcome.ACKNOWLEDGED, 2, atMs);
        }

        assertThat(rates.of(QUEUE, 0, 603_000)).isEqualTo(new QueueRates.Rates(0, 2, 0, 0, 58_000));
        assertThat(rates.of(QUEUE, 0, 630_000).acknowledged()).isBetween(0.9, 1.1);
        assertThat(rates.of(QUEUE, 0, 665_000).acknowledged()).isZero();
    }

    @Test
    void aYoungQueueIsMeasuredSinceItIsThere() {
        finish(Outcome.EXPIRED, 4, 601_000);
        rates.happened(
                new Returned(QUEUE, 601_000, List.of(new Return(MESSAGE, 601_000, "", true))),
                UnaryOperator.identity());

        assertThat(rates.of(QUEUE, 600_000, 602_000)).isEqualTo(new QueueRates.Rates(0, 0, 0.5, 2, 2_000));
        assertThat(rates.of(QUEUE, 601_999, 602_000).overMs()).isEqualTo(1_000);
    }

    @Test
    void whatHappenedBeforeItListenedIsNotInTheTime() {
        QueueRates late = new QueueRates(590_000);

        assertThat(late.of(QUEUE, 0, 600_000).overMs()).isEqualTo(10_000);
    }

    @Test
    void aLongSilenceIsForgotten() {
        finish(Outcome.ACKNOWLEDGED, 100, 10_000);
        finish(Outcome.ACKNOWLEDGED, 55, 1_000_000_000);

        assertThat(rates.of(QUEUE, 0, 1_000_000_000).acknowledged()).isEqualTo(1);
    }

    @Test
    void aQueueThatIsDeletedIsForgotten() {
        finish(Outcome.ACKNOWLEDGED, 100, 600_000);

        rates.happened(new Deleted(QUEUE), UnaryOperator.identity());

        assertThat(rates.of(QUEUE, 0, 600_000).acknowledged()).isZero();
    }
}
