package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.fixture.ChildServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A queue and 32 workers in four processes over HTTP, which finish, fail, hang, come too late, end without a word and are stopped for a while, and a broker
 * that is killed all the time. Every message is acknowledged or among the dead letters; nobody has one that another has; what was
 * acknowledged is not given out again; who comes too late is refused; and the case files of the dead letters tell what was done to them.
 */
class WorkLedgerTest {
    private static final String QUEUE = "work";
    private static final int PROCESSES = 4;
    private static final int WORKERS = 8;
    private static final int MAX_DELIVERIES = 5;
    private static final int SEND = 100;
    private static final long CALM_S = 240;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final List<Process> processes = new ArrayList<>();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

    /** How much is tried. */
    private record Budget(int messages, int batch, long killMs) {
        static Budget now() {
            return Seeds.longBudget() ? new Budget(500_000, 20, 6_000) : new Budget(2_000, 5, 4_000);
        }
    }

    @Test
    void everyMessageIsDoneOrDeadAndNobodyIsCheated() {
        Seeds.runs(1, 1, seed -> {
            System.out.println("work: seed " + seed);
            SplittableRandom random = new SplittableRandom(seed);
            try (ChildServer broker = ChildServer.onPortsOfItsOwn(folder.resolve("data"));
                    AutoCloseable ended = this::end) {
                run(Budget.now(), broker, random);
            }
        });
    }

    private void end() {
        processes.forEach(Process::destroyForcibly);
        scheduler.shutdownNow();
    }

    private void run(Budget budget, ChildServer broker, SplittableRandom random) throws Exception {
        JsonObject settings = new JsonObject()
                .put("max_deliveries", MAX_DELIVERIES)
                .put("partitions", 2)
                .put("backoff", new JsonObject().put("initial_ms", 0));
        assertThat(send(broker, "PUT", "", settings, "").statusCode()).isEqualTo(201);
        for (int i = 0; i < PROCESSES; i++) {
            processes.add(start(i, broker.port(), random.nextLong(), budget.batch()));
        }
        Set<String> sent = new HashSet<>();
        int kills = 0;
        long nextKillNs = System.nanoTime();
        int stopped = -1;
        int restarts = 0;
        while (sent.size() < budget.messages()) {
            sendSome(broker, sent);
            for (int i = 0; i < PROCESSES; i++) {
                if (!processes.get(i).isAlive()) {
                    processes.set(
                            i, start(i + PROCESSES * ++restarts, broker.port(), random.nextLong(), budget.batch()));
                }
            }
            if (System.nanoTime() < nextKillNs && sent.size() < budget.messages()) {
                continue;
            }
            nextKillNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(budget.killMs());
            if (stopped >= 0) {
                signal("CONT", processes.get(stopped));
            }
            stopped = random.nextInt(PROCESSES);
            signal("STOP", processes.get(stopped));
            broker.kill();
            kills++;
            assertThat(broker.output()).noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
            broker.start();
        }
        signal("CONT", processes.get(stopped));
        settle(broker, budget.messages(), random, budget.batch(), restarts);
        processes.forEach(Process::destroyForcibly);
        for (Process one : processes) {
            one.waitFor(20, TimeUnit.SECONDS);
        }

        WorkAudit audit = new WorkAudit(folder.resolve("journal"));
        System.out.println(
                "work: " + audit + "; " + kills + " kills of the broker, " + restarts + " workers' processes ended");
        audit.check();
        Set<String> open = new HashSet<>(sent);
        open.removeAll(audit.acknowledged());
        List<JsonObject> letters = deadLetters(broker);
        letters.forEach(letter -> {
            audit.checkCase(letter);
            assertThat(audit.acknowledged()).doesNotContain(letter.getString("id"));
            open.remove(letter.getString("id"));
        });
        assertThat(letters).as("dead letters").isNotEmpty();
        assertThat(letters.stream().map(letter -> letter.getString("id")).distinct())
                .hasSize(letters.size());
        assertThat(audit.perhapsAcknowledged()).as("neither done nor dead").containsAll(open);
        assertThat(kills).isPositive();
    }

    /** Workers go on until nothing is left to do. */
    private void settle(ChildServer broker, int messages, SplittableRandom random, int batch, int restarts)
            throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(CALM_S);
        int more = restarts;
        while (true) {
            JsonObject queue = new JsonObject(send(broker, "GET", "", null, "").body());
            if (queue.getLong("lag") == 0) {
                JsonObject counters = queue.getJsonObject("counters");
                assertThat(counters.getLong("sent")).isEqualTo(messages);
                assertThat(counters.getLong("acknowledged") + counters.getLong("dead"))
                        .isEqualTo(messages);
                return;
            }
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError(
                        "not done within " + CALM_S + " s: " + queue + "\n" + String.join("\n", broker.output()));
            }
            for (int i = 0; i < PROCESSES; i++) {
                if (!processes.get(i).isAlive()) {
                    processes.set(i, start(i + PROCESSES * ++more, broker.port(), random.nextLong(), batch));
                }
            }
            scheduler.schedule(() -> {}, 200, TimeUnit.MILLISECONDS).get(1, TimeUnit.MINUTES);
        }
    }

    /** Sends again what was not answered, as the same request. */
    private void sendSome(ChildServer broker, Set<String> sent) throws Exception {
        JsonArray messages = new JsonArray();
        for (int i = 0; i < SEND; i++) {
            messages.add(new JsonObject().put("value", sent.size() + i).put("key", "k" + i % 50));
        }
        String key = "send-" + sent.size();
        while (true) {
            try {
                HttpResponse<String> answer =
                        send(broker, "POST", "/messages", new JsonObject().put("messages", messages), key);
                if (answer.statusCode() == 201) {
                    new JsonObject(answer.body())
                            .getJsonArray("messages")
                            .forEach(one -> assertThat(sent.add(((JsonObject) one).getString("id")))
                                    .isTrue());
                    return;
                }
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            } catch (IOException e) {
                // The broker is away.
            }
        }
    }

    private List<JsonObject> deadLetters(ChildServer broker) throws Exception {
        List<JsonObject> all = new ArrayList<>();
        String after = "";
        do {
            JsonObject page = new JsonObject(send(broker, "GET", "/dead-letters?limit=500" + after, null, "")
                    .body());
            page.getJsonArray("messages").forEach(one -> all.add((JsonObject) one));
            after = page.getString("next") == null ? null : "&after=" + page.getString("next");
        } while (after != null);
        return all;
    }

    private HttpResponse<String> send(ChildServer broker, String method, String path, JsonObject body, String key)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + broker.port() + "/v1/queues/" + QUEUE + path))
                .timeout(Duration.ofSeconds(20));
        if (!key.isEmpty()) {
            request.header("Idempotency-Key", key);
        }
        if (body == null) {
            request.method(method, BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json").method(method, BodyPublishers.ofString(body.encode()));
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private Process start(int number, int port, long seed, int batch) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        QueueWorkers.class.getName(),
                        String.valueOf(port),
                        QUEUE,
                        "p" + number,
                        String.valueOf(WORKERS),
                        folder.resolve("journal").toString(),
                        String.valueOf(seed),
                        String.valueOf(batch))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("worker-" + number + ".txt").toFile())
                .start();
    }

    private static void signal(String name, Process process) throws Exception {
        if (process.isAlive()) {
            new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .start()
                    .waitFor(10, TimeUnit.SECONDS);
        }
    }
}
