package io.sluice.groups.queue;

import static io.sluice.groups.queue.RunningQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.ManualClock;
import io.sluice.core.fixture.Seeds;
import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.QueueCoordinator.Receiving;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.queue.Receive.Received;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The running coordinator over a real engine, with a clock that the test moves. */
class QueueCoordinatorTest {
    private static final int VISIBILITY_MS = 30_000;
    private static final int SESSION_MS = 10_000;
    private static final QueueConfig CONFIG =
            QueueMachine.config(3, Backoff.NONE, Optional.empty(), 0, Order.NONE, 1_000);

    @TempDir
    private Path folder;

    private final ManualClock clock = new ManualClock(1_700_000_000_000L);
    private RunningQueues running;

    private static BrokerConfig config(Path folder) {
        return BrokerConfig.at(folder).with("log.min.free.bytes", "0");
    }

    private QueueCoordinator start() {
        running = new RunningQueues(LocalLogEngine.on(config(folder)), QueueSetup.defaults(), clock);
        return running.queues;
    }

    private QueueCoordinator restart() {
        running.close();
        return start();
    }

    @AfterEach
    void close() {
        if (running != null) {
            running.close();
        }
    }

    private static Nack nack(Received message) {
        return new Nack(message.lease(), OptionalLong.empty(), false, "no");
    }

    private static List<Long> offsets(List<Received> messages) {
        return messages.stream().map(one -> one.id().offset()).toList();
    }

    private State state(String queue, MessageId id) {
        return get(running.queues.message(queue, id)).message().state();
    }

    /** What docs/queues.md says of the broker's flush settings. */
    @Test
    void theStateOfQueuesIsSyncedAsTheBrokerIsSetToSync() {
        running = new RunningQueues(
                LocalLogEngine.on(config(folder).with("log.flush.interval.messages", "5000")),
                QueueSetup.defaults(),
                clock);

        assertThat(running.engine
                        .topic(QueueCoordinator.TOPIC)
                        .orElseThrow()
                        .config()
                        .flushMessages())
                .isEqualTo(5_000);
        running.close();

        start();
        assertThat(running.engine
                        .topic(QueueCoordinator.TOPIC)
                        .orElseThrow()
                        .config()
                        .flushMessages())
                .as("without the setting")
                .isEqualTo(1);
    }

    @Test
    void whatLiesInTheLogIsThereForWhoDoesNotWait() {
        start();
        running.create("q", CONFIG);
        running.send("q", 2_000);

        assertThat(running.take("q", "c", 600)).as("in one answer").hasSize(600);
        assertThat(running.take("q", "c", 400)).hasSize(400);
        assertThat(running.describe("q").leased()).isEqualTo(1_000);
    }

    @Test
    void whoHasRoomForFewLargeMessagesGetsFew() {
        start();
        running.create("q", CONFIG);
        running.send("q", 10);

        // Each has nine bytes.
        for (int left = 10; left > 0; left -= 2) {
            assertThat(get(running.queues
                                    .receive(
                                            "q",
                                            new Receive.Request("c", 100, 15, OptionalLong.empty(), 0, clock.millis()))
                                    .answer())
                            .messages())
                    .hasSize(2);
        }
        assertThat(running.describe("q").leased()).isEqualTo(10);
    }

    /** What is read before somebody asks for it may be a part of what there is by then. */
    @Test
    void whoAsksForManyGetsThemAllAlsoIfSomeOfThemAreInMemory() {
        start();
        running.create("q", CONFIG);
        for (int round = 0; round < 20; round++) {
            Receiving waiting = running.ask("q", "c", 1, 0, 600_000);
            for (int i = 0; i < 11; i++) {
                running.send("q", 1);
            }
            assertThat(get(waiting.answer()).messages()).hasSize(1);
            assertThat(running.take("q", "c", 10)).hasSize(10);
        }
    }

    @Test
    void whoWaitsGetsWhatComesAndWhoCameFirstIsFirst() {
        start();
        running.create("q", CONFIG);
        List<Receiving> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(running.ask("q", "c" + i, 2, 0, 600_000));
        }
        Await.until("all wait", () -> running.describe("q").receivers() == 5);
        waiting.get(1).cancel().run();
        assertThat(get(waiting.get(1).answer()).messages()).isEmpty();

        running.send("q", 4);
        assertThat(offsets(get(waiting.get(0).answer()).messages())).containsExactly(0L, 1L);
        assertThat(offsets(get(waiting.get(2).answer()).messages())).containsExactly(2L, 3L);
        assertThat(waiting.get(3).answer()).isNotDone();
        running.send("q", 3);
        assertThat(offsets(get(waiting.get(3).answer()).messages())).isNotEmpty();
        assertThat(get(waiting.get(4).answer()).messages()).isNotEmpty();
        assertThat(running.describe("q").receivers()).isZero();

        Receiving inVain = running.ask("q", "late", 10, 0, 5_000);
        running.take("q", "late", 10);
        clock.advance(Duration.ofSeconds(11));
        assertThat(get(inVain.answer()).messages()).isEmpty();
    }

    @Test
    void whatIsRejectedOrNotAcknowledgedInTimeComesBackAndTheOldLeaseIsWorthNothing() {
        QueueCoordinator queues = start();
        running.create("q", CONFIG);
        running.send("q", 1);
        Received first = running.take("q", "c", 1).get(0);
        assertThat(get(queues.reject("q", List.of(nack(first)))).outcomes())
                .singleElement()
                .satisfies(one -> assertThat(one.error()).isEqualTo(QueueError.NONE));
        Received second = running.take("q", "d", 1).get(0);
        assertThat(second.deliveries()).isEqualTo(2);

        clock.advance(Duration.ofMillis(VISIBILITY_MS - 1));
        assertThat(running.take("q", "e", 1)).isEmpty();
        clock.advance(Duration.ofMillis(1));
        Received third = running.take("q", "e", 1).get(0);

        Receive.Outcome late = get(queues.acknowledge("q", RunningQueues.acks(List.of(second))))
                .outcomes()
                .get(0);
        assertThat(late.error()).isEqualTo(QueueError.STALE_LEASE);
        assertThat(late.holder()).isEqualTo("e");
        assertThat(late.sinceMs()).isEqualTo(clock.millis());
        MessageView view = get(queues.message("q", third.id())).message();
        assertThat(view.attempts()).extracting(Attempt::reason).containsExactly("no", "lease expired");
        running.acknowledge("q", List.of(third));
        assertThat(state("q", third.id())).isEqualTo(State.ACKNOWLEDGED);
    }

    @Test
    void aSessionKeepsItsMessagesForAsLongAsItIsHeard() {
        QueueCoordinator queues = start();
        running.create("q", CONFIG);
        running.send("q", 4);
        List<Received> mine = running.take("q", "c", 2, SESSION_MS);
        List<Received> theirs = running.take("q", "d", 1, SESSION_MS);
        for (int i = 0; i < 20; i++) {
            clock.advance(Duration.ofMillis(SESSION_MS - 1));
            assertThat(get(queues.heartbeat("q", "c")).messages()).isEqualTo(2);
            if (i == 0) {
                assertThat(get(queues.heartbeat("q", "d")).messages()).isEqualTo(1);
            }
        }
        assertThat(get(queues.heartbeat("q", "d")).messages()).as("was silent").isEqualTo(-1);
        assertThat(running.acknowledge("q", theirs.get(0).lease())).isEqualTo(QueueError.STALE_LEASE);

        assertThat(get(queues.leave("q", "c")).messages()).isEqualTo(2);
        assertThat(running.acknowledge("q", mine.get(0).lease())).isEqualTo(QueueError.STALE_LEASE);
        assertThat(offsets(running.take("q", "e", 10))).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
    }

    @Test
    void whatWasGivenToSomebodyWhoDidNotTakeItGoesToOthersAtOnce() {
        QueueCoordinator queues = start();
        running.create("q", CONFIG);
        running.send("q", 1);
        queues.giveBack(
                "q", running.take("q", "c", 1).stream().map(Received::lease).toList());
        assertThat(running.take("q", "d", 1)).hasSize(1);
    }

    @Test
    void aQueueThatIsPausedGivesNothingUntilItGoesOn() {
        QueueCoordinator queues = start();
        running.create("q", CONFIG);
        running.send("q", 1);
        assertThat(get(queues.pause("q", true)).paused()).isTrue();
        assertThat(running.take("q", "c", 1)).isEmpty();
        Receiving waiting = running.ask("q", "c", 1, 0, 600_000);
        queues = restart();
        assertThat(get(waiting.answer()).error()).isNotEqualTo(QueueError.NONE);

        waiting = running.ask("q", "c", 1, 0, 600_000);
        assertThat(running.describe("q").paused()).isTrue();
        assertThat(running.describe("q").receivers()).isEqualTo(1);
        get(queues.pause("q", false));
        assertThat(get(waiting.answer()).messages()).hasSize(1);
    }

    @Test
    void aPurgeFinishesWhatNobodyHas() {
        QueueCoordinator queues = start();
        running.create("q", CONFIG);
        running.send("q", 100);
        List<Received> mine = running.take("q", "c", 10);
        get(queues.reject("q", List.of(nack(mine.get(0)))));
        assertThat(get(queues.purge("q")).messages()).isEqualTo(91);
        assertThat(running.take("q", "c", 10)).isEmpty();
        running.acknowledge("q", mine.subList(1, 10));
        long next = running.send("q", 1);
        restart();
        assertThat(offsets(running.take("q", "c", 10))).containsExactly(next);
    }

    @Test
    void whoWaitsForAQueueThatIsDeletedGetsNothingOfTheNextOneOfThatName() {
        QueueCoordinator queues = start();
        UUID before = running.create("q", CONFIG).id();
        Receiving waiting = running.ask("q", "c", 1, 0, 600_000);
        assertThat(running.describe("q").receivers()).isEqualTo(1);
        assertThat(get(queues.delete("q"))).isEqualTo(QueueError.NONE);
        Receive.Answer answer = get(waiting.answer());
        assertThat(answer.error()).isEqualTo(QueueError.QUEUE_DELETED);
        assertThat(answer.messages()).isEmpty();
        assertThat(running.describe("q").error()).isEqualTo(QueueError.UNKNOWN_QUEUE);
        assertThat(get(queues.delete("q"))).isEqualTo(QueueError.UNKNOWN_QUEUE);

        assertThat(running.create("q", CONFIG).id()).isNotEqualTo(before);
        running.send("q", 1);
        assertThat(running.describe("q").counts().delivered()).isZero();
        assertThat(running.take("q", "c", 1)).hasSize(1);
        restart();
        assertThat(running.describe("q").leased()).isEqualTo(1);
    }

    @Test
    void aQueueWhoseTopicIsDeletedEnds() {
        start();
        running.create("q", CONFIG);
        Receiving waiting = running.ask("q", "c", 1, 0, 600_000);
        get(running.engine.deleteTopic("q"));
        assertThat(get(waiting.answer()).error()).isEqualTo(QueueError.QUEUE_DELETED);
        assertThat(running.describe("q").error()).isEqualTo(QueueError.UNKNOWN_QUEUE);
    }

    /** The end of a broker came between the two, or somebody deleted the topic while the queues were not there. */
    @Test
    void aQueueWhoseTopicIsGoneAtTheStartEnds() {
        QueueCoordinator queues = start();
        UUID before = running.create("q", CONFIG).id();
        queues.close();
        get(running.engine.deleteTopic("q"));

        restart();
        Await.until("it has ended", () -> running.describe("q").error() == QueueError.UNKNOWN_QUEUE);
        assertThat(running.queues.find("q")).isEmpty();
        assertThat(running.create("q", CONFIG).id()).isNotEqualTo(before);
        restart();
        assertThat(running.describe("q").error()).isEqualTo(QueueError.NONE);
    }

    @Test
    void leasesAndSessionsOutliveAStart() {
        start();
        running.create("q", CONFIG);
        running.send("q", 4);
        List<Received> mine = running.take("q", "c", 2);
        List<Received> theirs = running.take("q", "d", 2, SESSION_MS);
        clock.advance(Duration.ofMillis(SESSION_MS - 1));

        QueueCoordinator queues = restart();
        clock.advance(Duration.ofMillis(SESSION_MS - 1));
        assertThat(running.take("q", "e", 4))
                .as("consumers have time to come back")
                .isEmpty();
        running.acknowledge("q", mine.subList(0, 1));
        assertThat(get(queues.heartbeat("q", "d")).messages()).isEqualTo(2);
        running.acknowledge("q", theirs.subList(0, 1));

        restart();
        clock.advance(Duration.ofMillis(SESSION_MS));
        assertThat(offsets(running.take("q", "e", 4)))
                .as("was silent")
                .containsExactly(theirs.get(1).id().offset());
        clock.advance(Duration.ofMillis(SESSION_MS));
        assertThat(offsets(running.take("q", "e", 4)))
                .as("its time is over")
                .containsExactly(mine.get(1).id().offset());
    }

    /** {@link QueueMemoryTest} has 10,000, without the topics, whose files take minutes to be made. */
    @Test
    void manyQueuesShareOneThread() {
        int count = 500;
        CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));
        running = new RunningQueues(
                LocalLogEngine.on(config(Path.of("unused")), machine.root()), QueueSetup.defaults(), clock);
        List<Receiving> waiting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            running.create("q" + i, CONFIG);
            waiting.add(running.ask("q" + i, "c", 1, 0, 600_000));
        }
        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().equals("sluice-queues")))
                .hasSize(1);
        for (int i = 0; i < count; i++) {
            running.send("q" + i, 2);
        }
        for (int i = 0; i < count; i++) {
            List<Received> messages = get(waiting.get(i).answer()).messages();
            assertThat(offsets(messages)).containsExactly(0L);
            running.acknowledge("q" + i, messages);
        }
    }

    @Test
    void manyQueuesAreListedByNamePageByPage() {
        int count = Seeds.longBudget() ? 10_000 : 1_000;
        CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));
        running = new RunningQueues(
                LocalLogEngine.on(config(Path.of("unused")), machine.root()), QueueSetup.defaults(), clock);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(String.format("q%05d", i));
            running.create(names.get(i), CONFIG);
        }

        List<String> found = new ArrayList<>();
        Optional<String> next = Optional.of("");
        while (next.isPresent()) {
            QueueCoordinator.Listing page = get(running.queues.list(next.get(), 90));
            assertThat(page.queues()).hasSizeLessThanOrEqualTo(90);
            page.queues().forEach(queue -> found.add(queue.name()));
            next = page.next();
            // Whoever goes on behind a queue does not need it to be there.
            next.ifPresent(last -> get(running.queues.delete(last)));
        }

        assertThat(found).isEqualTo(names);
    }

    /**
     * The machine loses its power or the broker is killed, again and again. Whoever was answered may rely on it: what was acknowledged is not given to
     * anybody any more, and what somebody has is not given to anybody else.
     */
    @Test
    void whatWasAnsweredOutlivesACrash() {
        Seeds.runs(6, 60, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            CrashingMachine machine = new CrashingMachine(random.split());
            Set<Long> sent = new HashSet<>();
            Set<Long> done = new HashSet<>();
            // Acknowledged, and the answer did not come.
            Set<Long> unknown = new HashSet<>();
            List<Received> held = new ArrayList<>();
            for (int life = 0; life < 5; life++) {
                running = new RunningQueues(
                        LocalLogEngine.on(config(Path.of("unused")), machine.root()), setup(random), clock);
                running.create("q", CONFIG);
                for (int i = 0; i < 20; i++) {
                    long from = running.send("q", 5);
                    for (long offset = from; offset < from + 5; offset++) {
                        sent.add(offset);
                    }
                    List<Received> some = running.take("q", "c", random.nextInt(1, 8), 3_600_000);
                    for (Received one : some) {
                        assertThat(done).as("done").doesNotContain(one.id().offset());
                        assertThat(offsets(held))
                                .as("held")
                                .doesNotContain(one.id().offset());
                    }
                    held.addAll(some);
                    unknown.removeAll(offsets(some));
                    List<Received> now = new ArrayList<>();
                    held.removeIf(one -> random.nextInt(3) == 0 && now.add(one));
                    running.acknowledge("q", now);
                    done.addAll(offsets(now));
                }
                machine.goDownAfter(random.nextInt(30));
                for (int i = 0; i < 5 && !held.isEmpty(); i++) {
                    List<Received> last = List.copyOf(held.subList(0, Math.min(3, held.size())));
                    Receive.Outcomes outcomes = get(running.queues.acknowledge("q", RunningQueues.acks(last)));
                    (outcomes.error() == QueueError.NONE ? done : unknown).addAll(offsets(last));
                    held.removeAll(last);
                }
                if (random.nextBoolean()) {
                    machine.crash();
                } else {
                    machine.kill();
                }
                running.abandon();
            }
            running = new RunningQueues(
                    LocalLogEngine.on(config(Path.of("unused")), machine.root()), setup(random), clock);
            running.acknowledge("q", held);
            done.addAll(offsets(held));
            // What was not acknowledged in the end is still the consumer's, until it has been silent.
            clock.advance(Duration.ofHours(1));
            for (List<Received> some = running.take("q", "d", 100); !some.isEmpty(); ) {
                running.acknowledge("q", some);
                for (long offset : offsets(some)) {
                    assertThat(done.add(offset)).as("%d once", offset).isTrue();
                }
                some = running.take("q", "d", 100);
            }
            done.addAll(unknown);
            assertThat(done).isEqualTo(sent);
            assertThat(running.describe("q").counts().acknowledged()).isEqualTo(sent.size());
            running.close();
            running = null;
        });
    }

    /** Sometimes the log of the state is made shorter all the time. */
    private static QueueSetup setup(SplittableRandom random) {
        return new QueueSetup(
                new QueueLimits(1_000, 256, 100),
                1,
                100_000,
                1024 * 1024,
                random.nextBoolean() ? 2_000 : 16 * 1024 * 1024,
                10_000,
                1_000_000,
                Long.MAX_VALUE);
    }

    /** They would fill a queue that has a limit, for ever. */
    @Test
    void messagesThatNobodyAsksForGoWhenTheyAreTooOld() {
        start();
        running.create(
                "q",
                new QueueConfig(
                        1_000,
                        10,
                        Backoff.NONE,
                        Optional.empty(),
                        0,
                        60_000,
                        QueueConfig.Order.NONE,
                        100,
                        0,
                        0,
                        0,
                        -1));
        running.send("q", 5_000);
        clock.advance(Duration.ofSeconds(50));
        running.send("q", 10);
        clock.advance(Duration.ofSeconds(20));

        running.queues.lookAfter(1);
        Await.until("the old ones are gone", () -> running.describe("q").unfinished() == 10);
        assertThat(running.describe("q").counts().expired()).isEqualTo(5_000);
        assertThat(running.take("q", "c", 100)).hasSize(10);
    }

    @Test
    void anotherDelayHoldsForMessagesThatHaveBeenLookedAt() {
        start();
        running.create("q", delayedBy(3_600_000));
        running.send("q", 2);
        Receiving waiting = running.ask("q", "c", 1, 0, 600_000);
        Await.until("they were looked at", () -> running.describe("q").delayed() == 2);

        get(running.queues.change("q", config -> delayedBy(0)));
        assertThat(offsets(get(waiting.answer()).messages())).containsExactly(0L);
        // The other one is in memory.
        get(running.queues.change("q", config -> delayedBy(3_600_000)));
        assertThat(running.take("q", "c", 1)).isEmpty();
        restart();
        assertThat(running.take("q", "c", 1)).isEmpty();
        clock.advance(Duration.ofHours(1));
        assertThat(offsets(running.take("q", "c", 1))).contains(1L);
    }

    private static QueueConfig delayedBy(long delayMs) {
        return new QueueConfig(
                7_200_000, 10, Backoff.NONE, Optional.empty(), delayMs, 0, QueueConfig.Order.NONE, 100, 0, 0, 0, -1);
    }

    @Test
    void aLeaseOfAnEarlierQueueOfThatNameIsWorthNothing() {
        QueueCoordinator queues = start();
        running.create("q", CONFIG);
        running.send("q", 1);
        Lease old = running.take("q", "c", 1).get(0).lease();
        get(queues.delete("q"));
        running.create("q", CONFIG);
        running.send("q", 1);
        running.take("q", "c", 1);
        assertThat(running.acknowledge("q", old)).isEqualTo(QueueError.STALE_LEASE);
        assertThat(state("q", old.id())).isEqualTo(State.LEASED);
    }
}
