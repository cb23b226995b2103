package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.cli.fixture.LossyProxy;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.kafka.clients.Installed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The web applications and workers in {@code examples/queue} do what they say. */
@Timeout(120)
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class QueueExamplesTest {
    private static final Path EXAMPLES =
            Path.of("..", "examples", "queue").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    @TempDir
    private Path outputs;

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<Process> children = new ArrayList<>();
    private RunningServer server;
    private LossyProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = TestServers.on(folder, Map.of());
        proxy = new LossyProxy(server.port());
    }

    @AfterEach
    void stop() {
        children.forEach(Process::destroyForcibly);
        proxy.close();
        server.close();
    }

    @Test
    void python() throws Exception {
        workIsDone("reports-python", Installed.python(), "web.py", "worker.py");
    }

    @Test
    void node() throws Exception {
        Installed.node();
        workIsDone("reports-node", "node", "web.mjs", "worker.mjs");
    }

    @Test
    void nodeOverAWebSocket() throws Exception {
        Installed.nodeWithPackages();
        Files.createSymbolicLink(outputs.resolve("node_modules"), Installed.SCRIPTS.resolve("node_modules"));
        Path worker = Files.copy(EXAMPLES.resolve("socket.mjs"), outputs.resolve("socket.mjs"));
        String queue = "/v1/queues/reports";
        assertThat(server.send("PUT", queue, "{\"partitions\": 1, \"max_deliveries\": 2}")
                        .statusCode())
                .isEqualTo(201);
        String texts = "{\"messages\": [{\"value\": \"the words of a text\"}, {\"value\": \"fail\"}]}";
        assertThat(server.send("POST", queue + "/messages", texts).statusCode()).isEqualTo(201);

        Process working = new ProcessBuilder("node", worker.toString(), "http://127.0.0.1:" + server.port(), "reports")
                .redirectErrorStream(true)
                .redirectOutput(outputs.resolve("output").toFile())
                .start();
        children.add(working);

        Await.until(
                "the report is there",
                () -> server.get(queue + "/messages/0-0").body().contains("\"acknowledged\""));
        assertThat(server.get(queue + "/messages/0-0").body()).containsPattern("\"words\": ?5");
        Await.until(
                "the other has failed for good",
                () -> server.get(queue + "/messages/0-1").body().contains("\"dead\""));
        Await.until("it hears of it", () -> output("output").lines().count() == 3);
        working.destroy();
        assertThat(working.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(working.exitValue()).as(output("output")).isZero();
    }

    private void workIsDone(String queue, String command, String web, String worker) throws Exception {
        String broker = "http://127.0.0.1:" + server.port();
        start(command, web, broker, "0");
        Await.until("the web application listens", () -> output(web).contains("listening on "));
        String url = "http://127.0.0.1:" + output(web).replaceAll("(?s).*listening on (\\d+).*", "$1");

        HttpResponse<String> accepted = post(url + "/reports", "the words of a text");
        String failing =
                post(url + "/reports", "fail").headers().firstValue("Location").orElseThrow();

        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
        String report = accepted.headers().firstValue("Location").orElseThrow();
        assertThat(get(url + report).body()).contains("\"waiting\"");
        assertThat(get(url + "/reports/0-99").statusCode()).isEqualTo(404);

        // The worker has a message then that it knows nothing of.
        proxy.answersToLose.set(1);
        Process working = start(command, worker, proxy.url());
        Await.until("the report is there", () -> get(url + report).body().contains("\"acknowledged\""));
        assertThat(output(worker)).contains("trying again");
        assertThat(get(url + report).body()).containsPattern("\"words\": ?5");
        Await.until(
                "the other has failed for good", () -> get(url + failing).body().contains("\"dead\""));
        assertThat(server.get("/v1/queues/" + queue + "/dead-letters").body())
                .contains("this text was not to be counted", "\"deliveries\":3");

        working.destroy();
        assertThat(working.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(working.exitValue()).as(output(worker)).isZero();
    }

    private Process start(String command, String file, String... arguments) throws IOException {
        List<String> words =
                new ArrayList<>(List.of(command, EXAMPLES.resolve(file).toString()));
        words.addAll(List.of(arguments));
        Process child = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(outputs.resolve(file).toFile())
                .start();
        children.add(child);
        return child;
    }

    private String output(String file) {
        try {
            return Files.readString(outputs.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpResponse<String> post(String url, String text) {
        return send(HttpRequest.newBuilder(URI.create(url)).POST(BodyPublishers.ofString(text)));
    }

    private HttpResponse<String> get(String url) {
        return send(HttpRequest.newBuilder(URI.create(url)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
