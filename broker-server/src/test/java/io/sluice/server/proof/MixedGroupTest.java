package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.kafka.clients.Installed;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * One group of everybody who can be a member: Kafka's Java library in its three ways, librdkafka, kafkajs and HTTP. Members are
 * killed, leave and come all the time, and the broker is killed now and then. Every record is done, and none again that had been
 * committed.
 */
class MixedGroupTest {
    private static final String GROUP = "mixed";
    private static final String TOPIC = "t";
    private static final int PARTITIONS = 8;
    private static final int MIN_MEMBERS = 4;
    private static final int MAX_MEMBERS = 8;
    private static final int MIN_BROKER_KILLS = 2;
    private static final long CALM_S = 90;
    private static final JsonObject WISH = new JsonObject()
            .put("topics", new JsonArray().add(TOPIC))
            .put("max_records", 200)
            .put("wait_ms", 500)
            .put("session_timeout_ms", 6_000);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private final List<Member> members = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private String python;
    private int brokerKills;

    /** How much is tried. */
    private record Budget(int records, int perSecond, long stepMs, int stepsPerBrokerKill) {
        static Budget now() {
            return Seeds.longBudget() ? new Budget(1_000_000, 2_000, 2_500, 8) : new Budget(20_000, 800, 2_500, 3);
        }
    }

    /** Who can be a member. */
    private enum Kind {
        CONSUMER,
        HTTP,
        RANGE,
        COOPERATIVE,
        PYTHON,
        KAFKAJS
    }

    private record Member(Kind kind, GroupWorker worker) {}

    @Test
    void nothingIsLostAndNothingIsDoneAgainThatWasCommitted() {
        python = Installed.pythonWithConfluentKafka();
        Installed.nodeWithPackages();
        Seeds.runs(1, 1, seed -> {
            System.out.println("mixed group: seed " + seed);
            ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
            try (ChildServer broker = ChildServer.onPortsOfItsOwn(
                            folder.resolve("data"),
                            "--set",
                            "group.consumer.session.timeout.ms=6000",
                            "--set",
                            "group.consumer.heartbeat.interval.ms=500");
                    GroupJournal journal = new GroupJournal(folder.resolve("journal"));
                    Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
                    AutoCloseable ended =
                            () -> members.forEach(member -> member.worker().kill())) {
                admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                run(Budget.now(), broker, journal, admin, scheduler, new SplittableRandom(seed));
            } finally {
                scheduler.shutdownNow();
            }
        });
    }

    private void run(
            Budget budget,
            ChildServer broker,
            GroupJournal journal,
            Admin admin,
            ScheduledExecutorService scheduler,
            SplittableRandom random)
            throws Exception {
        GroupAudit audit = new GroupAudit(folder.resolve("journal"), PARTITIONS);
        add(Kind.HTTP, broker, journal);
        Await.until("the first is a member", () -> working(admin) == 1);
        for (Kind kind : Kind.values()) {
            add(kind, broker, journal);
        }
        Await.until("everybody has partitions", () -> working(admin) == members.size());
        try (NumberedProducer producer = new NumberedProducer(
                broker.bootstrap(), TOPIC, journal, budget.records(), budget.perSecond(), scheduler)) {
            for (int step = 1; audit.sent() < budget.records() || brokerKills < MIN_BROKER_KILLS; step++) {
                pace(scheduler, budget.stepMs());
                audit.read();
                producer.check();
                members.forEach(member -> member.worker().check());
                if (step % budget.stepsPerBrokerKill() == 0) {
                    killBroker(broker, journal);
                } else {
                    change(broker, journal, random);
                }
            }
        }
        calmDown(audit, broker, admin, scheduler);
        assertThat(audit.done()).isEqualTo(budget.records());
        for (Member member : List.copyOf(members)) {
            members.remove(member);
            member.worker().leave();
        }
        assertThat(broker.output()).noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
        System.out.println("mixed group: " + audit + "; " + brokerKills + " kills of the broker");
        names.forEach(name -> System.out.println("  " + name + " did " + audit.doneBy(name)));
        // The first one was there before all the others, who are in the order of their kinds.
        for (Kind kind : Kind.values()) {
            assertThat(audit.doneBy(names.get(1 + kind.ordinal())))
                    .as(kind.name())
                    .isPositive();
        }
    }

    private static void pace(ScheduledExecutorService scheduler, long ms) throws Exception {
        scheduler.schedule(() -> {}, ms, TimeUnit.MILLISECONDS).get(1, TimeUnit.MINUTES);
    }

    private void killBroker(ChildServer broker, GroupJournal journal) {
        journal.kills(GroupJournal.BROKER);
        broker.kill();
        brokerKills++;
        assertThat(broker.output()).noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
        broker.start();
        journal.hasBrokerAgain();
    }

    /** One more member, or one less. */
    private void change(ChildServer broker, GroupJournal journal, SplittableRandom random) {
        boolean more = members.size() <= MIN_MEMBERS || members.size() < MAX_MEMBERS && random.nextBoolean();
        if (more) {
            add(Kind.values()[random.nextInt(Kind.values().length)], broker, journal);
            return;
        }
        Member member = members.get(random.nextInt(members.size()));
        // One for whom the broker assigns is always there: those who assign among themselves have no assignor in
        // common.
        if (member.kind() == Kind.HTTP
                && members.stream().filter(other -> other.kind() == Kind.HTTP).count() == 1) {
            add(Kind.HTTP, broker, journal);
            return;
        }
        members.remove(member);
        if (random.nextInt(4) == 0) {
            journal.add("test", "lets go " + member.worker().name());
            member.worker().leave();
        } else {
            journal.kills(member.worker().name());
            member.worker().kill();
        }
    }

    private void add(Kind kind, ChildServer broker, GroupJournal journal) {
        String name = kind.name().toLowerCase(Locale.ROOT) + "-" + names.size();
        names.add(name);
        journal.add("test", "adds " + name);
        List<String> arguments = new ArrayList<>(List.of(
                broker.bootstrap(), GROUP, TOPIC, folder.resolve("journal").toString(), name));
        Path said = folder.resolve(name + ".txt");
        GroupWorker worker = switch (kind) {
            case HTTP -> new HttpMember(broker.port(), GROUP, name, journal, WISH);
            case PYTHON ->
                new MemberProcess(
                        name,
                        said,
                        List.of(
                                python,
                                Installed.SCRIPTS.resolve("group_member.py").toString()),
                        arguments);
            case KAFKAJS ->
                new MemberProcess(
                        name,
                        said,
                        List.of(
                                "node",
                                Installed.SCRIPTS.resolve("group_member.js").toString()),
                        arguments);
            case CONSUMER, RANGE, COOPERATIVE -> {
                arguments.add(kind.name().toLowerCase(Locale.ROOT));
                yield new MemberProcess(name, said, MemberProcess.java(JavaMember.class), arguments);
            }
        };
        members.add(new Member(kind, worker));
    }

    /** Everybody goes on until everything is done, and the group has committed all of it. */
    private void calmDown(GroupAudit audit, ChildServer broker, Admin admin, ScheduledExecutorService scheduler)
            throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(CALM_S);
        while (audit.done() < audit.sent() || !isCommitted(audit, admin)) {
            audit.read();
            members.forEach(member -> member.worker().check());
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError(
                        "not within " + CALM_S + " s: " + audit + "\n" + String.join("\n", broker.output()));
            }
            pace(scheduler, 200);
        }
    }

    /** How many members have partitions. */
    private static long working(Admin admin) {
        try {
            return admin
                    .describeConsumerGroups(List.of(GROUP))
                    .all()
                    .get(30, TimeUnit.SECONDS)
                    .get(GROUP)
                    .members()
                    .stream()
                    .filter(member -> !member.assignment().topicPartitions().isEmpty())
                    .count();
        } catch (ExecutionException e) {
            // There is no such group yet.
            return 0;
        } catch (Exception e) {
            throw new AssertionError("the group", e);
        }
    }

    private static boolean isCommitted(GroupAudit audit, Admin admin) {
        try {
            Map<TopicPartition, OffsetAndMetadata> positions = admin.listConsumerGroupOffsets(GROUP)
                    .partitionsToOffsetAndMetadata()
                    .get(30, TimeUnit.SECONDS);
            for (int i = 0; i < PARTITIONS; i++) {
                OffsetAndMetadata position = positions.get(new TopicPartition(TOPIC, i));
                if (position == null || position.offset() != audit.end(i)) {
                    return false;
                }
            }
            return true;
        } catch (Exception e) {
            throw new AssertionError("the group's positions", e);
        }
    }
}
