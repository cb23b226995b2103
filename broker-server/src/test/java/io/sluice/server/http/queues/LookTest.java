package io.sluice.server.http.queues;

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

@ExtendWith(BlockedThreadsFail.class)
class LookTest {
    @TempDir
    private Path folder;

    private QueueFace queues;

    @BeforeEach
    void start() {
        queues = new QueueFace(folder);
    }

    @AfterEach
    void stop() {
        queues.close();
    }

    private static JsonObject json(String text) {
        return new JsonObject(text.replace('\'', '"'));
    }

    private JsonObject message(String id) {
        return QueueFace.ok(queues.get("jobs/messages/" + id));
    }

    private JsonObject browse(String query) {
        return QueueFace.ok(queues.get("jobs/messages" + query));
    }

    private static List<String> ids(JsonObject page) {
        return QueueFace.objects(page.getJsonArray("messages")).stream()
                .map(one -> one.getString("id"))
                .toList();
    }

    private static List<String> values(JsonObject page) {
        return QueueFace.objects(page.getJsonArray("messages")).stream()
                .map(one -> one.getString("value"))
                .toList();
    }

    private List<String> idsIn(String state) {
        return ids(browse("?state=" + state));
    }

    // ---- one message ----

    @Test
    void aMessageThatWaitsIsShownWithWhatItCarries() {
        queues.create("jobs");
        long beforeMs = System.currentTimeMillis();
        queues.produce("jobs", json("{'key': 'k', 'value': {'n': 1}, 'headers': {'h': 'x'}, 'partition': 0}"));

        JsonObject message = message("0-0");

        assertThat(message.remove("enqueued_at"))
                .isInstanceOfSatisfying(
                        Long.class, at -> assertThat(at).isBetween(beforeMs, System.currentTimeMillis()));
        assertThat(message)
                .isEqualTo(json("{'id': '0-0', 'partition': 0, 'offset': 0, 'state': 'waiting', 'deliveries': 0,"
                        + " 'attempts': [], 'key': 'k', 'value': {'n': 1}, 'headers': {'h': 'x'}}"));
        assertThat(QueueFace.ok(queues.get("jobs/messages/0-0?values=base64")).getString("key_base64"))
                .isEqualTo("aw==");
        assertThat(QueueFace.ok(queues.get("jobs/messages/0-0?values=none")).fieldNames())
                .doesNotContain("key", "value", "headers");
    }

    @Test
    void aJobIsFollowedFromItsBeginningToItsEnd() {
        queues.create("jobs", json("{'visibility_timeout_ms': 40000, 'backoff': {'initial_ms': 0}}"));
        queues.produce("jobs", "work");

        String first = receive(json("{'consumer': 'w1'}")).getString("lease");
        JsonObject leased = message("0-0");
        assertThat(leased.getString("state")).isEqualTo("leased");
        assertThat(leased.getString("consumer")).isEqualTo("w1");
        assertThat(leased.getInteger("deliveries")).isEqualTo(1);
        assertThat(leased.getLong("lease_expires_at") - leased.getLong("since")).isEqualTo(40_000);
        assertThat(leased.getLong("first_received_at")).isEqualTo(leased.getLong("since"));

        queues.post("jobs/extend", leases(first).put("progress", json("{'percent': 40}")));
        assertThat(message("0-0").getJsonObject("progress")).isEqualTo(json("{'percent': 40}"));

        JsonObject ended = QueueFace.ok(queues.post(
                "jobs/nack", leases(first).put("delay_ms", 3_600_000).put("reason", "too early")));
        assertThat(ended.getJsonArray("results"))
                .containsExactly(new JsonObject().put("lease", first).put("ok", true));
        JsonObject delayed = message("0-0");
        assertThat(delayed.getString("state")).isEqualTo("delayed");
        assertThat(delayed.getString("reason")).isEqualTo("too early");
        assertThat(delayed.getLong("deliver_at") - delayed.getLong("since")).isEqualTo(3_600_000);
        assertThat(delayed.getJsonArray("attempts")).hasSize(1);
        JsonObject attempt = delayed.getJsonArray("attempts").getJsonObject(0);
        assertThat(attempt.getString("consumer")).isEqualTo("w1");
        assertThat(attempt.getString("reason")).isEqualTo("too early");
        assertThat(attempt.getLong("at")).isEqualTo(leased.getLong("since"));
        assertThat(attempt.getLong("at") + attempt.getLong("held_ms")).isEqualTo(delayed.getLong("since"));

        queues.produce("jobs", "more");
        String second = receive(json("{'consumer': 'w2'}")).getString("lease");
        queues.post("jobs/ack", leases(second).put("result", json("{'sum': 7}")));
        JsonObject done = message("0-1");
        assertThat(done.getString("state")).isEqualTo("acknowledged");
        assertThat(done.getString("consumer")).isEqualTo("w2");
        assertThat(done.getJsonObject("result")).isEqualTo(json("{'sum': 7}"));
        assertThat(done.getString("value")).isEqualTo("more");
        assertThat(done.containsKey("lease_expires_at")).isFalse();

        assertThat(queues.delete("jobs/messages/0-0").statusCode()).isEqualTo(204);
        assertThat(message("0-0").getString("state")).isEqualTo("dropped");
        assertThat(message("0-0").getJsonArray("attempts")).hasSize(1);
    }

    private JsonObject receive(JsonObject request) {
        return QueueFace.ok(queues.post("jobs/receive", request))
                .getJsonArray("messages")
                .getJsonObject(0);
    }

    private static JsonObject leases(String... leases) {
        return new JsonObject().put("leases", new JsonArray(List.of(leases)));
    }

    @Test
    void onlyTheTimeTellsThatAMessageIsDelayedWhichNobodyHasLookedAt() {
        queues.create("jobs");
        long dueMs = System.currentTimeMillis() + 3_600_000;
        queues.produce("jobs", "now");
        queues.produce(
                "jobs",
                json("{'value': 'later', 'partition': 0}")
                        .put("headers", new JsonObject().put("sluice-deliver-at", Long.toString(dueMs))));
        queues.produce("jobs", json("{'value': 'was', 'partition': 0, 'headers': {'sluice-deliver-at': '5'}}"));

        JsonObject message = message("0-1");
        assertThat(message.getString("state")).isEqualTo("delayed");
        assertThat(message.getLong("deliver_at")).isEqualTo(dueMs);
        assertThat(message("0-2").getString("state")).isEqualTo("waiting");
        assertThat(idsIn("waiting")).containsExactly("0-0", "0-2");
        assertThat(idsIn("delayed")).containsExactly("0-1");

        // Somebody looks at them: nothing changes.
        receive(new JsonObject());
        assertThat(message("0-1").getString("state")).isEqualTo("delayed");
        assertThat(message("0-1").getLong("deliver_at")).isEqualTo(dueMs);
        assertThat(idsIn("delayed")).containsExactly("0-1");
        assertThat(idsIn("waiting")).containsExactly("0-2");
        assertThat(idsIn("leased")).containsExactly("0-0");
    }

    @Test
    void theDelayAndTheAgeOfTheQueueAreThoseOfItsMessages() {
        queues.create("jobs", json("{'delay_ms': 3600000, 'ttl_ms': 1000}"));
        queues.produce("jobs", "a");

        JsonObject message = message("0-0");

        assertThat(message.getString("state")).isEqualTo("delayed");
        assertThat(message.getLong("deliver_at") - message.getLong("enqueued_at"))
                .isEqualTo(3_600_000);
        assertThat(message.getLong("expires_at") - message.getLong("deliver_at"))
                .isEqualTo(1_000);
    }

    @Test
    void aMessageOfAKeyTellsWhichOtherItWaitsFor() {
        queues.create("jobs", json("{'order': 'key'}"));
        queues.produce("jobs", json("{'key': 'k', 'value': 1, 'partition': 0}"));
        queues.produce("jobs", json("{'key': 'k', 'value': 2, 'partition': 0}"));
        receive(new JsonObject());
        // One that finds nothing has looked at all.
        assertThat(QueueFace.ok(queues.post("jobs/receive", new JsonObject())).getJsonArray("messages"))
                .isEmpty();

        assertThat(message("0-1").getString("blocked_by")).isEqualTo("0-0");
    }

    @Test
    void whatIsNotThereIsNotFound() {
        queues.create("jobs");
        queues.produce("jobs", "a");

        QueueFace.problem(queues.get("jobs/messages/0-1"), 404, "unknown_message");
        QueueFace.problem(queues.get("jobs/messages/1-0"), 404, "unknown_message");
        QueueFace.problem(queues.get("jobs/messages/seven"), 400, "invalid_argument");
        QueueFace.problem(queues.get("jobs/messages/0-0?x=1"), 400, "unknown_parameter");
        QueueFace.problem(queues.get("jobs/messages/0-0?values=xml"), 400, "invalid_argument");
        QueueFace.problem(queues.get("nowhere/messages/0-0"), 404, "unknown_queue");
        QueueFace.problem(queues.delete("nowhere/messages/0-0"), 404, "unknown_queue");
        QueueFace.problem(queues.delete("jobs/messages/0-1"), 404, "unknown_message");
        QueueFace.problem(queues.delete("jobs/messages/x"), 400, "invalid_argument");
        // Nothing of what is still to come is finished.
        queues.produce("jobs", "b");
        assertThat(message("0-1").getString("state")).isEqualTo("waiting");

        assertThat(queues.delete("jobs/messages/0-0").statusCode()).isEqualTo(204);
        QueueFace.problem(queues.delete("jobs/messages/0-0"), 404, "unknown_message");
    }

    @Test
    void aMessageWhoseRecordIsGoneIsShownWithoutIt() {
        queues.create("jobs");
        queues.produce("jobs", "a", "b");
        String lease = receive(new JsonObject()).getString("lease");
        queues.post("jobs/ack", leases(lease));
        queues.server.send("DELETE", "/v1/topics/jobs/partitions/0/records?before=1");

        JsonObject message = message("0-0");

        assertThat(message.getString("state")).isEqualTo("acknowledged");
        assertThat(message.getBoolean("gone")).isTrue();
        assertThat(message.containsKey("value")).isFalse();
    }

    @Test
    void whoDeletesALeasedMessageTakesItFromItsWorker() {
        queues.create("jobs");
        queues.produce("jobs", "a");
        String lease = receive(new JsonObject()).getString("lease");

        assertThat(queues.delete("jobs/messages/0-0").statusCode()).isEqualTo(204);

        assertThat(queues.post("jobs/ack", leases(lease)).statusCode()).isEqualTo(409);
        assertThat(queues.described("jobs").getLong("lag")).isZero();
    }

    // ---- many ----

    @Test
    void messagesAreListedByStatePageByPage() {
        queues.create("jobs", json("{'partitions': 2, 'dead_letter_queue': null}"));
        for (int i = 0; i < 7; i++) {
            queues.produce("jobs", new JsonObject().put("value", "v" + i).put("partition", i % 2));
        }

        List<String> found = new ArrayList<>();
        String after = "";
        int pages = 0;
        do {
            JsonObject page = browse("?limit=2" + after);
            found.addAll(values(page));
            after = page.containsKey("next") ? "&after=" + page.getString("next") : "";
            pages++;
        } while (!after.isEmpty());

        assertThat(found).containsExactly("v0", "v2", "v4", "v6", "v1", "v3", "v5");
        assertThat(pages).isEqualTo(4);
        assertThat(values(browse("?after=0-2"))).containsExactly("v6", "v1", "v3", "v5");
        assertThat(values(browse("?after=1-2"))).isEmpty();
        assertThat(values(browse("?after=5-0"))).isEmpty();
    }

    @Test
    void everyStateHasItsMessages() {
        queues.create("jobs", json("{'dead_letter_queue': null, 'backoff': {'initial_ms': 200000}}"));
        queues.produce("jobs", json("{'value': 'expires', 'partition': 0, 'headers': {'sluice-expires-at': '5'}}"));
        queues.produce("jobs", "acked", "dies", "fails", "kept", "dropped", "waits");
        List<String> leases = QueueFace.objects(QueueFace.ok(queues.post("jobs/receive", json("{'max': 4}")))
                        .getJsonArray("messages"))
                .stream()
                .map(one -> one.getString("lease"))
                .toList();
        queues.post("jobs/ack", leases(leases.get(0)));
        queues.post("jobs/nack", leases(leases.get(1)).put("dead", true));
        queues.post("jobs/nack", leases(leases.get(2)));
        queues.delete("jobs/messages/0-5");

        assertThat(values(browse("?state=expired"))).containsExactly("expires");
        assertThat(values(browse("?state=acknowledged"))).containsExactly("acked");
        assertThat(values(browse("?state=dead"))).containsExactly("dies");
        assertThat(values(browse("?state=delayed"))).containsExactly("fails");
        assertThat(values(browse("?state=leased"))).containsExactly("kept");
        assertThat(values(browse("?state=dropped"))).containsExactly("dropped");
        assertThat(values(browse("?state=waiting"))).containsExactly("waits");
        assertThat(values(browse("?state=dying"))).isEmpty();
        assertThat(values(browse("?state=leased,acknowledged,expired"))).containsExactly("expires", "acked", "kept");
        assertThat(values(browse(""))).containsExactly("fails", "kept", "waits");

        queues.server.restart();
        Await.until("it is read", () -> queues.get("jobs").statusCode() == 200);
        assertThat(values(browse("?state=dead,expired,dropped"))).containsExactly("expires", "dies", "dropped");
        assertThat(values(browse(""))).containsExactly("fails", "kept", "waits");
    }

    @Test
    void whatLiesBetweenIsNotTakenForWhatIsWanted() {
        queues.create("jobs", json("{'partitions': 2}"));
        for (int partition = 0; partition < 2; partition++) {
            for (int i = 0; i < 3; i++) {
                queues.produce(
                        "jobs",
                        new JsonObject().put("value", partition + "-" + i).put("partition", partition));
            }
        }
        queues.delete("jobs/messages/0-1");
        queues.delete("jobs/messages/1-0");

        JsonObject page = browse("");

        assertThat(values(page)).isEqualTo(ids(page)).containsExactly("0-0", "0-2", "1-1", "1-2");
        queues.delete("jobs/messages/0-2");
        queues.delete("jobs/messages/1-1");
        assertThat(values(browse(""))).containsExactly("0-0", "1-2");
    }

    @Test
    void aPageHoldsNoMoreThanItMay() {
        queues.create("jobs");
        String large = "x".repeat(1_000);
        for (int i = 0; i < 5; i++) {
            queues.produce("jobs", i + large);
        }

        JsonObject page = browse("?max_bytes=2500");

        assertThat(ids(page)).containsExactly("0-0", "0-1", "0-2");
        assertThat(ids(browse("?max_bytes=1&after=" + page.getString("next")))).containsExactly("0-3");
        assertThat(ids(browse("?max_bytes=2500&values=none"))).hasSize(5);
    }

    @Test
    void whatIsAskedForWronglyIsRefused() {
        queues.create("jobs");

        for (String query : List.of(
                "?state=sleeping",
                "?state=waiting,",
                "?state=unknown",
                "?limit=0",
                "?limit=1001",
                "?after=x",
                "?values=xml",
                "?max_bytes=0")) {
            HttpResponse<String> answer = queues.get("jobs/messages" + query);
            JsonObject problem = QueueFace.problem(answer, 400, "invalid_argument");
            assertThat(problem.getString("field")).isEqualTo(query.substring(1, query.indexOf('=')));
        }
        QueueFace.problem(queues.get("jobs/messages?x=1"), 400, "unknown_parameter");
        QueueFace.problem(queues.get("nowhere/messages"), 404, "unknown_queue");
    }

    @Test
    void aQueueThatIsDeletedEndsTheReceivesThatWait() {
        queues.create("jobs");
        var parked = queues.postAsync("jobs/receive", json("{'wait_ms': 30000}"));
        Await.until("it waits", () -> queues.described("jobs").getInteger("receivers") == 1);

        assertThat(queues.delete("jobs").statusCode()).isEqualTo(204);

        assertThat(QueueFace.ok(parked.join()).getJsonArray("messages")).isEmpty();
        queues.create("jobs");
        queues.produce("jobs", "a");
        assertThat(ids(browse("?state=waiting"))).containsExactly("0-0");
    }
}
