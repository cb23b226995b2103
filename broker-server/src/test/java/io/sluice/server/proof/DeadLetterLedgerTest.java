package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Messages are sent with deduplication ids, die, and are sent again from the dead letters, while the broker is killed again and again. In the end each is
 * in the queue or among the dead letters, once.
 */
class DeadLetterLedgerTest {
    private static final int KILLS = "long".equals(System.getProperty("proof.budget")) ? 100 : 5;
    private static final int REQUESTS_A_LIFE = 25;
    private static final int BATCH = 20;

    @TempDir
    private Path folder;

    @Test
    void eachMessageIsInOnePlaceHoweverOftenTheBrokerIsKilled() throws Exception {
        try (ChildServer broker = ChildServer.onPortsOfItsOwn(folder)) {
            Worker worker = new Worker(broker.address(), 7);
            assertThat(worker.request(
                                    "PUT",
                                    "jobs",
                                    new JsonObject()
                                            .put("partitions", 2)
                                            .put("visibility_timeout_ms", 2_000)
                                            .put("max_deliveries", 0)
                                            .put("backoff", new JsonObject().put("initial_ms", 0)))
                            .statusCode())
                    .isEqualTo(201);
            Thread thread = new Thread(worker, "worker");
            thread.start();
            for (int i = 0; i < KILLS; i++) {
                int until = worker.requests.get() + REQUESTS_A_LIFE;
                Await.until("the worker has worked", () -> worker.requests.get() >= until);
                broker.killAndRestart();
            }
            worker.stopping = true;
            thread.join();
            worker.sendAgain();

            Await.until("no job runs and nothing is dying", worker::isQuiet);
            List<String> queued = worker.values("jobs/messages?state=waiting,delayed,leased&limit=1000", "messages");
            List<String> dead = worker.values("jobs/dead-letters?limit=1000", "messages");

            List<String> all = new ArrayList<>(queued);
            all.addAll(dead);
            System.out.printf("%d messages, %d of them dead letters%n", all.size(), dead.size());
            assertThat(dead).isNotEmpty();
            assertThat(all).doesNotHaveDuplicates();
            assertThat(new HashSet<>(all)).isEqualTo(worker.sent);
        }
    }

    /** Does what workers and operators do, one request after the other, and does not mind that some have no answer. */
    private static final class Worker implements Runnable {
        private final HttpClient client = HttpClient.newHttpClient();
        private final URI address;
        private final SplittableRandom random;
        private final AtomicInteger requests = new AtomicInteger();
        /** What was or may have been sent. */
        private final Set<String> sent = new HashSet<>();

        private List<String> unanswered = List.of();
        private int next;
        private volatile boolean stopping;

        Worker(URI address, long seed) {
            this.address = address;
            this.random = new SplittableRandom(seed);
        }

        HttpResponse<String> request(String method, String path, JsonObject body)
                throws IOException, InterruptedException {
            return client.send(
                    HttpRequest.newBuilder(address.resolve("/v1/queues/" + path))
                            .timeout(Duration.ofSeconds(20))
                            .header("Content-Type", "application/json")
                            .method(method, BodyPublishers.ofString(body.encode()))
                            .build(),
                    BodyHandlers.ofString());
        }

        @Override
        public void run() {
            while (!stopping) {
                try {
                    step();
                    requests.incrementAndGet();
                } catch (IOException e) {
                    // The broker is being killed, or is not there yet.
                    Thread.onSpinWait();
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        private void step() throws IOException, InterruptedException {
            int lot = random.nextInt(10);
            if (lot < 4) {
                send();
            } else if (lot < 9) {
                HttpResponse<String> received =
                        request("POST", "jobs/receive", new JsonObject().put("max", 1 + random.nextInt(2 * BATCH)));
                if (received.statusCode() == 200) {
                    reject(new JsonObject(received.body()).getJsonArray("messages"));
                }
            } else {
                request(
                        "POST",
                        "jobs/redrive",
                        new JsonObject().put("rate", 200).put("max", BATCH));
            }
        }

        /** What had no answer is sent again, and is the same as before. */
        private void send() throws IOException, InterruptedException {
            if (unanswered.isEmpty()) {
                List<String> values = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    values.add("m" + next++);
                }
                sent.addAll(values);
                unanswered = values;
            }
            JsonArray messages = new JsonArray();
            for (String value : unanswered) {
                messages.add(
                        new JsonObject().put("value", value).put("key", value).put("dedup_id", value));
            }
            HttpResponse<String> answer = request("POST", "jobs/messages", new JsonObject().put("messages", messages));
            if (answer.statusCode() == 200 || answer.statusCode() == 201) {
                boolean isComplete = new JsonObject(answer.body())
                        .getJsonArray("messages").stream().allMatch(one -> ((JsonObject) one).containsKey("id"));
                unanswered = isComplete ? List.of() : unanswered;
            }
        }

        void sendAgain() {
            Await.until("what had no answer has one", () -> {
                try {
                    if (!unanswered.isEmpty()) {
                        send();
                    }
                    return unanswered.isEmpty();
                } catch (IOException e) {
                    return false;
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }

        private void reject(JsonArray messages) throws IOException, InterruptedException {
            JsonArray leases = new JsonArray();
            messages.forEach(message -> leases.add(((JsonObject) message).getString("lease")));
            if (!leases.isEmpty()) {
                request(
                        "POST",
                        "jobs/nack",
                        new JsonObject()
                                .put("leases", leases)
                                .put("dead", random.nextInt(4) > 0)
                                .put("reason", "no"));
            }
        }

        private JsonObject get(String path) {
            try {
                HttpResponse<String> answer = client.send(
                        HttpRequest.newBuilder(address.resolve("/v1/queues/" + path))
                                .build(),
                        BodyHandlers.ofString());
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                return new JsonObject(answer.body());
            } catch (IOException | InterruptedException e) {
                throw new AssertionError("no answer", e);
            }
        }

        boolean isQuiet() {
            return get("jobs").getJsonObject("messages").getInteger("dying") == 0
                    && get("jobs/jobs").getJsonArray("jobs").stream()
                            .noneMatch(
                                    job -> ((JsonObject) job).getString("state").equals("running"));
        }

        /** The values of all pages. */
        List<String> values(String path, String list) {
            List<String> all = new ArrayList<>();
            String page = path;
            while (true) {
                JsonObject document = get(page);
                document.getJsonArray(list).forEach(one -> all.add(((JsonObject) one).getString("value")));
                if (!document.containsKey("next")) {
                    return all;
                }
                page = path + "&after=" + document.getString("next");
            }
        }
    }
}
