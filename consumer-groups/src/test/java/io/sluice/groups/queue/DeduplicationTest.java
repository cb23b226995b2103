package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.ManualClock;
import io.sluice.core.record.Codecs;
import io.sluice.groups.queue.Dedup.Full;
import io.sluice.groups.queue.Dedup.Repeats;
import io.sluice.groups.queue.Dedup.Reservation;
import io.sluice.groups.queue.Dedup.Reserved;
import io.sluice.groups.queue.Dedup.Sent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages with the same deduplication id, over a running engine. */
class DeduplicationTest {
    private static final Duration WINDOW = Duration.ofMinutes(5);

    private final ManualClock clock = new ManualClock(System.currentTimeMillis());
    private final CrashingQueues it = new CrashingQueues(1, clock);

    @BeforeEach
    void create() {
        get(it.queues.create("q", QueueConfig.DEFAULTS, 2));
    }

    @AfterEach
    void close() {
        it.close();
    }

    private CompletableFuture<Dedup.Answer> ask(String... ids) {
        return it.queues.reserve("q", List.of(ids));
    }

    private Dedup.Entry one(String id) {
        Dedup.Answer answer = get(ask(id));
        assertThat(answer.error()).isEqualTo(QueueError.NONE);
        return answer.entries().get(0);
    }

    private Reservation reserved(String id) {
        return ((Reserved) one(id)).reservation();
    }

    private MessageId append(String id, int partition) {
        return it.send("q", partition, null, "body", MessageHeaders.DEDUP_ID, id);
    }

    private MessageId send(String id, int partition) {
        Reservation reservation = reserved(id);
        MessageId message = append(id, partition);
        reservation.confirmed(message);
        return message;
    }

    @Test
    void aMessageIsSentOnceWithinTheWindow() {
        MessageId first = send("a", 0);
        MessageId other = send("b", 1);

        assertThat(one("a")).isEqualTo(new Sent(first));
        assertThat(one("b")).isEqualTo(new Sent(other));
        clock.advance(WINDOW);
        MessageId again = send("a", 0);
        assertThat(again).isNotEqualTo(first);
        assertThat(one("a")).isEqualTo(new Sent(again));
    }

    @Test
    void theWindowSurvivesARestart() {
        MessageId first = send("a", 1);
        clock.advance(WINDOW.dividedBy(2));
        MessageId second = send("b", 1);

        it.crash();

        assertThat(one("a")).isEqualTo(new Sent(first));
        clock.advance(WINDOW.dividedBy(2));
        it.crash();
        assertThat(one("a")).isInstanceOf(Reserved.class);
        assertThat(one("b")).isEqualTo(new Sent(second));
    }

    @Test
    void whoAsksForTheSameWaitsForWhatBecomesOfIt() {
        Reservation first = reserved("a");
        CompletableFuture<Dedup.Answer> second = ask("a");
        CompletableFuture<Dedup.Answer> third = ask("a");
        assertThat(one("b")).isInstanceOf(Reserved.class);
        assertThat(second).isNotDone();

        first.released();
        // One of them has it now.
        Reserved now = (Reserved) get(second).entries().get(0);
        assertThat(third).isNotDone();
        MessageId message = append("a", 0);
        now.reservation().confirmed(message);

        assertThat(get(third).entries()).containsExactly(new Sent(message));
    }

    @Test
    void whoWaitsIsAnsweredAlsoIfTheQueueIsDeleted() {
        Reservation first = reserved("a");
        CompletableFuture<Dedup.Answer> second = ask("a");
        get(it.queues.describe("q"));
        get(it.queues.delete("q"));

        first.released();

        assertThat(get(second)).isNotNull();
    }

    @Test
    void whatIsInTheLogAfterAllIsNotSentAgain() {
        Reservation reservation = reserved("a");
        MessageId message = append("a", 0);

        // Its sender has not heard of it.
        reservation.released();

        assertThat(one("a")).isEqualTo(new Sent(message));
    }

    @Test
    void whatWasSeenInTheLogWhileItsSenderDidNotKnowIsNotSentAgain() {
        Reservation reservation = reserved("a");
        MessageId message = append("a", 0);
        // Somebody else has the log read.
        assertThat(one("b")).isInstanceOf(Reserved.class);

        reservation.released();

        assertThat(one("a")).isEqualTo(new Sent(message));
    }

    @Test
    void whatOthersProduceCountsAsWell() {
        assertThat(one("z")).isInstanceOf(Reserved.class);
        MessageId message = append("a", 1);

        assertThat(one("a")).isEqualTo(new Sent(message));
    }

    @Test
    void oneRequestCanNameAnIdTwice() {
        List<Dedup.Entry> entries = get(ask("a", "b", "a")).entries();

        assertThat(entries.get(0)).isInstanceOf(Reserved.class);
        assertThat(entries.get(1)).isInstanceOf(Reserved.class);
        assertThat(entries.get(2)).isEqualTo(new Repeats(0));
    }

    @Test
    void aQueueWithoutAWindowTakesEverything() {
        get(it.queues.create(
                "none",
                QueueMachine.config(1, Backoff.NONE, java.util.Optional.empty(), 0, QueueConfig.Order.NONE, 9),
                1));

        assertThat(get(it.queues.reserve("none", List.of("a", "a"))).entries())
                .allSatisfy(entry -> assertThat(entry).isInstanceOf(Reserved.class));
        assertThat(get(it.queues.reserve("nowhere", List.of("a"))).error()).isEqualTo(QueueError.UNKNOWN_QUEUE);
    }

    @Test
    void noMoreIdsAreTakenThanCanBeRememberedAndNoneIsForgotten() {
        Deduplication small = new Deduplication(
                it.engine,
                new MessageReader(it.engine, Codecs.jdk(), 1 << 20),
                Runnable::run,
                clock,
                new Deduplication.Limits(2, 3));
        var q = it.engine.topic("q").orElseThrow().id();
        get(it.queues.create("r", QueueConfig.DEFAULTS, 1));
        var r = it.engine.topic("r").orElseThrow().id();
        long windowMs = WINDOW.toMillis();

        List<Dedup.Entry> entries =
                get(small.reserve(q, windowMs, List.of("a", "b", "c"))).entries();
        assertThat(entries.subList(0, 2)).allSatisfy(entry -> assertThat(entry).isInstanceOf(Reserved.class));
        assertThat(entries.get(2)).isEqualTo(new Full(2));
        // All together: this one's are in use, so that they cannot give way.
        assertThat(get(small.reserve(r, windowMs, List.of("a", "b"))).entries().get(1))
                .isEqualTo(new Full(3));
        ((Reserved) entries.get(0)).reservation().released();
        assertThat(get(small.reserve(q, windowMs, List.of("c"))).entries().get(0))
                .isInstanceOf(Reserved.class);

        // More are in the log than can be remembered: who asks for another cannot be told that it is new.
        append("x", 0);
        append("y", 0);
        append("z", 0);
        Deduplication fresh = new Deduplication(
                it.engine,
                new MessageReader(it.engine, Codecs.jdk(), 1 << 20),
                Runnable::run,
                clock,
                new Deduplication.Limits(2, 3));
        List<Dedup.Entry> after =
                get(fresh.reserve(q, windowMs, List.of("x", "new", "z"))).entries();
        assertThat(after.get(0)).isInstanceOf(Sent.class);
        assertThat(after.subList(1, 3)).containsOnly(new Full(2));
        clock.advance(WINDOW);
        assertThat(get(fresh.reserve(q, windowMs, List.of("new"))).entries().get(0))
                .isInstanceOf(Reserved.class);
    }

    private Deduplication alone() {
        return new Deduplication(
                it.engine,
                new MessageReader(it.engine, Codecs.jdk(), 1 << 20),
                Runnable::run,
                clock,
                new Deduplication.Limits(100_000, 100_000));
    }

    /** However many wait for others: who settles an id looks only at those who wait for it, and only until one of them has it. */
    @Test
    void whoWaitsForOtherIdsCostsNothing() {
        Deduplication many = alone();
        var q = it.engine.topic("q").orElseThrow().id();
        long windowMs = WINDOW.toMillis();
        int count = 1_000;
        List<Reservation> held = new ArrayList<>();
        List<CompletableFuture<Dedup.Answer>> waiting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Dedup.Answer answer = get(many.reserve(q, windowMs, List.of("a" + i, "b" + i)));
            answer.entries().forEach(entry -> held.add(((Reserved) entry).reservation()));
        }
        for (int i = 0; i < count; i++) {
            waiting.add(many.reserve(q, windowMs, List.of("a" + i, "b" + i)));
        }
        // All of these want the same one.
        Reservation wanted = ((Reserved)
                        get(many.reserve(q, windowMs, List.of("c"))).entries().get(0))
                .reservation();
        List<CompletableFuture<Dedup.Answer>> same = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            same.add(many.reserve(q, windowMs, List.of("c")));
        }
        long before = many.looks();

        for (int i = 0; i < held.size(); i++) {
            held.get(i).confirmed(new MessageId(0, i));
        }
        assertThat(waiting).allSatisfy(one -> assertThat(one).isCompleted());
        assertThat(many.looks() - before)
                .as("each is looked at when an id is settled that it lacks")
                .isLessThanOrEqualTo(2L * count);

        before = many.looks();
        for (int i = 0; i < count / 2; i++) {
            wanted.released();
            wanted = ((Reserved) get(same.get(i)).entries().get(0)).reservation();
        }
        assertThat(many.looks() - before).as("one after the other gets it").isEqualTo(count / 2);
        wanted.confirmed(new MessageId(1, 0));
        assertThat(same).allSatisfy(one -> assertThat(one).isCompleted());
    }

    @Test
    void whoWaitsAtTheEndIsAnswered() {
        Deduplication ending = alone();
        var q = it.engine.topic("q").orElseThrow().id();
        Reservation held = ((Reserved)
                        get(ending.reserve(q, 1_000, List.of("a"))).entries().get(0))
                .reservation();
        CompletableFuture<Dedup.Answer> waiting = ending.reserve(q, 1_000, List.of("a"));
        assertThat(waiting).isNotDone();

        ending.close();

        assertThat(get(waiting).error()).isEqualTo(QueueError.UNAVAILABLE);
        held.released();
        assertThat(get(ending.reserve(q, 1_000, List.of("b"))).error()).isEqualTo(QueueError.NOT_COORDINATOR);
    }

    /** Senders that ask, append, fail or hear nothing, at the same time and across crashes: an id is in the log once within its window. */
    @Test
    void whateverSendersDoAnIdIsSentOnce() {
        io.sluice.core.fixture.Seeds.runs(5, 300, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            try (CrashingQueues life = new CrashingQueues(seed, clock)) {
                get(life.queues.create("q", QueueConfig.DEFAULTS, 2));
                Map<String, MessageId> sent = new HashMap<>();
                for (int round = 0; round < 15; round++) {
                    List<CompletableFuture<Dedup.Answer>> asked = new ArrayList<>();
                    List<String> ids = new ArrayList<>();
                    for (int i = 0; i < 8; i++) {
                        ids.add("id" + random.nextInt(12));
                        asked.add(life.queues.reserve("q", List.of(ids.get(i))));
                    }
                    for (int i = 0; i < asked.size(); i++) {
                        // Each is answered when those before it are settled.
                        Dedup.Entry entry = get(asked.get(i)).entries().get(0);
                        String id = ids.get(i);
                        if (entry instanceof Sent known) {
                            assertThat(known.id()).isEqualTo(sent.get(id));
                            continue;
                        }
                        assertThat(sent).doesNotContainKey(id);
                        Reservation reservation = ((Reserved) entry).reservation();
                        int lot = random.nextInt(3);
                        if (lot > 0) {
                            MessageId message =
                                    life.send("q", random.nextInt(2), null, "b", MessageHeaders.DEDUP_ID, id);
                            sent.put(id, message);
                            if (lot == 1) {
                                reservation.confirmed(message);
                            } else {
                                reservation.released();
                            }
                        } else {
                            reservation.released();
                        }
                    }
                    if (random.nextInt(4) == 0) {
                        life.crash();
                    }
                }
            }
        });
    }
}
