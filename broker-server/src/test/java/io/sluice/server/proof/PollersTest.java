package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.fixture.ChildServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fifty members over HTTP, each request on a connection of its own, and a broker that is killed all the time. Whoever asks again
 * after 503 or no answer gets on: there is no other refusal, and as nobody is silent for as long as a session, every record is
 * done exactly once, kills or not. An answer that never came is no record done.
 */
class PollersTest {
    private static final String GROUP = "pollers";
    private static final String TOPIC = "t";
    private static final int POLLERS = 50;
    private static final int PARTITIONS = 64;
    private static final long CALM_S = 60;
    private static final JsonObject WISH = new JsonObject()
            .put("topics", new JsonArray().add(TOPIC))
            .put("max_records", 50)
            .put("wait_ms", 1_000)
            .put("session_timeout_ms", 120_000);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    /** How much is tried. */
    private record Budget(int records, int perSecond, long killMs) {
        static Budget now() {
            return Seeds.longBudget() ? new Budget(1_000_000, 2_000, 10_000) : new Budget(5_000, 400, 4_000);
        }
    }

    @Test
    void everyRecordIsDoneOnceAndNobodyIsRefused() {
        Seeds.runs(1, 1, seed -> {
            System.out.println("pollers: seed " + seed);
            List<HttpMember> pollers = new ArrayList<>();
            ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
            try (ChildServer broker = ChildServer.onPortsOfItsOwn(folder.resolve("data"));
                    GroupJournal journal = new GroupJournal(folder.resolve("journal"));
                    AutoCloseable ended = () -> pollers.forEach(HttpMember::kill)) {
                create(broker);
                for (int i = 0; i < POLLERS; i++) {
                    pollers.add(new HttpMember(broker.port(), GROUP, "poller-" + i, journal, WISH));
                }
                run(Budget.now(), broker, pollers, journal, scheduler, new SplittableRandom(seed));
            } finally {
                scheduler.shutdownNow();
            }
        });
    }

    private static void create(ChildServer broker) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
    }

    private void run(
            Budget budget,
            ChildServer broker,
            List<HttpMember> pollers,
            GroupJournal journal,
            ScheduledExecutorService scheduler,
            SplittableRandom random)
            throws Exception {
        GroupAudit audit = new GroupAudit(folder.resolve("journal"), PARTITIONS);
        int kills = 0;
        try (NumberedProducer producer = new NumberedProducer(
                broker.bootstrap(), TOPIC, journal, budget.records(), budget.perSecond(), scheduler)) {
            while (audit.sent() < budget.records()) {
                pace(scheduler, budget.killMs() / 2 + random.nextLong(budget.killMs()));
                audit.read();
                producer.check();
                pollers.forEach(HttpMember::check);
                journal.kills(GroupJournal.BROKER);
                broker.kill();
                kills++;
                assertThat(broker.output())
                        .noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
                broker.start();
                journal.hasBrokerAgain();
            }
        }
        calmDown(audit, pollers, broker, scheduler);
        pollers.forEach(HttpMember::leave);
        audit.read();
        int retries = pollers.stream().mapToInt(HttpMember::retries).sum();
        int refused = pollers.stream().mapToInt(HttpMember::refused).sum();
        System.out.println("pollers: " + audit + "; " + kills + " kills of the broker, " + retries
                + " requests made again, " + refused + " commits refused");
        assertThat(audit.done()).isEqualTo(budget.records());
        assertThat(audit.repeats()).as("records that were done again").isZero();
        assertThat(retries).as("requests that a kill cut off").isPositive();
    }

    /** Everybody goes on until everything is done and committed. */
    private static void calmDown(
            GroupAudit audit, List<HttpMember> pollers, ChildServer broker, ScheduledExecutorService scheduler)
            throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(CALM_S);
        while (!audit.isCommitted()) {
            pace(scheduler, 100);
            audit.read();
            pollers.forEach(HttpMember::check);
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError(
                        "not within " + CALM_S + " s: " + audit + "\n" + String.join("\n", broker.output()));
            }
        }
    }

    private static void pace(ScheduledExecutorService scheduler, long ms) throws Exception {
        scheduler.schedule(() -> {}, ms, TimeUnit.MILLISECONDS).get(1, TimeUnit.MINUTES);
    }
}
