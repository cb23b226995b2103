package io.sluice.server.http.restv2;

import static io.sluice.server.http.restv2.RestFace.BINARY;
import static io.sluice.server.http.restv2.RestFace.JSON;
import static io.sluice.server.http.restv2.RestFace.TEXT;
import static io.sluice.server.http.restv2.RestFace.V2;
import static io.sluice.server.http.restv2.RestFace.fromEarliest;
import static io.sluice.server.http.restv2.RestFace.list;
import static io.sluice.server.http.restv2.RestFace.ok;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Producing over the REST v2 face: what is stored, what is answered for each record, and what is refused. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RestProduceTest {
    @TempDir
    Path folder;

    private RestFace face;

    @BeforeEach
    void start() {
        face = new RestFace(folder, Map.of("auto.create.topics.enable", "false"));
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private static JsonArray offsets(HttpResponse<String> response) {
        assertThat(ok(response, 200).headers().firstValue("Content-Type")).hasValue(V2);
        return new JsonObject(response.body()).getJsonArray("offsets");
    }

    /** What the native face finds at the beginning of a partition, all of it as base64. */
    private JsonObject stored(String topic, int partition) {
        HttpResponse<String> read =
                face.server.get("/v1/topics/" + topic + "/partitions/" + partition + "/records?offset=0&values=base64");
        return new JsonObject(read.body()).getJsonArray("records").getJsonObject(0);
    }

    @Test
    void recordsGoWhereTheySay() {
        face.topic("t", 3);

        HttpResponse<String> answer = face.post("/topics/t", JSON, """
                {"records": [{"key": "key1", "value": "value1", "partition": 2},
                             {"value": "value2", "partition": 1},
                             {"value": "value3", "partition": 2}]}""");

        assertThat(offsets(answer).encode())
                .isEqualTo(
                        "[{\"partition\":2,\"offset\":0},{\"partition\":1,\"offset\":0},{\"partition\":2,\"offset\":1}]");
    }

    @Test
    void aRecordKeepsKeyTimestampAndHeaders() {
        face.topic("t", 1);

        face.post("/topics/t", JSON, """
                {"records": [{"key": "key1", "partition": 0, "timestamp": 1591897790000, "value": "value1",
                  "headers": [{"key": "key1", "value": "dmFsdWUx"}, {"key": "key2", "value": "dmFsdWUy"}]}]}""");

        String consumer = face.consumer(fromEarliest("c"));
        face.subscribe(consumer, "t");
        JsonObject record = face.poll(consumer).get(0);
        assertThat(record).isEqualTo(new JsonObject("""
                        {"topic": "t", "key": "key1", "value": "value1", "partition": 0, "offset": 0,
                         "timestamp": 1591897790000,
                         "headers": [{"key": "key1", "value": "dmFsdWUx"}, {"key": "key2", "value": "dmFsdWUy"}]}"""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            json   | "text"            | InRleHQi
            json   | {"v": 128}        | eyJ2IjogMTI4fQ==
            json   | 1.50              | MS41MA==
            json   | "a\\"b"           | ImFcImIi
            binary | "Y29uZmx1ZW50"    | Y29uZmx1ZW50
            text   | "text"            | dGV4dA==
            text   | "\\u00e9"         | w6k=
            """)
    void eachFormatKeepsItsOwnBytes(String format, String value, String base64) {
        face.topic("t", 1);

        face.post(
                "/topics/t",
                "application/vnd.kafka." + format + ".v2+json",
                "{\"records\": [{\"key\": " + (format.equals("binary") ? "\"a2V5\"" : "\"key\"") + ", \"value\": "
                        + value + "}]}");

        assertThat(stored("t", 0).getString("value_base64")).isEqualTo(base64);
        assertThat(stored("t", 0).getString("key_base64")).isEqualTo(format.equals("json") ? "ImtleSI=" : "a2V5");
    }

    @Test
    void aValueMayBeNull() {
        face.topic("t", 1);

        for (String format : List.of(JSON, BINARY, TEXT)) {
            assertThat(offsets(face.post("/topics/t", format, "{\"records\": [{\"key\": null, \"value\": null}]}")))
                    .hasSize(1);
        }

        assertThat(stored("t", 0).getValue("value")).isNull();
    }

    @Test
    void onePartitionTakesAllRecords() {
        face.topic("t", 3);

        HttpResponse<String> answer = face.post(
                "/topics/t/partitions/2",
                JSON,
                "{\"records\": [{\"key\": \"key1\", \"value\": \"value1\"}, {\"value\": {\"v\": 128}, \"key\": {\"k\": \"key\"}}]}");

        assertThat(offsets(answer).encode())
                .isEqualTo("[{\"partition\":2,\"offset\":0},{\"partition\":2,\"offset\":1}]");
    }

    @Test
    void aRecordThatIsRefusedDoesNotKeepTheOthersOut() {
        face.topic("t", 2);

        JsonArray outcomes = offsets(face.post("/topics/t", JSON, """
                {"records": [{"value": 1, "partition": 1}, {"value": 2, "partition": 500}, {"value": 3, "partition": 1}]}"""));

        assertThat(outcomes.getJsonObject(0)).isEqualTo(new JsonObject("{\"partition\": 1, \"offset\": 0}"));
        assertThat(outcomes.getJsonObject(1).getInteger("error_code")).isEqualTo(404);
        assertThat(outcomes.getJsonObject(1).getString("message")).contains("500", "0 to 1");
        assertThat(outcomes.getJsonObject(2)).isEqualTo(new JsonObject("{\"partition\": 1, \"offset\": 1}"));
    }

    @Test
    void aRecordTooLargeForItsTopicDoesNotKeepTheOthersOut() {
        ok(
                face.post(
                        "/admin/topics",
                        new JsonObject()
                                .put("topic_name", "small")
                                .put("partitions_count", 1)
                                .put("configs", new JsonObject().put("max.message.bytes", "200"))),
                201);
        // Just beyond the limit with the varints of a record, and far beyond it.
        JsonArray outcomes = offsets(face.post(
                "/topics/small",
                TEXT,
                new JsonObject()
                        .put(
                                "records",
                                new JsonArray()
                                        .add(new JsonObject().put("value", "a"))
                                        .add(new JsonObject().put("value", "x".repeat(138)))
                                        .add(new JsonObject().put("value", "x".repeat(1_000)))
                                        .add(new JsonObject().put("value", "b")))));

        assertThat(outcomes.getJsonObject(0).getInteger("offset")).isEqualTo(0);
        assertThat(outcomes.getJsonObject(1).getInteger("error_code")).isEqualTo(413);
        assertThat(outcomes.getJsonObject(2).getInteger("error_code")).isEqualTo(413);
        assertThat(outcomes.getJsonObject(3).getInteger("offset")).isEqualTo(1);
    }

    @Test
    void whoDoesNotWaitIsAnsweredWithoutOffsets() {
        face.topic("t", 1);

        HttpResponse<String> answer =
                face.post("/topics/t?async=true", JSON, "{\"records\": [{\"value\": \"later\"}]}");

        assertThat(ok(answer, 204).body()).isEmpty();
        Await.until(
                "what was waited for",
                () -> face.server.get("/topics/t/partitions/0/offsets").body().contains("\"end_offset\":1"));
        assertThat(problem(face.post("/topics/t?async=maybe", JSON, "{\"records\": []}"), 400))
                .contains("async");
    }

    @Test
    void noRecordsAreNoError() {
        face.topic("t", 1);

        assertThat(offsets(face.post("/topics/t", JSON, "{\"records\": []}"))).isEmpty();
    }

    @Test
    void aTopicThatIsNotThereIsNotFound() {
        assertThat(problem(face.post("/topics/none", JSON, "{\"records\": [{\"value\": 1}]}"), 404))
                .isEqualTo("The specified topic was not found.");
    }

    @Test
    void aPartitionThatIsNotThereIsNotFound() {
        face.topic("t", 2);

        assertThat(problem(face.post("/topics/t/partitions/2", JSON, "{\"records\": [{\"value\": 1}]}"), 404))
                .isEqualTo("The specified topic partition was not found.");
        assertThat(problem(face.post("/topics/t/partitions/karel", JSON, "{\"records\": [{\"value\": 1}]}"), 400))
                .contains("karel");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            binary | {"value": {"a": 1}}                       | Because the embedded format is 'binary', the value must be a string
            text   | {"value": {"a": 1}}                       | Because the embedded format is 'text', the value must be a string
            text   | {"key": 1, "value": "a"}                  | Because the embedded format is 'text', the key must be a string
            binary | {"value": "&"}                            | The record list contains invalid records.
            json   | {"value": 1, "headers": [{"key": "a", "value": "&"}]} | The record list contains invalid records.
            """)
    void whatDoesNotFitItsFormatIsUnprocessable(String format, String record, String message) {
        face.topic("t", 1);

        HttpResponse<String> answer = face.post(
                "/topics/t", "application/vnd.kafka." + format + ".v2+json", "{\"records\": [" + record + "]}");

        assertThat(problem(answer, 422)).isEqualTo(message);
        assertThat(new JsonObject(answer.body())
                        .getJsonArray("validation_errors")
                        .getString(0))
                .startsWith("records[0].");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"records": [{"key": "my-key"}]}                                | records[0].value is missing
            {"records": [{"value": 1, "foo": 2}]}                           | unknown field "records[0].foo"
            {"records": [{"value_base64": "YQ=="}]}                         | unknown field "records[0].value_base64"
            {"records": [{"value": 1, "value": 2}]}                         | records[0].value is there twice
            {"records": [{"value": 1, "partition": -1}]}                    | records[0].partition must lie between 0
            {"records": [{"value": 1, "partition": "a"}]}                   | records[0].partition must be a whole number
            {"records": [{"value": 1, "headers": {"a": "b"}}]}              | records[0].headers must be a list
            {"records": [{"value": 1, "headers": [{"key": "a"}]}]}          | records[0].headers[0].value is missing
            {"records": [{"value": 1, "headers": [{"value": "YQ=="}]}]}     | records[0].headers[0].key is missing
            {"records": [{"value": 1, "headers": [{"key": 1, "value": ""}]}]} | records[0].headers[0].key must be a string
            {"records": [{"value": 1, "headers": [{"key": "a", "b": ""}]}]} | unknown field "records[0].headers[0].b"
            {"records": {}}                                                 | records must be a list
            {}                                                              | records is missing
            {"records": [                                                   | is not a JSON object
            """)
    void whatHasTheWrongShapeIsNamed(String body, String fault) {
        face.topic("t", 1);

        HttpResponse<String> answer = face.post("/topics/t", JSON, body);

        assertThat(problem(answer, 400)).startsWith("Validation error on: ").contains(fault);
        assertThat(new JsonObject(answer.body())
                        .getJsonArray("validation_errors")
                        .getString(0))
                .contains(fault);
    }

    @Test
    void aRecordForOnePartitionMayNotNameAnother() {
        face.topic("t", 3);

        assertThat(problem(
                        face.post("/topics/t/partitions/1", JSON, "{\"records\": [{\"value\": 1, \"partition\": 2}]}"),
                        400))
                .contains("records[0].partition");
    }

    @Test
    void anotherContentTypeIsNotTaken() {
        face.topic("t", 1);

        for (String type : List.of("application/json", V2, "application/vnd.kafka.avro.v2+json")) {
            assertThat(problem(face.post("/topics/t", type, "{\"records\": []}"), 415))
                    .contains(type, BINARY);
        }
        HttpResponse<String> none = face.server.send(HttpRequest.newBuilder(face.server.uri("/topics/t"))
                .POST(BodyPublishers.ofString("{\"records\": []}")));
        assertThat(problem(none, 415)).contains("missing");
    }

    @Test
    void aLargeBodyIsParsedElsewhereAndAnsweredInItsOrder() {
        face.topic("t", 2);
        JsonArray records = new JsonArray();
        for (int i = 0; i < 2_000; i++) {
            records.add(new JsonObject().put("value", "x".repeat(50)).put("partition", i % 3));
        }

        JsonArray outcomes = offsets(face.post("/topics/t", JSON, new JsonObject().put("records", records)));

        assertThat(outcomes).hasSize(2_000);
        for (int i = 0; i < 2_000; i++) {
            JsonObject outcome = outcomes.getJsonObject(i);
            if (i % 3 == 2) {
                assertThat(outcome.getInteger("error_code")).isEqualTo(404);
            } else {
                assertThat(outcome.getInteger("partition")).isEqualTo(i % 3);
                assertThat(outcome.getInteger("offset")).isEqualTo(i / 3);
            }
        }
    }

    @Test
    void aTopicIsMadeByProducingIfTheBrokerDoesThat(@TempDir Path other) {
        try (RestFace creating = new RestFace(other, Map.of())) {
            assertThat(offsets(creating.post("/topics/new", JSON, "{\"records\": [{\"value\": 1}]}")))
                    .hasSize(1);
            String consumer = creating.consumer(fromEarliest("c"));
            creating.subscribe(consumer, "new");
            assertThat(list(creating.records(consumer, "?timeout=5000", JSON))).hasSize(1);
        }
    }
}
