package io.sluice.server.http.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.kafka.clients.Installed;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page of {@code examples/browser} in Chromium. */
class BrowserTest {
    private static final Path PAGE = Path.of("..", "examples", "browser", "index.html");

    @TempDir
    Path folder;

    @Test
    @Timeout(120)
    void thePageShowsWhatTheTopicGets() throws Exception {
        String chromium = Installed.chromium();
        try (RunningServer server = TestServers.on(folder.resolve("data"), Map.of())) {
            server.send("PUT", "/v1/topics/DB", "{\"partitions\": 2}");
            server.send(
                    "POST",
                    "/v1/topics/DB/records",
                    "{\"records\": [{\"value\": \"<b>plain</b>\"},"
                            + "{\"value\": {\"id\": 7}, \"headers\": {\"ce_type\": \"CREATE\"}},"
                            + "{\"value\": \"none of its business\", \"headers\": {\"ce_type\": \"DELETE\"}}]}");

            try (Browser browser = new Browser(
                    chromium,
                    folder.resolve("profile"),
                    PAGE.toRealPath().toUri() + "?topic=DB&from=earliest&types=CREATE&broker=http://127.0.0.1:"
                            + server.port())) {
                Await.until(
                        "both records",
                        () -> browser.text().contains("{\"id\":7}")
                                && browser.text().contains("<b>plain</b>"));
                assertThat(browser.text()).contains("connected", "CREATE").doesNotContain("none of its business");
            }
        }
    }

    /** Chromium without a window, spoken to by its debugger's protocol. */
    private static final class Browser implements AutoCloseable, WebSocket.Listener {
        private static final String LISTENING = "DevTools listening on ws://";

        private final Process process;
        private final HttpClient client = HttpClient.newHttpClient();
        private final WebSocket socket;
        private final StringBuilder part = new StringBuilder();
        private int questions;
        private volatile CompletableFuture<JsonObject> asked = new CompletableFuture<>();

        Browser(String chromium, Path profile, String address) throws Exception {
            process = new ProcessBuilder(
                            chromium,
                            "--headless",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-dev-shm-usage",
                            "--remote-debugging-port=0",
                            // The page is a file, and the broker another origin.
                            "--disable-web-security",
                            "--user-data-dir=" + profile,
                            address)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            int port = port(process.errorReader());
            Await.until("a page", () -> !page(port).isEmpty());
            socket = client.newWebSocketBuilder()
                    .buildAsync(URI.create(page(port)), this)
                    .join();
        }

        private static int port(BufferedReader lines) throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(LISTENING)) {
                    // What else it complains of must not fill the pipe.
                    Thread rest = new Thread(() -> lines.lines().forEach(more -> {}), "browser");
                    rest.setDaemon(true);
                    rest.start();
                    return URI.create(line.substring(LISTENING.length() - "ws://".length()))
                            .getPort();
                }
            }
            throw new AssertionError("the browser did not start");
        }

        /** Where the page's debugger listens; empty if there is no page yet. */
        private String page(int port) {
            try {
                String targets = client.send(
                                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json"))
                                        .build(),
                                BodyHandlers.ofString())
                        .body();
                return new JsonArray(targets)
                        .stream()
                                .map(JsonObject.class::cast)
                                .filter(target -> target.getString("type").equals("page"))
                                .map(target -> target.getString("webSocketDebuggerUrl"))
                                .findFirst()
                                .orElse("");
            } catch (IOException e) {
                return "";
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }

        /** What the page shows. */
        String text() {
            int question = ++questions;
            asked = new CompletableFuture<>();
            socket.sendText(
                            "{\"id\":" + question
                                    + ",\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"document.body.innerText\"}}",
                            true)
                    .join();
            JsonObject answer = asked.orTimeout(20, TimeUnit.SECONDS).join();
            assertThat(answer.getInteger("id")).isEqualTo(question);
            return answer.getJsonObject("result", new JsonObject())
                    .getJsonObject("result", new JsonObject())
                    .getString("value", "");
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence more, boolean last) {
            part.append(more);
            if (last) {
                JsonObject told = new JsonObject(part.toString());
                part.setLength(0);
                // What the browser tells of itself has no number.
                if (told.containsKey("id")) {
                    asked.complete(told);
                }
            }
            from.request(1);
            return null;
        }

        @Override
        public void close() throws InterruptedException {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }
}
