package io.sluice.server.proof;

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
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A process with workers of queues that do what workers do: finish, fail, hang, come too late, and end without a word. Those of the queue {@link #HELD} have
 * sessions: one that hangs, or has had no answer, goes on under another name. What each does is in the journal, with ID as {@code QUEUE/ID}:
 *
 * <pre>
 *  got ID DELIVERY EXPIRES            after the message has come; it is not another's before then, unless it ends
 *  ends ID DELIVERY HOW               before the lease is given up: ack, nack-REASON, dead-REASON or left
 *  hangs ID DELIVERY                  nothing more is done about it
 *  late ID DELIVERY                   before it is acknowledged although the lease is over
 *  ok ID DELIVERY, refused ID DELIVERY, lost ID DELIVERY    what was answered to the end
 * </pre>
 */
final class QueueWorkers {
    /** The queue whose workers have sessions. */
    static final String HELD = "held";

    private static final int VISIBILITY_MS = 2_000;
    private static final long PAUSE_MS = 50;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String base;
    private final GroupJournal journal;
    private final int batch;

    private QueueWorkers(int port, Path journal, int batch) {
        this.base = "http://127.0.0.1:" + port + "/v1/queues/";
        this.journal = new GroupJournal(journal);
        this.batch = batch;
    }

    /** Arguments: port, queues, name of the process, workers, journal, seed, messages a request. */
    public static void main(String[] args) {
        QueueWorkers all = new QueueWorkers(Integer.parseInt(args[0]), Path.of(args[4]), Integer.parseInt(args[6]));
        String[] queues = args[1].split(",");
        SplittableRandom random = new SplittableRandom(Long.parseLong(args[5]));
        for (int i = 0; i < Integer.parseInt(args[3]); i++) {
            Worker worker = all.new Worker(queues[i % queues.length], args[2] + "-" + i, random.split());
            new Thread(worker, worker.thread).start();
        }
    }

    /** A message that somebody has. */
    private record Held(String id, int delivery, String lease, long expiresMs) {
        String named() {
            return id + " " + delivery;
        }
    }

    /** One worker. */
    private final class Worker implements Runnable {
        private final String queue;
        private final String thread;
        private final boolean hasSession;
        private final SplittableRandom random;
        private String name;
        private int names;
        /** Whether it may have messages that it does not know of. */
        private boolean isUnsure;

        Worker(String queue, String thread, SplittableRandom random) {
            this.queue = queue;
            this.thread = thread;
            this.name = thread;
            this.hasSession = queue.equals(HELD);
            this.random = random;
        }

        @Override
        public void run() {
            while (true) {
                List<Held> done = new ArrayList<>();
                List<Held> hanging = new ArrayList<>();
                for (Held one : receive()) {
                    int lot = random.nextInt(1_000);
                    if (lot < 880 || hasSession && lot >= 970 && lot < 999) {
                        done.add(one);
                    } else if (lot < 930) {
                        reject(one, "r" + random.nextInt(5), random.nextInt(200), false);
                    } else if (lot < 940) {
                        reject(one, "d" + random.nextInt(5), 0, true);
                    } else if (lot < 970) {
                        journal.add(name, "hangs " + one.named());
                        hanging.add(one);
                    } else if (lot < 999) {
                        late(one);
                    } else {
                        Runtime.getRuntime().halt(7);
                    }
                }
                acknowledge(done);
                if (hasSession && (isUnsure || !hanging.isEmpty())) {
                    goOnAsAnother(hanging);
                }
            }
        }

        /** What it has is others' after a silence, or when it says that it goes. */
        private void goOnAsAnother(List<Held> hanging) {
            if (random.nextBoolean()) {
                journal.add(
                        name,
                        hanging.stream()
                                .map(one -> "ends " + one.named() + " left")
                                .toList());
                send("DELETE", queue + "/consumers/" + name, null);
            }
            name = thread + "." + ++names;
            isUnsure = false;
        }

        private List<Held> receive() {
            List<Held> held = new ArrayList<>();
            long askedMs = System.currentTimeMillis();
            JsonObject answer = post(
                    "receive",
                    new JsonObject()
                            .put("consumer", name)
                            .put("max", batch)
                            .put("wait_ms", 1_000)
                            .put(hasSession ? "session_timeout_ms" : "visibility_timeout_ms", VISIBILITY_MS)
                            .put("values", "text"));
            if (answer == null) {
                pause(PAUSE_MS);
                return held;
            }
            List<String> lines = new ArrayList<>();
            for (Object one : answer.getJsonArray("messages")) {
                JsonObject message = (JsonObject) one;
                Held has = new Held(
                        queue + "/" + message.getString("id"),
                        message.getInteger("deliveries"),
                        message.getString("lease"),
                        hasSession ? askedMs + VISIBILITY_MS : message.getLong("lease_expires_at"));
                held.add(has);
                lines.add("got " + has.named() + " " + has.expiresMs());
            }
            if (!lines.isEmpty()) {
                journal.add(name, lines);
            }
            return held;
        }

        private void acknowledge(List<Held> done) {
            if (done.isEmpty()) {
                return;
            }
            journal.add(
                    name,
                    done.stream().map(one -> "ends " + one.named() + " ack").toList());
            settle("ack", done, new JsonObject());
        }

        private void reject(Held one, String reason, int delayMs, boolean dead) {
            journal.add(name, "ends " + one.named() + (dead ? " dead-" : " nack-") + reason);
            settle(
                    "nack",
                    List.of(one),
                    new JsonObject()
                            .put("reason", reason)
                            .put("delay_ms", delayMs)
                            .put("dead", dead));
        }

        /** As somebody who was stopped for a while, and does not know. */
        private void late(Held one) {
            pause(Math.max(0, one.expiresMs() - System.currentTimeMillis()) + 1);
            journal.add(name, "late " + one.named());
            settle("ack", List.of(one), new JsonObject());
        }

        private void settle(String verb, List<Held> all, JsonObject settings) {
            JsonArray leases = new JsonArray();
            all.forEach(one -> leases.add(one.lease()));
            JsonObject answer = post(verb, settings.put("leases", leases));
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                String how = "lost";
                if (answer != null) {
                    how = answer.getJsonArray("results").getJsonObject(i).containsKey("ok") ? "ok" : "refused";
                }
                lines.add(how + " " + all.get(i).named());
            }
            journal.add(name, lines);
        }

        private JsonObject post(String verb, JsonObject body) {
            JsonObject answer = send("POST", queue + "/" + verb, body);
            isUnsure |= answer == null;
            return answer;
        }
    }

    /** The answer; null if none came, or the broker cannot at the moment. */
    private JsonObject send(String method, String path, JsonObject body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(20));
        if (body == null) {
            request.method(method, BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json").method(method, BodyPublishers.ofString(body.encode()));
        }
        try {
            HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
            int status = response.statusCode();
            if (status == 200 || status == 409 && response.body().contains("\"results\"")) {
                return new JsonObject(response.body());
            }
            if (status != 503 && !method.equals("DELETE")) {
                journal.add("worker", "unexpected " + status + " " + response.body());
            }
            return null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pause(long ms) {
        try {
            TimeUnit.MILLISECONDS.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
