package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.fixture.HttpFace;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code tail} against a broker that is killed while it listens. */
@Timeout(120)
class TailTest {
    @TempDir
    private Path data;

    private ChildServer server;

    @BeforeEach
    void start() throws Exception {
        server = ChildServer.onPortsOfItsOwn(data, "--set", "log.min.free.bytes=0");
        send("PUT", "/v1/topics/t", "{\"partitions\": 2}");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String send(String method, String path, String body) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.address() + path))
                                .header("Content-Type", "application/json")
                                .method(method, BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    private void produce(String record) throws Exception {
        assertThat(send("POST", "/v1/topics/t/records", "{\"records\":[" + record + "]}"))
                .contains("offset");
    }

    private Shell.Result sluice(String... line) {
        String[] args = Arrays.copyOf(line, line.length + 2);
        args[line.length] = "--server";
        args[line.length + 1] = server.address().toString();
        return Shell.run(args);
    }

    @Test
    void onlyWhatTheFilterWantsIsPrinted() throws Exception {
        produce("{\"value\":\"no\",\"headers\":{\"ce_type\":\"DELETE\"}}");
        produce("{\"value\":\"yes\",\"key\":\"k\",\"headers\":{\"ce_type\":\"CREATE\"}}");
        produce("{\"value\":{\"a\": 1},\"headers\":{\"ce_type\":\"CREATE\"},\"key\":\"k\"}");

        Shell.Result result =
                sluice("tail", "t", "--from", "earliest", "--filter", "type=CREATE", "--filter", "key=k", "--max", "2");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text()).isEqualTo("yes\n{\"a\":1}\n");
    }

    @Test
    void itGoesOnBehindWhatItHasPrintedWhenTheBrokerIsBack() throws Exception {
        produce("{\"value\":\"one\"}");
        CompletableFuture<Shell.Result> tail =
                Shell.inAThread(() -> sluice("tail", "t", "--from", "earliest", "--max", "3"));
        Await.until("it listens", () -> metric("sluice_http_push_records_total") >= 1);

        server.killAndRestart();
        produce("{\"value\":\"two\"}");
        produce("{\"value\":\"three\"}");

        Shell.Result result = tail.get(60, TimeUnit.SECONDS);
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text().lines()).containsExactlyInAnyOrder("one", "two", "three");
    }

    private double metric(String name) {
        try {
            return send("GET", "/metrics", "")
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .sum();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void itComesAgainWhenTheStreamCannotBeginYet() {
        AtomicInteger asked = new AtomicInteger();
        RouteGroup events = router -> Routes.get(router, "/v1/topics/:topic/events", ctx -> {
            if (asked.incrementAndGet() == 1) {
                HttpErrors.respond(ctx, new HttpProblem(503, "loading", "it is being read").retryAfterMs(10));
            } else {
                ctx.response().putHeader("Content-Type", "text/event-stream").end("data: {\"value\":\"one\"}\n\n");
            }
        });
        try (HttpFace face = new HttpFace(HttpFace.WIDE, events)) {
            Shell.Result result = Shell.run("tail", "t", "--max", "1", "--server", "http://127.0.0.1:" + face.port());

            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.text()).isEqualTo("one\n");
            assertThat(asked).hasValue(2);
        }
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThat(sluice("tail", "none").exitCode()).isEqualTo(1);
        assertThat(sluice("tail", "t", "--filter", "x").err()).contains("has no =");
        assertThat(sluice("tail", "t", "--max", "-1").exitCode()).isEqualTo(2);
    }
}
