package io.sluice.server.http.queues;

import static io.sluice.server.http.queues.QueueFace.objects;
import static io.sluice.server.http.queues.QueueFace.ok;
import static io.sluice.server.http.queues.QueueFace.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters, redrives and replays over HTTP. */
@ExtendWith(BlockedThreadsFail.class)
class DeadLettersTest {
    @TempDir
    private Path folder;

    private QueueFace queues;

    @BeforeEach
    void start() {
        queues = new QueueFace(folder);
        queues.create("jobs", json("{'partitions': 1}"));
    }

    @AfterEach
    void stop() {
        queues.close();
    }

    private static JsonObject json(String text) {
        return new JsonObject(text.replace('\'', '"'));
    }

    private List<String> receive(String queue, int max) {
        return objects(ok(queues.post(
                                queue + "/receive",
                                new JsonObject().put("max", max).put("consumer", "worker-1")))
                        .getJsonArray("messages"))
                .stream()
                .map(message -> message.getString("lease"))
                .toList();
    }

    private void send(String... values) {
        JsonArray messages = new JsonArray();
        for (String value : values) {
            messages.add(json("{'headers': {'h': '1'}, 'ttl_ms': 600000}").put("value", value));
        }
        HttpResponse<String> sent = queues.post("jobs/messages", new JsonObject().put("messages", messages));
        assertThat(sent.statusCode()).as(sent.body()).isEqualTo(201);
    }

    /** Messages that die for a reason. */
    private void die(String reason, String... values) {
        send(values);
        JsonArray leases = new JsonArray(receive("jobs", values.length));
        ok(queues.post(
                "jobs/nack",
                new JsonObject().put("leases", leases).put("dead", true).put("reason", reason)));
        Await.until(
                "they are among the dead letters",
                () -> queues.described("jobs").getJsonObject("messages").getInteger("dying") == 0);
    }

    private JsonObject letters(String query) {
        return ok(queues.get("jobs/dead-letters" + query));
    }

    private static List<Object> values(JsonObject page) {
        return objects(page.getJsonArray("messages")).stream()
                .map(message -> message.getValue("value"))
                .toList();
    }

    private JsonObject job(String id) {
        return ok(queues.get("jobs/jobs/" + id));
    }

    private JsonObject begin(String verb, JsonObject wish) {
        HttpResponse<String> begun = queues.post("jobs/" + verb, wish);
        assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
        String id = new JsonObject(begun.body()).getString("id");
        assertThat(begun.headers().firstValue("Location")).hasValue("/v1/queues/jobs/jobs/" + id);
        Await.until("the job is over", () -> !job(id).getString("state").equals("running"));
        return job(id);
    }

    @Test
    void aDeadLetterTellsItsWholeCase() {
        long beforeMs = System.currentTimeMillis();
        die("cannot be parsed", "a");

        JsonObject letter = objects(letters("").getJsonArray("messages")).get(0);

        assertThat(letters("").getString("dead_letter_queue")).isEqualTo("jobs.dead");
        assertThat(letter.getString("id")).isEqualTo("0-0");
        assertThat(letter.getJsonObject("origin")).isEqualTo(json("{'queue': 'jobs', 'partition': 0, 'offset': 0}"));
        assertThat(letter.getString("state")).isEqualTo("waiting");
        assertThat(letter.getString("reason")).isEqualTo("cannot be parsed");
        assertThat(letter.getInteger("deliveries")).isEqualTo(1);
        assertThat(letter.getInteger("redrives")).isZero();
        assertThat(letter.getLong("enqueued_at")).isBetween(beforeMs, System.currentTimeMillis());
        assertThat(letter.getLong("died_at")).isBetween(beforeMs, System.currentTimeMillis());
        assertThat(letter.getString("value")).isEqualTo("a");
        assertThat(letter.getJsonObject("headers").getInteger("h")).isEqualTo(1);
        assertThat(objects(letter.getJsonArray("attempts"))).singleElement().satisfies(attempt -> {
            assertThat(attempt.getString("consumer")).isEqualTo("worker-1");
            assertThat(attempt.getString("reason")).isEqualTo("cannot be parsed");
            assertThat(attempt.getLong("at")).isGreaterThanOrEqualTo(beforeMs);
            assertThat(attempt.getLong("held_ms")).isGreaterThanOrEqualTo(0);
        });
        // Its time to live was that of its life.
        assertThat(ok(queues.get("jobs.dead/messages/0-0")).containsKey("expires_at"))
                .isFalse();
    }

    @Test
    void aDeadLetterTellsOfEarlierDeathsToo() {
        die("cannot be parsed", "a");
        JsonObject first = objects(letters("").getJsonArray("messages")).get(0);
        assertThat(first.containsKey("earlier_deaths")).isFalse();
        String[] reasons = {"again", "and \"again\""};
        for (int i = 0; i < 2; i++) {
            assertThat(begin("redrive", new JsonObject()).getInteger("sent")).isEqualTo(1);
            ok(queues.post(
                    "jobs/nack",
                    new JsonObject()
                            .put("leases", new JsonArray(receive("jobs", 1)))
                            .put("dead", true)
                            .put("reason", reasons[i])));
            int redrives = i + 1;
            Await.until(
                    "it is among the dead letters",
                    () -> objects(letters("").getJsonArray("messages")).stream()
                            .anyMatch(letter -> letter.getInteger("redrives") == redrives));
        }

        JsonObject letter = objects(letters("").getJsonArray("messages")).get(0);

        assertThat(letter.getString("id")).isEqualTo("0-0");
        assertThat(letter.getString("reason")).isEqualTo(reasons[1]);
        List<JsonObject> earlier = objects(letter.getJsonArray("earlier_deaths"));
        assertThat(earlier).extracting(one -> one.getString("reason")).containsExactly("cannot be parsed", "again");
        JsonObject told = new JsonObject().put("queue", "jobs");
        for (String name : List.of("enqueued_at", "died_at", "reason", "deliveries", "attempts")) {
            told.put(name, first.getValue(name));
        }
        assertThat(earlier.get(0)).isEqualTo(told);
        assertThat(earlier.get(1).getLong("enqueued_at")).isBetween(told.getLong("died_at"), letter.getLong("died_at"));
    }

    @Test
    void pagesFollowEachOther() {
        die("no", "a", "b", "c", "d", "e");
        List<Object> seen = new ArrayList<>();
        String query = "?limit=2";
        while (true) {
            JsonObject page = letters(query);
            seen.addAll(values(page));
            if (!page.containsKey("next")) {
                break;
            }
            assertThat(values(page)).hasSize(2);
            query = "?limit=2&after=" + page.getString("next");
        }
        assertThat(seen).containsExactly("a", "b", "c", "d", "e");
        // One that is too large for a page comes alone.
        JsonObject small = letters("?max_bytes=1");
        assertThat(values(small)).containsExactly("a");
        assertThat(values(letters("?max_bytes=1&after=" + small.getString("next"))))
                .containsExactly("b");

        problem(queues.get("jobs/dead-letters?after=x"), 400, "invalid_argument");
        problem(queues.get("nothing/dead-letters"), 404, "unknown_queue");
        assertThat(values(ok(queues.get("jobs.dead/dead-letters?limit=1")))).containsExactly("a");
        problem(queues.post("jobs.dead/redrive", json("{}")), 409, "unknown_target");
    }

    @Test
    void aRedriveIsCountedFirstAndThenDone() {
        die("timeout", "a", "b");
        die("bad input", "c");
        JsonObject wish = json("{'filter': {'reason': 'time', 'consumer': 'worker-1', 'headers': {'h': '1'}}}");

        JsonObject count = ok(queues.post("jobs/redrive", wish.copy().put("dry_run", true)));
        assertThat(count)
                .isEqualTo(json("{'dry_run': true, 'looked_at': 3, 'matching': 2, 'leased': 0, 'refused': 0,"
                        + " 'sent': 2, 'complete': true}"));
        assertThat(values(letters(""))).containsExactly("a", "b", "c");

        JsonObject done = begin("redrive", wish);
        assertThat(done.getString("state")).isEqualTo("done");
        assertThat(done.getInteger("sent")).isEqualTo(2);
        assertThat(done.getString("target")).isEqualTo("jobs");
        assertThat(done.getString("source")).isEqualTo("jobs.dead");
        assertThat(done.getJsonObject("filter")).isEqualTo(wish.getJsonObject("filter"));
        assertThat(done.getString("by")).contains("127.0.0.1:");
        assertThat(values(letters(""))).containsExactly("c");
        JsonObject again = ok(queues.post("jobs/receive", json("{'max': 10}")));
        assertThat(objects(again.getJsonArray("messages")).stream().map(one -> one.getString("id")))
                .containsExactly("0-0", "0-1");

        assertThat(objects(ok(queues.get("jobs/jobs")).getJsonArray("jobs"))).containsExactly(done);
        assertThat(objects(ok(queues.get("jobs.dead/jobs")).getJsonArray("jobs")))
                .containsExactly(done);
    }

    @Test
    void aReplaySendsWhatWasDoneOnceMore() {
        queues.create("other", json("{'partitions': 1}"));
        send("a", "b", "c", "d");
        ok(queues.post("jobs/ack", new JsonObject().put("leases", new JsonArray(receive("jobs", 3)))));

        JsonObject some = json("{'from_id': '0-1', 'to_id': '0-3', 'from': '-1h', 'target': 'other', 'max': 5}");
        assertThat(ok(queues.post("jobs/replay", some.copy().put("dry_run", true)))
                        .getInteger("sent"))
                .isEqualTo(2);
        JsonObject done = begin("replay", some);

        assertThat(done.getInteger("sent")).isEqualTo(2);
        assertThat(done.getInteger("rate")).isEqualTo(1_000);
        assertThat(done.getJsonObject("filter").getString("outcome")).isEqualTo("acknowledged");
        List<JsonObject> copies =
                objects(ok(queues.post("other/receive", json("{'max': 10}"))).getJsonArray("messages"));
        assertThat(copies.stream().map(copy -> copy.getString("value"))).containsExactly("b", "c");
        assertThat(copies.get(0).getJsonObject("headers").getString("sluice-replay-of"))
                .isEqualTo("0-1");
        assertThat(begin("replay", json("{'outcome': 'dead'}")).getInteger("sent"))
                .isZero();
        assertThat(begin("replay", json("{'to': 1}")).getInteger("sent")).isZero();
        assertThat(begin("replay", json("{'max': 1}")).getInteger("sent")).isEqualTo(1);
    }

    @Test
    void aJobCanBeStoppedAndIsRemembered() {
        die("no", "a", "b", "c", "d", "e", "f");
        HttpResponse<String> begun = queues.post("jobs/redrive", json("{'rate': 1}"));
        String id = new JsonObject(begun.body()).getString("id");
        Await.until("it has begun to send", () -> job(id).getInteger("sent") > 0);

        JsonObject stopped = ok(queues.delete("jobs/jobs/" + id));

        assertThat(stopped.getString("state")).isEqualTo("stopped");
        assertThat(stopped.getString("why")).startsWith("stopped by ");
        assertThat(stopped.getInteger("sent")).isBetween(1, 5);
        queues.server.restart();
        Await.until("it is read", () -> queues.get("jobs/jobs/" + id).statusCode() == 200);
        assertThat(job(id).getString("state")).isEqualTo("stopped");
        assertThat(job(id).getString("by")).isEqualTo(stopped.getString("by"));
    }

    @Test
    void aDeadLetterHasAnIdWhateverItsProducerSaid() {
        queues.produce("jobs", json("{'value': 'a', 'headers': {'sluice-id': 'the first'}}"));
        ok(queues.post(
                "jobs/nack",
                new JsonObject()
                        .put("leases", new JsonArray(receive("jobs", 1)))
                        .put("dead", true)));
        Await.until(
                "it is among the dead letters",
                () -> queues.described("jobs").getJsonObject("messages").getInteger("dying") == 0);

        assertThat(objects(letters("").getJsonArray("messages")).get(0).getString("id"))
                .isEqualTo("0-0");
        JsonObject bare = letters("?values=none").getJsonArray("messages").getJsonObject(0);
        assertThat(bare.getString("reason")).isEqualTo("rejected");
        assertThat(bare.containsKey("value")).isFalse();
        assertThat(begin("redrive", json("{'filter': {'ids': ['0-0']}}")).getInteger("sent"))
                .isEqualTo(1);
        assertThat(ok(queues.post("jobs/receive", new JsonObject()))
                        .getJsonArray("messages")
                        .getJsonObject(0)
                        .getString("id"))
                .isEqualTo("0-0");
    }

    @Test
    void aFilterThatSaysNothingIsRefusedAndMovesNothing() {
        die("no", "a");

        refused("redrive", "{'filter': {'ids': []}}", "filter.ids");
        refused("redrive", "{'filter': {'ids': ['0-0', 'x']}}", "filter.ids[1]");
        refused("redrive", "{'filter': {'ids': ['']}}", "filter.ids[0]");
        refused("redrive", "{'filter': {'reason': ''}}", "filter.reason");
        refused("redrive", "{'filter': {'consumer': ''}}", "filter.consumer");
        refused("redrive", "{'filter': {'headers': {}}}", "filter.headers");
        refused("redrive", "{'filter': {'died_after': ''}}", "filter.died_after");
        refused("replay", "{'headers': {}}", "headers");
        refused("replay", "{'outcome': ''}", "outcome");
        refused("replay", "{'from_id': ''}", "from_id");
        // A key can be empty: it is the key that is asked for.
        assertThat(begin("redrive", json("{'filter': {'key': ''}}")).getInteger("sent"))
                .isZero();
        assertThat(values(letters(""))).containsExactly("a");
    }

    private void refused(String verb, String wish, String field) {
        HttpResponse<String> answer = queues.post("jobs/" + verb, json(wish));
        problem(answer, 400, "invalid_argument");
        assertThat(new JsonObject(answer.body()).getString("field")).isEqualTo(field);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        problem(queues.post("jobs/redrive", json("{'filter': {'id': 'x'}}")), 400, "unknown_field");
        problem(queues.post("jobs/redrive", json("{'filter': {'died_after': 'noon'}}")), 400, "invalid_argument");
        problem(queues.post("jobs/redrive", json("{'rate': 0}")), 400, "invalid_argument");
        problem(queues.post("jobs/redrive", json("{'target': 'jobs.dead'}")), 409, "unknown_target");
        problem(queues.post("jobs/replay", json("{'outcome': 'lost'}")), 400, "invalid_argument");
        problem(queues.post("jobs/replay", json("{'from_id': 'x'}")), 400, "invalid_argument");
        problem(queues.post("jobs/replay", json("{'target': 'nowhere'}")), 409, "unknown_target");
        problem(queues.post("nowhere/replay", json("{}")), 404, "unknown_queue");
        problem(queues.get("jobs/jobs/replay-7"), 404, "unknown_job");
        queues.create("none", json("{'dead_letter_queue': null}"));
        problem(queues.post("none/redrive", json("{}")), 409, "no_dead_letters");
        for (int i = 0; i < 10; i++) {
            // With nothing to do they are over at once, unless they may do so only slowly.
            send("m" + i);
        }
        ok(queues.post("jobs/ack", new JsonObject().put("leases", new JsonArray(receive("jobs", 10)))));
        queues.create("sink");
        for (int i = 0; i < 10; i++) {
            assertThat(queues.post("jobs/replay", json("{'rate': 1, 'target': 'sink'}"))
                            .statusCode())
                    .isEqualTo(202);
        }
        problem(queues.post("jobs/replay", json("{'rate': 1, 'target': 'sink'}")), 429, "too_many_jobs");
    }
}
