package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.proof.Volley.Outcome;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever clients send: a clear 4xx that names the fault, or a closed connection; nothing gets into the log, nothing stays
 * in memory, and the server goes on.
 */
class GarbageTest {
    private static final boolean LONG = "long".equals(System.getProperty("proof.budget"));
    private static final int MUTATIONS = LONG ? 300_000 : 3_000;
    private static final long MAX_RESIDENT_KB = 400_000;
    private static final String FETCH = "GET /v1/topics/t/partitions/0/records";
    private static final String PRODUCE = "POST /v1/topics/t/records HTTP/1.1\r\nHost: x\r\n";
    private static final String SAMPLE =
            "{\"records\":[{\"key\":\"k\",\"value\":{\"a\":[1,2.5e3,true,null,\"\\u00e9x\"]},"
                    + "\"headers\":{\"h\":\"v\"},\"partition\":0,\"timestamp\":1700000000000},{\"value_base64\":\"AAEC\"}]}";

    private final long seed = Long.getLong("seed", System.nanoTime());

    @TempDir
    private Path folder;

    private ChildServer server;
    private PlainClient client;
    private Volley volley;

    @BeforeEach
    void start() throws IOException {
        server = new ChildServer(
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"),
                folder,
                "--set",
                "http.request.timeout.ms=500",
                "--set",
                "max.partitions=500",
                "--set",
                "http.max.body.bytes=65536");
        client = new PlainClient(server.port());
        volley = new Volley(server.port());
        assertThat(client.send("PUT", "/v1/topics/t").status()).isEqualTo(201);
    }

    @AfterEach
    void stillWell() throws IOException {
        // The long budget lasts longer than a connection may be idle.
        client.close();
        client = new PlainClient(server.port());
        try (ChildServer ended = server;
                PlainClient last = client) {
            assertThat(ended.isAlive()).isTrue();
            assertThat(last.get("/health/ready").status()).isEqualTo(200);
            long before = highWatermark();
            assertThat(client.send("POST", "/v1/topics/t/records", "text/plain", new byte[] {'y'})
                            .body())
                    .contains("\"offset\":" + before);
            assertThat(client.get("/v1/topics/t/partitions/0/records?offset=" + before)
                            .body())
                    .contains("\"value\":\"y\"");
            Await.until("only we are connected", () -> metric("sluice_http_connections") == 1);
            Await.until("memory is given back", () -> metric("sluice_http_requests_memory_bytes") == 0);
            assertThat(metric("sluice_log_waiters")).isZero();
            assertThat(server.residentKb()).isLessThan(MAX_RESIDENT_KB);
            assertThat(server.output())
                    .noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "))
                    .noneMatch(line -> line.contains("BlockedThreadChecker"));
        }
    }

    private double metric(String name) {
        try {
            return client.metric(name);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private long highWatermark() throws IOException {
        String body = client.get("/v1/topics/t/partitions/0/records?tail=0").body();
        return Long.parseLong(body.replaceAll("(?s).*\"high_watermark\":(\\d+).*", "$1"));
    }

    @Test
    void headsThatAreNotHttp() throws IOException {
        List<String> heads = List.of(
                "\r\n\r\n\u0000\r\n\r\n",
                "GET\r\n\r\n",
                "GET /\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "GET / HTTP/1.1 extra\r\nHost: x\r\n\r\n",
                "G\u0001T / HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nno colon here\r\n\r\n",
                "GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\u0000b\r\n\r\n",
                "GET / HTTP/1.1\r\n: empty\r\n\r\n",
                PRODUCE + "Content-Length: -1\r\n\r\n",
                PRODUCE + "Content-Length: five\r\n\r\nhello",
                PRODUCE + "Content-Length: 99999999999999999999\r\n\r\nhello",
                PRODUCE + "Content-Length: 9223372036854775807\r\n\r\nhello",
                PRODUCE + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                PRODUCE + "Content-Type: application/json\r\nContent-Length: 2000000000\r\n\r\n{",
                PRODUCE + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
                PRODUCE + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
                PRODUCE + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello",
                PRODUCE + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n",
                PRODUCE + "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\nhello",
                PRODUCE + "Transfer-Encoding: gzip\r\n\r\nhello",
                PRODUCE + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
                PRODUCE + "Content-Length: 50\r\n\r\nhello",
                PRODUCE + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
                PRODUCE + "Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n\r\n{}",
                PRODUCE + "Expect: a miracle\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
                "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nX: " + "a".repeat(40_000) + "\r\n\r\n",
                "GET / HTTP/1.1\r\n" + "X: a\r\n".repeat(10_000) + "\r\n",
                "A".repeat(100_000));
        for (Outcome outcome : volley.all(bytes(heads))) {
            assertRefused(outcome);
        }
        assertThat(highWatermark()).isZero();
        assertThat(volley.one("GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
                        .status())
                .isEqualTo(414);
        assertThat(volley.one("GET / HTTP/1.1\r\nX: " + "a".repeat(40_000) + "\r\n\r\n")
                        .status())
                .isEqualTo(431);
    }

    @Test
    void slowClientsAreAnswered408AndTheOthersServed() throws IOException {
        List<String> slow = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            slow.add("GET /v1/topics/t HTTP/1.1\r\nHost: x\r\nX-Slow: ".substring(0, 1 + i % 40));
            slow.add(PRODUCE + "Content-Type: application/json\r\nContent-Length: " + SAMPLE.length() + "\r\n\r\n"
                    + SAMPLE.substring(0, i % SAMPLE.length()));
        }
        for (Outcome outcome : volley.all(bytes(slow))) {
            assertThat(outcome.status()).as(outcome.toString()).isEqualTo(408);
            assertThat(outcome.body()).contains("\"code\":\"request_timeout\"");
        }
        assertThat(highWatermark()).isZero();
    }

    @Test
    void bodiesThatAreCutOffLeaveNothing() throws IOException {
        for (String type : List.of("application/json", "text/plain", "application/vnd.sluice.batches")) {
            byte[] whole = ascii(
                    PRODUCE + "Content-Type: " + type + "\r\nContent-Length: " + SAMPLE.length() + "\r\n\r\n" + SAMPLE);
            for (int i = 1; i <= SAMPLE.length(); i += 7) {
                try (Socket socket = new Socket("127.0.0.1", server.port())) {
                    socket.getOutputStream().write(whole, 0, whole.length - i);
                    if (i % 2 == 0) {
                        socket.setSoLinger(true, 0);
                    }
                }
            }
        }
        Await.until("only we are connected", () -> metric("sluice_http_connections") == 1);
        assertThat(highWatermark()).isZero();
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        StringBuilder requests = new StringBuilder();
        int count = 300;
        for (int i = 0; i < count; i++) {
            String body = "v" + i;
            requests.append(PRODUCE)
                    .append("Content-Type: text/plain\r\nContent-Length: ")
                    .append(body.length())
                    .append("\r\n\r\n")
                    .append(body)
                    .append(FETCH)
                    .append("?max_records=1&offset=")
                    .append(i)
                    .append(" HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        List<String> answers = new ArrayList<>();
        AnswerDecoder decoder = new AnswerDecoder(new AnswerDecoder.Sink() {
            private final StringBuilder body = new StringBuilder();

            @Override
            public void head(int status, String head) {
                assertThat(status).isEqualTo(200);
            }

            @Override
            public void body(byte[] source, int from, int to) {
                body.append(new String(source, from, to - from, StandardCharsets.ISO_8859_1));
            }

            @Override
            public void end() {
                answers.add(body.toString());
                body.setLength(0);
            }
        });
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(ascii(requests.toString()));
            byte[] bytes = new byte[8 * 1024];
            while (answers.size() < 2 * count) {
                int read = socket.getInputStream().read(bytes);
                assertThat(read).isPositive();
                decoder.feed(bytes, 0, read);
            }
        }
        for (int i = 0; i < count; i++) {
            assertThat(answers.get(2 * i)).contains("\"offset\":" + i + "}");
            assertThat(answers.get(2 * i + 1)).contains("\"value\":\"v" + i + "\"");
        }
    }

    @Test
    void addressesThatMeanNothing() throws IOException {
        for (String path : List.of(
                "%", "%2", "%zz", "%ff", "%c0%af", "%00", "\u00e4", "..%2f..", "%20", "a%0d%0ab", "%ed%a0%80")) {
            for (String request : List.of(
                    "GET /v1/topics/" + path,
                    "PUT /v1/topics/" + path,
                    "DELETE /v1/topics/" + path,
                    "GET /v1/topics/" + path + "/partitions/0/records",
                    "GET /v1/topics/t/partitions/" + path + "/records",
                    FETCH + "?offset=" + path,
                    FETCH + "?" + path + "=1",
                    "GET /v1/topics?cursor=" + path,
                    "POST /v1/topics/" + path + "/records")) {
                Outcome outcome = volley.one(request + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
                // A list may begin behind any name.
                if (!request.contains("cursor")) {
                    assertRefused(outcome);
                }
                assertThat(outcome.status()).as(outcome.toString()).isLessThan(500);
            }
        }
        assertThat(client.get("/v1/topics").body()).containsOnlyOnce("\"name\"");
    }

    @Test
    void numbersBeyondAllMeasureAreRefusedByName() throws IOException {
        List<String> numbers = List.of(
                "99999999999999999999",
                "9223372036854775808",
                "-9223372036854775809",
                "-1",
                "1e9",
                "0x10",
                "1.5",
                "NaN",
                "",
                "%201",
                "1%20",
                "%c2%b2",
                "9".repeat(3_000));
        for (String name : List.of("offset", "timestamp", "tail", "max_records", "max_bytes", "wait_ms")) {
            for (String number : numbers) {
                assertNames(name, volley.one(FETCH + "?" + name + "=" + number + " HTTP/1.1\r\nHost: x\r\n\r\n"));
            }
            assertNames(name, volley.one(FETCH + "?" + name + "=1&" + name + "=2 HTTP/1.1\r\nHost: x\r\n\r\n"));
        }
        for (String number : numbers) {
            assertNames(
                    "before",
                    volley.one("DELETE /v1/topics/t/partitions/0/records?before=" + number
                            + " HTTP/1.1\r\nHost: x\r\n\r\n"));
            assertNames("limit", volley.one("GET /v1/topics?limit=" + number + " HTTP/1.1\r\nHost: x\r\n\r\n"));
            assertNames(
                    "partition",
                    volley.one("POST /v1/topics/t/records?partition=" + number
                            + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
        }
        for (String far : List.of("9223372036854775807", "2147483648")) {
            assertThat(volley.one(FETCH + "?offset=" + far + " HTTP/1.1\r\nHost: x\r\n\r\n")
                            .status())
                    .isEqualTo(416);
            assertThat(volley.one(FETCH + "?tail=" + far + " HTTP/1.1\r\nHost: x\r\n\r\n")
                            .status())
                    .isEqualTo(200);
            assertThat(volley.one(FETCH + "?timestamp=" + far + " HTTP/1.1\r\nHost: x\r\n\r\n")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void unknownParametersAndWrongMethodsAreNamed() throws IOException {
        for (String route : List.of(
                "GET /v1/topics",
                "GET /v1/topics/t",
                "PUT /v1/topics/u",
                "PATCH /v1/topics/t",
                "DELETE /v1/topics/t",
                "POST /v1/topics/t/records",
                FETCH,
                "DELETE /v1/topics/t/partitions/0/records")) {
            Outcome outcome = volley.one(route + "?ofset=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            assertNames("ofset", outcome);
            assertThat(outcome.body()).contains("unknown_parameter");
        }
        for (String method : List.of("TRACE", "CONNECT", "FOO", "get", "PROPFIND", "POST")) {
            Outcome outcome = volley.one(method + " /v1/topics/t HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            assertRefused(outcome);
        }
    }

    @Test
    void aBadByteAtEveryPositionOfTheBody() throws IOException {
        for (String type : List.of("application/json", "application/x-ndjson")) {
            String sample = type.endsWith("ndjson") ? SAMPLE.substring(12, SAMPLE.indexOf("},{") + 1) : SAMPLE;
            List<byte[]> bodies = new ArrayList<>();
            for (int i = 0; i < sample.length(); i++) {
                for (int bad : new int[] {0, 0x1f, 0x80, 0xff}) {
                    byte[] body = ascii(sample);
                    body[i] = (byte) bad;
                    bodies.add(body);
                }
                if (i > 0) {
                    bodies.add(ascii(sample.substring(0, i)));
                }
            }
            long before = highWatermark();
            for (Outcome outcome : volley.all(produces(type, bodies))) {
                assertThat(outcome.status()).as(outcome.toString()).isIn(400, 422);
                assertThat(outcome.body())
                        .as(outcome.toString())
                        .matches("(?s).*\"detail\":\"[^\"]{8,}.*")
                        .matches("(?s).*(line|column|byte|position|field|records\\[|offset).*");
            }
            assertThat(highWatermark()).isEqualTo(before);
        }
    }

    @Test
    void aFlippedByteAtEveryPositionOfABatch() throws IOException {
        ByteBuffer good = new RecordBatchBuilder(64)
                .append(1_700_000_000_000L, ascii("key"), ascii("value"))
                .append(1_700_000_000_001L, ascii("key"), ascii("another value"))
                .build()
                .bytes();
        byte[] batch = new byte[good.remaining()];
        good.duplicate().get(batch);
        List<byte[]> bodies = new ArrayList<>();
        for (int i = 0; i < batch.length; i++) {
            // The broker gives base offset and leader epoch itself, so these lie outside of the checksum.
            boolean checked = i >= 8 && (i < 12 || i >= 16);
            for (int bit = 0; checked && bit < 8; bit++) {
                byte[] body = batch.clone();
                body[i] ^= (byte) (1 << bit);
                bodies.add(body);
            }
            if (i > 0) {
                bodies.add(Arrays.copyOf(batch, i));
            }
        }
        for (Outcome outcome : volley.all(produces("application/vnd.sluice.batches", bodies))) {
            assertRefused(outcome);
        }
        assertThat(highWatermark()).isZero();
        assertThat(volley.all(produces("application/vnd.sluice.batches", List.of(batch)))
                        .get(0)
                        .status())
                .isEqualTo(200);
        assertThat(highWatermark()).isEqualTo(2);
    }

    @Test
    void deepAndWideJson() throws IOException {
        List<String> bodies = List.of(
                "[".repeat(20_000),
                "{\"records\":" + "[".repeat(20_000) + "]".repeat(20_000) + "}",
                "{\"records\":[{\"value\":1,\"value\":2}]}",
                "{\"records\":[],\"records\":[]}",
                "{\"records\":[{\"valeu\":1}]}",
                "{\"records\":[{\"value\":1,\"partition\":" + "9".repeat(400) + "}]}",
                "{\"records\":[{\"value\":1,\"partition\":-1}]}",
                "{\"records\":[{\"value\":1,\"timestamp\":1e400}]}",
                "{\"records\":[{\"value\":1,\"timestamp\":-5}]}",
                "{\"records\":[{\"value\":1,\"headers\":[]}]}",
                "{\"records\":[{\"value_base64\":\"%%%\"}]}",
                "{\"records\":[{\"value\":1,\"value_base64\":\"AA==\"}]}",
                "{\"records\":[{\"value\":\"\\ud800\"}]}",
                "{\"records\":[{\"value\":1}]} trailing",
                "{\"records\":{}}",
                "{\"records\":null}",
                "[]",
                "null",
                "",
                " ",
                "\u00ef\u00bb\u00bf{\"records\":[{\"value\":1}]}");
        List<byte[]> raw = new ArrayList<>();
        bodies.forEach(body -> raw.add(body.getBytes(StandardCharsets.ISO_8859_1)));
        for (Outcome outcome : volley.all(produces("application/json", raw))) {
            assertRefused(outcome);
        }
        assertThat(highWatermark()).isZero();
    }

    @Test
    void mutationsOfGoodRequests() throws IOException {
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> good = List.of(
                ascii(
                        FETCH
                                + "?offset=0&max_records=5&max_bytes=1000 HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n"),
                ascii("GET /v1/topics?limit=5 HTTP/1.1\r\nHost: x\r\n\r\n"),
                ascii(
                        "PUT /v1/topics/u HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 49\r\n\r\n"
                                + "{\"partitions\":1,\"config\":{\"retention.ms\":\"1000\"}}"),
                produces("application/json", List.of(ascii(SAMPLE))).get(0),
                produces("application/x-ndjson", List.of(ascii("{\"value\":1}\n{\"value\":2}\n")))
                        .get(0),
                produces("text/plain", List.of(ascii("hello"))).get(0),
                ascii(PRODUCE + "Idempotency-Key: abc\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                ascii("DELETE /v1/topics/t/partitions/0/records?before=0 HTTP/1.1\r\nHost: x\r\n\r\n"));
        for (byte[] request : good) {
            assertThat(volley.all(List.of(request)).get(0).status()).isBetween(200, 299);
        }
        for (int done = 0; done < MUTATIONS; done += 500) {
            List<byte[]> mutations = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                mutations.add(mutate(good.get(random.nextInt(good.size())), random));
            }
            for (Outcome outcome : volley.all(mutations)) {
                boolean fine = outcome.status() < 500 || outcome.status() == 501 || outcome.status() == 505;
                assertThat(fine).as("seed " + seed + ": " + outcome).isTrue();
            }
            assertThat(server.isAlive()).isTrue();
        }
    }

    private static byte[] mutate(byte[] good, SplittableRandom random) {
        byte[] bytes = good;
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - at, random.nextInt(1, 12));
            byte[] next;
            switch (random.nextInt(4)) {
                case 0 -> {
                    next = bytes.clone();
                    next[at] = (byte) random.nextInt(256);
                }
                case 1 -> {
                    next = new byte[bytes.length - length];
                    System.arraycopy(bytes, 0, next, 0, at);
                    System.arraycopy(bytes, at + length, next, at, bytes.length - at - length);
                }
                case 2 -> {
                    next = new byte[bytes.length + length];
                    System.arraycopy(bytes, 0, next, 0, at + length);
                    System.arraycopy(bytes, at, next, at + length, bytes.length - at);
                }
                default -> {
                    next = bytes.clone();
                    next[at] ^= (byte) (1 << random.nextInt(8));
                }
            }
            bytes = next.length == 0 ? good : next;
        }
        return bytes;
    }

    private static List<byte[]> produces(String type, List<byte[]> bodies) {
        List<byte[]> requests = new ArrayList<>();
        for (byte[] body : bodies) {
            String query = type.endsWith("batches") ? "?partition=0" : "";
            byte[] head = ascii(PRODUCE.replace("records ", "records" + query + " ") + "Content-Type: " + type
                    + "\r\nContent-Length: " + body.length + "\r\n\r\n");
            byte[] request = Arrays.copyOf(head, head.length + body.length);
            System.arraycopy(body, 0, request, head.length, body.length);
            requests.add(request);
        }
        return requests;
    }

    private static List<byte[]> bytes(List<String> requests) {
        return requests.stream()
                .map(request -> request.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Answered with a problem that is the client's, or closed. */
    private static void assertRefused(Outcome outcome) {
        if (outcome.status() != 0) {
            // Vert.x itself answers a version of HTTP that is none, and so far only that.
            boolean version = outcome.status() == 501 && outcome.sent().contains("HTTP/9.9");
            if (!version) {
                assertThat(outcome.status()).as(outcome.toString()).isBetween(400, 499);
                assertThat(outcome.body()).as(outcome.toString()).contains("\"code\":\"", "\"detail\":\"");
            }
        }
    }

    private static void assertNames(String parameter, Outcome outcome) {
        assertThat(outcome.status()).as(outcome.toString()).isEqualTo(400);
        assertThat(outcome.body()).as(outcome.toString()).contains(parameter);
    }
}
