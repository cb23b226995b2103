package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Await;
import io.sluice.core.topic.NewTopic;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Extension;
import io.sluice.groups.queue.Receive.Received;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The state of queues could not be written down, while somebody waited. */
class QueueAfterFailureTest {
    private static final QueueConfig CONFIG =
            QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 100_000);

    @Test
    @Timeout(120)
    void whoWaitedIsToldAndNothingIsReadForItAnyMore() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", CONFIG, 1));
            it.send("q", 0, null, "one");
            List<Received> held = it.receiveAll("q", 1);
            CompletableFuture<Receive.Answer> waiting = it.queues
                    .receive(
                            "q",
                            new Receive.Request("w", 1, Integer.MAX_VALUE, OptionalLong.empty(), 0, Long.MAX_VALUE))
                    .answer();
            Await.until("it waits", () -> get(it.queues.describe("q")).receivers() == 1);

            it.machine.noSpaceFor(path -> path.contains(QueueCoordinator.TOPIC));
            Await.until("the state cannot be written", () -> extend(it, held) != QueueError.NONE);
            assertThat(get(waiting).error()).isEqualTo(QueueError.UNAVAILABLE);

            it.machine.noSpaceFor(path -> false);
            Await.until("it goes on", () -> get(it.queues.describe("q")).error() == QueueError.NONE);
            it.send("q", 0, null, "two");
            // Readers that never end would keep the thread of the queues from ending, too.
            get(CompletableFuture.runAsync(it.queues::close));
        }
    }

    /** Where its log ended when the broker started says nothing of what was done since. */
    @Test
    @Timeout(120)
    void aQueueOfATopicThatWasThereBeforeKeepsWhatIsDone() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.engine.createTopic(new NewTopic("q", 2, Map.of("retention.ms", "-1"))));
            it.send("q", 0, null, "before");
            it.restart();
            get(it.queues.create("q", CONFIG, 2));
            List<Received> all = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                it.send("q", 0, null, "message " + i);
                it.send("q", 1, null, "message " + i);
            }
            all.addAll(it.receiveAll("q", 11));
            it.acknowledge("q", all.subList(0, 10));

            it.machine.noSpaceFor(path -> path.contains(QueueCoordinator.TOPIC));
            Await.until("the state cannot be written", () -> extend(it, all.subList(10, 11)) != QueueError.NONE);
            it.machine.noSpaceFor(path -> false);
            Await.until("it goes on", () -> get(it.queues.describe("q")).error() == QueueError.NONE);

            assertThat(it.receive("q", 10)).isEmpty();
            assertThat(get(it.queues.describe("q")).counts().acknowledged()).isEqualTo(10);
            assertThat(get(it.queues.describe("q")).leased()).isEqualTo(1);
        }
    }

    /** Then it has not happened, and the message is there for whoever asks next. */
    @Test
    @Timeout(120)
    void aDeliveryToWhoWaitsThatCannotBeWrittenDownLosesNothing() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", CONFIG, 1));
            it.machine.noSpaceFor(path -> path.contains(QueueCoordinator.TOPIC));
            List<MessageId> given = new ArrayList<>();
            List<MessageId> sent = new ArrayList<>();
            // There is some room left in the file: until that is used up deliveries work.
            Await.until("a delivery fails", () -> {
                CompletableFuture<Receive.Answer> waiting = it.queues
                        .receive(
                                "q",
                                new Receive.Request("p", 1, Integer.MAX_VALUE, OptionalLong.empty(), 0, Long.MAX_VALUE))
                        .answer();
                Await.until(
                        "it waits, or cannot",
                        () -> waiting.isDone() || get(it.queues.describe("q")).receivers() == 1);
                if (waiting.isDone()) {
                    assertThat(get(waiting).error()).isEqualTo(QueueError.UNAVAILABLE);
                    return true;
                }
                sent.add(it.send("q", 0, null, "body"));
                Receive.Answer answer = get(waiting);
                answer.messages().forEach(one -> given.add(one.id()));
                return answer.error() != QueueError.NONE;
            });
            it.machine.noSpaceFor(path -> false);
            Await.until("it goes on", () -> get(it.queues.describe("q")).error() == QueueError.NONE);

            List<MessageId> missing = new ArrayList<>(sent);
            missing.removeAll(given);
            assertThat(missing).hasSize(1);
            assertThat(it.receiveAll("q", 1)).extracting(Received::id).isEqualTo(missing);
            assertThat(get(it.queues.describe("q")).leased()).isEqualTo(sent.size());
            CompletableFuture<Receive.Answer> next = it.queues
                    .receive(
                            "q",
                            new Receive.Request("p", 1, Integer.MAX_VALUE, OptionalLong.empty(), 0, Long.MAX_VALUE))
                    .answer();
            Await.until("it waits", () -> get(it.queues.describe("q")).receivers() == 1);
            MessageId last = it.send("q", 0, null, "last");
            assertThat(get(next).messages()).extracting(Received::id).containsExactly(last);
        }
    }

    private static QueueError extend(CrashingQueues it, List<Received> held) {
        return get(it.queues.extend(
                        "q", List.of(new Extension(held.get(0).lease(), OptionalLong.of(60_000), Optional.empty()))))
                .error();
    }
}
