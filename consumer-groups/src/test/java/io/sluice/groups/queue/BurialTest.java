package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.Seeds;
import io.sluice.groups.queue.Receive.Received;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Dead messages on their way to the dead letters, over a running engine. */
class BurialTest {
    private static QueueConfig config() {
        return QueueMachine.config(2, Backoff.NONE, Optional.of("q.dead"), 0, QueueConfig.Order.NONE, 1_000);
    }

    private static String text(StoredMessage message) {
        return new String(message.value().orElseThrow(), StandardCharsets.UTF_8);
    }

    private static void awaitBuried(CrashingQueues it, long dead) {
        Await.until("all are buried", () -> {
            QueueView view = get(it.queues.describe("q"));
            return view.condemned() == 0 && view.counts().dead() == dead;
        });
    }

    @Test
    void aDeadMessageIsCopiedWithAllThatItHadAndItsCaseFile() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            long beforeMs = System.currentTimeMillis();
            it.send("q", 0, "k", "body", "a", "1", "a", "2", "sluice-expires-at", "99999999999999");
            it.reject("q", it.receiveAll("q", 1), "it \"broke\"");
            awaitBuried(it, 1);

            StoredMessage dead = it.all("q.dead").get(0);
            assertThat(text(dead)).isEqualTo("body");
            assertThat(dead.key().map(bytes -> new String(bytes, StandardCharsets.UTF_8)))
                    .hasValue("k");
            assertThat(dead.headers().subList(0, 3).stream()
                            .map(header -> new String(header.name(), StandardCharsets.UTF_8) + "="
                                    + new String(header.value().orElseThrow(), StandardCharsets.UTF_8)))
                    .containsExactly("a=1", "a=2", "sluice-expires-at=99999999999999");
            assertThat(dead.name()).isEqualTo("0-0");
            assertThat(dead.text(MessageHeaders.QUEUE)).hasValue("q");
            assertThat(dead.number(MessageHeaders.PARTITION)).hasValue(0);
            assertThat(dead.number(MessageHeaders.OFFSET)).hasValue(0);
            assertThat(dead.number(MessageHeaders.DELIVERIES)).hasValue(1);
            assertThat(dead.number(MessageHeaders.DIED_AT).orElseThrow()).isGreaterThanOrEqualTo(beforeMs);
            assertThat(dead.number(MessageHeaders.ENQUEUED_AT).orElseThrow()).isGreaterThanOrEqualTo(beforeMs);
            assertThat(dead.text(MessageHeaders.REASON)).hasValue("it \"broke\"");
            assertThat(dead.text(MessageHeaders.ATTEMPTS).orElseThrow())
                    .matches("\\[\\{\"at\":\\d+,\"consumer\":\"worker\",\"held_ms\":\\d+,"
                            + "\"reason\":\"it \\\\\"broke\\\\\"\"}]");

            // It can be had there like any other message, although its times are over.
            QueueView letters = get(it.queues.describe("q.dead"));
            assertThat(letters.config()).isEqualTo(QueueConfig.DEAD_LETTERS);
            assertThat(it.receive("q.dead", 10)).hasSize(1);
        }
    }

    @Test
    void aDeadLetterQueueThatWasDeletedIsMadeAnew() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "one");
            it.reject("q", it.receiveAll("q", 1), "no");
            awaitBuried(it, 1);
            get(it.queues.delete("q.dead"));

            it.send("q", 0, null, "two");
            it.reject("q", it.receiveAll("q", 1), "no");
            awaitBuried(it, 2);

            assertThat(it.all("q.dead").stream().map(BurialTest::text)).containsExactly("two");
        }
    }

    @Test
    void queuesWhoseDeadCannotBeBuriedNowDoNotKeepOthersWaiting() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            QueueConfig nowhere =
                    QueueMachine.config(2, Backoff.NONE, Optional.of("not a name"), 0, QueueConfig.Order.NONE, 1_000);
            for (int i = 0; i < 2 * Undertaker.MAX_AT_A_TIME; i++) {
                get(it.queues.create("stuck" + i, nowhere, 1));
                it.send("stuck" + i, 0, null, "one");
                it.reject("stuck" + i, it.receiveAll("stuck" + i, 1), "no");
            }
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "one");
            it.reject("q", it.receiveAll("q", 1), "no");
            awaitBuried(it, 1);

            // They have not been forgotten.
            for (int i = 0; i < 2 * Undertaker.MAX_AT_A_TIME; i++) {
                QueueView stuck =
                        get(it.queues.change("stuck" + i, some -> some.withDeadLetterQueue(Optional.of("q.dead"))));
                assertThat(stuck.condemned()).isEqualTo(1);
            }
            Await.until(
                    "they are buried as well",
                    () -> get(it.queues.list("stuck", 100)).queues().stream()
                            .allMatch(stuck -> stuck.condemned() == 0));
            assertThat(it.all("q.dead")).hasSize(1 + 2 * Undertaker.MAX_AT_A_TIME);
        }
    }

    @Test
    void aMessageWhoseBodyIsGoneDoesNotKeepOthersFromTheirGraves() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "one");
            it.send("q", 0, null, "two");
            List<Received> both = it.receiveAll("q", 2);
            get(it.log("q", 0).trimBefore(1));

            it.reject("q", both, "no");

            // Whichever finds out first: it counts as dead, or as gone.
            Await.until("both are finished", () -> {
                QueueView view = get(it.queues.describe("q"));
                return view.condemned() == 0
                        && view.counts().dead() + view.counts().gone() == 2;
            });
            assertThat(it.all("q.dead").stream().map(BurialTest::text)).containsExactly("two");
        }
    }

    @Test
    void whatCannotBeWrittenAtTheMomentIsWrittenLater() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "one");
            it.reject("q", it.receiveAll("q", 1), "no");
            awaitBuried(it, 1);
            it.send("q", 0, null, "two");
            it.send("q", 0, null, "three");
            List<Received> both = it.receiveAll("q", 2);
            it.machine.capacity(it.machine.usedBytes() + 500_000);
            Await.until("the disk is low", () -> it.engine.health().diskLow());

            it.reject("q", both, "no");
            // What may be written is: what is said of messages goes on.
            QueueView view = get(it.queues.describe("q"));
            assertThat(view.condemned()).isEqualTo(2);
            assertThat(view.counts().dead()).isEqualTo(1);

            assertThat(it.all("q.dead")).hasSize(1);

            it.machine.capacity(1L << 40);
            awaitBuried(it, 3);
            assertThat(it.all("q.dead").stream().map(BurialTest::text)).containsExactly("one", "two", "three");
        }
    }

    /** Whatever happens: each dead message is in the dead letters once, in the order in which they died. */
    @Test
    void eachIsBuriedOnceWheneverTheMachineGoesDown() {
        Seeds.runs(12, 1_000, BurialTest::life);
    }

    private static void life(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (CrashingQueues it = new CrashingQueues(seed)) {
            get(it.queues.create("q", config(), 1));
            List<String> died = new ArrayList<>();
            for (int step = 0; step < 12; step++) {
                for (int i = random.nextInt(30); i > 0; i--) {
                    it.send("q", 0, random.nextBoolean() ? "k" + i : null, "s" + step + "-" + i);
                }
                List<Received> some = it.receive("q", random.nextInt(1, 20));
                it.reject("q", some, "no");
                some.forEach(message -> died.add(message.id().toString()));
                if (random.nextInt(3) == 0) {
                    it.crashOrRestart(random.nextBoolean());
                }
            }
            awaitBuried(it, died.size());

            assertThat(it.all("q.dead").stream().map(StoredMessage::name)).containsExactlyElementsOf(died);
        }
    }
}
