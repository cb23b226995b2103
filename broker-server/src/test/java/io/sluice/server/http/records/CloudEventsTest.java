package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Headers;
import io.sluice.core.record.Murmur2;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.fixture.BlockedThreadsFail;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** CloudEvents over HTTP, in three modes, and as the log has them. */
@ExtendWith(BlockedThreadsFail.class)
class CloudEventsTest {
    private static final String EVENT = "application/cloudevents+json";
    private static final String BATCH = "application/cloudevents-batch+json";
    private static final String[] HEAD = {
        "ce-specversion", "1.0", "ce-id", "a1", "ce-source", "/orders", "ce-type", "order.created"
    };
    private static final String JSON_HEAD =
            "\"specversion\":\"1.0\",\"id\":\"a1\",\"source\":\"/orders\",\"type\":\"order.created\"";

    @TempDir
    Path folder;

    private RecordFace face;

    @BeforeEach
    void open() {
        face = new RecordFace(folder, RecordLimits.forHeap(256L << 20).withMaxBodyBytes(4 << 20), Map.of());
        face.topic("one", 1, Map.of());
        face.topic("three", 3, Map.of());
    }

    @AfterEach
    void close() {
        face.close();
    }

    private HttpResponse<byte[]> post(String path, String type, String body, String... headers) {
        return face.post("/v1/topics/" + path, type, body, headers);
    }

    private static String[] head(String... more) {
        String[] all = Arrays.copyOf(HEAD, HEAD.length + more.length);
        System.arraycopy(more, 0, all, HEAD.length, more.length);
        return all;
    }

    private static void assertProblem(HttpResponse<byte[]> answer, int status, String code, String field) {
        assertThat(RecordFace.text(answer)).contains("\"code\":\"" + code + "\"");
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(RecordFace.json(answer).get("field").asText()).isEqualTo(field);
    }

    @Test
    void aBinaryEventHasKafkasHeadersWhateverItsTypeIs() {
        for (String type : new String[] {
            "application/json", "application/x-ndjson", "application/x-www-form-urlencoded", "text/plain"
        }) {
            HttpResponse<byte[]> answer = post(
                    "one/records",
                    type,
                    "{\"records\": 1}",
                    head(
                            "CE-Subject",
                            "Euro%20%E2%82%AC \"100%\"",
                            "ce-quoted",
                            "\"a \\\"b\\\"\"",
                            "X-Record-More",
                            "m"));
            assertThat(answer.statusCode()).as(type).isEqualTo(200);
        }

        JsonNode records = face.records("one", 0);
        assertThat(records).hasSize(4);
        JsonNode record = records.get(0);
        assertThat(record.get("key").isNull()).isTrue();
        assertThat(record.get("value").get("records").asInt()).isEqualTo(1);
        JsonNode headers = RecordFace.json(face.fetch("one", 0, "?values=text"))
                .get("records")
                .get(0)
                .get("headers");
        assertThat(headers).hasSize(8);
        assertThat(headers.get("content-type").asText()).isEqualTo("application/json");
        assertThat(headers.get("ce_specversion").asText()).isEqualTo("1.0");
        assertThat(headers.get("ce_id").asText()).isEqualTo("a1");
        assertThat(headers.get("ce_source").asText()).isEqualTo("/orders");
        assertThat(headers.get("ce_type").asText()).isEqualTo("order.created");
        assertThat(headers.get("ce_subject").asText()).isEqualTo("Euro € \"100%\"");
        assertThat(headers.get("ce_quoted").asText()).isEqualTo("a \"b\"");
        assertThat(headers.get("More").asText()).isEqualTo("m");
    }

    @Test
    void aBinaryEventWithoutDataHasNoValue() {
        assertThat(post("one/records", "application/json", "", HEAD).statusCode())
                .isEqualTo(200);
        assertThat(post("one/records", "text/plain", "").statusCode()).isEqualTo(200);

        JsonNode records = face.records("one", 0);
        assertThat(records.get(0).get("value").isNull()).isTrue();
        assertThat(records.get(1).get("value").asText()).isEmpty();
        assertThat(records.get(1).get("value").isNull()).isFalse();
    }

    @Test
    void thePartitionKeyIsTheKeyUnlessTheRequestNamesOne() {
        String[] keyed = head("ce-partitionkey", "k%201");
        assertThat(post("three/records?partition=1", "text/plain", "x", keyed).statusCode())
                .isEqualTo(200);
        assertThat(post("three/records?partition=1&key=own", "text/plain", "x", keyed)
                        .statusCode())
                .isEqualTo(200);
        String json = "{" + JSON_HEAD + ",\"partitionkey\":\"k 1\"}";
        assertThat(post("three/records?partition=1", EVENT, json).statusCode()).isEqualTo(200);
        assertThat(post("three/records?partition=1&key=own", EVENT, json).statusCode())
                .isEqualTo(200);

        JsonNode records = face.records("three", 1);
        assertThat(records.findValuesAsText("key")).containsExactly("k 1", "own", "k 1", "own");
        assertThat(records.findValuesAsText("ce_partitionkey")).containsExactly("k 1", "k 1", "k 1", "k 1");

        byte[] key = "k 1".getBytes(StandardCharsets.UTF_8);
        int partition = Murmur2.partition(key, 0, key.length, 3);
        for (HttpResponse<byte[]> answer : List.of(
                post("three/records", EVENT, json),
                post("three/records", BATCH, "[" + json + "]"),
                post("three/records", "text/plain", "x", keyed))) {
            assertThat(RecordFace.json(answer)
                            .get("offsets")
                            .get(0)
                            .get("partition")
                            .asInt())
                    .isEqualTo(partition);
        }
    }

    @Test
    void whatABinaryEventLacksIsNamed() {
        assertProblem(post("one/records", "text/plain", "x", "ce-id", "1"), 400, "invalid_event", "ce-specversion");
        assertProblem(
                post("one/records", "text/plain", "x", "ce-specversion", "1.0", "ce-id", "1", "ce-type", "t"),
                400,
                "invalid_event",
                "ce-source");
        assertProblem(post("one/records", "text/plain", "x", head("ce-time", "now")), 400, "invalid_event", "ce-time");
        assertProblem(post("one/records", "text/plain", "x", head("ce-a_b", "")), 400, "invalid_event", "ce-a_b");
        assertProblem(post("one/records", "text/plain", "x", head("ce-sub", "%C0%A0")), 400, "invalid_event", "ce-sub");
        assertProblem(post("one/records", "text/plain", "x", head("ce-id", "b")), 400, "duplicate_field", "ce-id");
        assertProblem(
                post("one/records", "text/plain", "x", head("ce-datacontenttype", "a/b")),
                400,
                "invalid_event",
                "ce-datacontenttype");
        assertThat(face.records("one", 0)).isEmpty();
    }

    @Test
    void aPlainRecordMayHaveAnEventType() {
        assertThat(post("one/records", "text/plain", "x", "ce-type", "CREATE").statusCode())
                .isEqualTo(200);

        assertThat(face.records("one", 0).get(0).get("headers").get("ce_type").asText())
                .isEqualTo("CREATE");
    }

    @Test
    void structuredEventsAndBatchesAreBinaryInTheLog() {
        String event = "{" + JSON_HEAD + ",\"data\":{\"amount\" : 3.50}}";
        HttpResponse<byte[]> one = post("one/records", EVENT + "; charset=UTF-8", event, "Idempotency-Key", "k1");
        HttpResponse<byte[]> again = post("one/records", EVENT, event, "Idempotency-Key", "k1");
        HttpResponse<byte[]> batch = post(
                "one/records",
                BATCH,
                "[" + event + ",{" + JSON_HEAD + ",\"data_base64\":\"gA==\",\"datacontenttype\":\"image/png\"}]");
        HttpResponse<byte[]> empty = post("one/records", BATCH, "[]");

        assertThat(RecordFace.text(one)).isEqualTo("{\"offsets\":[{\"partition\":0,\"offset\":0}]}");
        assertThat(RecordFace.text(again)).isEqualTo(RecordFace.text(one));
        assertThat(RecordFace.text(batch))
                .isEqualTo("{\"offsets\":[{\"partition\":0,\"offset\":1},{\"partition\":0,\"offset\":2}]}");
        assertThat(RecordFace.text(empty)).isEqualTo("{\"offsets\":[]}");
        String fetched = RecordFace.text(face.fetch("one", 0, "?values=text&max_records=1"));
        assertThat(fetched)
                .contains(
                        "\"value\":\"{\\\"amount\\\" : 3.50}\",\"headers\":{\"ce_specversion\":\"1.0\",\"ce_id\":\"a1\","
                                + "\"ce_source\":\"/orders\",\"ce_type\":\"order.created\",\"content-type\":\"application/json\"}}");
        assertThat(face.records("one", 0).get(2).get("value_base64").asText()).isEqualTo("gA==");
    }

    @Test
    void aFaultAnywhereInABatchLeavesNothing() {
        String event = "{" + JSON_HEAD + "}";
        assertProblem(
                post("one/records", BATCH, "[" + event + ",{\"id\":\"1\"}]"),
                400,
                "invalid_event",
                "events[1].specversion");
        face.topic("compacted", 1, Map.of("cleanup.policy", "compact"));
        assertProblem(
                post("compacted/records", BATCH, "[" + event + "]"), 422, "invalid_record", "events[0].partitionkey");
        assertProblem(post("compacted/records", EVENT, event), 422, "invalid_record", "partitionkey");
        assertThat(post("one/records", "application/cloudevents-batch+avro", "x")
                        .statusCode())
                .isEqualTo(415);
        assertThat(post("one/records?key=k", BATCH, "[]").statusCode()).isEqualTo(400);
        assertThat(post("three/records?partition=3", EVENT, event).statusCode()).isEqualTo(404);
        assertThat(post("one/records", EVENT, "{" + JSON_HEAD + ",\"data\":\"" + "x".repeat(4 << 20) + "\"}")
                        .statusCode())
                .isEqualTo(413);
        assertThat(face.records("one", 0)).isEmpty();
    }

    @Test
    void aLargeBatchIsReadOnAWorker() {
        String event = "{" + JSON_HEAD + ",\"data\":\"" + "x".repeat(1000) + "\"}";
        StringBuilder batch = new StringBuilder("[" + event);
        for (int i = 1; i < 1000; i++) {
            batch.append(",\n").append(event);
        }
        HttpResponse<byte[]> answer =
                post("three/records", BATCH, batch.append(']').toString());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(RecordFace.json(answer).get("offsets")).hasSize(1000);
    }

    private HttpResponse<byte[]> events(String topic, String query) {
        return face.fetch(topic, 0, query, "Accept", BATCH);
    }

    @Test
    void eventsComeBackAsABatch() {
        post("one/records", EVENT, "{" + JSON_HEAD + ",\"n\":5,\"data\":{\"amount\" : 3.50}}");
        post("one/records", "text/plain", "a \"text\"", head("ce-subject", "%C3%BC"));
        post("one/records", "image/png", "\u0080", HEAD);
        post("one/records", "application/json", "not JSON", HEAD);
        post("one/records", "application/json", "", HEAD);
        HttpResponse<byte[]> answer = events("one", "?offset=0");

        String required = "\"specversion\":\"1.0\",\"id\":\"a1\",\"source\":\"/orders\",\"type\":\"order.created\"";
        assertThat(answer.headers().firstValue("Content-Type")).contains(BATCH);
        assertThat(answer.headers().firstValue("Sluice-Next-Offset")).contains("5");
        assertThat(answer.headers().firstValue("Sluice-High-Watermark")).contains("5");
        String text = RecordFace.text(answer);
        JsonNode events = RecordFace.json(answer);
        assertThat(events).hasSize(5);
        assertThat(text)
                .startsWith("[{" + required
                        + ",\"n\":\"5\",\"data\":{\"amount\" : 3.50},\"datacontenttype\":\"application/json\"},{");
        assertThat(events.get(1).get("data").asText()).isEqualTo("a \"text\"");
        assertThat(events.get(1).get("subject").asText()).isEqualTo("ü");
        assertThat(events.get(1).get("datacontenttype").asText()).isEqualTo("text/plain");
        assertThat(events.get(2).get("data").asText()).isEqualTo("\u0080");
        assertThat(events.get(3).get("data_base64").asText()).isEqualTo("bm90IEpTT04=");
        assertThat(text).endsWith(",{" + required + "}]");

        HttpResponse<byte[]> copied = face.post("/v1/topics/three/records", BATCH, answer.body());
        assertThat(copied.statusCode()).as(RecordFace.text(copied)).isEqualTo(200);
    }

    @Test
    void whatKafkaClientsWroteIsRecognisedAndTheRestIsWrapped() {
        String structured = "{ " + JSON_HEAD + ",\"n\":5,\"data\":[1, 2]}";
        post("one/records", "Application/CloudEvents+JSON; charset=utf-8", "not what it says", "X-Record-a", "b");
        assertThat(face.records("one", 0)).isEmpty();

        RecordBatchBuilder batch = new RecordBatchBuilder(256);
        append(batch, "k", structured, "content-type", "application/CloudEvents+JSON; charset=UTF-8");
        append(batch, "k", "{\"id\":\"1\"}", "content-type", EVENT);
        append(batch, "k", "17", "ce_specversion", "1.0", "ce_id", "1", "ce_source", "s");
        append(
                batch,
                "k",
                "17",
                "ce_specversion",
                "1.0",
                "ce_id",
                "1",
                "ce_source",
                "s",
                "ce_type",
                "t",
                "ce_Bad",
                "x");
        append(batch, "\u0001", "text");
        append(batch, null, null);
        face.append("one", 0, batch.build());
        JsonNode events = RecordFace.json(events("one", "?offset=0"));

        assertThat(RecordFace.text(events("one", "?offset=0&max_records=1"))).isEqualTo("[" + structured + "]");
        assertThat(events).hasSize(6);
        for (int i : new int[] {1, 2, 4, 5}) {
            assertThat(events.get(i).get("type").asText()).isEqualTo("io.sluice.record");
            assertThat(events.get(i).get("source").asText()).isEqualTo("/v1/topics/one");
            assertThat(events.get(i).get("id").asText()).isEqualTo("0-" + i);
            assertThat(events.get(i).get("time").asText()).isEqualTo("2023-11-14T22:13:20Z");
        }
        assertThat(events.get(1).get("partitionkey").asText()).isEqualTo("k");
        assertThat(events.get(1).get("data").get("id").asText()).isEqualTo("1");
        assertThat(events.get(1).get("datacontenttype").asText()).isEqualTo(EVENT);
        assertThat(events.get(2).get("datacontenttype").asText()).isEqualTo("application/json");
        assertThat(events.get(3).toString())
                .isEqualTo("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data\":17}");
        assertThat(events.get(4).get("sluicekey").asText()).isEqualTo("AQ==");
        assertThat(events.get(4).get("data").asText()).isEqualTo("text");
        assertThat(events.get(4).get("datacontenttype").asText()).isEqualTo("text/plain; charset=utf-8");
        assertThat(events.get(5).has("data")).isFalse();
        assertThat(events.get(5).has("partitionkey")).isFalse();
    }

    private static void append(RecordBatchBuilder batch, String key, String value, String... headers) {
        Headers all = new Headers();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        batch.append(
                1_700_000_000_000L,
                key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                value == null ? null : value.getBytes(StandardCharsets.UTF_8),
                all);
    }

    @ParameterizedTest
    @EnumSource(
            value = CompressionType.class,
            names = {"NONE", "ZSTD"})
    void eventsTooLargeForMemoryAreStreamed(CompressionType compression) {
        face.topic("large", 1, Map.of("max.message.bytes", "50000000"));
        String[] binary = {"ce_specversion", "1.0", "ce_id", "1", "ce_source", "s", "ce_type", "t", "content-type"};
        String json = "{\"a\":[" + "12, ".repeat(200_000) + "13]}";
        String text = "täxt \"quoted\"\n".repeat(100_000);
        RecordBatchBuilder batch = new RecordBatchBuilder(1 << 20);
        append(batch, "k", json, with(binary, "application/json"));
        append(batch, "k", text, with(binary, "text/plain"));
        append(batch, "k", text, with(binary, "application/json"));
        append(batch, "k", "{" + JSON_HEAD + ",\"data\":" + json + "}", "content-type", EVENT);
        append(batch, "k", "[" + json + "]", "content-type", EVENT);
        append(batch, "k".repeat(20_000), null);
        append(batch, "k", text);
        append(batch, "k", "small", with(binary, "text/plain"));
        face.append(
                "large",
                0,
                compression == CompressionType.NONE ? batch.build() : batch.build(compression, new KafkaCodecs()));

        HttpResponse<byte[]> answer = events("large", "?offset=0&max_bytes=" + (40 << 20));
        JsonNode events = RecordFace.json(answer);

        assertThat(events).hasSize(8);
        assertThat(events.findValuesAsText("type"))
                .containsExactly(
                        "t",
                        "t",
                        "t",
                        "order.created",
                        "io.sluice.record",
                        "io.sluice.record",
                        "io.sluice.record",
                        "t");
        assertThat(events.get(0).get("data").get("a")).hasSize(200_001);
        assertThat(events.get(0).has("partitionkey")).isFalse();
        assertThat(events.get(1).get("data").asText()).isEqualTo(text);
        assertThat(new String(
                        Base64.getDecoder()
                                .decode(events.get(2).get("data_base64").asText()),
                        StandardCharsets.UTF_8))
                .isEqualTo(text);
        assertThat(events.get(3).get("data").get("a")).hasSize(200_001);
        assertThat(events.get(4).get("data").get(0).get("a")).hasSize(200_001);
        assertThat(events.get(4).get("partitionkey").asText()).isEqualTo("k");
        assertThat(events.get(5).get("partitionkey").asText()).hasSize(20_000);
        assertThat(events.get(5).has("data")).isFalse();
        assertThat(events.get(6).get("datacontenttype").asText()).isEqualTo("text/plain; charset=utf-8");
        assertThat(events.get(6).get("data").asText()).isEqualTo(text);
        assertThat(events.get(7).get("data").asText()).isEqualTo("small");
    }

    private static String[] with(String[] headers, String last) {
        String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = last;
        return all;
    }

    @Test
    void eventsAreFilteredByTheirType() {
        post("one/records", "text/plain", "x", "ce-type", "order.note");
        post("one/records", EVENT, "{" + JSON_HEAD + "}");
        post("one/records", "text/plain", "x");

        JsonNode events = RecordFace.json(events("one", "?offset=0&filter=type%3Dorder.c*"));
        assertThat(events).hasSize(1);
        assertThat(events.get(0).get("id").asText()).isEqualTo("a1");
    }

    @Test
    void anEmptyAnswerIsAnEmptyBatch() {
        HttpResponse<byte[]> answer = events("one", "?offset=0&wait_ms=1");

        assertThat(RecordFace.text(answer)).isEqualTo("[]");
        assertThat(answer.headers().firstValue("Sluice-Next-Offset")).contains("0");
        assertThat(events("one", "?values=text").statusCode()).isEqualTo(400);
        assertThat(face.fetch("one", 0, "", "Accept", EVENT).statusCode()).isEqualTo(406);
    }
}
