package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of a queue that stand still, over HTTP. */
class QueueKeysTest {
    @TempDir
    private Path folder;

    private QueueFace queues;

    @BeforeEach
    void start() {
        queues = new QueueFace(folder);
        queues.create("jobs", new JsonObject().put("order", "key"));
        for (String key : List.of("a", "a", "b", "a")) {
            queues.produce(
                    "jobs",
                    new JsonObject().put("key", key).put("value", "of " + key).put("partition", 0));
        }
    }

    @AfterEach
    void close() {
        queues.close();
    }

    private List<JsonObject> receive(int max) {
        return QueueFace.objects(QueueFace.ok(queues.post("jobs/receive", new JsonObject().put("max", max)))
                .getJsonArray("messages"));
    }

    private JsonObject keys() {
        return QueueFace.ok(queues.server.send("GET", "/v1/queues/jobs/keys"));
    }

    private JsonObject park(String how, JsonObject key) {
        return QueueFace.ok(queues.post("jobs/keys/" + how, key));
    }

    private static JsonObject key(String key) {
        return new JsonObject().put("key", key);
    }

    @Test
    void aKeyThatStandsStillIsListedWithTheMessageThatComesFirst() {
        JsonObject first = receive(1).get(0);
        queues.post(
                "jobs/nack",
                new JsonObject()
                        .put("leases", new JsonArray().add(first.getString("lease")))
                        .put("delay_ms", 3_600_000)
                        .put("reason", "no such address"));
        assertThat(receive(10)).extracting(one -> one.getString("key")).containsExactly("b");

        JsonObject keys = keys();
        assertThat(keys.getInteger("count")).isEqualTo(1);
        JsonObject a = keys.getJsonArray("keys").getJsonObject(0);
        assertThat(a.getString("key")).isEqualTo("a");
        assertThat(a.getInteger("behind")).isEqualTo(2);
        assertThat(a.containsKey("parked")).isFalse();
        assertThat(a.getJsonObject("first").getString("id")).isEqualTo("0-0");
        assertThat(a.getJsonObject("first").getString("state")).isEqualTo("delayed");
        assertThat(a.getJsonObject("first").getString("reason")).isEqualTo("no such address");
        assertThat(a.getJsonObject("first").containsKey("value")).isFalse();
    }

    @Test
    void aParkedKeyIsLeftAloneUntilItIsTakenUpAgainAlsoByABrokerThatStartsAgain() {
        assertThat(park("park", key("a").put("reason", "look into it")).getBoolean("parked"))
                .isTrue();
        assertThat(receive(10)).extracting(one -> one.getString("key")).containsExactly("b");

        JsonObject parked = keys().getJsonArray("keys").getJsonObject(0);
        assertThat(parked.getString("key")).isEqualTo("a");
        assertThat(parked.getJsonObject("parked").getString("reason")).isEqualTo("look into it");
        JsonObject why = QueueFace.ok(queues.server.send("GET", "/v1/queues/jobs/messages/0-0/why"));
        assertThat(QueueFace.objects(why.getJsonArray("reasons")))
                .filteredOn(reason -> reason.getString("code").equals("key_parked"))
                .singleElement()
                .satisfies(reason -> {
                    assertThat(reason.getLong("since"))
                            .isEqualTo(parked.getJsonObject("parked").getLong("since"));
                    assertThat(reason.getString("message")).endsWith("look into it");
                });
        assertThat(QueueFace.ok(queues.server.send("GET", "/v1/queues/jobs/messages/0-0"))
                        .getBoolean("parked"))
                .isTrue();

        queues.close();
        queues = new QueueFace(folder);
        assertThat(receive(10)).isEmpty();
        assertThat(keys().getJsonArray("keys").getJsonObject(0).getJsonObject("parked"))
                .isEqualTo(parked.getJsonObject("parked"));

        assertThat(park("unpark", key("a")).getBoolean("parked")).isFalse();
        assertThat(receive(10)).extracting(one -> one.getString("id")).containsExactly("0-0");
        assertThat(keys().getJsonArray("keys").getJsonObject(0).containsKey("parked"))
                .isFalse();
    }

    @Test
    void keysThatAreNotTextCanBeParked() {
        JsonObject bytes = new JsonObject().put("key_base64", "/w==");
        assertThat(park("park", bytes).getString("key_base64")).isEqualTo("/w==");
        assertThat(keys().getJsonArray("keys").getJsonObject(0).getString("key_base64"))
                .isEqualTo("/w==");
    }

    /** A queue in which each of these keys stands still: one of its messages has failed, another waits behind that. */
    private List<JsonObject> standStill(List<JsonObject> messages) {
        queues.create("still", new JsonObject().put("order", "key"));
        for (JsonObject message : messages) {
            queues.produce("still", message.copy().put("partition", 0));
            queues.produce("still", message.copy().put("partition", 0).put("value", "behind"));
        }
        JsonArray leases = new JsonArray();
        // What is large does not come all at once.
        Await.until("received", () -> {
            QueueFace.ok(queues.post(
                            "still/receive", new JsonObject().put("max", 100).put("values", "text")))
                    .getJsonArray("messages")
                    .forEach(one -> leases.add(((JsonObject) one).getString("lease")));
            return leases.size() == messages.size();
        });
        QueueFace.ok(
                queues.post("still/nack", new JsonObject().put("leases", leases).put("delay_ms", 3_600_000)));
        return QueueFace.objects(QueueFace.ok(queues.get("still/keys")).getJsonArray("keys"));
    }

    @Test
    void keysAreTextAlsoIfTheyLookLikeJson() {
        List<JsonObject> keys =
                standStill(List.of(key("42").put("value", "x"), key("{\"a\":1}").put("value", "x")));

        assertThat(keys).extracting(one -> one.getValue("key")).containsExactlyInAnyOrder("42", "{\"a\":1}");
        assertThat(keys)
                .extracting(one -> one.getJsonObject("first").getValue("key"))
                .containsExactlyInAnyOrder("42", "{\"a\":1}");
    }

    @Test
    void allKeysAreShownHoweverLargeTheirMessagesAre() {
        List<JsonObject> messages = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            messages.add(key("key " + i).put("value", "v".repeat(100_000)));
        }

        assertThat(standStill(messages))
                .extracting(one -> one.getString("key"))
                .containsExactlyInAnyOrderElementsOf(
                        messages.stream().map(one -> one.getString("key")).toList());
    }

    @Test
    void whatAMessageCarriesBesideItsKeyIsNotLookedAt() {
        List<JsonObject> keys = standStill(List.of(key("k").put("value", "7".repeat(2_000))));

        assertThat(keys).extracting(one -> one.getString("key")).containsExactly("k");
    }

    @Test
    void ofAKeyThatIsTooLongToBeParkedTheLengthIsTold() {
        List<JsonObject> keys = standStill(List.of(
                key("x".repeat(1_025)).put("value", "x"), key("y".repeat(1_024)).put("value", "x")));

        assertThat(keys)
                .extracting(one -> one.getValue("key_bytes", one.getValue("key")))
                .containsExactlyInAnyOrder(1_025, "y".repeat(1_024));
    }

    @Test
    void whatIsNotAKeyIsRefusedByName() {
        QueueFace.problem(queues.post("jobs/keys/park", new JsonObject()), 400, "invalid_argument");
        QueueFace.problem(queues.post("jobs/keys/park", key("a").put("key_base64", "YQ==")), 400, "invalid_argument");
        QueueFace.problem(queues.post("jobs/keys/park", key("")), 400, "invalid_argument");
        QueueFace.problem(queues.post("jobs/keys/park", key("x".repeat(1_025))), 400, "invalid_argument");
        QueueFace.problem(
                queues.post("jobs/keys/park", new JsonObject().put("key_base64", "?")), 400, "invalid_argument");
        QueueFace.problem(queues.post("jobs/keys/unpark", key("a")), 404, "not_parked");
        QueueFace.problem(queues.post("none/keys/park", key("a")), 404, "unknown_queue");
    }

    @Test
    void onlySoManyKeysAreParked() {
        for (int i = 0; i < 1_000; i++) {
            park("park", key("k" + i));
        }
        QueueFace.problem(queues.post("jobs/keys/park", key("one more")), 409, "too_many_parked");
        park("park", key("k0").put("reason", "another reason"));
        park("unpark", key("k5"));
        park("park", key("one more"));
    }
}
