package io.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program, as a process. */
class ServeTest {
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    @Test
    void itSaysWhereItListensAndWhatWasChosen() throws Exception {
        try (ChildServer child = new ChildServer(folder, "--set", "num.partitions=3")) {
            assertThat(child.output())
                    .contains("config num.partitions=3 (--set)")
                    .contains("data " + folder.toAbsolutePath())
                    .anyMatch(line -> line.matches("http 127\\.0\\.0\\.1:[1-9]\\d*"))
                    .anyMatch(line -> line.matches("ready in \\d+ ms"));
            assertThat(get(child, "/health/ready").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void askedToStopItEndsWithZeroAndWhatItHeldIsThereAgain() throws Exception {
        try (ChildServer child = new ChildServer(folder)) {
            assertThat(put(child, "/v1/topics/orders", "{\"partitions\":2}").statusCode())
                    .isEqualTo(201);

            assertThat(child.stop()).isZero();

            assertThat(child.output()).anyMatch(line -> line.contains("stopped in "));
            child.start();
            JsonObject topic = new JsonObject(get(child, "/v1/topics/orders").body());
            assertThat(topic.getJsonArray("partitions")).hasSize(2);
            assertThat(topic.getJsonArray("partitions").getJsonObject(0).getLong("high_watermark"))
                    .isZero();
        }
    }

    @Test
    void killedItStartsAgainWithItsTopics() throws Exception {
        try (ChildServer child = new ChildServer(folder)) {
            assertThat(put(child, "/v1/topics/orders", "{}").statusCode()).isEqualTo(201);

            child.killAndRestart();

            assertThat(get(child, "/v1/topics/orders").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whatWasAcknowledgedIsThereAfterAKill() throws Exception {
        try (ChildServer child = new ChildServer(folder)) {
            put(child, "/v1/topics/orders", "{}");
            HttpResponse<String> produced = client.send(
                    HttpRequest.newBuilder(child.uri("/v1/topics/orders/records"))
                            .POST(BodyPublishers.ofString("{\"records\":[{\"key\":\"a\",\"value\":{\"amount\":3}}]}"))
                            .header("Content-Type", "application/json")
                            .build(),
                    BodyHandlers.ofString());
            assertThat(produced.statusCode()).as(produced.body()).isEqualTo(200);

            child.killAndRestart();

            HttpResponse<String> fetched = get(child, "/v1/topics/orders/partitions/0/records?offset=0");
            assertThat(fetched.statusCode()).as(fetched.body()).isEqualTo(200);
            JsonObject record =
                    new JsonObject(fetched.body()).getJsonArray("records").getJsonObject(0);
            assertThat(record.getString("key")).isEqualTo("a");
            assertThat(record.getJsonObject("value")).isEqualTo(new JsonObject().put("amount", 3));
        }
    }

    @Test
    void aReaderThatWaitsForRecordsDoesNotHoldUpTheStop() throws Exception {
        try (ChildServer child = new ChildServer(folder)) {
            put(child, "/v1/topics/orders", "{}");
            var waiting = client.sendAsync(
                    HttpRequest.newBuilder(child.uri("/v1/topics/orders/partitions/0/records?offset=0&wait_ms=60000"))
                            .build(),
                    BodyHandlers.ofString());
            Await.until("the fetch waits", () -> {
                try {
                    return get(child, "/metrics").body().contains("sluice_http_connections 2.0");
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });

            long beginNs = System.nanoTime();
            assertThat(child.stop()).isZero();

            assertThat(System.nanoTime() - beginNs).isLessThan(TimeUnit.SECONDS.toNanos(8));
            assertThat(waiting.get(10, TimeUnit.SECONDS).statusCode()).isIn(200, 503);
            assertThat(child.output()).noneMatch(line -> line.startsWith("\tat ") || line.contains(" ERROR "));
        }
    }

    @Test
    void aSecondBrokerOnTheSameFolderIsRefused() throws Exception {
        try (ChildServer child = new ChildServer(folder)) {
            assertThat(run(folder)).startsWith("exit 1").contains("sluice: ").doesNotContain("\tat ");
        }
    }

    @Test
    void aFaultyConfigurationIsExplainedAndNothingStarts() throws Exception {
        String said = run(folder, "--set", "num.partitons=3", "--set", "http.max.connections=0");

        assertThat(said)
                .startsWith("exit 1")
                .contains("2 faults")
                .contains("did you mean num.partitions?")
                .contains("http.max.connections = 0")
                .doesNotContain("\tat ");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anAddressInUseIsExplainedAndLeavesNothingBehind() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path data = folder.resolve("data");

            String said = run(data, "--set", "http=127.0.0.1:" + other.getLocalPort());

            assertThat(said)
                    .startsWith("exit 1")
                    .contains("sluice: port " + other.getLocalPort()
                            + " of 127.0.0.1 is in use by another program; choose another with --http\n")
                    .doesNotContain("\tat ");
            assertThat(data).doesNotExist();
        }
    }

    @Test
    void anAddressOfAnotherMachineIsExplained() throws Exception {
        String said = run(folder.resolve("data"), "--set", "http=192.0.2.1:8080", "--insecure");

        assertThat(said).startsWith("exit 1").contains("192.0.2.1 is no address of this machine");
    }

    private static String run(Path dataDirectory, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder command = ChildServer.command(dataDirectory, List.of(arguments));
        // The flag would win over the settings that a test gives.
        int flag = command.command().indexOf("--http");
        command.command().subList(flag, flag + 2).clear();
        if (!List.of(arguments).toString().contains("http=")) {
            command.command().addAll(List.of("--set", "http=127.0.0.1:0"));
        }
        Process process = command.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return "exit " + process.exitValue() + "\n" + said;
    }

    private HttpResponse<String> get(ChildServer child, String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(child.uri(path)).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> put(ChildServer child, String path, String json)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(child.uri(path))
                        .PUT(BodyPublishers.ofString(json))
                        .header("Content-Type", "application/json")
                        .build(),
                BodyHandlers.ofString());
    }
}
