package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.engine.Change;
import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.Seeds;
import io.sluice.core.topic.NewTopic;
import io.sluice.groups.queue.JobSpec.Kind;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.Receive.Received;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Dead letters that are sent again, and finished messages that are sent once more, over a running engine. */
class JobsTest {
    private static final MessageId START = new MessageId(0, 0);

    private static QueueConfig config() {
        return QueueMachine.config(3, Backoff.NONE, Optional.of("q.dead"), 0, QueueConfig.Order.NONE, 10_000);
    }

    private static JobFilter all() {
        return filter("", "", Map.of());
    }

    private static JobFilter dead() {
        return filter("", "", Map.of(), Outcome.DEAD);
    }

    private static JobFilter filter(String reason, String consumer, Map<String, String> headers) {
        return filter(reason, consumer, headers, Outcome.ACKNOWLEDGED);
    }

    private static JobFilter filter(String reason, String consumer, Map<String, String> headers, Outcome outcome) {
        return new JobFilter(
                Set.of(),
                reason,
                consumer,
                Optional.empty(),
                0,
                Long.MAX_VALUE,
                Optional.empty(),
                Optional.empty(),
                headers,
                Set.of(outcome));
    }

    private static JobSpec redrive(JobFilter filter) {
        return new JobSpec(Kind.REDRIVE, "q", "q", filter, 0, 0, 10, "a test");
    }

    private static JobSpec replay(JobFilter filter, String target) {
        return new JobSpec(Kind.REPLAY, "q", target, filter, 0, 0, 0, "a test");
    }

    private static JobView run(CrashingQueues it, JobSpec spec) {
        Afterlife.Answer begun = get(it.queues.afterlife().begin(spec));
        assertThat(begun.error()).isEqualTo(QueueError.NONE);
        return awaitEnd(it, begun.job().orElseThrow().id());
    }

    private static JobView awaitEnd(CrashingQueues it, String id) {
        Await.until("the job is over", () -> job(it, id).state() != JobView.State.RUNNING);
        return job(it, id);
    }

    private static JobView job(CrashingQueues it, String id) {
        Afterlife.Answer answer = get(it.queues.afterlife().job("q", id));
        assertThat(answer.error()).isEqualTo(QueueError.NONE);
        return answer.job().orElseThrow();
    }

    private static void awaitDead(CrashingQueues it, long dead) {
        Await.until("all are dead", () -> get(it.queues.describe("q")).counts().dead() == dead);
    }

    private static List<DeadLetter> letters(CrashingQueues it) {
        Afterlife.Letters letters = get(it.queues.afterlife().deadLetters("q", START, 1_000));
        assertThat(letters.error()).isEqualTo(QueueError.NONE);
        assertThat(letters.next()).isEmpty();
        return letters.letters();
    }

    private static String text(StoredMessage message) {
        return new String(message.value().orElseThrow(), StandardCharsets.UTF_8);
    }

    /** Sends messages that die, each for a reason. */
    private static void die(CrashingQueues it, int count, String reason) {
        for (int i = 0; i < count; i++) {
            it.send("q", 0, "k" + i, reason + i, "h", reason);
        }
        it.reject("q", it.receiveAll("q", count), reason);
    }

    @Test
    void deadLettersAreSentAgainUnderTheirIds() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 2));
            it.send("q", 1, "k", "body", "h", "1", "sluice-expires-at", "1");
            // Too old already: it only dies because it is received before that is looked at.
            assertThat(it.receive("q", 1)).isEmpty();
            die(it, 3, "no");
            awaitDead(it, 3);
            Set<String> names = new HashSet<>();
            letters(it).forEach(letter -> names.add(letter.message().name()));

            JobView done = run(it, redrive(all()));

            assertThat(done.state()).isEqualTo(JobView.State.DONE);
            assertThat(done.moved()).isEqualTo(3);
            assertThat(letters(it)).isEmpty();
            List<Received> again = it.receiveAll("q", 3);
            assertThat(again)
                    .hasSize(3)
                    .allSatisfy(message -> assertThat(message.deliveries()).isEqualTo(1));
            Set<String> after = new HashSet<>();
            for (StoredMessage message : it.all("q")) {
                if (message.header(MessageHeaders.REDRIVES).isPresent()) {
                    after.add(message.name());
                    assertThat(message.number(MessageHeaders.REDRIVES)).hasValue(1);
                    assertThat(message.text("h")).hasValue("no");
                    assertThat(message.header(MessageHeaders.QUEUE)).isEmpty();
                    assertThat(message.header(MessageHeaders.ATTEMPTS)).isEmpty();
                }
            }
            assertThat(after).isEqualTo(names);
            for (String name : names) {
                MessageView view = get(it.queues.message(
                                "q", MessageId.parse(name).orElseThrow()))
                        .message();
                assertThat(view.state()).as("what is known of %s", name).isEqualTo(MessageView.State.LEASED);
            }
            // A lease is durable with the next acknowledgement, and may be lost with the power before.
            it.acknowledge("q", again.subList(0, 1));
            it.crash();
            assertThat(names.stream()
                            .map(name -> get(it.queues.message(
                                            "q", MessageId.parse(name).orElseThrow()))
                                    .message()
                                    .state()))
                    .containsExactlyInAnyOrder(
                            MessageView.State.ACKNOWLEDGED, MessageView.State.LEASED, MessageView.State.LEASED);
        }
    }

    @Test
    void aDeadLetterThatIsSentToAnotherQueueGetsAnIdThere() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create("r", config(), 1));
            it.send("r", 0, null, "its own");
            die(it, 1, "no");
            awaitDead(it, 1);

            assertThat(run(it, new JobSpec(Kind.REDRIVE, "q", "r", all(), 0, 0, 10, "a test"))
                            .moved())
                    .isEqualTo(1);

            List<StoredMessage> there = it.all("r");
            assertThat(there.stream().map(StoredMessage::name)).containsExactly("0-0", "0-1");
            assertThat(there.get(1).text(MessageHeaders.REDRIVE_OF)).hasValue("q/0-0");

            // Where it is now it has this id for good.
            List<Received> both = it.receiveAll("r", 2);
            it.reject("r", both.subList(1, 2), "again");
            Await.until("it is dead", () -> it.all("q.dead").size() == 2);
            get(it.queues.afterlife().begin(new JobSpec(Kind.REDRIVE, "r", "r", all(), 0, 0, 10, "a test")));
            Await.until(
                    "it is there again",
                    () -> get(it.queues.message("r", new MessageId(0, 1)))
                            .message()
                            .id()
                            .equals(new MessageId(0, 2)));
            StoredMessage back = it.all("r").get(2);
            assertThat(back.name()).isEqualTo("0-1");
            assertThat(back.text(MessageHeaders.REDRIVE_OF)).hasValue("q/0-0");
        }
    }

    @Test
    void aDeadLetterOfAQueueThatWasDeletedGetsAnIdInTheOneThatHasItsName() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            die(it, 1, "no");
            awaitDead(it, 1);
            get(it.queues.delete("q"));
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "its own");
            it.acknowledge("q", it.receiveAll("q", 1));

            assertThat(run(it, redrive(all())).moved()).isEqualTo(1);

            assertThat(it.all("q").stream().map(StoredMessage::name)).containsExactly("0-0", "0-1");
            assertThat(it.all("q").get(1).text(MessageHeaders.REDRIVE_OF)).hasValue("q/0-0");
            assertThat(get(it.queues.message("q", new MessageId(0, 0)))
                            .message()
                            .state())
                    .isEqualTo(MessageView.State.ACKNOWLEDGED);
        }
    }

    @Test
    void deadLettersOfQueuesThatHaveThemElsewhereNowAreSentFromWhereTheyAre() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create("gone", config(), 1));
            die(it, 1, "no");
            awaitDead(it, 1);
            it.send("gone", 0, null, "of another");
            it.reject("gone", it.receiveAll("gone", 1), "no");
            Await.until("it is dead", () -> it.all("q.dead").size() == 2);
            it.send("q.dead", 0, null, "not a dead letter");
            get(it.queues.delete("gone"));
            get(it.queues.change("q", some -> some.withDeadLetterQueue(Optional.of("elsewhere"))));
            assertThat(letters(it)).isEmpty();

            Afterlife.Letters there = get(it.queues.afterlife().deadLetters("q.dead", START, 10));
            assertThat(there.letters().stream().map(letter -> text(letter.message())))
                    .containsExactly("no0", "of another");
            JobSpec toItself = new JobSpec(Kind.REDRIVE, "q.dead", "q.dead", all(), 0, 0, 10, "a test");
            assertThat(get(it.queues.afterlife().begin(toItself)).error()).isEqualTo(QueueError.UNKNOWN_TARGET);
            JobSpec spec = new JobSpec(Kind.REDRIVE, "q.dead", "q", all(), 0, 0, 10, "a test");
            assertThat(get(it.queues.afterlife().count(spec)).moved()).isEqualTo(2);
            get(it.queues.afterlife().begin(spec));
            Await.until("they are there", () -> it.all("q").size() == 3);

            assertThat(it.all("q").subList(1, 3).stream()
                            .map(message -> message.name() + " "
                                    + message.text(MessageHeaders.REDRIVE_OF).orElse("")))
                    .containsExactly("0-0 ", "0-2 gone/0-0");
            Await.until(
                    "it is found by its id",
                    () -> get(it.queues.message("q", new MessageId(0, 0)))
                            .message()
                            .id()
                            .equals(new MessageId(0, 1)));
            assertThat(it.receiveAll("q.dead", 1)).hasSize(1);
        }
    }

    @Test
    void aDeadLetterThatDiesAmongTheDeadLettersGoesBackThereUnderItsPlace() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create(
                    "q.dead",
                    QueueMachine.config(3, Backoff.NONE, Optional.of("q.dead.dead"), 0, QueueConfig.Order.NONE, 10_000),
                    1));
            it.send("q", 0, null, "one");
            it.acknowledge("q", it.receiveAll("q", 1));
            die(it, 1, "no");
            awaitDead(it, 1);
            it.reject("q.dead", it.receiveAll("q.dead", 1), "no");
            Await.until("it is dead again", () -> it.all("q.dead.dead").size() == 1);
            assertThat(it.all("q.dead.dead").get(0).name()).isEqualTo("0-0");

            JobSpec spec = new JobSpec(Kind.REDRIVE, "q.dead", "q.dead", all(), 0, 0, 10, "a test");
            get(it.queues.afterlife().begin(spec));
            Await.until("it is there again", () -> it.all("q.dead").size() == 2);

            assertThat(it.all("q.dead").stream().map(StoredMessage::name)).containsExactly("0-1", "0-0");
        }
    }

    @Test
    void aFilterChoosesAndWhatSomebodyHasIsLeftAlone() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            die(it, 2, "timeout");
            die(it, 3, "bad input");
            awaitDead(it, 5);
            assertThat(it.receive("q.dead", 1)).hasSize(1);

            Afterlife.Count count = get(it.queues.afterlife().count(redrive(filter("time", "worker", Map.of()))));
            assertThat(count.moved()).isEqualTo(1);
            assertThat(count.complete()).isTrue();
            assertThat(count.progress()).isEqualTo(new Progress(1, 0, 5, 2, 1, 0));
            assertThat(get(it.queues.afterlife().count(redrive(filter("", "another", Map.of()))))
                            .moved())
                    .isZero();
            assertThat(get(it.queues.afterlife().count(redrive(filter("", "", Map.of("h", "bad input")))))
                            .moved())
                    .isEqualTo(3);

            JobView done = run(it, redrive(filter("time", "worker", Map.of())));

            assertThat(done.moved()).isEqualTo(1);
            assertThat(done.progress().leased()).isEqualTo(1);
            assertThat(letters(it)).hasSize(4);
        }
    }

    @Test
    void whatDiesAgainAndAgainIsNotSentForEver() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            die(it, 1, "no");
            JobSpec twice = new JobSpec(Kind.REDRIVE, "q", "q", all(), 0, 0, 2, "a test");
            for (int i = 1; i <= 2; i++) {
                awaitDead(it, i);
                assertThat(run(it, twice).moved()).isEqualTo(1);
                it.reject("q", it.receiveAll("q", 1), "no");
            }
            awaitDead(it, 3);

            JobView refused = run(it, twice);

            assertThat(refused.moved()).isZero();
            assertThat(refused.progress().refused()).isEqualTo(1);
            assertThat(letters(it))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.message().number(MessageHeaders.REDRIVES))
                            .hasValue(2));
        }
    }

    @Test
    void ofManyDeathsTheLastAreTold() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "small");

            liveAgain(it, 1, 12, "n\n\"o");

            assertThat(earlierDeaths(it)).containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
            assertThat(letters(it).get(0).message().text(MessageHeaders.EARLIER_DEATHS))
                    .hasValueSatisfying(text -> assertThat(text).startsWith("[{\"queue\":\"q\",\"enqueued_at\":"));
        }
    }

    @Test
    void ofDeathsThatDoNotFitTheLastIsToldOrNone() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            limit(it, "q", 6_000);
            it.send("q", 0, null, "small");
            String reason = "r".repeat(990);

            // A reason stands there twice: of the death, and of its attempt.
            liveAgain(it, 1, 3, reason);
            assertThat(earlierDeaths(it)).containsExactly(1, 2);
            run(it, redrive(all()));
            liveAgain(it, 4, 4, reason);
            assertThat(earlierDeaths(it)).containsExactly(3);

            get(it.queues.purge("q.dead"));
            it.send("q", 0, null, "x".repeat(5_500));
            liveAgain(it, 5, 6, reason);
            assertThat(earlierDeaths(it)).isEmpty();
        }
    }

    @Test
    void theLastDeathIsToldBeforeAnyThatWasEarlier() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            it.send("q", 0, null, "x".repeat(2_500));
            liveAgain(it, 1, 1, "r".repeat(990));
            limit(it, "q.dead", 6_000);
            run(it, redrive(all()));

            liveAgain(it, 2, 2, "r".repeat(990));

            StoredMessage letter = letters(it).get(0).message();
            assertThat(letter.text(MessageHeaders.REASON)).hasValue("r".repeat(990) + "2");
            assertThat(letter.text(MessageHeaders.ATTEMPTS).orElseThrow()).contains("r".repeat(990) + "2");
            assertThat(earlierDeaths(it)).isEmpty();
        }
    }

    @Test
    void whatDoesNotFitOneMessageIsToldOfTheOthers() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            limit(it, "q", 6_000);
            it.send("q", 0, null, "x".repeat(4_300));
            it.send("q", 0, null, "small");
            List<Received> both = it.receiveAll("q", 2);
            it.reject("q", both.subList(0, 1), "r".repeat(900));
            it.reject("q", both.subList(1, 2), "no");
            awaitDead(it, 2);

            assertThat(run(it, redrive(all())).moved()).isEqualTo(2);

            Map<Integer, Boolean> told = new HashMap<>();
            it.all("q")
                    .subList(2, 4)
                    .forEach(message -> told.put(
                            text(message).length(),
                            message.header(MessageHeaders.EARLIER_DEATHS).isPresent()));
            assertThat(told).isEqualTo(Map.of(4_300, false, 5, true));
        }
    }

    private static void limit(CrashingQueues it, String topic, int bytes) {
        get(it.engine.alterTopic(
                topic, Map.of("max.message.bytes", Optional.of(Integer.toString(bytes))), Change.APPLY));
    }

    /** The only message that is left dies in each of these lives for a reason of its own, and is sent again in between. */
    private static void liveAgain(CrashingQueues it, int first, int last, String reason) {
        for (int life = first; life <= last; life++) {
            it.reject("q", it.receiveAll("q", 1), reason + life);
            awaitDead(it, life);
            if (life < last) {
                assertThat(run(it, new JobSpec(Kind.REDRIVE, "q", "q", all(), 0, 0, 100, "a test"))
                                .moved())
                        .isEqualTo(1);
            }
        }
    }

    /** In which of its lives the first dead letter had the deaths that it tells of. */
    private static List<Integer> earlierDeaths(CrashingQueues it) {
        String text =
                letters(it).get(0).message().text(MessageHeaders.EARLIER_DEATHS).orElse("");
        return Pattern.compile("(\\d+)\",\"deliveries\"")
                .matcher(text)
                .results()
                .map(life -> Integer.valueOf(life.group(1)))
                .toList();
    }

    @Test
    void acknowledgedMessagesAreSentOnceMoreAndMarked() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create("r", config(), 1));
            for (int i = 0; i < 6; i++) {
                it.send("q", 0, null, "m" + i, MessageHeaders.DEDUP_ID, "d" + i);
            }
            List<Received> some = it.receiveAll("q", 4);
            it.acknowledge("q", some.subList(0, 2));
            it.reject("q", some.subList(2, 3), "no");
            awaitDead(it, 1);

            JobView done = run(it, replay(all(), "r"));

            assertThat(done.moved()).isEqualTo(2);
            assertThat(done.id()).isEqualTo("replay-1");
            List<StoredMessage> copies = it.all("r");
            assertThat(copies.stream().map(JobsTest::text)).containsExactly("m0", "m1");
            assertThat(copies.get(0).text(MessageHeaders.REPLAY_OF)).hasValue("0-0");
            assertThat(copies.get(0).number(MessageHeaders.REPLAYED_AT)).isPresent();
            assertThat(copies.get(0).name()).isEqualTo("0-0");
            assertThat(copies.get(0).header(MessageHeaders.ID)).isEmpty();
            assertThat(copies.get(0).header(MessageHeaders.DEDUP_ID)).isEmpty();
            // Live work is as it was.
            assertThat(it.receive("q", 10)).hasSize(2);
        }
    }

    @Test
    void ofTheDeadOnlyThoseAreReplayedThatWereNotSentAgain() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create("r", config(), 1));
            get(it.queues.create("s", config(), 1));
            die(it, 1, "here");
            die(it, 1, "there");
            die(it, 1, "twice");
            die(it, 1, "stays");
            awaitDead(it, 4);
            JobFilter there = filter("there", "", Map.of());
            assertThat(run(it, new JobSpec(Kind.REDRIVE, "q", "r", there, 0, 0, 10, "a test"))
                            .moved())
                    .isEqualTo(1);
            assertThat(run(it, redrive(filter("here", "", Map.of()))).moved()).isEqualTo(1);
            it.acknowledge("q", it.receiveAll("q", 1));
            assertThat(run(it, redrive(filter("twice", "", Map.of()))).moved()).isEqualTo(1);
            it.reject("q", it.receiveAll("q", 1), "once more");
            awaitDead(it, 5);
            // It is known, and not only until the broker ends.
            it.crash();

            JobView done = run(it, replay(dead(), "s"));

            assertThat(done.moved()).isEqualTo(2);
            assertThat(it.all("s").stream().map(JobsTest::text)).containsExactly("stays0", "twice0");
        }
    }

    @Test
    void aJobKeepsToItsRateAndCanBeStopped() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            die(it, 20, "no");
            awaitDead(it, 20);
            JobSpec slow = new JobSpec(Kind.REDRIVE, "q", "q", all(), 1, 0, 10, "a test");
            String id =
                    get(it.queues.afterlife().begin(slow)).job().orElseThrow().id();
            Await.until("some are sent", () -> job(it, id).moved() >= 1);

            Afterlife.Answer stopped = get(it.queues.afterlife().stop("q", id, "me"));

            assertThat(stopped.job().orElseThrow().state()).isEqualTo(JobView.State.STOPPED);
            assertThat(stopped.job().orElseThrow().why()).isEqualTo("stopped by me");
            long moved = job(it, id).moved();
            assertThat(moved).isBetween(1L, 5L);
            // It stays so, and what it has not sent is anybody's.
            it.crash();
            assertThat(job(it, id).state()).isEqualTo(JobView.State.STOPPED);
            assertThat(it.receive("q.dead", 100)).hasSize(20 - (int) job(it, id).moved());
        }
    }

    @Test
    void whatCannotBeDoneIsRefused() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create("none", QueueConfig.DEFAULTS, 1));
            Afterlife afterlife = it.queues.afterlife();

            assertThat(get(afterlife.begin(new JobSpec(Kind.REDRIVE, "none", "q", all(), 0, 0, 1, "")))
                            .error())
                    .isEqualTo(QueueError.NO_DEAD_LETTERS);
            assertThat(get(afterlife.begin(new JobSpec(Kind.REDRIVE, "q", "q.dead", all(), 0, 0, 1, "")))
                            .error())
                    .isEqualTo(QueueError.UNKNOWN_TARGET);
            assertThat(get(afterlife.begin(replay(all(), "nowhere"))).error()).isEqualTo(QueueError.UNKNOWN_TARGET);
            assertThat(get(afterlife.job("q", "replay-1")).error()).isEqualTo(QueueError.UNKNOWN_JOB);
            assertThat(get(afterlife.deadLetters("nowhere", START, 1)).error()).isEqualTo(QueueError.UNKNOWN_QUEUE);
            // Nothing has died yet: a redrive is over at once.
            assertThat(letters(it)).isEmpty();
            assertThat(run(it, redrive(all())).moved()).isZero();
        }
    }

    @Test
    void aTopicWhereNothingHasDiedYetHasNoDeadLettersAndNoJobs() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.engine.createTopic(new NewTopic("q.dead", 2, Map.of()), Change.APPLY));
            Afterlife afterlife = it.queues.afterlife();

            assertThat(letters(it)).isEmpty();
            assertThat(get(afterlife.jobs("q"))).isEqualTo(new Afterlife.Jobs(QueueError.NONE, List.of()));
            assertThat(get(afterlife.job("q", "redrive-1")).error()).isEqualTo(QueueError.UNKNOWN_JOB);
            assertThat(get(afterlife.count(redrive(all()))))
                    .isEqualTo(new Afterlife.Count(QueueError.NONE, Progress.NONE, 0, true));
        }
    }

    @Test
    void aTargetThatIsDeletedEndsTheJob() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            get(it.queues.create("q", config(), 1));
            get(it.queues.create("r", config(), 1));
            for (int i = 0; i < 30; i++) {
                it.send("q", 0, null, "m" + i);
            }
            it.acknowledge("q", it.receiveAll("q", 30));
            JobSpec slow = new JobSpec(Kind.REPLAY, "q", "r", all(), 5, 0, 0, "a test");
            String id =
                    get(it.queues.afterlife().begin(slow)).job().orElseThrow().id();
            Await.until("some are sent", () -> job(it, id).moved() >= 1);

            get(it.queues.delete("r"));

            assertThat(awaitEnd(it, id).state()).isEqualTo(JobView.State.FAILED);
            assertThat(job(it, id).why()).contains("r was deleted");
        }
    }

    /** Redrives and replays across crashes, beside consumers of all queues: nothing is lost, and nothing is there twice. */
    @Test
    void eachIsMovedOnceWheneverTheMachineGoesDown() {
        Seeds.runs(12, 1_000, JobsTest::life);
    }

    private static void life(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (CrashingQueues it = new CrashingQueues(seed)) {
            get(it.queues.create("q", config(), random.nextInt(1, 3)));
            get(it.queues.create("r", config(), random.nextInt(1, 4)));
            int partitions = it.engine.topic("q").orElseThrow().partitions();
            int sent = 0;
            long dead = 0;
            List<String> jobs = new ArrayList<>();
            for (int step = 0; step < 10; step++) {
                for (int i = random.nextInt(40); i > 0; i--, sent++) {
                    it.send("q", random.nextInt(partitions), random.nextBoolean() ? "k" + i % 5 : null, "m" + sent);
                }
                List<Received> some = it.receive("q", random.nextInt(1, 30));
                int half = random.nextInt(some.size() + 1);
                it.acknowledge("q", some.subList(0, half));
                it.reject("q", some.subList(half, some.size()), "no");
                dead += some.size() - half;
                if (dead > 0 && random.nextInt(3) == 0) {
                    // Whoever reads the dead letter queue, and the job, do not get the same ones.
                    awaitDead(it, dead);
                    it.receive("q.dead", random.nextInt(1, 4));
                }
                if (random.nextInt(2) == 0) {
                    awaitDead(it, dead);
                    JobSpec spec = new JobSpec(
                            Kind.REDRIVE, "q", random.nextBoolean() ? "q" : "r", all(), 0, 0, 1_000, "a test");
                    jobs.add(get(it.queues.afterlife().begin(spec))
                            .job()
                            .orElseThrow()
                            .id());
                }
                if (random.nextInt(2) == 0) {
                    it.crashOrRestart(random.nextBoolean());
                }
            }
            jobs.forEach(id -> assertThat(awaitEnd(it, id).state()).isEqualTo(JobView.State.DONE));
            awaitDead(it, dead);

            // By its name each message is unfinished in one place at most, and finished for good only if it was
            // acknowledged.
            Map<String, Integer> places = new HashMap<>();
            for (String queue : List.of("q", "q.dead", "r")) {
                for (StoredMessage message : it.all(queue)) {
                    MessageView view =
                            get(it.queues.message(queue, message.id())).message();
                    // One that was sent again is shown where it lies now.
                    boolean isHere = view.id().equals(message.id());
                    boolean isLive = isHere
                            && (view.state() == MessageView.State.WAITING || view.state() == MessageView.State.LEASED);
                    // In another queue it has another one, and says where it comes from.
                    String called = message.text(MessageHeaders.REDRIVE_OF).orElse("q/" + message.name());
                    places.merge(called, isLive ? 1 : 0, Integer::sum);
                }
            }
            assertThat(places).hasSize(sent);
            assertThat(places.values()).allMatch(count -> count <= 1);
            long acknowledged = get(it.queues.describe("q")).counts().acknowledged();
            assertThat(places.values().stream().filter(count -> count == 0).count())
                    .isEqualTo(acknowledged);
            long moved = jobs.stream().mapToLong(id -> job(it, id).moved()).sum();
            long copies = it.all("q").stream().filter(JobsTest::isRedriven).count()
                    + it.all("r").stream().filter(JobsTest::isRedriven).count();
            assertThat(copies).isEqualTo(moved);
            assertThat(get(it.queues.afterlife().count(replay(dead(), "r")))
                            .progress()
                            .matching())
                    .as("those that are dead for good")
                    .isEqualTo(dead - moved);
            if (acknowledged > 0) {
                replayAcrossACrash(it, random, acknowledged);
            }
        }
    }

    private static boolean isRedriven(StoredMessage message) {
        return message.header(MessageHeaders.REDRIVES).isPresent();
    }

    private static void replayAcrossACrash(CrashingQueues it, SplittableRandom random, long acknowledged) {
        get(it.queues.create("replayed", config(), random.nextInt(1, 4)));
        JobSpec spec = new JobSpec(Kind.REPLAY, "q", "replayed", all(), random.nextInt(20, 200), 0, 0, "a test");
        String id = get(it.queues.afterlife().begin(spec)).job().orElseThrow().id();
        Await.until("some are sent", () -> job(it, id).moved() > 0);
        it.crashOrRestart(random.nextBoolean());
        assertThat(awaitEnd(it, id).moved()).isEqualTo(acknowledged);
        List<String> of = it.all("replayed").stream()
                .map(message -> message.text(MessageHeaders.REPLAY_OF).orElseThrow() + " " + text(message))
                .toList();
        assertThat(of).doesNotHaveDuplicates().hasSize((int) acknowledged);
    }
}
