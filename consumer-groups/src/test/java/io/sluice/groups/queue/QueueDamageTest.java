package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.ManualClock;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.QueueView.Unreadable;
import io.sluice.groups.queue.Receive.Received;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A part of a queue's log is damaged. */
@Timeout(60)
class QueueDamageTest {
    private static final QueueConfig CONFIG =
            QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 100);
    /** In the midst of the second batch: the first one is shorter than this, both together are longer. */
    private static final long POSITION = 150;

    /** It stands still: so who waits in vain waits for ever. */
    private final ManualClock clock = new ManualClock(System.currentTimeMillis());

    private final CrashingQueues it = new CrashingQueues(1, clock);

    @BeforeEach
    void damage() {
        get(it.queues.create("q", CONFIG, 2));
        it.send("q", 0, null, "first".repeat(4));
        it.send("q", 0, null, "damaged".repeat(20));
        it.send("q", 0, null, "behind it");
        // What is in memory is not damaged.
        it.restart();
        it.machine.flipBit("q-0/00000000000000000000.log", POSITION, 0);
        it.send("q", 1, null, "other");
    }

    @AfterEach
    void close() {
        it.close();
    }

    private List<MessageId> receive() {
        return it.receive("q", 10).stream().map(Received::id).toList();
    }

    @Test
    void whoDoesNotWaitGetsWhatCanBeRead() {
        assertThat(receive()).containsExactlyInAnyOrder(new MessageId(0, 0), new MessageId(1, 0));
        assertThat(receive()).isEmpty();
        it.send("q", 1, null, "one more");
        assertThat(receive()).containsExactly(new MessageId(1, 1));
    }

    @Test
    void whoWaitsGetsWhatComesElsewhere() {
        assertThat(receive()).hasSize(2);
        CompletableFuture<Receive.Answer> waiting = it.queues
                .receive("q", new Receive.Request("w", 1, Integer.MAX_VALUE, OptionalLong.empty(), 0, Long.MAX_VALUE))
                .answer();
        Await.until("it waits", () -> get(it.queues.describe("q")).receivers() == 1);
        it.send("q", 1, null, "one more");
        assertThat(get(waiting).messages()).extracting(Received::id).containsExactly(new MessageId(1, 1));
    }

    @Test
    void theQueueSaysWhatCannotBeReadAndSinceWhen() {
        assertThat(get(it.queues.describe("q")).unreadable()).isEmpty();
        long sinceMs = clock.millis();
        assertThat(receive()).hasSize(2);

        Await.until(
                "it was seen", () -> !get(it.queues.describe("q")).unreadable().isEmpty());
        Unreadable damaged = get(it.queues.describe("q")).unreadable().get(0);
        assertThat(damaged.from()).isEqualTo(new MessageId(0, 1));
        assertThat(damaged.sinceMs()).isEqualTo(sinceMs);
        assertThat(damaged.why()).contains("q-0").contains("damaged");
        assertThat(get(it.queues.describe("q")).unreadable()).hasSize(1);
    }

    @Test
    void whatCanBeReadAgainIsDelivered() {
        assertThat(receive()).hasSize(2);
        it.machine.flipBit("q-0/00000000000000000000.log", POSITION, 0);
        CompletableFuture<Receive.Answer> waiting = it.queues
                .receive("q", new Receive.Request("w", 10, Integer.MAX_VALUE, OptionalLong.empty(), 0, Long.MAX_VALUE))
                .answer();
        assertThat(get(waiting).messages())
                .extracting(Received::id)
                .containsExactly(new MessageId(0, 1), new MessageId(0, 2));
        assertThat(get(it.queues.describe("q")).unreadable()).isEmpty();
    }
}
