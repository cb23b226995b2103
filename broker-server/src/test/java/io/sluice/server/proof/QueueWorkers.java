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
 * A process with workers of a queue that do what workers do: finish, fail, hang, come too late, and end without a word. What each does
 * is in the journal:
 *
 * <pre>
 *  got ID DELIVERY EXPIRES            after the message has come
 *  ends ID DELIVERY HOW               before the lease is given up: ack, nack-REASON or dead-REASON
 *  hangs ID DELIVERY                  nothing more is done about it
 *  late ID DELIVERY                   before it is acknowledged although the lease is over
 *  ok ID DELIVERY, refused ID DELIVERY, lost ID DELIVERY    what was answered to the end
 * </pre>
 */
final class QueueWorkers {
    private static final int VISIBILITY_MS = 2_000;
    private static final long PAUSE_MS = 50;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String base;
    private final GroupJournal journal;
    private final int batch;

    private QueueWorkers(int port, String queue, Path journal, int batch) {
        this.base = "http://127.0.0.1:" + port + "/v1/queues/" + queue + "/";
        this.journal = new GroupJournal(journal);
        this.batch = batch;
    }

    /** Arguments: port, queue, name of the process, workers, journal, seed, messages a request. */
    public static void main(String[] args) {
        QueueWorkers all =
                new QueueWorkers(Integer.parseInt(args[0]), args[1], Path.of(args[4]), Integer.parseInt(args[6]));
        SplittableRandom random = new SplittableRandom(Long.parseLong(args[5]));
        for (int i = 0; i < Integer.parseInt(args[3]); i++) {
            String name = args[2] + "-" + i;
            SplittableRandom own = random.split();
            new Thread(() -> all.work(name, own), name).start();
        }
    }

    /** A message that somebody has. */
    private record Held(String id, int delivery, String lease, long expiresMs) {
        String named() {
            return id + " " + delivery;
        }
    }

    private void work(String name, SplittableRandom random) {
        JsonObject ask = new JsonObject()
                .put("consumer", name)
                .put("max", batch)
                .put("wait_ms", 1_000)
                .put("visibility_timeout_ms", VISIBILITY_MS)
                .put("values", "text");
        while (true) {
            List<Held> all = receive(name, ask);
            List<Held> done = new ArrayList<>();
            for (Held one : all) {
                int lot = random.nextInt(1_000);
                if (lot < 880) {
                    done.add(one);
                } else if (lot < 930) {
                    reject(name, one, "r" + random.nextInt(5), random.nextInt(200), false);
                } else if (lot < 940) {
                    reject(name, one, "d" + random.nextInt(5), 0, true);
                } else if (lot < 970) {
                    journal.add(name, "hangs " + one.named());
                } else if (lot < 999) {
                    late(name, one);
                } else {
                    Runtime.getRuntime().halt(7);
                }
            }
            acknowledge(name, done);
        }
    }

    private List<Held> receive(String name, JsonObject ask) {
        List<Held> held = new ArrayList<>();
        JsonObject answer = post("receive", ask);
        if (answer == null) {
            pause(PAUSE_MS);
            return held;
        }
        List<String> lines = new ArrayList<>();
        for (Object one : answer.getJsonArray("messages")) {
            JsonObject message = (JsonObject) one;
            Held has = new Held(
                    message.getString("id"),
                    message.getInteger("deliveries"),
                    message.getString("lease"),
                    message.getLong("lease_expires_at"));
            held.add(has);
            lines.add("got " + has.named() + " " + has.expiresMs());
        }
        if (!lines.isEmpty()) {
            journal.add(name, lines);
        }
        return held;
    }

    private void acknowledge(String name, List<Held> done) {
        if (done.isEmpty()) {
            return;
        }
        journal.add(
                name, done.stream().map(one -> "ends " + one.named() + " ack").toList());
        settle(name, "ack", done, new JsonObject());
    }

    private void reject(String name, Held one, String reason, int delayMs, boolean dead) {
        journal.add(name, "ends " + one.named() + (dead ? " dead-" : " nack-") + reason);
        settle(
                name,
                "nack",
                List.of(one),
                new JsonObject().put("reason", reason).put("delay_ms", delayMs).put("dead", dead));
    }

    /** As somebody who was stopped for a while, and does not know. */
    private void late(String name, Held one) {
        pause(Math.max(0, one.expiresMs() - System.currentTimeMillis()) + 1);
        journal.add(name, "late " + one.named());
        settle(name, "ack", List.of(one), new JsonObject());
    }

    private void settle(String name, String verb, List<Held> all, JsonObject settings) {
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

    /** The answer; null if none came, or the broker cannot at the moment. */
    private JsonObject post(String verb, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + verb))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofSeconds(20))
                .POST(BodyPublishers.ofString(body.encode()))
                .build();
        try {
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            int status = response.statusCode();
            if (status == 200 || status == 409 && response.body().contains("\"results\"")) {
                return new JsonObject(response.body());
            }
            if (status != 503) {
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
