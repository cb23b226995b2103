package io.sluice.server.http.restv2;

import static io.sluice.server.http.restv2.RestFace.BINARY;
import static io.sluice.server.http.restv2.RestFace.JSON;
import static io.sluice.server.http.restv2.RestFace.TEXT;
import static io.sluice.server.http.restv2.RestFace.V2;
import static io.sluice.server.http.restv2.RestFace.fromEarliest;
import static io.sluice.server.http.restv2.RestFace.list;
import static io.sluice.server.http.restv2.RestFace.offsets;
import static io.sluice.server.http.restv2.RestFace.ok;
import static io.sluice.server.http.restv2.RestFace.partitions;
import static io.sluice.server.http.restv2.RestFace.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Consumers of the REST v2 face: instances, what they want, where they stand, and their records. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RestConsumersTest {
    private static final String NOT_FOUND = "The specified consumer instance was not found.";
    private static final String EXCLUSIVE = "Subscriptions to topics, partitions, and patterns are mutually exclusive.";

    @TempDir
    Path folder;

    private RestFace face;

    @BeforeEach
    void start() {
        face = new RestFace(folder, Map.of());
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private static JsonObject manual(String name) {
        return fromEarliest(name).put("enable.auto.commit", false);
    }

    // ---- instances ----

    @Test
    void anInstanceIsMadeWithAllItsSettings() {
        HttpResponse<String> created = face.post("/consumers/my-group", V2, """
                {"name": "consumer1", "format": "binary", "auto.offset.reset": "earliest", "enable.auto.commit": false,
                 "fetch.min.bytes": 512, "consumer.request.timeout.ms": 30000, "isolation.level": "read_committed"}""");

        assertThat(new JsonObject(ok(created, 200).body()))
                .isEqualTo(new JsonObject()
                        .put("instance_id", "consumer1")
                        .put(
                                "base_uri",
                                "http://127.0.0.1:" + face.server.port() + "/consumers/my-group/instances/consumer1"));
    }

    @Test
    void aNameIsMadeForWhoeverHasNone() {
        String empty = new JsonObject(
                        ok(face.post("/consumers/g", new JsonObject()), 200).body())
                .getString("instance_id");
        HttpResponse<String> nothing = face.server.send(
                HttpRequest.newBuilder(face.server.uri("/consumers/g")).POST(BodyPublishers.noBody()));

        assertThat(empty).startsWith("kafka-bridge-consumer-");
        assertThat(ok(nothing, 200).body()).contains("kafka-bridge-consumer-").doesNotContain(empty);
    }

    @Test
    void aNameIsUniqueInItsGroup() {
        face.consumer(fromEarliest("c"));

        assertThat(problem(face.post("/consumers/g", fromEarliest("c")), 409))
                .isEqualTo("A consumer instance with the specified name already exists in the HTTP Bridge.");
        face.consumer("other", fromEarliest("c"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"auto.offset.reset": "foo"}        | Invalid value foo for configuration auto.offset.reset: String must be one of: latest, earliest, none
            {"format": "avro"}                  | Invalid value avro for configuration format
            {"isolation.level": "any"}          | Invalid value any for configuration isolation.level
            {"fetch.min.bytes": -1}             | Invalid value -1 for configuration fetch.min.bytes
            {"consumer.request.timeout.ms": -1} | Invalid value -1 for configuration consumer.request.timeout.ms
            {"name": ""}                        | for configuration name
            {"name": "a/b"}                     | Invalid value a/b for configuration name
            """)
    void aValueThatASettingCannotHaveIsUnprocessable(String body, String message) {
        assertThat(problem(face.post("/consumers/g", V2, body), 422)).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"foo": "bar"}                         | foo
            {"enable.auto.commit": "true"}         | enable.auto.commit
            {"fetch.min.bytes": "100"}             | fetch.min.bytes
            {"consumer.request.timeout.ms": "foo"} | consumer.request.timeout.ms
            {"name": 1}                            | name
            [                                      | JSON
            """)
    void whatHasTheWrongShapeIsNamed(String body, String fault) {
        HttpResponse<String> answer = face.post("/consumers/g", V2, body);

        assertThat(problem(answer, 400)).startsWith("Validation error on: ").contains(fault);
        assertThat(new JsonObject(answer.body()).getJsonArray("validation_errors"))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            host=gw:8443;proto=https              | -     | -   | -    | -       | https://gw:8443/consumers/g/instances/c
            host=gw;proto=https, host=b;proto=http | -    | -   | -    | -       | https://gw:443/consumers/g/instances/c
            for=1.2.3.4;host="gw:1";proto=http    | x     | -   | -    | -       | http://gw:1/consumers/g/instances/c
            -                                     | gw    | https | -  | -       | https://gw:443/consumers/g/instances/c
            -                                     | gw    | http | -   | -       | http://gw:80/consumers/g/instances/c
            -                                     | gw    | https | 99 | -       | https://gw:99/consumers/g/instances/c
            -                                     | gw:5  | https | 99 | /p/consumers/g | https://gw:5/p/consumers/g/instances/c
            -                                     | [::1] | http | -   | /p/consumers/g/ | http://[::1]:80/p/consumers/g/instances/c
            """)
    void theBaseUriIsTheOneThatTheClientCameBy(
            String forwarded, String host, String proto, String port, String path, String expected) {
        HttpRequest.Builder request = HttpRequest.newBuilder(face.server.uri("/consumers/g"))
                .header("Content-Type", V2)
                .POST(BodyPublishers.ofString("{\"name\": \"c\"}"));
        header(request, "Forwarded", forwarded);
        header(request, "X-Forwarded-Host", host);
        header(request, "X-Forwarded-Proto", proto);
        header(request, "X-Forwarded-Port", port);
        header(request, "X-Forwarded-Path", path);

        HttpResponse<String> created = ok(face.server.send(request), 200);

        assertThat(new JsonObject(created.body()).getString("base_uri")).isEqualTo(expected);
    }

    private static void header(HttpRequest.Builder request, String name, String value) {
        if (value != null) {
            request.header(name, value);
        }
    }

    @ParameterizedTest
    @CsvSource({"Forwarded,host=gw;proto=mqtt,mqtt", "X-Forwarded-Host,a b,a b", "X-Forwarded-Path,nowhere,nowhere"})
    void aForwardedAddressThatIsNoneIsRefused(String name, String value, String named) {
        HttpResponse<String> answer = face.server.send(HttpRequest.newBuilder(face.server.uri("/consumers/g"))
                .header("Content-Type", V2)
                .header(name, value)
                .POST(BodyPublishers.ofString("{\"name\": \"c\"}")));

        assertThat(problem(answer, 400)).contains(named).contains("is not a valid");
        face.consumer(fromEarliest("c"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /records",
                "GET /subscription",
                "POST /subscription",
                "DELETE /subscription",
                "POST /assignments",
                "POST /positions",
                "POST /positions/beginning",
                "POST /positions/end",
                "POST /offsets",
                "DELETE "
            })
    void anInstanceThatIsNotThereIsNotFound(String operation) {
        face.consumer(fromEarliest("c"));
        String[] parts = operation.split(" ", 2);

        for (String instance : List.of("/consumers/g/instances/d", "/consumers/h/instances/c")) {
            HttpResponse<String> answer = parts[0].equals("POST")
                    ? face.post(instance + parts[1], new JsonObject())
                    : face.server.send(parts[0], instance + parts[1]);
            assertThat(problem(answer, 404)).isEqualTo(NOT_FOUND);
        }
    }

    @Test
    void anInstanceThatWasDeletedIsGoneAndItsGroupHasNoMember() {
        face.topic("t", 1);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        face.valuesNow(consumer);
        assertThat(members("g")).hasSize(1);

        assertThat(ok(face.server.send("DELETE", consumer), 204).body()).isEmpty();

        assertThat(problem(face.server.send("DELETE", consumer), 404)).isEqualTo(NOT_FOUND);
        assertThat(members("g")).isEmpty();
        face.consumer(fromEarliest("c"));
    }

    private List<String> members(String group) {
        HttpResponse<String> described = face.server.get("/v1/groups/" + group);
        return described.statusCode() == 404
                ? List.of()
                : new JsonObject(described.body())
                        .getJsonArray("members").stream()
                                .map(member -> ((JsonObject) member).getString("client_id"))
                                .toList();
    }

    // ---- what is wanted ----

    @Test
    void eachSubscriptionReplacesTheOneBefore() {
        face.topic("a", 2);
        face.topic("b", 1);
        String consumer = face.consumer(fromEarliest("c"));

        face.subscribe(consumer, "a", "b");
        face.valuesNow(consumer);
        JsonObject both =
                new JsonObject(face.server.get(consumer + "/subscription").body());
        face.subscribe(consumer, "b");
        face.valuesNow(consumer);
        JsonObject one =
                new JsonObject(face.server.get(consumer + "/subscription").body());

        assertThat(both)
                .isEqualTo(new JsonObject(
                        "{\"topics\": [\"a\", \"b\"], \"partitions\": [{\"a\": [0, 1]}, {\"b\": [0]}]}"));
        assertThat(one).isEqualTo(new JsonObject("{\"topics\": [\"b\"], \"partitions\": [{\"b\": [0]}]}"));
    }

    @Test
    void aPatternTakesTopicsThatComeLater() {
        face.topic("orders-1", 1);
        face.topic("other", 1);
        String consumer = face.consumer(fromEarliest("c"));
        ok(face.post(consumer + "/subscription", new JsonObject().put("topic_pattern", "orders-.*")), 204);
        assertThat(face.valuesNow(consumer)).isEmpty();

        face.topic("orders-2", 1);
        face.produce("orders-2", 0, "new");
        face.produce("other", 0, "none of it");

        assertThat(face.values(consumer)).containsExactly("new");
        assertThat(face.server.get(consumer + "/subscription").body()).contains("orders-1", "orders-2");
    }

    @Test
    void oneKindOfSubscriptionExcludesTheOthers() {
        face.topic("t", 1);
        String subscribed = face.consumer(fromEarliest("subscribed"));
        face.subscribe(subscribed, "t");
        String assigned = face.consumer(fromEarliest("assigned"));
        ok(face.post(assigned + "/assignments", partitions("t", 0)), 204);
        JsonObject topics = new JsonObject().put("topics", new JsonArray().add("t"));

        assertThat(problem(face.post(subscribed + "/assignments", partitions("t", 0)), 409))
                .isEqualTo(EXCLUSIVE);
        assertThat(problem(face.post(assigned + "/subscription", topics), 409)).isEqualTo(EXCLUSIVE);
        assertThat(problem(face.post(assigned + "/subscription", topics.copy().put("topic_pattern", "t")), 409))
                .isEqualTo(EXCLUSIVE);
        ok(face.server.send("DELETE", assigned + "/subscription"), 204);
        ok(face.post(assigned + "/subscription", topics), 204);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                      | 422 | A list (of Topics type) or a topic_pattern must be specified.
            {"topics": []}          | 422 | A list (of Topics type) or a topic_pattern must be specified.
            {"topic_pattern": "("}  | 422 | topic_pattern is not a regular expression
            {"topics": "t"}         | 400 | topics
            {"topics": [1]}         | 400 | topics[0]
            {"topic": "t"}          | 400 | unknown field topic
            """)
    void aSubscriptionThatCannotBeIsNamed(String body, int status, String message) {
        String consumer = face.consumer(fromEarliest("c"));

        assertThat(problem(face.post(consumer + "/subscription", V2, body), status))
                .contains(message);
    }

    @Test
    void whoeverWantsNothingGetsNothing() {
        face.topic("t", 1);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        face.valuesNow(consumer);

        ok(face.server.send("DELETE", consumer + "/subscription"), 204);

        assertThat(problem(face.records(consumer, "", "*/*"), 500))
                .isEqualTo("Consumer is not subscribed to any topics or assigned any partitions");
        assertThat(face.server.get(consumer + "/subscription").body()).isEqualTo("{\"topics\":[],\"partitions\":[]}");
        assertThat(members("g")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /assignments         | {}                                                      | partitions is missing
            /assignments         | {"partitions": [{"topic": "t"}]}                        | partition is missing
            /assignments         | {"partitions": [{"topic": "t", "partition": -1}]}       | partition must be
            /assignments         | {"partitions": [{"topic": "t", "partition": 0, "x": 1}]} | unknown field x
            /assignments         | {"partitions": [1]}                                     | partitions[0]
            /positions           | {"offsets": [{"topic": "t", "partition": 0}]}           | offset is missing
            /positions           | {"offsets": [{"topic": "t", "partition": 0, "offset": -1}]} | offset must be
            /positions/beginning | {"offsets": []}                                         | unknown field offsets
            /positions/end       | {"partitions": {}}                                      | partitions must be a list
            /offsets             | {"offsets": [{"partition": 0, "offset": 1}]}            | topic is missing
            """)
    void partitionsAndOffsetsAreNamedWhole(String operation, String body, String fault) {
        String consumer = face.consumer(fromEarliest("c"));

        assertThat(problem(face.post(consumer + operation, V2, body), 400)).contains(fault);
    }

    // ---- records ----

    @Test
    void recordsComeInOneListFromAllPartitions() {
        face.topic("t", 2);
        face.produce("t", 0, new JsonObject().put("foo", "bar"), 1);
        face.produce("t", 1, new JsonArray().add("foo2").add("bar2"));
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        List<JsonObject> records = face.poll(consumer);
        while (records.size() < 3) {
            records = new ArrayList<>(records);
            records.addAll(face.poll(consumer));
        }

        assertThat(records)
                .extracting(record -> record.getInteger("partition") + ":" + record.getLong("offset") + "="
                        + record.getValue("value"))
                .containsExactlyInAnyOrder("0:0={\"foo\":\"bar\"}", "0:1=1", "1:0=[\"foo2\",\"bar2\"]");
        assertThat(records.get(0).fieldNames())
                .containsExactlyInAnyOrder("topic", "key", "value", "partition", "offset", "timestamp");
        assertThat(face.valuesNow(consumer)).isEmpty();
    }

    @Test
    void eachFormatShowsTheSameBytesItsWay() {
        face.topic("t", 1);
        ok(face.post("/topics/t", BINARY, "{\"records\": [{\"key\": \"a2V5\", \"value\": \"ImEi\"}]}"), 200);

        for (String format : List.of("binary", "json", "text")) {
            String consumer = face.consumer(format, fromEarliest("c").put("format", format));
            face.subscribe(consumer, "t");
            HttpResponse<String> answer =
                    face.records(consumer, "?timeout=5000", "application/vnd.kafka." + format + ".v2+json");
            if (format.equals("json")) {
                assertThat(problem(answer, 406)).contains("t-0", "offset 0", "json");
            } else {
                JsonObject record = list(answer).get(0);
                assertThat(record.getString("key")).isEqualTo(format.equals("binary") ? "a2V5" : "key");
                assertThat(record.getString("value")).isEqualTo(format.equals("binary") ? "ImEi" : "\"a\"");
                assertThat(answer.headers().firstValue("Content-Type"))
                        .hasValue("application/vnd.kafka." + format + ".v2+json");
            }
        }
    }

    @Test
    void whoeverAcceptsAnotherFormatIsTold() {
        face.topic("t", 1);
        face.produce("t", 0, 1);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        assertThat(problem(face.records(consumer, "", BINARY), 406))
                .isEqualTo(
                        "The `format` used in the consumer creation request does not match the embedded format in the"
                                + " Accept header of this request.");
        assertThat(list(face.records(consumer, "?timeout=5000", JSON))).hasSize(1);
        list(face.records(consumer, "", V2));
        list(face.records(consumer, "", TEXT + ", " + JSON + ";q=0.5"));
    }

    @Test
    void aRecordThatIsNotJsonIsToldAndNotSkipped() {
        face.topic("t", 1);
        face.produce("t", 0, "before");
        ok(face.post("/topics/t", TEXT, "{\"records\": [{\"value\": \"no json\"}]}"), 200);
        face.produce("t", 0, "behind");
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        assertThat(face.values(consumer)).containsExactly("before");
        for (int i = 0; i < 2; i++) {
            assertThat(problem(face.records(consumer, "?timeout=5000", "*/*"), 406))
                    .contains("t-0", "offset 1", "json");
        }
        ok(face.post(consumer + "/positions", offsets("t", 0, 2)), 204);
        assertThat(face.values(consumer)).containsExactly("behind");
    }

    @Test
    void aLargeRecordThatIsNoTextIsToldToo() {
        face.topic("t", 1);
        byte[] noText = new byte[300_000];
        noText[299_999] = (byte) 0xff;
        String value = Base64.getEncoder().encodeToString(noText);
        ok(face.post("/topics/t", BINARY, "{\"records\": [{\"value\": \"" + value + "\"}]}"), 200);
        String text = face.consumer("texts", fromEarliest("c").put("format", "text"));
        face.subscribe(text, "t");
        String binary = face.consumer("bytes", fromEarliest("c").put("format", "binary"));
        face.subscribe(binary, "t");

        assertThat(problem(face.records(text, "?timeout=5000", "*/*"), 406)).contains("t-0", "offset 0", "text");
        assertThat(face.values(binary)).containsExactly(value);
    }

    @Test
    void aRecordBeyondMaxBytesNeverLooksLikeAnEmptyTopic() {
        face.topic("t", 1);
        face.produce("t", 0, "a", "x".repeat(200_000), "b");
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        assertThat(list(face.records(consumer, "?timeout=5000&max_bytes=1000", "*/*")))
                .hasSize(1);
        for (int i = 0; i < 2; i++) {
            assertThat(problem(face.records(consumer, "?timeout=5000&max_bytes=1000", "*/*"), 422))
                    .isEqualTo("Response exceeds the maximum number of bytes the consumer can receive");
        }
        assertThat(list(face.records(consumer, "?timeout=5000&max_bytes=200100", "*/*")))
                .hasSize(2);
    }

    @Test
    void aRecordLargerThanTheDefaultComesWhole() {
        face.topic("t", 1);
        ok(face.server.send("PATCH", "/v1/topics/t", "{\"config\": {\"max.message.bytes\": \"4000000\"}}"), 200);
        String large = "x".repeat(3_000_000);
        face.produce("t", 0, large);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        assertThat(face.values(consumer)).containsExactly(large);
    }

    @Test
    void compressedRecordsAreShownAsWell() {
        ok(
                face.server.send(
                        "PUT", "/v1/topics/z", "{\"partitions\": 1, \"config\": {\"compression.type\": \"zstd\"}}"),
                201);
        String large = "x".repeat(100_000);
        face.produce("z", 0, "small", large, 3);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "z");

        assertThat(face.values(consumer)).containsExactly("small", large, 3);
    }

    @Test
    void anAnswerHasNoMoreRecordsThanAPollOfKafka() {
        face.topic("t", 1);
        Object[] values = new Object[1_200];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        face.produce("t", 0, values);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        List<Object> all = new ArrayList<>();
        for (int size : new int[] {500, 500, 200}) {
            List<Object> some = face.values(consumer);
            assertThat(some).hasSize(size);
            all.addAll(some);
        }
        assertThat(all).containsExactly(values);
    }

    @Test
    void aPollWaitsForRecords() {
        face.topic("t", 1);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");

        CompletableFuture<HttpResponse<String>> waiting = face.recordsAsync(consumer, "?timeout=30000");
        Await.until("the instance is a member", () -> members("g").equals(List.of("c")));
        face.produce("t", 0, "there");

        assertThat(list(waiting.join())).hasSize(1);
    }

    @Test
    void whatAnotherRequestWantsIsNotKeptWaitingByAPoll() {
        face.topic("t", 1);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        CompletableFuture<HttpResponse<String>> waiting = face.recordsAsync(consumer, "?timeout=30000");
        Await.until("the instance is a member", () -> members("g").equals(List.of("c")));

        ok(face.server.send("DELETE", consumer), 204);

        assertThat(list(waiting.join())).isEmpty();
    }

    @Test
    void aPollWaitsForAsMuchAsItsConsumerWants() {
        face.topic("t", 1);
        String consumer = face.consumer(fromEarliest("c").put("fetch.min.bytes", 5_000));
        face.subscribe(consumer, "t");
        face.produce("t", 0, "little");

        CompletableFuture<HttpResponse<String>> waiting = face.recordsAsync(consumer, "?timeout=30000");
        Await.until("the instance is a member", () -> members("g").equals(List.of("c")));
        face.produce("t", 0, "x".repeat(6_000));

        assertThat(list(waiting.join())).hasSize(2);
        face.produce("t", 0, "little again");
        assertThat(list(face.records(consumer, "?timeout=50", "*/*"))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"?timeout=-1", "?timeout=a", "?max_bytes=-1", "?max_bytes=x", "?limit=1"})
    void aParameterThatCannotBeIsNamed(String query) {
        String consumer = face.consumer(fromEarliest("c"));

        assertThat(problem(face.records(consumer, query, "*/*"), 400)).contains(query.substring(1, query.indexOf('=')));
    }

    @Test
    void anAnswerThatNobodyTookIsGivenAgain() throws Exception {
        face.topic("t", 1);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        CompletableFuture<HttpResponse<String>> waiting = face.recordsAsync(consumer, "?timeout=30000");
        Await.until("the instance is a member", () -> members("g").equals(List.of("c")));

        waiting.cancel(true);
        face.produce("t", 0, "there");

        List<Object> values = new ArrayList<>();
        Await.until("what was waited for", () -> {
            values.addAll(face.valuesNow(consumer));
            return !values.isEmpty();
        });
        assertThat(values).containsExactly("there");
    }

    // ---- positions ----

    @Test
    void latestBeginsAtTheEndOfItsFirstPoll() {
        face.topic("t", 1);
        face.produce("t", 0, "before");
        String consumer = face.consumer(new JsonObject().put("name", "c").put("format", "json"));
        face.subscribe(consumer, "t");
        assertThat(face.valuesNow(consumer)).isEmpty();

        face.produce("t", 0, "between");

        assertThat(face.values(consumer)).containsExactly("between");
    }

    @Test
    void withoutAResetPolicyAPositionIsNeeded() {
        face.topic("t", 1);
        face.produce("t", 0, "a");
        String consumer = face.consumer(fromEarliest("c").put("auto.offset.reset", "none"));
        face.subscribe(consumer, "t");

        assertThat(problem(face.records(consumer, "?timeout=0", "*/*"), 500))
                .isEqualTo("Undefined offset with no reset policy for partitions: [t-0]");
        ok(face.post(consumer + "/positions/beginning", partitions("t", 0)), 204);
        assertThat(face.values(consumer)).containsExactly("a");
    }

    @Test
    void anInstanceGoesWhereItIsSent() {
        face.topic("t", 2);
        face.produce("t", 0, "a", "b", "c");
        String consumer = face.consumer(manual("c"));
        face.subscribe(consumer, "t");
        assertThat(face.values(consumer)).containsExactly("a", "b", "c");

        ok(face.post(consumer + "/positions", offsets("t", 0, 1)), 204);
        assertThat(face.values(consumer)).containsExactly("b", "c");
        ok(face.post(consumer + "/positions/beginning", partitions("t", 0, 1)), 204);
        assertThat(face.values(consumer)).containsExactly("a", "b", "c");
        ok(face.post(consumer + "/positions/beginning", partitions("t", 0)), 204);
        ok(face.post(consumer + "/positions/end", partitions("t", 0)), 204);
        assertThat(face.valuesNow(consumer)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/positions", "/positions/beginning", "/positions/end"})
    void onlyAssignedPartitionsHaveAPosition(String operation) {
        face.topic("t", 1);
        face.topic("other", 1);
        face.produce("t", 0, "a");
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        face.valuesNow(consumer);
        JsonObject body = operation.equals("/positions") ? offsets("other", 0, 0) : partitions("other", 0);

        assertThat(problem(face.post(consumer + operation, body), 404))
                .isEqualTo("No current assignment for partition other-0");
    }

    @Test
    void partitionsByNameAreReadWithoutBeingAMember() {
        face.topic("t", 2);
        face.produce("t", 1, "a", "b");
        String consumer = face.consumer(manual("c"));
        ok(face.post(consumer + "/assignments", partitions("t", 1)), 204);
        assertThat(new JsonObject(face.server.get(consumer + "/subscription").body()))
                .isEqualTo(new JsonObject("{\"topics\": [\"t\"], \"partitions\": [{\"t\": [1]}]}"));

        assertThat(face.values(consumer)).containsExactly("a", "b");
        assertThat(members("g")).isEmpty();
        ok(face.post(consumer + "/offsets", new JsonObject()), 204);
        assertThat(face.committed("g", "t", 1)).isEqualTo(2);

        String next = face.consumer(manual("d"));
        ok(face.post(next + "/assignments", partitions("t", 0, 1)), 204);
        ok(face.post(next + "/positions", offsets("t", 0, 0)), 204);
        face.produce("t", 1, "c");
        assertThat(face.values(next)).containsExactly("c");
    }

    @Test
    void aPartitionThatIsNotThereYetMayBeNamed() {
        String consumer = face.consumer(fromEarliest("c"));
        ok(face.post(consumer + "/assignments", partitions("later", 0)), 204);
        assertThat(face.valuesNow(consumer)).isEmpty();

        face.topic("later", 1);
        face.produce("later", 0, "a");

        assertThat(face.values(consumer)).containsExactly("a");
    }

    // ---- commits ----

    @Test
    void nothingBodyCommitsEverythingThatWasPolled() {
        face.topic("t", 1);
        face.produce("t", 0, "a", "b");
        String consumer = face.consumer(manual("c"));
        face.subscribe(consumer, "t");
        face.values(consumer);
        assertThat(face.committed("g", "t", 0)).isNull();

        HttpResponse<String> committed = face.server.send("POST", consumer + "/offsets");

        assertThat(ok(committed, 204).body()).isEmpty();
        assertThat(face.committed("g", "t", 0)).isEqualTo(2);
    }

    @Test
    void offsetsAreCommittedAsTheyAreGiven() {
        face.topic("t", 2);
        face.produce("t", 0, "a", "b", "c");
        String consumer = face.consumer(manual("c"));
        face.subscribe(consumer, "t");
        face.values(consumer);

        ok(face.post(consumer + "/offsets", offsets("t", 0, 1)), 204);
        ok(face.server.send("DELETE", consumer), 204);

        assertThat(face.committed("g", "t", 0)).isEqualTo(1);
        String next = face.consumer(manual("d"));
        face.subscribe(next, "t");
        assertThat(face.values(next)).containsExactly("b", "c");
    }

    @Test
    void aCommitThatCannotBeIsTold() {
        face.topic("t", 1);
        face.topic("other", 1);
        String consumer = face.consumer(manual("c"));
        face.subscribe(consumer, "t");
        face.valuesNow(consumer);

        assertThat(problem(face.post(consumer + "/offsets", offsets("other", 0, 0)), 409))
                .contains("other-0");
        assertThat(problem(face.post(consumer + "/offsets", offsets("none", 0, 0)), 404))
                .contains("none-0");
        String alone = face.consumer(manual("alone"));
        ok(face.post(alone + "/assignments", partitions("t", 0)), 204);
        assertThat(problem(face.post(alone + "/offsets", offsets("t", 0, 0)), 409))
                .contains("has members");
    }

    @Test
    void whatWasPolledIsCommittedByTheNextPollAndAtTheEnd() {
        face.topic("t", 1);
        face.produce("t", 0, "a");
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        face.values(consumer);
        assertThat(face.committed("g", "t", 0)).isNull();

        face.produce("t", 0, "b", "c");
        face.values(consumer);
        assertThat(face.committed("g", "t", 0)).isEqualTo(1);

        face.server.send("DELETE", consumer);
        assertThat(face.committed("g", "t", 0)).isEqualTo(3);
    }

    // ---- groups ----

    @Test
    void instancesOfAGroupShareItsPartitions() {
        face.topic("t", 4);
        String first = face.consumer(fromEarliest("one"));
        String second = face.consumer(fromEarliest("two"));
        face.subscribe(first, "t");
        face.subscribe(second, "t");
        Await.until("what was waited for", () -> {
            face.valuesNow(first);
            face.valuesNow(second);
            return held(first).size() == 2 && held(second).size() == 2;
        });
        for (int partition = 0; partition < 4; partition++) {
            face.produce("t", partition, "v" + partition);
        }

        Set<Object> all = new HashSet<>();
        Await.until("what was waited for", () -> {
            all.addAll(face.valuesNow(first));
            all.addAll(face.valuesNow(second));
            return all.size() == 4;
        });
        assertThat(held(first)).doesNotContainAnyElementsOf(held(second));
    }

    private Set<Object> held(String consumer) {
        Set<Object> held = new HashSet<>();
        new JsonObject(face.server.get(consumer + "/subscription").body())
                .getJsonArray("partitions")
                .forEach(topic -> ((JsonObject) topic).getJsonArray("t").forEach(held::add));
        return held;
    }

    @Test
    void aGroupThatIsMovedTakesItsInstancesAlong() {
        face.topic("t", 1);
        face.produce("t", 0, "a", "b");
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        assertThat(face.values(consumer)).containsExactly("a", "b");
        assertThat(face.valuesNow(consumer)).isEmpty();

        ok(face.server.send("POST", "/v1/groups/g/seek", "{\"to\": \"earliest\"}"), 200);

        assertThat(face.values(consumer)).containsExactly("a", "b");
    }

    @Test
    void whoeverLooksWhoIsConnectedFindsTheInstance() {
        face.topic("t", 1);
        face.produce("t", 0, "a");
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        face.values(consumer);

        assertThat(face.server.get("/v1/clients?group=g").body()).contains("\"rest-v2/c\"", "\"t\"");
        assertThat(face.server.get("/v1/clients?topic=t").body()).contains("\"produces\":[\"t\"]");
    }

    @Test
    void aMemberOfTheNativeFaceSharesWithAnInstance() {
        face.topic("t", 2);
        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        String ask = "{\"member\": \"native\", \"topics\": [\"t\"], \"wait_ms\": 0}";
        Await.until("what was waited for", () -> {
            face.valuesNow(consumer);
            JsonObject polled = new JsonObject(
                    ok(face.server.send("POST", "/v1/groups/g/poll", ask), 200).body());
            return held(consumer).size() == 1
                    && polled.getJsonArray("assignment").size() == 1;
        });
        assertThat(members("g")).contains("c");
    }
}
