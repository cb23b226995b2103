package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Murmur2;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.NewTopic;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.RawConnection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(BlockedThreadsFail.class)
class ProduceTest {
    private static final String NDJSON = "application/x-ndjson";
    private static final String BATCHES = "application/vnd.sluice.batches";

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

    @Test
    void recordsComeBackAsTheyWereSent() {
        HttpResponse<byte[]> answer = face.produce("one", """
                {"records":[
                  {"key":"user-1","value":{"amount": 3},"headers":{"trace":"abc","n":1,"none":null},"timestamp":1700000000123},
                  {"value":"text with \\"quotes\\" and ü"},
                  {"value":null,"key":"gone"},
                  {"value_base64":"gIE=","key_base64":"//8=","headers_base64":{"bin":"gA=="}},
                  {"value":"[1,2]"}
                ]}
                """);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(RecordFace.text(answer))
                .isEqualTo("{\"offsets\":["
                        + String.join(
                                ",",
                                IntStream.range(0, 5)
                                        .mapToObj(i -> "{\"partition\":0,\"offset\":" + i + "}")
                                        .toList())
                        + "]}");
        String text = RecordFace.text(face.fetch("one", 0, "?offset=0"));
        assertThat(text)
                .startsWith(
                        "{\"records\":[{\"partition\":0,\"offset\":0,\"timestamp\":1700000000123,\"key\":\"user-1\","
                                + "\"value\":{\"amount\": 3},\"headers\":{\"trace\":\"abc\",\"n\":1,\"none\":null}},")
                .contains("\"key\":null,\"value\":\"text with \\\"quotes\\\" and ü\",\"headers\":{}}")
                .contains("\"key\":\"gone\",\"value\":null,")
                .contains("\"key_base64\":\"//8=\",\"value_base64\":\"gIE=\",\"headers\":{},"
                        + "\"headers_base64\":{\"bin\":\"gA==\"}}")
                .contains("\"value\":[1,2],")
                .endsWith("],\"next_offset\":5,\"high_watermark\":5,\"log_start_offset\":0}");
    }

    @Test
    void keysGoToKafkasPartitionsAndOffsetsAnswerInTheOrderOfTheRequest() {
        StringBuilder body = new StringBuilder("{\"records\":[");
        for (int i = 0; i < 60; i++) {
            body.append(i == 0 ? "" : ",").append("{\"key\":\"k" + i + "\",\"value\":" + i + "}");
        }
        JsonNode offsets = RecordFace.json(
                        face.produce("three", body.append("]}").toString()))
                .get("offsets");

        assertThat(offsets).hasSize(60);
        int[] next = new int[3];
        for (int i = 0; i < 60; i++) {
            byte[] key = ("k" + i).getBytes(StandardCharsets.UTF_8);
            int partition = Murmur2.partition(key, 0, key.length, 3);
            assertThat(offsets.get(i).get("partition").asInt()).isEqualTo(partition);
            assertThat(offsets.get(i).get("offset").asInt()).isEqualTo(next[partition]++);
        }
        for (int partition = 0; partition < 3; partition++) {
            assertThat(face.records("three", partition)).hasSize(next[partition]);
        }
    }

    @Test
    void aFaultAnywhereLeavesNothingInTheLog() {
        HttpResponse<byte[]> unknownField =
                face.produce("three", "{\"records\":[{\"value\":1},{\"value\":2,\"extra\":0}]}");
        HttpResponse<byte[]> unknownPartition =
                face.produce("three", "{\"records\":[{\"value\":1},{\"value\":2,\"partition\":3}]}");
        HttpResponse<byte[]> tooLarge =
                face.produce("three", "{\"records\":[{\"value\":1},{\"value\":\"" + "x".repeat(1_100_000) + "\"}]}");

        HttpResponse<byte[]> tooFarAhead = face.produce(
                "three", "{\"records\":[{\"value\":1},{\"value\":2,\"timestamp\":" + Long.MAX_VALUE + "}]}");

        assertProblem(tooFarAhead, 422, "invalid_timestamp", "records[1].timestamp is out of range");
        assertProblem(unknownField, 400, "unknown_field", "records[1]");
        assertProblem(unknownPartition, 404, "unknown_partition", "records[1].partition is 3");
        assertProblem(tooLarge, 413, "record_too_large", "records[1] takes");
        assertThat(RecordFace.text(tooLarge)).contains("max.message.bytes");
        for (int partition = 0; partition < 3; partition++) {
            assertThat(face.records("three", partition)).isEmpty();
        }
    }

    @Test
    void aFormIsTheMistakeOfWhoeverForgotTheContentType() {
        for (String type :
                List.of("application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; charset=utf-8")) {
            HttpResponse<byte[]> answer = face.post("/v1/topics/one/records", type, "{\"records\":[{\"value\":1}]}");

            assertProblem(answer, 415, "unsupported_media_type", "-H 'Content-Type: application/json'");
        }
        assertThat(face.records("one", 0)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "", "{\"records\":[{\"value\":\"\u0001\"}]}", "{\"records\":[{\"value\":1}]}}"})
    void malformedBodiesAreRefused(String body) {
        HttpResponse<byte[]> answer = face.produce("one", body);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(RecordFace.json(answer).get("code").asText()).isEqualTo("invalid_json");
        assertThat(face.records("one", 0)).isEmpty();
    }

    @Test
    void aLargeBodyIsCutIntoBatchesThatTheTopicTakes() {
        String value = "y".repeat(10_000);
        StringBuilder body = new StringBuilder("{\"records\":[");
        for (int i = 0; i < 300; i++) {
            body.append(i == 0 ? "" : ",").append("{\"value\":\"" + i + value + "\"}");
        }
        JsonNode offsets = RecordFace.json(face.produce("one", body.append("]}").toString()))
                .get("offsets");

        assertThat(offsets).hasSize(300);
        assertThat(offsets.get(299).get("offset").asInt()).isEqualTo(299);
        JsonNode fetched = RecordFace.json(face.fetch("one", 0, "?offset=0&max_bytes=10000000"));
        assertThat(fetched.get("records")).hasSize(300);
        assertThat(fetched.get("records").get(123).get("value").asText()).startsWith("123y");
    }

    @Test
    void bodiesBeyondTheLimitAreRefusedWhetherTheirLengthIsKnownOrNot() {
        byte[] body = new byte[5 << 20];
        Arrays.fill(body, (byte) ' ');

        assertProblem(face.post("/v1/topics/one/records", "application/json", body), 413, "body_too_large", "4194304");
        HttpResponse<byte[]> chunked = face.send(face.request("/v1/topics/one/records")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))));
        assertProblem(chunked, 413, "body_too_large", "4194304");
    }

    @Test
    void acksDecideWhatIsAnswered() {
        assertThat(face.post("/v1/topics/one/records?acks=1", "application/json", "{\"records\":[{\"value\":1}]}")
                        .statusCode())
                .isEqualTo(200);
        HttpResponse<byte[]> none =
                face.post("/v1/topics/one/records?acks=0", "application/json", "{\"records\":[{\"value\":2}]}");
        assertThat(none.statusCode()).isEqualTo(202);
        assertThat(none.body()).isEmpty();
        assertProblem(
                face.post("/v1/topics/one/records?acks=2", "application/json", "{}"), 400, "invalid_argument", "acks");
        assertProblem(
                face.post("/v1/topics/one/records?ack=1", "application/json", "{}"), 400, "unknown_parameter", "ack");
        Await.until("both are there", () -> face.records("one", 0).size() == 2);
    }

    @Test
    void aRetryWithTheSameIdempotencyKeyGetsTheFirstAnswer() {
        String body = "{\"records\":[{\"value\":1},{\"key\":\"a\",\"value\":2},{\"value\":3,\"partition\":2}]}";
        String first = RecordFace.text(face.produce("three", body, "Idempotency-Key", "order-1"));
        face.produce("three", "{\"records\":[{\"value\":\"between\",\"partition\":2}]}");
        String retry = RecordFace.text(face.produce("three", body, "Idempotency-Key", "order-1"));
        HttpResponse<byte[]> reused = face.produce("three", body.replace("3,", "4,"), "Idempotency-Key", "order-1");

        assertThat(retry).isEqualTo(first).contains("offsets");
        assertThat(reused.statusCode()).isEqualTo(422);
        assertThat(RecordFace.json(reused).get("code").asText()).isEqualTo("idempotency_key_reused");
        int total =
                IntStream.range(0, 3).map(p -> face.records("three", p).size()).sum();
        assertThat(total).isEqualTo(4);
        assertProblem(
                face.produce("three", body, "Idempotency-Key", "with space"),
                400,
                "invalid_argument",
                "Idempotency-Key");
    }

    @Test
    void twoIdempotencyKeysAreRefusedWhateverTheBodyIs() {
        for (String type : List.of("application/json", NDJSON, BATCHES, "text/plain")) {
            HttpResponse<byte[]> refused = face.post(
                    "/v1/topics/one/records",
                    type,
                    "{\"records\":[{\"value\":1}]}",
                    "Idempotency-Key",
                    "order-1",
                    "idempotency-key",
                    "order-1");
            assertProblem(refused, 400, "invalid_argument", "Idempotency-Key is given more than once");
            assertThat(RecordFace.json(refused).get("field").asText()).isEqualTo("Idempotency-Key");
        }
        assertThat(face.records("one", 0)).isEmpty();
    }

    @Test
    void aBodyOfAnyOtherTypeIsOneValue() {
        byte[] value = new byte[300_000];
        new Random(7).nextBytes(value);
        HttpResponse<byte[]> known = face.post(
                "/v1/topics/three/records?key=photo%2F1&partition=2",
                "image/png", value, "X-Record-Origin", "camera", "ce-type", "photo.taken", "Idempotency-Key", "p1");
        HttpResponse<byte[]> retry = face.send(face.request("/v1/topics/three/records?key=photo%2F1&partition=2")
                .headers(
                        "Content-Type",
                        "image/png",
                        "X-Record-Origin",
                        "camera",
                        "ce-type",
                        "photo.taken",
                        "Idempotency-Key",
                        "p1")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(value))));

        assertThat(RecordFace.text(known)).isEqualTo("{\"offsets\":[{\"partition\":2,\"offset\":0}]}");
        assertThat(RecordFace.text(retry)).isEqualTo(RecordFace.text(known));
        JsonNode record = face.records("three", 2).get(0);
        assertThat(record.get("key").asText()).isEqualTo("photo/1");
        assertThat(Base64.getDecoder().decode(record.get("value_base64").asText()))
                .isEqualTo(value);
        JsonNode headers = record.get("headers");
        assertThat(headers).hasSize(3);
        assertThat(headers.get("Origin").asText()).isEqualTo("camera");
        assertThat(headers.get("ce_type").asText()).isEqualTo("photo.taken");
        assertThat(headers.get("content-type").asText()).isEqualTo("image/png");
    }

    @Test
    void aValueOfTwentyMegabytesGoesInAndComesOutInAnyForm() throws Exception {
        face.topic("large", 1, Map.of("max.message.bytes", "25000000"));
        byte[] text = new byte[20 << 20];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) (i % 97 == 0 ? '"' : i % 89 == 0 ? '\n' : 'a' + i % 26);
        }
        byte[] json = ("[\n" + ("{\"n\":12345, \"s\":\"" + "täxt".repeat(1_000) + "\"},\n").repeat(4_000) + "0]")
                .getBytes(StandardCharsets.UTF_8);
        byte[] binary = new byte[20 << 20];
        new Random(3).nextBytes(binary);
        for (byte[] value : List.of(text, json, binary)) {
            assertThat(face.post("/v1/topics/large/records", "text/plain", value)
                            .statusCode())
                    .isEqualTo(200);
        }

        assertThat(Arrays.equals(largeValue(0).get("value").asText().getBytes(StandardCharsets.UTF_8), text))
                .isTrue();
        assertThat(Arrays.equals(largeValue(2).get("value_base64").binaryValue(), binary))
                .isTrue();
        byte[] fetched = face.fetch("large", 0, "?offset=1&max_records=1").body();
        int begin = indexOf(fetched, "[\n{".getBytes(StandardCharsets.UTF_8));
        assertThat(Arrays.equals(fetched, begin, begin + json.length, json, 0, json.length))
                .isTrue();
        HttpResponse<byte[]> lines = face.fetch("large", 0, "?offset=1&max_bytes=1", "Accept", NDJSON);
        assertThat(RecordFace.text(lines).lines()).hasSize(1);
        assertThat(lines.headers().firstValue("Sluice-Next-Offset").isEmpty()).isTrue();
        HttpResponse<byte[]> raw = face.fetch("large", 0, "?offset=2&max_bytes=1", "Accept", BATCHES);
        RecordBatch batch = RecordBatch.at(ByteBuffer.wrap(raw.body()), 0);
        assertThat(batch.sizeInBytes()).isEqualTo(raw.body().length);
        assertThat(batch.isCrcValid()).isTrue();
        assertThat(raw.headers().firstValue("Sluice-Next-Offset")).contains("3");
    }

    private JsonNode largeValue(int offset) {
        JsonNode records = RecordFace.json(face.fetch("large", 0, "?max_records=1&offset=" + offset))
                .get("records");
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int at = 0; ; at++) {
            if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at;
            }
        }
    }

    @Test
    void linesAreProducedAsAStream() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            lines.append(
                    "{\"value\":{\"line\":" + i + "},\"partition\":" + i % 3 + "}" + (i % 5 == 0 ? "\r\n\n" : "\n"));
        }
        lines.append("{\"value\":\"" + "z".repeat(200_000) + "\",\"partition\":1}");
        HttpResponse<byte[]> answer = face.post("/v1/topics/three/records", NDJSON, lines.toString());

        JsonNode result = RecordFace.json(answer);
        assertThat(result.get("records").asInt()).isEqualTo(50_001);
        assertThat(result.get("offsets")).hasSize(3);
        for (int partition = 0; partition < 3; partition++) {
            JsonNode range = result.get("offsets").get(partition);
            int count = range.get("count").asInt();
            int p = range.get("partition").asInt();
            assertThat(range.get("offset").asInt()).isZero();
            assertThat(face.broker.partition("three", p).highWatermark()).isEqualTo(count);
            JsonNode records = RecordFace.json(face.fetch("three", p, "?offset=0&max_records=10000&max_bytes=9000000"))
                    .get("records");
            for (int i = 0; i < 10_000; i++) {
                assertThat(records.get(i).get("value").get("line").asInt()).isEqualTo(3 * i + p);
            }
        }
    }

    @Test
    void aLongLastLineWithoutAnEndIsNotLost() {
        String lines = "{\"value\":1}\n".repeat(50) + "{\"value\":\"" + "z".repeat(70_000) + "\"}";
        for (int i = 0; i < 500; i++) {
            HttpResponse<byte[]> answer =
                    face.post("/v1/topics/one/records", NDJSON, lines, "Idempotency-Key", "last-" + i);
            assertThat(RecordFace.json(answer).get("records").asInt())
                    .as("round %d", i)
                    .isEqualTo(51);
        }
        assertThat(face.broker.partition("one", 0).highWatermark()).isEqualTo(500 * 51);
    }

    @Test
    void aBadLineIsNamedAndWhatStoodBeforeItIsKept() {
        StringBuilder lines = new StringBuilder();
        for (int i = 1; i < 700; i++) {
            lines.append("{\"value\":" + i + "}\n");
        }
        lines.append("{\"value\":700,\"when\":1}\n").append("{\"value\":701}\n".repeat(100));
        HttpResponse<byte[]> answer = face.post("/v1/topics/one/records", NDJSON, lines.toString());

        assertProblem(answer, 400, "unknown_field", "line 700");
        JsonNode problem = RecordFace.json(answer);
        assertThat(problem.get("line").asInt()).isEqualTo(700);
        assertThat(problem.get("accepted").asInt()).isEqualTo(699);
        assertThat(problem.get("offsets").get(0).get("count").asInt()).isEqualTo(699);
        assertThat(face.records("one", 0)).hasSize(699);
    }

    @Test
    void aRetriedStreamIsNotStoredTwice() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 30_000; i++) {
            lines.append(
                    "{\"value\":\"line " + i + "\",\"key\":" + (i % 4 == 0 ? "null" : "\"k" + i % 50 + "\"") + "}\n");
        }
        HttpResponse<byte[]> first =
                face.post("/v1/topics/three/records", NDJSON, lines.toString(), "Idempotency-Key", "import-1");
        HttpResponse<byte[]> retry =
                face.post("/v1/topics/three/records", NDJSON, lines.toString(), "Idempotency-Key", "import-1");

        assertThat(RecordFace.json(first).get("records").asInt()).isEqualTo(30_000);
        assertThat(RecordFace.json(retry).get("records").asInt()).isEqualTo(30_000);
        long stored = IntStream.range(0, 3)
                .mapToLong(p -> face.broker.partition("three", p).highWatermark())
                .sum();
        assertThat(stored).isEqualTo(30_000);
    }

    @Test
    void aSlowStreamIsStoredAsItComes() {
        String line = "{\"value\":\"" + "s".repeat(20_000) + "\"}\n";
        try (RawConnection client = new RawConnection(face.port())) {
            client.send("POST /v1/topics/one/records HTTP/1.1\r\nHost: x\r\nContent-Type: " + NDJSON
                    + "\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 1; i <= 3; i++) {
                int expected = i;
                client.send(Integer.toHexString(line.length()) + "\r\n" + line + "\r\n");
                Await.until(
                        "line " + i + " is stored", () -> face.records("one", 0).size() == expected);
            }
            client.send("0\r\n\r\n");

            assertThat(client.readUntil("}]}")).contains("{\"records\":3,");
        }
    }

    @Test
    void linesThatAreTooLongAreRefused() {
        HttpResponse<byte[]> answer = face.post(
                "/v1/topics/one/records", NDJSON, "{\"value\":1}\n{\"value\":\"" + "x".repeat(5 << 20) + "\"}\n");

        assertProblem(answer, 413, "line_too_long", "line 2");
        assertThat(RecordFace.json(answer).get("accepted").asInt()).isEqualTo(1);
    }

    @Test
    void aTopicThatComesAndGoesIsThereOrNotButNeverUnavailable() {
        // A producer may create it as well: it has as many partitions whoever does.
        face.close();
        face = new RecordFace(folder.resolve("five"), RecordLimits.forHeap(256L << 20), Map.of("num.partitions", "5"));
        AtomicBoolean over = new AtomicBoolean();
        Set<String> answers = ConcurrentHashMap.newKeySet();
        List<CompletableFuture<Void>> producers = new ArrayList<>();
        for (String type : List.of("application/json", NDJSON, "text/plain", "application/json", NDJSON)) {
            String record = "{\"value\":1}";
            String body = type.equals("application/json") ? "{\"records\":[" + record + "]}" : record;
            producers.add(CompletableFuture.runAsync(
                    () -> {
                        while (!over.get()) {
                            HttpResponse<byte[]> answer = face.post("/v1/topics/fleeting/records", type, body);
                            answers.add(answer.statusCode() == 200 ? "200" : RecordFace.text(answer));
                        }
                    },
                    task -> new Thread(task, "producer").start()));
        }
        for (int i = 0; i < 60; i++) {
            face.broker
                    .createTopic(new NewTopic("fleeting", -1, Map.of()))
                    .handle((topic, failure) -> face.broker.deleteTopic("fleeting"))
                    .thenCompose(deleted -> deleted)
                    .handle((deleted, failure) -> failure)
                    .join();
        }
        over.set(true);
        producers.forEach(CompletableFuture::join);

        assertThat(answers)
                .contains("200")
                .allSatisfy(answer -> assertThat(answer).matches("200|.*\"code\":\"unknown_topic\".*"));
    }

    @Test
    void wholeBatchesAreStoredAsTheyCome() throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (CompressionType type : CompressionType.values()) {
            RecordBatchBuilder builder = new RecordBatchBuilder(64);
            for (int i = 0; i < 2_000; i++) {
                builder.append(5_000 + i, null, (type.label() + " " + i).getBytes(StandardCharsets.UTF_8));
            }
            byte[] bytes = new byte[builder.build(type, new KafkaCodecs()).sizeInBytes()];
            RecordBatchBuilder again = new RecordBatchBuilder(64);
            for (int i = 0; i < 2_000; i++) {
                again.append(5_000 + i, null, (type.label() + " " + i).getBytes(StandardCharsets.UTF_8));
            }
            again.build(type, new KafkaCodecs()).bytes().get(bytes);
            body.write(bytes);
        }
        HttpResponse<byte[]> answer =
                face.post("/v1/topics/three/records?partition=1", BATCHES, body.toByteArray(), "Idempotency-Key", "b");
        HttpResponse<byte[]> retry =
                face.post("/v1/topics/three/records?partition=1", BATCHES, body.toByteArray(), "Idempotency-Key", "b");

        assertThat(RecordFace.text(answer))
                .isEqualTo("{\"records\":10000,\"offsets\":[{\"partition\":1,\"offset\":0,\"count\":10000}]}");
        assertThat(RecordFace.text(retry)).isEqualTo(RecordFace.text(answer));
        JsonNode records = RecordFace.json(face.fetch("three", 1, "?offset=0&max_records=20000&max_bytes=9000000"))
                .get("records");
        assertThat(records).hasSize(10_000);
        for (int i = 0; i < 10_000; i++) {
            String expected = CompressionType.values()[i / 2_000].label() + " " + i % 2_000;
            assertThat(records.get(i).get("value").asText()).isEqualTo(expected);
            assertThat(records.get(i).get("offset").asInt()).isEqualTo(i);
        }
        assertThat(RecordFace.json(face.fetch("three", 1, "?offset=7654&max_records=3"))
                        .get("records")
                        .findValuesAsText("offset"))
                .containsExactly("7654", "7655", "7656");
    }

    @Test
    void damagedBatchesAreRefusedByNumber() {
        RecordBatch good =
                new RecordBatchBuilder(64).append(1, null, new byte[100]).build();
        byte[] bytes = new byte[2 * good.sizeInBytes()];
        good.bytes().get(bytes, 0, good.sizeInBytes());
        good.bytes().get(bytes, good.sizeInBytes(), good.sizeInBytes());
        bytes[bytes.length - 1] ^= 1;

        HttpResponse<byte[]> damaged = face.post("/v1/topics/one/records?partition=0", BATCHES, bytes);
        HttpResponse<byte[]> cut =
                face.post("/v1/topics/one/records?partition=0", BATCHES, Arrays.copyOf(bytes, good.sizeInBytes() + 70));
        HttpResponse<byte[]> nowhere = face.post("/v1/topics/one/records", BATCHES, bytes);

        assertProblem(damaged, 400, "corrupt_batch", "batch 1");
        assertThat(RecordFace.json(damaged).get("accepted").asInt()).isEqualTo(1);
        assertProblem(cut, 400, "corrupt_batch", "batch 1");
        assertProblem(nowhere, 400, "invalid_argument", "partition");
        assertThat(face.records("one", 0)).hasSize(2);
    }

    @Test
    void topicsThatCompressGetCompressedBatches() {
        for (CompressionType type : CompressionType.values()) {
            String topic = "c-" + type.label();
            String setting = type == CompressionType.NONE ? "uncompressed" : type.label();
            face.topic(topic, 1, Map.of("compression.type", setting));
            face.produce(topic, "{\"records\":[{\"value\":\"" + "same ".repeat(500) + "\"},{\"value\":2}]}");
            face.post("/v1/topics/" + topic + "/records", "text/plain", "raw ".repeat(500));
            face.post("/v1/topics/" + topic + "/records", NDJSON, "{\"value\":\"line\"}\n");

            HttpResponse<byte[]> raw = face.fetch(topic, 0, "", "Accept", BATCHES);
            assertThat(RecordBatch.at(ByteBuffer.wrap(raw.body()), 0).compression())
                    .isEqualTo(type);
            assertThat(face.records(topic, 0).findValuesAsText("value"))
                    .containsExactly("same ".repeat(500), "2", "raw ".repeat(500), "line");
        }
    }

    @Test
    void unknownTopicsAreCreatedWhenTheBrokerMay() {
        assertThat(face.produce("brand-new", "{\"records\":[{\"value\":1}]}").statusCode())
                .isEqualTo(200);
        assertThat(face.records("brand-new", 0)).hasSize(1);
        assertThat(face.produce("no/such", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    void topicsOfTheBrokersOwnAreNotWritten() {
        face.broker
                .engine()
                .createInternalTopic(new NewTopic("__queues-own", 1, Map.of()))
                .join();
        for (String type : List.of("text/plain", "application/json", NDJSON)) {
            HttpResponse<byte[]> refused = face.post(
                    "/v1/topics/__queues-own/records",
                    type,
                    type.equals("application/json") ? "{\"records\":[{\"value\":1}]}" : "{\"value\":1}\n");
            assertThat(refused.statusCode()).as(type).isEqualTo(400);
            assertThat(RecordFace.json(refused).get("code").asText()).isEqualTo("invalid_topic");
        }
        assertThat(face.broker.partition("__queues-own", 0).logEndOffset()).isZero();
    }

    /** Whatever else is wrong: nobody should mend a request that is never taken. */
    @Test
    void aTopicOfTheBrokersOwnIsTheFirstReasonToRefuse() {
        face.broker
                .engine()
                .createInternalTopic(new NewTopic("__queues-own", 1, Map.of("cleanup.policy", "compact")))
                .join();
        assertProblem(
                face.post("/v1/topics/__queues-own/records", "text/plain", "no key"),
                400,
                "invalid_topic",
                "__queues-own");
        assertProblem(
                face.post("/v1/topics/__queues-own/records?partition=7", "text/plain", "no such partition"),
                400,
                "invalid_topic",
                "__queues-own");
        assertProblem(
                face.post("/v1/topics/__queues-own/records", "application/json", "{"),
                400,
                "invalid_topic",
                "__queues-own");
        assertProblem(
                face.post("/v1/topics/__queues-own/records", NDJSON, "{\n"), 400, "invalid_topic", "__queues-own");
    }

    @Test
    void overTheMemoryBudgetRequestsAreRefusedAtOnceAndOneAloneIsNot() throws Exception {
        try (RecordFace small = new RecordFace(
                folder.resolve("small"), RecordLimits.forHeap(256L << 20).withBudgetBytes(100_000), Map.of())) {
            small.topic("t", 1, Map.of());
            byte[] large = new byte[300_000];
            assertThat(small.post("/v1/topics/t/records", "text/plain", large).statusCode())
                    .isEqualTo(200);

            PipedOutputStream feed = new PipedOutputStream();
            PipedInputStream slowBody = new PipedInputStream(feed, 1 << 16);
            CompletableFuture<HttpResponse<byte[]>> slow = small.sendAsync(small.request("/v1/topics/t/records")
                    .header("Content-Type", NDJSON)
                    .POST(BodyPublishers.ofInputStream(() -> slowBody)));
            // The client's own buffers want to be filled before it sends.
            for (int i = 0; i < 10; i++) {
                feed.write("{\"value\":1}\n".repeat(2_000).getBytes(StandardCharsets.UTF_8));
                feed.flush();
            }
            Await.until(
                    "the stream is under way",
                    () -> small.broker.partition("t", 0).highWatermark() > 1);

            HttpResponse<byte[]> refused = small.post("/v1/topics/t/records", "text/plain", large);
            assertProblem(refused, 503, "overloaded", "bytes");
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            feed.close();
            assertThat(slow.get().statusCode()).isEqualTo(200);
            assertThat(small.post("/v1/topics/t/records", "text/plain", large).statusCode())
                    .isEqualTo(200);
        }
    }

    private static void assertProblem(HttpResponse<byte[]> answer, int status, String code, String words) {
        assertThat(answer.statusCode()).as(RecordFace.text(answer)).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(RecordFace.json(answer).get("code").asText()).isEqualTo(code);
        assertThat(RecordFace.json(answer).get("detail").asText()).contains(words);
    }
}
