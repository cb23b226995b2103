package io.sluice.server.http.queues;

import static io.sluice.server.http.queues.MessagesFace.ids;
import static io.sluice.server.http.queues.MessagesFace.leases;
import static io.sluice.server.http.queues.MessagesFace.messages;
import static io.sluice.server.http.queues.MessagesFace.ok;
import static io.sluice.server.http.queues.MessagesFace.problem;
import static io.sluice.server.http.queues.MessagesFace.results;
import static io.sluice.server.http.queues.MessagesFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.ManualClock;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.http.push.EventReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages on their way through a queue, over HTTP. */
@ExtendWith(NoErrorsLogged.class)
class MessagesTest {
    private static final JsonObject WAIT = new JsonObject().put("wait_ms", 30_000);

    @TempDir
    private Path folder;

    private final ManualClock clock = new ManualClock(System.currentTimeMillis());
    private MessagesFace face;

    @BeforeEach
    void start() {
        face = new MessagesFace(folder, Map.of(), clock);
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private void pass(long ms) {
        clock.advance(Duration.ofMillis(ms));
    }

    @Test
    void whoAsksForMessagesIsListedWithItsQueueAndConsumer() {
        face.post("receive", new JsonObject().put("consumer", "w1"));
        face.post("receive", new JsonObject().put("consumer", "w1"));
        var waiting = face.postAsync("receive", WAIT.copy().put("consumer", "w2"));

        Await.until(
                "both are there",
                () -> consumers().containsAll(List.of("w1", "w2"))
                        && consumers().size() == 2);
        face.enqueue("hello");
        waiting.join();
        face.server.send("POST", "/v1/queues/none/receive", "{\"consumer\": \"w3\"}");
        assertThat(consumers()).containsExactlyInAnyOrder("w1", "w2");

        assertThat(face.server.send("DELETE", "/v1/queues/default/consumers/w1").statusCode())
                .isEqualTo(200);
        assertThat(consumers()).containsExactly("w2");
    }

    /** The names in which connections ask the queue. */
    private List<String> consumers() {
        return new JsonObject(face.server.get("/v1/clients?topic=default").body())
                .getJsonArray("clients").stream()
                        .flatMap(client -> ((JsonObject) client).getJsonArray("subscriptions").stream())
                        .map(JsonObject.class::cast)
                        .filter(one -> "default".equals(one.getString("queue")))
                        .map(one -> one.getString("consumer"))
                        .filter(name -> name.startsWith("w"))
                        .toList();
    }

    @Test
    void whatIsDoneIsAcknowledgedWithTheNextRequest() {
        for (String message : List.of("a", "b", "c")) {
            face.enqueue(message);
        }
        JsonObject first = problem(face.post("receive", new JsonObject().put("max", 2)), 200);
        JsonArray leases = new JsonArray();
        first.getJsonArray("messages").forEach(one -> leases.add(((JsonObject) one).getString("lease")));

        JsonObject next = problem(face.post("receive", new JsonObject().put("ack", leases)), 200);
        assertThat(values(next)).containsExactly("c");
        assertThat(next.getJsonArray("results"))
                .hasSize(2)
                .allSatisfy(
                        one -> assertThat(((JsonObject) one).getBoolean("ok")).isTrue());

        JsonArray last = new JsonArray()
                .add(next.getJsonArray("messages").getJsonObject(0).getString("lease"));
        var waiting = face.postAsync("receive", WAIT.copy().put("ack", last));
        Await.until(
                "it is done while its worker waits",
                () -> new JsonObject(face.server.get("/v1/queues/default").body()).getInteger("lag") == 0);
        face.enqueue("d");
        assertThat(values(problem(waiting.join(), 200))).containsExactly("d");

        JsonObject again = problem(face.post("receive", new JsonObject().put("ack", last)), 200);
        assertThat(again.getJsonArray("results")
                        .getJsonObject(0)
                        .getJsonObject("error")
                        .getString("code"))
                .isEqualTo("stale_lease");
        problem(face.post("receive", new JsonObject().put("ack", "no list")), 400);
        JsonObject none = problem(face.post("receive", new JsonObject().put("ack", new JsonArray().add("x"))), 200);
        assertThat(results(none).get(0).getJsonObject("error").getString("code"))
                .isEqualTo("invalid_lease");
        problem(face.post("pop", new JsonObject().put("ack", last)), 400);
    }

    // ---- sending ----

    @Test
    void whatIsEnqueuedIsReceivedAsItWas() {
        for (Object message : List.of("hello", 7, true, new JsonObject().put("a", 1), new JsonArray().add("x"))) {
            HttpResponse<String> enqueued = face.enqueue(message);

            JsonObject answer = problem(enqueued, 202);
            assertThat(enqueued.headers().firstValue("Location"))
                    .contains("/v1/queues/default/messages/" + answer.getString("id"));
            JsonObject popped = face.pop(1);
            assertThat(values(popped)).containsExactly(message);
            assertThat(ids(popped)).containsExactly(answer.getString("id"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"message\":null}"})
    void nothingIsNotEnqueued(String body) {
        JsonObject problem = problem(face.server.send("POST", "/enqueue", body), 400);

        assertThat(problem.getString("detail")).isEqualTo("Message is required");
        assertThat(ids(face.receive(1))).isEmpty();
    }

    @Test
    void anyBodyIsAMessage() {
        byte[] bytes = {0, (byte) 0xff, 7};
        HttpResponse<String> sent = face.server.send(
                HttpRequest.newBuilder(face.server.uri("/v1/queues/default/messages?key=k&ttl_ms=60000"))
                        .header("Content-Type", "image/png")
                        .header("X-Record-color", "blue")
                        .POST(BodyPublishers.ofByteArray(bytes)));

        assertThat(sent.statusCode()).as(sent.body()).isEqualTo(201);
        JsonObject message = messages(face.receive(1)).get(0);
        assertThat(message.getString("value_base64")).isEqualTo("AP8H");
        assertThat(message.getString("key")).isEqualTo("k");
        assertThat(message.getJsonObject("headers").getString("color")).isEqualTo("blue");
        assertThat(message.getJsonObject("headers").getString("content-type")).isEqualTo("image/png");
    }

    @Test
    void eachOfAListIsAnsweredOnItsOwn() {
        assertThat(face.server
                        .send("PATCH", "/v1/topics/default", "{\"config\":{\"max.message.bytes\":1000}}")
                        .statusCode())
                .isEqualTo(200);

        JsonObject sent = face.sendAll(new JsonArray()
                .add(new JsonObject().put("value", "small"))
                .add(new JsonObject().put("value", "x".repeat(2_000)))
                .add(new JsonObject().put("value", "other")));

        List<JsonObject> all = messages(sent);
        assertThat(all.get(1).getJsonObject("error").getString("code")).isEqualTo("record_too_large");
        assertThat(all.get(1).getJsonObject("error").getString("detail")).contains("messages[1]");
        JsonObject received = face.receive(10);
        assertThat(values(received)).containsExactly("small", "other");
        assertThat(ids(received))
                .containsExactly(all.get(0).getString("id"), all.get(2).getString("id"));
    }

    @Test
    void aListOfWhichNothingCanBeSentIsAProblem() {
        face.server.send("PATCH", "/v1/topics/default", "{\"config\":{\"max.message.bytes\":1000}}");

        JsonObject problem = problem(
                face.post(
                        "messages",
                        new JsonObject()
                                .put(
                                        "messages",
                                        new JsonArray().add(new JsonObject().put("value", "x".repeat(2_000))))),
                413);

        assertThat(problem.getString("code")).isEqualTo("record_too_large");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"value\":2,\"later\":true} unknown_field .later",
                "{\"later\":[{\"value\":2}],\"value\":2} unknown_field .later",
                "{\"value\":2,\"value\":3} duplicate_field .value",
                "{\"value\":2,\"delay_ms\":-1} invalid_argument .delay_ms",
                "{\"value\":2,\"delay_ms\":{\"a\":[1]}} invalid_argument .delay_ms",
                "{\"value\":2,\"delay_ms\":1,\"deliver_at\":2} invalid_argument .deliver_at",
                "{\"value\":2,\"deliver_at\":\"soon\"} invalid_argument .deliver_at",
                "{\"value\":2,\"deliver_at\":1900000000000000000} invalid_argument .deliver_at",
                "{\"value\":2,\"deliver_at\":\"9999-01-01T00:00:00Z\"} invalid_argument .deliver_at",
                "{\"value\":2,\"delay_ms\":3153600000001} invalid_argument .delay_ms",
                "{\"value\":2,\"ttl_ms\":\"1\"} invalid_argument .ttl_ms",
                "{\"value\":2,\"ttl_ms\":0} invalid_argument .ttl_ms",
                "{\"value\":2,\"dedup_id\":\"\"} invalid_argument .dedup_id",
                "{\"value\":2,\"partition\":0} unknown_field .partition",
                "{\"value\":2,\"headers\":{\"a\":\"b\",\"c\":[{}]},\"key\":\"k\",\"x\":1} unknown_field .x",
                "{\"value_base64\":\"?\"} invalid_argument .value_base64",
                "{\"key\":2} invalid_argument .value",
                "{} invalid_argument .value",
                "[[1],{\"value\":2}] invalid_argument ",
                "7 invalid_argument ",
                "null invalid_argument ",
            })
    void aFaultOfAMessageIsItsOwn(String oneAndError) {
        String[] parts = oneAndError.split(" ", -1);
        String body = "{\"messages\":[{\"value\":1}," + parts[0] + ",{\"value\":3}]}";
        List<JsonObject> sent = messages(problem(sendWithKey("k", body), 201));

        assertThat(sent.get(0).containsKey("id")).isTrue();
        JsonObject error = sent.get(1).getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo(parts[1]);
        assertThat(error.getString("field")).isEqualTo("messages[1]" + parts[2]);
        assertThat(sent.get(2).containsKey("id")).isTrue();
        assertThat(values(face.receive(10))).containsExactly(1, 3);
        assertThat(messages(problem(sendWithKey("k", body), 201)).stream()
                        .map(one -> one.getString("id"))
                        .toList())
                .isEqualTo(sent.stream().map(one -> one.getString("id")).toList());
        JsonObject none = problem(sendWithKey("l", "{\"messages\":[" + parts[0] + ",{}]}"), 400);
        assertThat(none.getString("field")).isEqualTo("messages[0]" + parts[2]);
        assertThat(messages(none).get(0).getJsonObject("error").getString("code"))
                .isEqualTo(parts[1]);
        assertThat(messages(none).get(1).getJsonObject("error").getString("field"))
                .isEqualTo("messages[1].value");
    }

    @Test
    void aFaultBesideADedupIdIsItsOwn() {
        String body =
                "{\"messages\":[{\"value\":1,\"dedup_id\":\"a\"},{\"value\":2,\"dedup_id\":\"b\",\"delay_ms\":-1},"
                        + "{\"value\":3,\"dedup_id\":\"a\"},{\"value\":4,\"dedup_id\":\"c\"}]}";

        List<JsonObject> sent = messages(problem(sendWithKey("k", body), 201));

        assertThat(sent.get(1).getJsonObject("error").getString("field")).isEqualTo("messages[1].delay_ms");
        assertThat(sent.get(2).getString("id")).isEqualTo(sent.get(0).getString("id"));
        assertThat(values(face.receive(10))).containsExactly(1, 4);
        // What was refused is not remembered as sent.
        assertThat(messages(problem(sendWithKey("l", "{\"messages\":[{\"value\":2,\"dedup_id\":\"b\"}]}"), 201)))
                .hasSize(1);
        assertThat(values(face.receive(10))).containsExactly(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"messages\":[]} messages",
                "{\"messages\":[{\"value\":1},{\"x\":1},{\"value\":}]} messages[2]",
                "{\"messages\":[{\"x\":1,\"value\":1}{\"value\":1}]} messages[0]",
                "{\"messages\":[{\"value\":1}],\"records\":[]} records",
                "{\"records\":[{\"value\":1}]} records",
            })
    void aFaultOfFormLeavesNothing(String bodyAndField) {
        int space = bodyAndField.lastIndexOf(' ');
        JsonObject problem =
                problem(face.server.send("POST", "/v1/queues/default/messages", bodyAndField.substring(0, space)), 400);

        assertThat(problem.getString("field")).isEqualTo(bodyAndField.substring(space + 1));
        assertThat(ids(face.receive(10))).isEmpty();
    }

    @Test
    void aListOfFaultsIsRefusedAsAWhole() {
        String faults = "{},".repeat(1_000);

        List<JsonObject> sent = messages(problem(
                face.server.send("POST", "/v1/queues/default/messages", "{\"messages\":[" + faults + "{\"value\":1}]}"),
                201));
        JsonObject problem = problem(
                face.server.send(
                        "POST", "/v1/queues/default/messages", "{\"messages\":[{\"value\":2}," + faults + "{}]}"),
                400);

        assertThat(sent).hasSize(1_001);
        assertThat(problem.getString("code")).isEqualTo("too_many_faults");
        assertThat(problem.getString("detail")).contains("messages[1].value is missing");
        assertThat(values(face.receive(10))).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1900000000000000000", "9999-01-01T00:00:00Z", "99999999999999999999"})
    void aTimeThatIsTooFarAwayIsRefused(String time) {
        JsonObject problem = problem(
                face.server.send(
                        HttpRequest.newBuilder(face.server.uri("/v1/queues/default/messages?deliver_at=" + time))
                                .header("Content-Type", "text/plain")
                                .POST(BodyPublishers.ofString("x"))),
                400);

        assertThat(problem.getString("field")).isEqualTo("deliver_at");
        assertThat(ids(face.receive(10))).isEmpty();
    }

    @Test
    void aLifeOfNothingIsRefused() {
        assertThat(problem(raw("?ttl_ms=0", "x"), 400).getString("detail"))
                .contains("ttl_ms is 0, not between 1 and 3153600000000");
        assertThat(problem(sendWithKey("k", "{\"messages\":[{\"value\":1,\"ttl_ms\":0}]}"), 400)
                        .getString("detail"))
                .contains("messages[0].ttl_ms must lie between 1 and 3153600000000");
    }

    @Test
    void twoTimesOfDeliveryAreToldApart() {
        for (String both : List.of("\"delay_ms\":1,\"deliver_at\":2", "\"deliver_at\":2,\"delay_ms\":1")) {
            assertThat(problem(sendWithKey("k", "{\"messages\":[{\"value\":1," + both + "}]}"), 400)
                            .getString("detail"))
                    .contains("is given beside de")
                    .contains("one of them");
        }
        assertThat(problem(sendWithKey("k", "{\"messages\":[{\"value\":1,\"delay_ms\":1,\"delay_ms\":1}]}"), 400)
                        .getString("code"))
                .isEqualTo("duplicate_field");
    }

    @Test
    void aHeaderOfTheBrokersOwnIsRefusedForItsMessage() {
        JsonArray some = new JsonArray()
                .add(new JsonObject().put("value", "a").put("headers", new JsonObject().put("slui", "x")))
                .add(produced("b", "sluice-expires-at", "5"))
                .add(new JsonObject()
                        .put("value", "c")
                        .put("headers_base64", new JsonObject().put("sluice-id", "eA==")));
        List<JsonObject> sent = messages(face.sendAll(some));

        assertThat(sent.get(0).containsKey("id")).isTrue();
        assertThat(sent.get(1).getJsonObject("error").getString("code")).isEqualTo("invalid_argument");
        assertThat(sent.get(1).getJsonObject("error").getString("field"))
                .isEqualTo("messages[1].headers.sluice-expires-at");
        assertThat(sent.get(2).getJsonObject("error").getString("field"))
                .isEqualTo("messages[2].headers_base64.sluice-id");
        problem(
                face.post("messages", new JsonObject().put("messages", new JsonArray().add(some.getJsonObject(1)))),
                400);
        JsonObject raw = problem(
                face.server.send(HttpRequest.newBuilder(face.server.uri("/v1/queues/default/messages"))
                        .header("Content-Type", "text/plain")
                        .header("X-Record-sluice-id", "0-7")
                        .POST(BodyPublishers.ofString("x"))),
                400);
        assertThat(raw.getString("field")).isEqualToIgnoringCase("X-Record-sluice-id");
        assertThat(values(face.receive(10))).containsExactly("a");
    }

    @Test
    void aMessageIsCalledWhatItSaysIfThatIsAnId() {
        JsonArray records = new JsonArray()
                .add(produced("named", "sluice-id", "3-17"))
                .add(produced("not", "sluice-id", "the third"));
        ok(face.server.send(
                "POST",
                "/v1/topics/default/records",
                new JsonObject().put("records", records).encode()));

        List<String> ids = ids(face.receive(10));

        assertThat(ids.get(0)).isEqualTo("3-17");
        assertThat(ids.get(1)).matches("0-\\d+");
    }

    @Test
    void whatProducersSayOfTimesIsTakenAsFarAsItCanBe() {
        ok(face.server.send("PATCH", "/v1/queues/default", "{\"ttl_ms\":1000}"));
        ok(face.server.send(
                "PATCH",
                "/v1/topics/default",
                "{\"config\":{\"message.timestamp.after.max.ms\":" + Long.MAX_VALUE + "}}"));
        JsonArray records = new JsonArray()
                .add(produced("late", "sluice-deliver-at", "1900000000000000000"))
                .add(produced("later", "sluice-deliver-at", "9".repeat(40)))
                .add(produced("not a time", "sluice-deliver-at", "soon"))
                .add(produced("lives", "sluice-expires-at", "9".repeat(40)).put("timestamp", Long.MAX_VALUE));
        ok(face.server.send(
                "POST",
                "/v1/topics/default/records",
                new JsonObject().put("records", records).encode()));

        assertThat(values(face.receive(10))).containsExactly("not a time", "lives");
    }

    private static JsonObject produced(String value, String header, String text) {
        return new JsonObject().put("value", value).put("headers", new JsonObject().put(header, text));
    }

    @Test
    void aRequestThatIsSentTwiceSendsOnce() {
        String body = "{\"messages\":[{\"value\":\"a\",\"delay_ms\":1000},{\"value\":\"b\",\"ttl_ms\":100000}]}";
        HttpResponse<String> first = sendWithKey("k1", body);
        pass(500);
        HttpResponse<String> again = sendWithKey("k1", body);
        HttpResponse<String> other =
                sendWithKey("k1", "{\"messages\":[{\"value\":\"a\",\"delay_ms\":1001},{\"value\":\"b\"}]}");

        assertThat(first.statusCode()).as(first.body()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(other.statusCode()).as(other.body()).isBetween(409, 422);
        pass(2_000);
        assertThat(values(face.receive(10))).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void aRequestThatIsSentTwiceSendsOnceAlsoIfSomeOfItHasDeduplicationIds() {
        face.send(new JsonObject().put("value", "before").put("dedup_id", "0"));
        JsonArray list = new JsonArray()
                .add(new JsonObject().put("value", "a").put("dedup_id", "1"))
                .add(new JsonObject().put("value", "not sent").put("dedup_id", "0"))
                .add(new JsonObject().put("value", "b"))
                .add(new JsonObject().put("value", "not sent").put("dedup_id", "1"))
                .add(new JsonObject().put("value", "c").put("dedup_id", "2"))
                .add(new JsonObject().put("value", "d"));
        String body = new JsonObject().put("messages", list).encode();

        HttpResponse<String> first = sendWithKey("k1", body);
        HttpResponse<String> again = sendWithKey("k1", body);
        face.server.restart();
        HttpResponse<String> later = sendWithKey("k1", body);
        list.getJsonObject(5).put("value", "e");
        HttpResponse<String> other =
                sendWithKey("k1", new JsonObject().put("messages", list).encode());

        assertThat(first.statusCode()).as(first.body()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(later.body()).isEqualTo(first.body());
        assertThat(other.body()).contains("idempotency_key_reused");
        assertThat(values(face.receive(10))).containsExactly("before", "a", "b", "c", "d");
    }

    @Test
    void whatIsLeftOutOfARepeatedRequestDoesNotMoveTheRestToOtherBatches() {
        face.server.send("PATCH", "/v1/topics/default", "{\"config\":{\"max.message.bytes\":1000}}");
        JsonArray list = new JsonArray();
        for (int i = 0; i < 10; i++) {
            JsonObject message = new JsonObject().put("value", i + "x".repeat(200));
            list.add(i % 2 == 0 ? message.put("dedup_id", "id" + i) : message);
        }
        String body = new JsonObject().put("messages", list).encode();

        HttpResponse<String> first = sendWithKey("k1", body);
        HttpResponse<String> again = sendWithKey("k1", body);

        assertThat(first.statusCode()).as(first.body()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(ids(face.receive(20))).hasSize(10).isEqualTo(ids(new JsonObject(first.body())));
    }

    @Test
    void anEnqueuedMessageThatIsSentTwiceIsThereOnce() {
        List<HttpResponse<String>> answers = new ArrayList<>();
        for (String message : List.of("hello", "hello", "other")) {
            answers.add(sendWithKey(
                    "/enqueue", "k", new JsonObject().put("message", message).encode()));
        }

        assertThat(answers.get(0).statusCode()).isEqualTo(202);
        assertThat(answers.get(1).body()).isEqualTo(answers.get(0).body());
        assertThat(answers.get(2).body()).contains("idempotency_key_reused");
        assertThat(values(face.receive(10))).containsExactly("hello");
    }

    private HttpResponse<String> sendWithKey(String key, String body) {
        return sendWithKey("/v1/queues/default/messages", key, body);
    }

    private HttpResponse<String> sendWithKey(String path, String key, String body) {
        return sendWithKey(path, key, "application/json", body);
    }

    private HttpResponse<String> sendWithKey(String path, String key, String type, String body) {
        return face.server.send(HttpRequest.newBuilder(face.server.uri(path))
                .header("Content-Type", type)
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(body)));
    }

    @Test
    void aMessageOfADeduplicationIdIsSentOnce() {
        JsonArray list = new JsonArray()
                .add(new JsonObject().put("value", "a").put("dedup_id", "1"))
                .add(new JsonObject().put("value", "b"))
                .add(new JsonObject().put("value", "again").put("dedup_id", "1"))
                .add(new JsonObject().put("value", "c").put("dedup_id", "2"));
        List<JsonObject> first = messages(face.sendAll(list));
        assertThat(first.get(2))
                .isEqualTo(
                        new JsonObject().put("id", first.get(0).getString("id")).put("duplicate", true));
        assertThat(first).filteredOn(one -> !one.containsKey("duplicate")).hasSize(3);
        face.server.restart();

        HttpResponse<String> raw =
                face.server.send(HttpRequest.newBuilder(face.server.uri("/v1/queues/default/messages?dedup_id=2"))
                        .header("Content-Type", "text/plain")
                        .POST(BodyPublishers.ofString("c")));
        List<JsonObject> second = messages(face.sendAll(new JsonArray()
                .add(new JsonObject().put("value", "a").put("dedup_id", "1"))
                .add(new JsonObject().put("value", "d").put("dedup_id", "3"))));

        assertThat(raw.statusCode()).as(raw.body()).isEqualTo(200);
        assertThat(messages(new JsonObject(raw.body())).get(0).getString("id"))
                .isEqualTo(first.get(3).getString("id"));
        assertThat(second.get(0).getString("id")).isEqualTo(first.get(0).getString("id"));
        assertThat(second.get(1).containsKey("duplicate")).isFalse();
        assertThat(values(face.receive(10))).containsExactly("a", "b", "c", "d");
    }

    @Test
    void whatCouldNotBeSentFreesItsDeduplicationId() {
        face.server.send("PATCH", "/v1/topics/default", "{\"config\":{\"max.message.bytes\":1000}}");
        JsonObject large = new JsonObject().put("value", "x".repeat(2_000)).put("dedup_id", "1");
        problem(face.post("messages", new JsonObject().put("messages", new JsonArray().add(large))), 413);

        face.send(new JsonObject().put("value", "small").put("dedup_id", "1"));

        assertThat(values(face.receive(10))).containsExactly("small");
    }

    @Test
    void aFullQueueTakesNoMore() {
        assertThat(face.server
                        .send("PATCH", "/v1/queues/default", "{\"max_messages\":2}")
                        .statusCode())
                .isEqualTo(200);
        face.send("a", "b");

        JsonObject full =
                problem(face.server.send("POST", "/v1/queues/default/messages", "{\"messages\":[{\"value\":1}]}"), 429);
        assertThat(full.getString("code")).isEqualTo("queue_full");
        assertThat(full.getLong("messages")).isEqualTo(2);
        // It may be taken later, whatever is wrong with a part of it.
        String partlyWrong = "{\"messages\":[{\"value\":1,\"headers\":{\"sluice-id\":\"0-0\"}},{\"value\":2}]}";
        assertThat(problem(face.server.send("POST", "/v1/queues/default/messages", partlyWrong), 429)
                        .getString("code"))
                .isEqualTo("queue_full");
        ok(face.post("ack", leases(face.receive(1))));
        face.send("c");

        face.server.send("PATCH", "/v1/queues/default", "{\"max_messages\":0,\"max_bytes\":100}");
        assertThat(problem(
                                face.server.send(
                                        "POST", "/v1/queues/default/messages", "{\"messages\":[{\"value\":1}]}"),
                                429)
                        .getLong("bytes"))
                .isGreaterThanOrEqualTo(100);
    }

    @Test
    void whatFilledAQueueIsAnsweredAgain() {
        face.send("a");
        ok(face.server.send("PATCH", "/v1/queues/default", "{\"max_messages\":2}"));
        String list = "{\"messages\":[{\"value\":1}]}";
        HttpResponse<String> first = sendWithKey("/v1/queues/default/messages", "A", "application/json", list);
        assertThat(first.statusCode()).isEqualTo(201);
        ok(face.server.send("PATCH", "/v1/queues/default", "{\"max_messages\":3}"));
        HttpResponse<String> raw = sendWithKey("/v1/queues/default/messages", "B", "text/plain", "b");
        assertThat(raw.statusCode()).isEqualTo(201);
        ok(face.server.send("PATCH", "/v1/queues/default", "{\"max_messages\":4}"));
        HttpResponse<String> enqueued = sendWithKey("/enqueue", "C", "application/json", "{\"message\":1}");
        assertThat(enqueued.statusCode()).isEqualTo(202);

        assertThat(sendWithKey("/v1/queues/default/messages", "A", "application/json", list)
                        .body())
                .isEqualTo(first.body());
        assertThat(sendWithKey("/v1/queues/default/messages", "B", "text/plain", "b")
                        .body())
                .isEqualTo(raw.body());
        assertThat(sendWithKey("/enqueue", "C", "application/json", "{\"message\":1}")
                        .body())
                .isEqualTo(enqueued.body());
        for (HttpResponse<String> other : List.of(
                sendWithKey("/v1/queues/default/messages", "D", "application/json", list),
                sendWithKey("/v1/queues/default/messages", "D", "text/plain", "b"),
                sendWithKey("/enqueue", "D", "application/json", "{\"message\":1}"),
                face.server.send("POST", "/enqueue", "{\"message\":1}"))) {
            assertThat(problem(other, 429).getString("code")).isEqualTo("queue_full");
        }
        // Another request under the same key is no repeated one.
        problem(
                sendWithKey("/v1/queues/default/messages", "A", "application/json", "{\"messages\":[{\"value\":2}]}"),
                422);
        assertThat(ids(face.receive(10))).hasSize(4);
    }

    private HttpResponse<String> raw(String query, String value) {
        return face.server.send(HttpRequest.newBuilder(face.server.uri("/v1/queues/default/messages" + query))
                .header("Content-Type", "text/plain")
                .POST(BodyPublishers.ofString(value)));
    }

    @Test
    void aDuplicateNeedsNoRoom() {
        String first = ids(face.send(new JsonObject().put("value", "a").put("dedup_id", "1")))
                .get(0);
        ok(face.server.send("PATCH", "/v1/queues/default", "{\"max_messages\":1}"));

        JsonArray some = new JsonArray()
                .add(new JsonObject().put("value", "a").put("dedup_id", "1"))
                .add(new JsonObject().put("value", "b").put("dedup_id", "2"))
                .add(new JsonObject().put("value", "c"));
        JsonArray sent = ok(face.post("messages", new JsonObject().put("messages", some)))
                .getJsonArray("messages");

        assertThat(sent.getJsonObject(0))
                .isEqualTo(new JsonObject().put("id", first).put("duplicate", true));
        assertThat(List.of(1, 2))
                .allMatch(i -> sent.getJsonObject(i)
                        .getJsonObject("error")
                        .getString("code")
                        .equals("queue_full"));
        assertThat(ok(raw("?dedup_id=1", "a"))
                        .getJsonArray("messages")
                        .getJsonObject(0)
                        .getString("id"))
                .isEqualTo(first);
        problem(raw("?dedup_id=2", "b"), 429);
        // Who was refused does not hold the id.
        ok(face.server.send("PATCH", "/v1/queues/default", "{\"max_messages\":0}"));
        face.send(new JsonObject().put("value", "b").put("dedup_id", "2"));
        assertThat(values(face.receive(10))).containsExactly("a", "b");
    }

    @Test
    void whatAKafkaProducerSendsIsAMessage() throws Exception {
        for (String compression : List.of("none", "lz4")) {
            try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                    Map.of(
                            "bootstrap.servers",
                            face.server.bootstrap(),
                            "compression.type",
                            compression,
                            "linger.ms",
                            50),
                    new ByteArraySerializer(),
                    new ByteArraySerializer())) {
                List<java.util.concurrent.Future<?>> sent = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    byte[] value = i == 7 ? null : (compression + i).getBytes(StandardCharsets.UTF_8);
                    sent.add(producer.send(
                            new ProducerRecord<>("default", ("k" + i % 3).getBytes(StandardCharsets.UTF_8), value)));
                }
                for (java.util.concurrent.Future<?> one : sent) {
                    one.get(30, TimeUnit.SECONDS);
                }
            }
            List<Object> all = new ArrayList<>();
            while (all.size() < 100) {
                JsonObject some = face.receive(new JsonObject().put("max", 30).put("values", "text"));
                all.addAll(values(some));
                ok(face.post("ack", leases(some)));
            }
            assertThat(all).hasSize(100).containsNull().contains(compression + "0", compression + "99");
        }
        assertThat(ids(face.receive(1))).isEmpty();
    }

    @Test
    void thereIsNoQueueOfThatName() {
        for (String verb : List.of("messages", "receive", "pop", "ack", "nack", "extend")) {
            JsonObject body = switch (verb) {
                case "messages" ->
                    new JsonObject().put("messages", new JsonArray().add(new JsonObject().put("value", 1)));
                case "receive", "pop" -> new JsonObject();
                default -> new JsonObject().put("leases", new JsonArray().add("0-0-1"));
            };
            JsonObject problem = problem(face.server.send("POST", "/v1/queues/none/" + verb, body.encode()), 404);
            assertThat(problem.getString("code")).as(verb).isEqualTo("unknown_queue");
        }
        assertThat(face.server.get("/v1/topics/none").statusCode()).isEqualTo(404);
    }

    // ---- receiving ----

    @Test
    void whoWaitsIsAnsweredWhenThereIsAMessage() throws Exception {
        CompletableFuture<HttpResponse<String>> waiting = face.postAsync("receive", WAIT);

        List<String> sent = face.send("late");

        assertThat(ids(ok(waiting.get(20, TimeUnit.SECONDS)))).isEqualTo(sent);
    }

    @Test
    void whoDoesNotWaitFindsWhatLiesInTheLog() {
        List<String> sent = face.send("a", "b", "c");
        face.server.restart();

        JsonObject received = face.receive(10);

        assertThat(ids(received)).isEqualTo(sent);
        assertThat(ids(face.receive(10))).isEmpty();
    }

    @Test
    void aMessageIsGivenToOneReceiverUntilItsLeaseEnds() {
        face.send("a");
        JsonObject first = face.receive(new JsonObject().put("consumer", "one").put("visibility_timeout_ms", 5_000));
        assertThat(ids(face.receive(1))).isEmpty();

        pass(5_001);
        JsonObject second = Await.value(
                "the lease has ended",
                () -> face.receive(new JsonObject().put("consumer", "two")),
                got -> !ids(got).isEmpty());

        assertThat(messages(first).get(0).getInteger("deliveries")).isEqualTo(1);
        JsonObject message = messages(second).get(0);
        assertThat(message.getInteger("deliveries")).isEqualTo(2);
        assertThat(message.getLong("first_received_at"))
                .isEqualTo(messages(first).get(0).getLong("first_received_at"));
        JsonObject refused = problem(face.post("ack", leases(first)), 409);
        JsonObject error = results(refused).get(0).getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo("stale_lease");
        assertThat(error.getString("holder")).isEqualTo("two");
        assertThat(error.getLong("since")).isEqualTo(clock.millis());
        assertThat(face.post("ack", leases(second)).body())
                .as("what is done has no end of its lease")
                .contains("\"ok\":true")
                .doesNotContain("lease_expires_at");
    }

    @Test
    void whatIsDelayedComesWhenItIsDue() throws Exception {
        long now = clock.millis();
        // The server's own clock says when a message was sent, so a delay counts from that.
        face.send(new JsonObject().put("value", "at").put("deliver_at", now + 60_000));
        face.send("now");
        assertThat(values(face.receive(10))).containsExactly("now");

        CompletableFuture<HttpResponse<String>> waiting = face.postAsync(
                "receive", new JsonObject().put("wait_ms", 30_000).put("max", 1));
        pass(59_999 - (clock.millis() - now));
        // Nobody is there who could be late: the clock stands still.
        assertThat(waiting).isNotDone();
        pass(1);

        HttpResponse<String> answer = waiting.get(20, TimeUnit.SECONDS);
        assertThat(answer.statusCode()).isEqualTo(200);
    }

    @Test
    void aLargeAnswerIsCutAndTheRestIsNotCountedAsDelivered() {
        face.send("a".repeat(600), "b".repeat(600), "c".repeat(600));

        JsonObject some = face.receive(new JsonObject().put("max", 3).put("max_bytes", 1_000));
        assertThat(values(some)).containsExactly("a".repeat(600), "b".repeat(600));

        JsonObject rest = Await.value("given back", () -> face.receive(3), got -> !ids(got).isEmpty());
        assertThat(values(rest)).containsExactly("c".repeat(600));
        assertThat(messages(rest).get(0).getInteger("deliveries")).isEqualTo(1);
    }

    @Test
    void aBrokerThatStopsDoesNotKeepReceiversWaiting() throws Exception {
        CompletableFuture<HttpResponse<String>> waiting = face.postAsync("receive", WAIT);
        Await.until(
                "it waits",
                () -> new JsonObject(face.server.get("/v1/queues/default").body()).getInteger("receivers") == 1);

        face.close();

        assertThat(ids(ok(waiting.get(1, TimeUnit.SECONDS)))).isEmpty();
    }

    @Test
    void whoHasGoneGetsNothing() {
        try (RawConnection gone = new RawConnection(face.server.port())) {
            String body = "{\"wait_ms\":30000,\"consumer\":\"gone\"}";
            gone.send(
                    "POST /v1/queues/default/receive HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                            + body.length() + "\r\n\r\n" + body);
            // It is waiting when somebody behind it on the same loops has been answered.
            assertThat(ids(face.receive(1))).isEmpty();
        }

        face.send("a");

        JsonObject received = Await.value("nobody holds it", () -> face.receive(1), got -> !ids(got).isEmpty());
        assertThat(messages(received).get(0).getInteger("deliveries")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"max\":0} max",
                "{\"max\":1001} max",
                "{\"wait_ms\":-1} wait_ms",
                "{\"visibility_timeout_ms\":43200001} visibility_timeout_ms",
                "{\"session_timeout_ms\":999,\"consumer\":\"c\"} session_timeout_ms",
                "{\"session_timeout_ms\":5000} consumer",
                "{\"session_timeout_ms\":5000,\"consumer\":\"c\",\"visibility_timeout_ms\":1} visibility_timeout_ms",
                "{\"values\":\"xml\"} values",
                "{\"until\":1} until",
            })
    void aWrongRequestNamesItsField(String bodyAndField) {
        int space = bodyAndField.lastIndexOf(' ');
        JsonObject problem =
                problem(face.server.send("POST", "/v1/queues/default/receive", bodyAndField.substring(0, space)), 400);

        assertThat(problem.getString("field")).isEqualTo(bodyAndField.substring(space + 1));
    }

    // ---- leases ----

    @Test
    void eachLeaseIsAnsweredOnItsOwn() {
        face.send("a", "b");
        JsonObject received = face.receive(2);
        String good = messages(received).get(0).getString("lease");

        JsonObject answer = ok(face.post(
                "ack",
                new JsonObject()
                        .put(
                                "entries",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("lease", good)
                                                .put("result", new JsonObject().put("n", 1)))
                                        .add(new JsonObject().put("lease", "0-99-1")))));

        assertThat(results(answer).get(0).getBoolean("ok")).isTrue();
        assertThat(results(answer).get(1).getJsonObject("error").getString("code"))
                .isEqualTo("stale_lease");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nack {'delay_ms':-1} invalid_argument delay_ms",
                "nack {'later':1} unknown_field later",
                "extend {'visibility_timeout_ms':'x'} invalid_argument visibility_timeout_ms",
                "ack {'lease':7} invalid_argument lease",
                "ack {'lease':null,'result':1} invalid_argument lease",
                "nack 7 invalid_argument entries",
            })
    void aFaultOfAnEntryIsItsOwn(String what) {
        String[] parts = what.split(" ");
        face.send("a", "b");
        List<String> leases = messages(face.receive(2)).stream()
                .map(one -> one.getString("lease"))
                .toList();
        Object faulty = parts[1].startsWith("{")
                ? new JsonObject().put("lease", leases.get(0)).mergeIn(new JsonObject(parts[1].replace('\'', '"')))
                : Integer.valueOf(parts[1]);
        JsonObject good = new JsonObject().put("lease", leases.get(1));

        JsonObject answer = ok(face.post(
                parts[0],
                new JsonObject().put("entries", new JsonArray().add(faulty).add(good))));

        JsonObject error = results(answer).get(0).getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo(parts[2]);
        assertThat(error.getString("field")).isEqualTo(parts[3]);
        assertThat(results(answer).get(0).getString("lease"))
                .isEqualTo(parts[3].equals("lease") || parts[3].equals("entries") ? null : leases.get(0));
        assertThat(results(answer).get(1).getBoolean("ok")).isTrue();
        JsonObject alone = new JsonObject().put("entries", new JsonArray().add(faulty));
        assertThat(problem(face.post(parts[0], alone), 400).getString("field")).isEqualTo(parts[3]);
        // Nothing has happened to the lease of the one that is faulty.
        ok(face.post("ack", new JsonObject().put("leases", new JsonArray().add(leases.get(0)))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ack", "nack", "extend", "receive"})
    void whatIsNoLeaseKeepsNoOtherFromBeingSettled(String what) {
        face.send("a", "b");
        JsonArray tokens = new JsonArray().add("no \"lease\"");
        messages(face.receive(2)).forEach(one -> tokens.add(one.getString("lease")));
        tokens.add(2, "").add("0-99-1");

        JsonObject answer =
                ok(face.post(what, new JsonObject().put(what.equals("receive") ? "ack" : "leases", tokens)));

        assertThat(results(answer).stream().map(one -> one.getString("lease")))
                .containsExactlyElementsOf(
                        tokens.stream().map(String.class::cast).toList());
        assertThat(results(answer).stream()
                        .map(one -> one.containsKey("ok")
                                ? "ok"
                                : one.getJsonObject("error").getString("code")))
                .containsExactly("invalid_lease", "ok", "invalid_lease", "ok", "stale_lease");
    }

    @Test
    void ofTextsThatAreAllNoLeasesNoneIsSettled() {
        JsonObject none =
                new JsonObject().put("leases", new JsonArray().add("x").add("0-1-"));
        for (String what : List.of("ack", "nack", "extend")) {
            JsonObject answer = problem(face.post(what, none), 409);

            assertThat(results(answer))
                    .hasSize(2)
                    .allSatisfy(one -> assertThat(one.getJsonObject("error").getString("code"))
                            .isEqualTo("invalid_lease"));
        }
        JsonObject tooLong = new JsonObject().put("leases", new JsonArray().add("x".repeat(65)));
        assertThat(problem(face.post("ack", tooLong), 400).getString("field")).isEqualTo("leases");
    }

    @Test
    void aRejectedMessageComesBackWhenItIsToldTo() {
        face.send("a");
        JsonObject received = face.receive(1);
        ok(face.post("nack", leases(received).put("delay_ms", 10_000).put("reason", "not now")));
        assertThat(ids(face.receive(1))).isEmpty();

        pass(10_000);

        JsonObject again = Await.value("due again", () -> face.receive(1), got -> !ids(got).isEmpty());
        assertThat(messages(again).get(0).getInteger("deliveries")).isEqualTo(2);
        problem(face.post("ack", leases(received)), 409);
        ok(face.post("nack", leases(again)));
        assertThat(refusal(received)).contains("nobody has the message");
        pass(3_600_000);
        ok(face.post("ack", leases(Await.value("again", () -> face.receive(1), got -> !ids(got).isEmpty()))));
        assertThat(refusal(received)).contains("the message is finished");
    }

    private String refusal(JsonObject received) {
        JsonObject refused = problem(face.post("ack", leases(received)), 409);
        return results(refused).get(0).getJsonObject("error").getString("detail");
    }

    @Test
    void anExtendedLeaseLastsLonger() {
        face.send("a");
        JsonObject received = face.receive(new JsonObject().put("visibility_timeout_ms", 5_000));
        pass(4_000);
        JsonObject extended = ok(face.post("extend", leases(received).put("visibility_timeout_ms", 5_000)));
        assertThat(results(extended).get(0).getLong("lease_expires_at")).isEqualTo(clock.millis() + 5_000);
        pass(4_000);

        ok(face.post("ack", leases(received)));
    }

    @Test
    void whoSaysHowFarItIsKeepsALongLease() {
        face.send("a");
        JsonObject received = face.receive(new JsonObject().put("visibility_timeout_ms", 600_000));
        long endsMs = clock.millis() + 600_000;
        pass(1_000);

        JsonObject progress = new JsonObject().put("percent", 40);
        assertThat(expiry(leases(received).put("progress", progress))).isEqualTo(endsMs);
        assertThat(expiry(leases(received))).isEqualTo(endsMs);
        assertThat(expiry(leases(received).put("progress", progress).put("visibility_timeout_ms", 5_000)))
                .isEqualTo(clock.millis() + 5_000);
        assertThat(expiry(leases(received).put("progress", progress))).isEqualTo(clock.millis() + 30_000);
    }

    private long expiry(JsonObject extension) {
        return results(ok(face.post("extend", extension))).get(0).getLong("lease_expires_at");
    }

    @Test
    void aConsumerKeepsItsMessagesForAsLongAsItIsHeard() {
        face.send("a", "b");
        JsonObject mine = face.receive(
                new JsonObject().put("consumer", "w/1").put("max", 2).put("session_timeout_ms", 10_000));
        assertThat(messages(mine).get(0).getValue("lease_expires_at")).isNull();
        for (int i = 0; i < 10; i++) {
            pass(9_000);
            JsonObject heard = ok(face.server.send("POST", "/v1/queues/default/consumers/w%2F1/heartbeat", ""));
            assertThat(heard).isEqualTo(new JsonObject().put("session", true).put("leases", 2));
        }
        assertThat(ids(face.receive(2))).isEmpty();

        pass(10_001);

        JsonObject others = Await.value("silent for too long", () -> face.receive(2), got -> ids(got).size() == 2);
        assertThat(ids(others)).isEqualTo(ids(mine));
        problem(face.post("ack", leases(mine)), 409);
        assertThat(ok(face.server.send("POST", "/v1/queues/default/consumers/w%2F1/heartbeat", ""))
                        .getBoolean("session"))
                .isFalse();
    }

    private JsonObject sessionOf(String consumer) {
        return new JsonObject(face.server.get("/v1/queues/default").body())
                .getJsonArray("sessions").stream()
                        .map(JsonObject.class::cast)
                        .filter(session -> session.getString("consumer").equals(consumer))
                        .findFirst()
                        .orElseThrow();
    }

    private boolean isToEndSoon(String consumer) {
        return sessionOf(consumer).getLong("expires_at") <= clock.millis() + 2_000;
    }

    @Test
    void aConnectionKeepsASessionAndItsEndEndsIt() {
        face.send("a");
        JsonObject mine = face.receive(new JsonObject().put("consumer", "w").put("session_timeout_ms", 3_600_000));
        EventReader first = new EventReader(face.server.port(), "/v1/queues/default/events?types=changed&session=w");
        first.own("ready");
        for (int i = 0; i < 5; i++) {
            pass(3_599_999);
            assertThat(ids(face.receive(1))).isEmpty();
        }
        try (EventReader second = new EventReader(face.server.port(), "/v1/queues/default/events?session=w")) {
            second.own("ready");
            first.close();
            Await.until("the first is gone", () -> listeners() == 1);
            assertThat(isToEndSoon("w")).as("one is left").isFalse();
        }
        Await.until("it is cut", () -> isToEndSoon("w"));
        assertThat(ids(face.receive(1))).isEmpty();

        pass(2_000);

        JsonObject others = Await.value("cut off", () -> face.receive(1), got -> !ids(got).isEmpty());
        assertThat(ids(others)).isEqualTo(ids(mine));
        assertThat(messages(others).get(0).getInteger("deliveries")).isEqualTo(2);
    }

    /** How many connections listen to the queue: those that have received from it are subscribed to it as well. */
    private long listeners() {
        return new JsonObject(face.server.get("/v1/clients?topic=default").body())
                .getJsonArray("clients").stream()
                        .flatMap(client -> ((JsonObject) client).getJsonArray("subscriptions").stream())
                        .filter(one -> !((JsonObject) one).containsKey("queue"))
                        .count();
    }

    @Test
    void aConsumerThatLeavesGivesBackWhatItHas() {
        face.send("a");
        JsonObject mine = face.receive(new JsonObject().put("consumer", "w").put("session_timeout_ms", 3_600_000));

        JsonObject left = ok(face.server.send("DELETE", "/v1/queues/default/consumers/w"));

        assertThat(left.getInteger("returned")).isEqualTo(1);
        assertThat(ids(face.receive(1))).isEqualTo(ids(mine));
    }

    @Test
    void leasesOutliveTheBroker() {
        face.send("a", "b");
        JsonObject one = face.receive(new JsonObject().put("consumer", "timed").put("visibility_timeout_ms", 60_000));
        JsonObject two = face.receive(new JsonObject().put("consumer", "heard").put("session_timeout_ms", 10_000));
        face.server.restart();

        assertThat(ids(face.receive(2))).isEmpty();
        ok(face.post("ack", leases(one)));
        assertThat(ok(face.server.send("POST", "/v1/queues/default/consumers/heard/heartbeat", ""))
                        .getInteger("leases"))
                .isEqualTo(1);
        ok(face.post("ack", leases(two)));
        pass(100_000);
        assertThat(ids(face.receive(2))).isEmpty();
    }
}
