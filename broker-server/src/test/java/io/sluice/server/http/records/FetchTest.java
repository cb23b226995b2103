package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.http.json.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(BlockedThreadsFail.class)
class FetchTest {
    private static final String NDJSON = "application/x-ndjson";
    private static final String BATCHES = "application/vnd.sluice.batches";

    @TempDir
    Path folder;

    private RecordFace face;

    @BeforeEach
    void open() {
        face = new RecordFace(folder, RecordLimits.forHeap(256L << 20), Map.of());
        face.topic("t", 2, Map.of("max.message.bytes", "30000000"));
    }

    @AfterEach
    void close() {
        face.close();
    }

    @Test
    void theLastRecordThatThereMayBeIsNotCutOffIfItIsLarge() {
        byte[] large = "x".repeat(300_000).getBytes(StandardCharsets.UTF_8);
        RecordBatchBuilder builder = new RecordBatchBuilder(64).append(1, null, large);
        face.append("t", 0, builder.build(CompressionType.GZIP, new KafkaCodecs()));

        assertThat(offsets("?max_records=1")).containsExactly(0L);
    }

    /** Small ones and one that is larger than a read, in batches of each kind, with headers behind their values. */
    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void onlyWhatAFilterWantsIsReturned(CompressionType compression) {
        byte[] large = "x".repeat(300_000).getBytes(StandardCharsets.UTF_8);
        for (int batch = 0; batch < 20; batch++) {
            RecordBatchBuilder builder = new RecordBatchBuilder(64);
            for (int i = 0; i < 10; i++) {
                int number = batch * 10 + i;
                String type = number % 50 == 7 ? "order.created" : "noise";
                builder.append(
                        1,
                        ("key-" + number % 4).getBytes(StandardCharsets.UTF_8),
                        number == 57 || number == 58 ? large : new byte[] {'1'},
                        new Headers().add("ce_type", type.getBytes(StandardCharsets.UTF_8)));
            }
            face.append("t", 0, builder.build(compression, new KafkaCodecs()));
        }

        assertThat(offsets("?filter=type=order.*")).containsExactly(7L, 57L, 107L, 157L);
        assertThat(offsets("?filter=type=order.*&filter=key=key-3")).containsExactly(7L, 107L);
        assertThat(offsets("?filter=key=none")).isEmpty();
        assertThat(offsets("?filter=key=key-2&filter=type=noise")).hasSize(50);
        assertThat(offsets("?filter=type=order.*&max_records=2")).containsExactly(7L, 57L);
        assertThat(RecordFace.json(face.fetch("t", 0, "?filter=key=none"))
                        .get("next_offset")
                        .asLong())
                .isEqualTo(200);
    }

    private List<Long> offsets(String query) {
        List<Long> offsets = new ArrayList<>();
        RecordFace.json(face.fetch("t", 0, query))
                .get("records")
                .forEach(record -> offsets.add(record.get("offset").asLong()));
        return offsets;
    }

    @Test
    void aFetchThatWaitsIsNotWokenForGoodByWhatItDoesNotWant() throws Exception {
        byte[] one = {'1'};
        face.append(
                "t",
                0,
                new RecordBatchBuilder(64).append(1, new byte[] {'a'}, one).build());
        long beginNs = System.nanoTime();
        assertThat(offsets("?wait_ms=300&filter=key=b")).isEmpty();
        assertThat(System.nanoTime() - beginNs).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(300));

        CompletableFuture<HttpResponse<byte[]>> waiting =
                face.sendAsync(face.request("/v1/topics/t/partitions/0/records?offset=0&wait_ms=30000&filter=key=b"));
        face.append(
                "t",
                0,
                new RecordBatchBuilder(64).append(1, new byte[] {'b'}, one).build());

        assertThat(RecordFace.json(waiting.get(20, TimeUnit.SECONDS)).get("records"))
                .hasSize(1);
    }

    @Test
    void batchesAreNotFiltered() {
        HttpResponse<byte[]> refused = face.fetch("t", 0, "?filter=key=b", "Accept", BATCHES);

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(RecordFace.json(refused).get("field").asText()).isEqualTo("filter");
    }

    private void appendNumbers(int count) {
        for (int i = 0; i < count; i++) {
            face.append(
                    "t",
                    0,
                    new RecordBatchBuilder(64)
                            .append(1_000 * i, null, Integer.toString(i).getBytes(StandardCharsets.UTF_8))
                            .build());
        }
    }

    private List<String> values(String query) {
        return RecordFace.json(face.fetch("t", 0, query)).get("records").findValuesAsText("value");
    }

    @Test
    void aFetchBeginsWhereItIsTold() {
        appendNumbers(10);

        assertThat(values("")).hasSize(10);
        assertThat(values("?offset=7")).containsExactly("7", "8", "9");
        assertThat(values("?tail=2")).containsExactly("8", "9");
        assertThat(values("?tail=100")).hasSize(10);
        assertThat(values("?timestamp=4001")).containsExactly("5", "6", "7", "8", "9");
        assertThat(values("?timestamp=1970-01-01T00:00:06Z")).containsExactly("6", "7", "8", "9");
        assertThat(values("?timestamp=999999999")).isEmpty();
        assertThat(values("?offset=3&max_records=2")).containsExactly("3", "4");
        assertThat(values("?offset=10")).isEmpty();
        JsonNode empty = RecordFace.json(face.fetch("t", 1, ""));
        assertThat(empty.toString())
                .isEqualTo("{\"records\":[],\"next_offset\":0,\"high_watermark\":0,\"log_start_offset\":0}");
    }

    @ParameterizedTest
    @CsvSource({
        "'?offset=1&tail=1', 400, invalid_argument, tail",
        "'?offset=1&timestamp=1', 400, invalid_argument, timestamp",
        "'?timestamp=yesterday', 400, invalid_argument, yesterday",
        "'?offset=-1', 400, invalid_argument, offset",
        "'?offset=x', 400, invalid_argument, offset",
        "'?offset=99999999999999999999', 400, invalid_argument, offset",
        "'?offset=1&offset=2', 400, invalid_argument, more than once",
        "'?max_records=0', 400, invalid_argument, max_records",
        "'?max_bytes=0', 400, invalid_argument, max_bytes",
        "'?wait_ms=100000000', 400, invalid_argument, wait_ms",
        "'?values=hex', 400, invalid_argument, hex",
        "'?limit=1', 400, unknown_parameter, limit",
        "'?offset=5', 416, offset_out_of_range, 5",
    })
    void badQueriesAreNamed(String query, int status, String code, String words) {
        HttpResponse<byte[]> answer = face.fetch("t", 0, query);

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(RecordFace.json(answer).get("code").asText()).isEqualTo(code);
        assertThat(RecordFace.json(answer).get("detail").asText()).contains(words);
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThat(RecordFace.text(face.fetch("nope", 0, ""))).contains("unknown_topic");
        assertThat(RecordFace.text(face.fetch("t", 9, ""))).contains("unknown_partition");
        assertThat(face.fetch("t", 0, "", "Accept", "text/html").statusCode()).isEqualTo(406);
    }

    @Test
    void valuesSettlesTheFormOfEverything() {
        face.append(
                "t",
                0,
                new RecordBatchBuilder(64)
                        .append(1, utf8("7"), utf8("{\"a\":1}"), new Headers().add("h", utf8("true")))
                        .append(
                                2,
                                utf8("k"),
                                utf8("te\"xt"),
                                new Headers().add("h", utf8("t")).add("n", null))
                        .append(
                                3,
                                new byte[] {-1},
                                new byte[] {-2},
                                new Headers().add("h", new byte[] {-3}).add("g", utf8("1")))
                        .append(4, null, null)
                        .append(5, new byte[0], new byte[0])
                        .build());

        assertThat(body("?values=json"))
                .contains("\"key\":7,\"value\":{\"a\":1},\"headers\":{\"h\":true}}")
                .contains("\"key_base64\":\"aw==\",\"value_base64\":\"" + base64("te\"xt")
                        + "\",\"headers\":{\"n\":null},\"headers_base64\":{\"h\":\"dA==\"}}");
        assertThat(body("?values=text"))
                .contains("\"key\":\"7\",\"value\":\"{\\\"a\\\":1}\",\"headers\":{\"h\":\"true\"}}")
                .contains("\"key\":\"k\",\"value\":\"te\\\"xt\",\"headers\":{\"h\":\"t\",\"n\":null}}")
                .contains("\"key_base64\":\"/w==\",\"value_base64\":\"/g==\",\"headers\":{\"g\":\"1\"},"
                        + "\"headers_base64\":{\"h\":\"/Q==\"}}")
                .contains("\"key\":\"\",\"value\":\"\"");
        assertThat(body("?values=base64"))
                .contains("\"key_base64\":\"Nw==\",\"value_base64\":\"" + base64("{\"a\":1}")
                        + "\",\"headers\":{},\"headers_base64\":{\"h\":\"dHJ1ZQ==\"}}")
                .contains("\"key\":null,\"value\":null,\"headers\":{}}");
        assertThat(body(""))
                .contains("\"key\":7,\"value\":{\"a\":1}")
                .contains("\"key\":\"k\",\"value\":\"te\\\"xt\"")
                .contains("\"key_base64\":\"/w==\"")
                .contains("\"key\":\"\",\"value\":\"\"");
    }

    private String body(String query) {
        return RecordFace.text(face.fetch("t", 0, query));
    }

    @Test
    void linesHoldOneRecordEachWhateverTheValueHolds() {
        face.produce(
                "t", "{\"records\":[{\"partition\":0,\"value\":{\n\"a\":\n1}},{\"partition\":0,\"value\":\"x\\ny\"}]}");
        HttpResponse<byte[]> answer = face.fetch("t", 0, "", "Accept", NDJSON);

        assertThat(answer.headers().firstValue("Content-Type")).contains(NDJSON);
        assertThat(answer.headers().firstValue("Sluice-Next-Offset")).contains("2");
        assertThat(answer.headers().firstValue("Sluice-High-Watermark")).contains("2");
        assertThat(answer.headers().firstValue("Sluice-Log-Start-Offset")).contains("0");
        List<String> lines = RecordFace.text(answer).lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).contains("\"value\":{ \"a\": 1}");
        assertThat(lines.get(1)).contains("\"value\":\"x\\ny\"");
    }

    @Test
    void wholeBatchesComeAsTheyAreStored() {
        appendNumbers(20);
        HttpResponse<byte[]> answer = face.fetch("t", 0, "?offset=5&max_bytes=300", "Accept", BATCHES);

        List<Long> offsets = new ArrayList<>();
        for (RecordBatch batch : RecordBatches.in(ByteBuffer.wrap(answer.body()))) {
            assertThat(batch.isCrcValid()).isTrue();
            offsets.add(batch.baseOffset());
        }
        assertThat(offsets).startsWith(5L).hasSizeBetween(2, 5);
        assertThat(answer.headers().firstValue("Sluice-Next-Offset"))
                .contains(Long.toString(offsets.get(offsets.size() - 1) + 1));
        assertThat(face.fetch("t", 0, "?offset=20", "Accept", BATCHES).body()).isEmpty();
    }

    @Test
    void aWaitingFetchIsAnsweredByTheNextRecord() throws Exception {
        for (String accept : List.of("application/json", NDJSON, BATCHES)) {
            long end = face.broker.partition("t", 0).highWatermark();
            CompletableFuture<HttpResponse<byte[]>> waiting =
                    face.sendAsync(face.request("/v1/topics/t/partitions/0/records?wait_ms=30000&offset=" + end)
                            .header("Accept", accept));
            assertThat(waiting).isNotDone();
            face.produce("t", "{\"records\":[{\"value\":\"news\",\"partition\":0}]}");

            HttpResponse<byte[]> answer = waiting.get(20, TimeUnit.SECONDS);
            assertThat(RecordFace.text(answer)).contains("news");
        }
    }

    @Test
    void aWaitThatIsOverAnswersEmpty() {
        JsonNode answer = RecordFace.json(face.fetch("t", 0, "?wait_ms=30&tail=0"));

        assertThat(answer.get("records")).isEmpty();
        assertThat(answer.get("next_offset").asInt()).isZero();
    }

    @Test
    void aClientThatLeavesEndsItsWait() throws Exception {
        face.close();
        face = new RecordFace(folder, RecordLimits.forHeap(256L << 20), Map.of("max.waiters.per.partition", "1"));
        try (Socket socket = new Socket("127.0.0.1", face.port())) {
            socket.getOutputStream()
                    .write("GET /v1/topics/t/partitions/1/records?wait_ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            // No answer comes while it waits; only then may others ask, or they would take the place themselves.
            socket.setSoTimeout(300);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            Await.until(
                    "the only place is taken",
                    () -> face.fetch("t", 1, "?wait_ms=1").statusCode() == 503);
        }

        Await.until("the place is free", () -> face.fetch("t", 1, "?wait_ms=1").statusCode() == 200);
    }

    @Test
    void limitsHoldAndTheFirstRecordComesWhole() {
        face.append(
                "t",
                0,
                new RecordBatchBuilder(64)
                        .append(1, null, new byte[1_000])
                        .append(1, null, new byte[1_000])
                        .append(1, null, new byte[1_000])
                        .build());

        assertThat(values("?max_bytes=1&values=base64")).isEmpty();
        assertThat(RecordFace.json(face.fetch("t", 0, "?max_bytes=1")).get("records"))
                .hasSize(1);
        assertThat(RecordFace.json(face.fetch("t", 0, "?max_bytes=1"))
                        .get("next_offset")
                        .asInt())
                .isEqualTo(1);
        assertThat(RecordFace.json(face.fetch("t", 0, "?max_bytes=2500")).get("records"))
                .hasSize(2);
        assertThat(RecordFace.json(face.fetch("t", 0, "?offset=2&max_bytes=2500"))
                        .get("records"))
                .hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void batchesLargerThanAReadAreWalkedPieceByPiece(CompressionType type) {
        Random random = new Random(type.id());
        RecordBatchBuilder builder = new RecordBatchBuilder(1 << 20);
        List<byte[]> values = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            byte[] value = switch (i % 5) {
                case 0 -> utf8("[" + "1,\"ü\",".repeat(4_000 + i) + "0]");
                case 1 -> utf8("not json €\n".repeat(3_000 + i));
                case 2 -> random(random, 30_000 + i);
                case 3 -> random(random, i);
                default -> utf8("{\"small\":" + i + "}");
            };
            values.add(value);
            byte[] key = i % 7 == 0 ? utf8("key".repeat(10_000)) : i % 7 == 1 ? null : utf8("k" + i);
            builder.append(
                    1_000 + i, key, value, new Headers().add("i", utf8("" + i)).add("bin", new byte[] {-1}));
        }
        face.append("t", 0, builder.build(type, new KafkaCodecs()));

        JsonNode all = RecordFace.json(face.fetch("t", 0, "?offset=0&max_bytes=100000000"))
                .get("records");
        assertThat(all).hasSize(60);
        for (int i = 0; i < 60; i++) {
            checkRecord(all.get(i), i, values.get(i));
        }
        JsonNode part = RecordFace.json(face.fetch("t", 0, "?offset=31&max_records=9&max_bytes=100000000"));
        assertThat(part.get("records")).hasSize(9);
        assertThat(part.get("next_offset").asInt()).isEqualTo(40);
        for (int i = 0; i < 9; i++) {
            checkRecord(part.get("records").get(i), 31 + i, values.get(31 + i));
        }
    }

    private static void checkRecord(JsonNode record, int i, byte[] value) {
        assertThat(record.get("offset").asInt()).isEqualTo(i);
        assertThat(record.get("timestamp").asInt()).isEqualTo(1_000 + i);
        assertThat(record.get("headers").get("i").asInt()).isEqualTo(i);
        assertThat(record.get("headers_base64").get("bin").asText()).isEqualTo("/w==");
        String key = record.get("key").asText();
        assertThat(key).isEqualTo(i % 7 == 0 ? "key".repeat(10_000) : i % 7 == 1 ? "null" : "k" + i);
        String text = new String(value, StandardCharsets.UTF_8);
        switch (i % 5) {
            case 0 -> assertThat(record.get("value").toString()).isEqualTo(text);
            case 1 -> assertThat(record.get("value").asText()).isEqualTo(text);
            case 2, 3 -> {
                if (record.has("value_base64")) {
                    assertThat(Base64.getDecoder()
                                    .decode(record.get("value_base64").asText()))
                            .isEqualTo(value);
                } else {
                    assertThat(Utf8.isValid(value, 0, value.length)).isTrue();
                }
            }
            default -> assertThat(record.get("value").get("small").asInt()).isEqualTo(i);
        }
    }

    @Test
    void aLongAnswerWaitsForItsSlowReader() throws Exception {
        byte[] value = new byte[50_000];
        for (int i = 0; i < 400; i++) {
            face.append(
                    "t", 0, new RecordBatchBuilder(64).append(i, null, value).build());
        }
        HttpResponse<InputStream> slow = HttpClient.newHttpClient()
                .send(
                        face.request("/v1/topics/t/partitions/0/records?max_bytes=100000000&values=base64")
                                .build(),
                        BodyHandlers.ofInputStream());
        try (InputStream in = slow.body()) {
            byte[] begin = in.readNBytes(1_000);
            // Others are served while this one does not read.
            for (int i = 0; i < 20; i++) {
                assertThat(face.fetch("t", 0, "?offset=390").statusCode()).isEqualTo(200);
            }
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.write(begin);
            in.transferTo(whole);

            JsonNode answer = new ObjectMapper().readTree(whole.toByteArray());
            assertThat(answer.get("next_offset").asInt()).isEqualTo(400);
            JsonNode records = answer.get("records");
            assertThat(records.size()).isEqualTo(400);
            for (int i = 0; i < 400; i++) {
                assertThat(Arrays.equals(records.get(i).get("value_base64").binaryValue(), value))
                        .isTrue();
            }
        }
    }

    @Test
    void recordsBeforeAnOffsetAreDeleted() {
        appendNumbers(10);

        assertThat(trim("?before=4")).isEqualTo("{\"log_start_offset\":4}");
        assertThat(values("")).containsExactly("4", "5", "6", "7", "8", "9");
        assertThat(trim("?before=2")).isEqualTo("{\"log_start_offset\":4}");
        assertThat(trim("?before=high_watermark")).isEqualTo("{\"log_start_offset\":10}");
        assertThat(values("")).isEmpty();
        assertThat(trim("?before=11")).contains("offset_out_of_range");
        assertThat(trim("")).contains("invalid_argument");
        assertThat(trim("?before=x")).contains("invalid_argument");
        assertThat(body("?offset=3"))
                .contains("offset_out_of_range", "\"log_start_offset\":10", "\"high_watermark\":10");
    }

    private String trim(String query) {
        return RecordFace.text(face.send(
                face.request("/v1/topics/t/partitions/0/records" + query).DELETE()));
    }

    private static byte[] random(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(utf8(text));
    }
}
