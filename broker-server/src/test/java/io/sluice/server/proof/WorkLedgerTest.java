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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three queues and 32 workers in four processes over HTTP, which finish, fail, hang, come too late, end without a word and are stopped for a while, and a broker
 * that is killed all the time. One queue has messages that are due later, one keeps the order of each key, and the workers of one have sessions. Every
 * message is acknowledged or among the dead letters; nobody has one that another has; what was acknowledged is not given out again; nothing comes before its
 * time or its turn; who comes too late is refused; and the case files of the dead letters tell what was done to them. Then the dead letters are sent again, and
 * each is done.
 */
class WorkLedgerTest {
    private static final String WORK = "work";
    private static final String KEYED = "keyed";
    private static final List<String> QUEUES = List.of(WORK, KEYED, QueueWorkers.HELD);
    private static final int MAX_DELAY_MS = 3_000;
    private static final int PROCESSES = 4;
    private static final int WORKERS = 8;
    private static final int MAX_DELIVERIES = 5;
    private static final int SEND = 100;
    private static final long DISTURBED_S = Seeds.longBudget() ? 7_200 : 240;
    private static final long CALM_S = Seeds.longBudget() ? 3_600 : 240;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final List<Process> processes = new ArrayList<>();
    /** All messages, as {@code QUEUE/ID}. */
    private final Set<String> sent = new HashSet<>();
    /** When those are due that have a time, in ms since the epoch. */
    private final Map<String, Long> dueMs = new HashMap<>();
    /** Of the queue that keeps the order: the messages of each key, as they were sent. */
    private final Map<String, List<String>> byKey = new HashMap<>();

    private long nextKillNs;
    private int kills;
    /** The process that stands still; -1 if none does. */
    private int stopped = -1;

    private int restarts;

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

    /**
     * How much is tried.
     *
     * @param calmAt nobody is killed or stands still any more when so many messages are left
     */
    private record Budget(int messages, int batch, long killMs, int calmAt) {
        static Budget now() {
            return Seeds.longBudget() ? new Budget(500_000, 20, 6_000, 25_000) : new Budget(2_000, 5, 4_000, 1_000);
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
        for (String queue : QUEUES) {
            settings.put("order", queue.equals(KEYED) ? "key" : "none");
            assertThat(send(broker, "PUT", queue, settings, "").statusCode()).isEqualTo(201);
        }
        for (int i = 0; i < PROCESSES; i++) {
            processes.add(start(i, broker.port(), random.nextLong(), budget.batch()));
        }
        nextKillNs = System.nanoTime();
        while (sent.size() < budget.messages()) {
            sendSome(broker, QUEUES.get(sent.size() / SEND % QUEUES.size()), random);
            disturb(budget, broker, random);
        }
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(DISTURBED_S);
        while (left(broker) > budget.calmAt()) {
            assertThat(System.nanoTime())
                    .as("not done within %d s", DISTURBED_S)
                    .isLessThan(deadlineNs);
            disturb(budget, broker, random);
            pause();
        }
        signal("CONT", processes.get(stopped));
        settle(broker, random, budget.batch());
        processes.forEach(Process::destroyForcibly);
        for (Process one : processes) {
            one.waitFor(20, TimeUnit.SECONDS);
        }

        WorkAudit audit = new WorkAudit(folder.resolve("journal"));
        System.out.println(
                "work: " + audit + "; " + kills + " kills of the broker, " + restarts + " workers' processes ended");
        audit.check();
        byKey.values().forEach(audit::checkOrder);
        dueMs.forEach(audit::checkDue);
        Set<String> open = new HashSet<>(sent);
        Set<String> acknowledged = audit.acknowledged();
        open.removeAll(acknowledged);
        for (String queue : QUEUES) {
            Set<String> dead = new HashSet<>();
            for (JsonObject letter : deadLetters(broker, queue)) {
                String id = queue + "/" + letter.getString("id");
                audit.checkCase(id, letter);
                assertThat(acknowledged.contains(id))
                        .as("%s is done as well", id)
                        .isFalse();
                assertThat(dead.add(id)).as("%s is a dead letter twice", id).isTrue();
                assertThat(open.remove(id)).as("%s was sent", id).isTrue();
            }
            assertThat(dead).as("dead letters of " + queue).isNotEmpty();
        }
        assertThat(audit.perhapsAcknowledged()).as("neither done nor dead").containsAll(open);
        for (String id : open) {
            String[] parts = id.split("/");
            JsonObject message = new JsonObject(send(broker, "GET", parts[0] + "/messages/" + parts[1], null, "")
                    .body());
            assertThat(message.getString("state")).as(id).isEqualTo("acknowledged");
        }
        assertThat(kills).isPositive();
        sendAgain(broker, WORK, random);
    }

    /** Puts others in the place of processes that have ended; kills the broker, and has another process stand still, when it is time to. */
    private void disturb(Budget budget, ChildServer broker, SplittableRandom random) throws Exception {
        replaceEnded(broker, random, budget.batch());
        if (System.nanoTime() < nextKillNs) {
            return;
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

    private void replaceEnded(ChildServer broker, SplittableRandom random, int batch) throws IOException {
        for (int i = 0; i < PROCESSES; i++) {
            if (!processes.get(i).isAlive()) {
                processes.set(i, start(i + PROCESSES * ++restarts, broker.port(), random.nextLong(), batch));
            }
        }
    }

    private long left(ChildServer broker) throws Exception {
        long all = 0;
        for (String queue : QUEUES) {
            all += describe(broker, queue).getLong("lag");
        }
        return all;
    }

    private void pause() throws Exception {
        scheduler.schedule(() -> {}, 200, TimeUnit.MILLISECONDS).get(1, TimeUnit.MINUTES);
    }

    /** Workers go on until nothing is left to do. */
    private void settle(ChildServer broker, SplittableRandom random, int batch) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(CALM_S);
        for (String queue : QUEUES) {
            while (true) {
                JsonObject now = describe(broker, queue);
                if (now.getLong("lag") == 0) {
                    JsonObject counters = now.getJsonObject("counters");
                    assertThat(counters.getLong("sent")).isEqualTo(sentTo(queue));
                    assertThat(counters.getLong("acknowledged") + counters.getLong("dead"))
                            .isEqualTo(sentTo(queue));
                    break;
                }
                if (System.nanoTime() > deadlineNs) {
                    throw new AssertionError(
                            "not done within " + CALM_S + " s: " + now + "\n" + String.join("\n", broker.output()));
                }
                replaceEnded(broker, random, batch);
                pause();
            }
        }
    }

    private long sentTo(String queue) {
        return sent.stream().filter(id -> id.startsWith(queue + "/")).count();
    }

    private JsonObject describe(ChildServer broker, String queue) throws Exception {
        return new JsonObject(send(broker, "GET", queue, null, "").body());
    }

    /** All dead letters of a queue are sent again while the broker is killed, and each is done, once. */
    private void sendAgain(ChildServer broker, String queue, SplittableRandom random) throws Exception {
        Set<String> dead = new HashSet<>();
        deadLetters(broker, queue).forEach(letter -> dead.add(letter.getString("id")));
        long before = describe(broker, queue).getJsonObject("counters").getLong("sent");
        HttpResponse<String> job =
                send(broker, "POST", queue + "/redrive", new JsonObject().put("rate", 50 + dead.size() / 20), "again");
        assertThat(job.statusCode()).as(job.body()).isBetween(200, 299);
        Set<String> done = new HashSet<>();
        JsonObject ask = new JsonObject()
                .put("consumer", "again")
                .put("max", 10)
                .put("wait_ms", 500)
                .put("visibility_timeout_ms", 2_000);
        int killAt = random.nextInt(dead.size());
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(CALM_S);
        while (!done.equals(dead)) {
            assertThat(System.nanoTime())
                    .as("done again: %d of %d", done.size(), dead.size())
                    .isLessThan(deadlineNs);
            if (done.size() >= killAt) {
                killAt = Integer.MAX_VALUE;
                broker.killAndRestart();
            }
            HttpResponse<String> received = send(broker, "POST", queue + "/receive", ask, "");
            if (received.statusCode() == 503) {
                continue;
            }
            List<String> ids = new ArrayList<>();
            JsonArray leases = new JsonArray();
            for (Object one : new JsonObject(received.body()).getJsonArray("messages")) {
                ids.add(((JsonObject) one).getString("id"));
                leases.add(((JsonObject) one).getString("lease"));
            }
            assertThat(dead).containsAll(ids);
            assertThat(ids).as("done, and given out again").noneMatch(done::contains);
            if (!ids.isEmpty()) {
                HttpResponse<String> acknowledged =
                        send(broker, "POST", queue + "/ack", new JsonObject().put("leases", leases), "");
                assertThat(acknowledged.statusCode()).as(acknowledged.body()).isEqualTo(200);
                done.addAll(ids);
            }
        }
        JsonObject now = describe(broker, queue);
        assertThat(now.getLong("lag")).isZero();
        assertThat(now.getJsonObject("counters").getLong("sent")).isEqualTo(before + dead.size());
        assertThat(deadLetters(broker, queue)).isEmpty();
    }

    /** Sends again what was not answered, as the same request. */
    private void sendSome(ChildServer broker, String queue, SplittableRandom random) throws Exception {
        JsonArray messages = new JsonArray();
        List<Long> delaysMs = new ArrayList<>();
        for (int i = 0; i < SEND; i++) {
            long delayMs = queue.equals(WORK) && random.nextInt(5) == 0 ? 1 + random.nextInt(MAX_DELAY_MS) : 0;
            delaysMs.add(delayMs);
            JsonObject message = new JsonObject().put("value", sent.size() + i).put("key", "k" + i % 50);
            messages.add(delayMs > 0 ? message.put("delay_ms", delayMs) : message);
        }
        String key = "send-" + sent.size();
        long sentMs = System.currentTimeMillis();
        while (true) {
            try {
                HttpResponse<String> answer =
                        send(broker, "POST", queue + "/messages", new JsonObject().put("messages", messages), key);
                if (answer.statusCode() == 201) {
                    JsonArray ids = new JsonObject(answer.body()).getJsonArray("messages");
                    for (int i = 0; i < SEND; i++) {
                        String id = queue + "/" + ids.getJsonObject(i).getString("id");
                        assertThat(sent.add(id)).isTrue();
                        if (delaysMs.get(i) > 0) {
                            dueMs.put(id, sentMs + delaysMs.get(i));
                        }
                        if (queue.equals(KEYED)) {
                            byKey.computeIfAbsent("k" + i % 50, absent -> new ArrayList<>())
                                    .add(id);
                        }
                    }
                    return;
                }
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            } catch (IOException e) {
                // The broker is away.
            }
        }
    }

    private List<JsonObject> deadLetters(ChildServer broker, String queue) throws Exception {
        List<JsonObject> all = new ArrayList<>();
        String after = "";
        do {
            JsonObject page = new JsonObject(send(broker, "GET", queue + "/dead-letters?limit=500" + after, null, "")
                    .body());
            page.getJsonArray("messages").forEach(one -> all.add((JsonObject) one));
            after = page.getString("next") == null ? null : "&after=" + page.getString("next");
        } while (after != null);
        return all;
    }

    private HttpResponse<String> send(ChildServer broker, String method, String path, JsonObject body, String key)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + broker.port() + "/v1/queues/" + path))
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
                        String.join(",", QUEUES),
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
