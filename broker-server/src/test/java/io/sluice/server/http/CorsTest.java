package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What browsers are told of pages of other origins. */
class CorsTest {
    private static final String SHOP = "https://shop.example";

    @TempDir
    Path folder;

    private static String ask(RunningServer server, String request) throws Exception {
        try (RawConnection connection = new RawConnection(server.port())) {
            connection.send(request + "Host: x\r\nConnection: close\r\n\r\n");
            return connection.readToEnd();
        }
    }

    private static String get(RunningServer server, String origin) throws Exception {
        return ask(server, "GET /topics HTTP/1.1\r\nOrigin: " + origin + "\r\n");
    }

    private static String preflight(RunningServer server, String origin) throws Exception {
        return ask(
                server,
                "OPTIONS /v1/topics/t HTTP/1.1\r\nOrigin: " + origin
                        + "\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: content-type\r\n");
    }

    @Test
    void aPageIsToldToComeAgainWhenThereAreTooManyConnections() throws Exception {
        try (RunningServer server =
                        TestServers.on(folder, Map.of("http.cors.allowed.origins", SHOP, "http.max.connections", "1"));
                RawConnection all = new RawConnection(server.port())) {
            all.send("GET /topics HTTP/1.1\r\nHost: x\r\n\r\n");
            all.readUntil("[");

            String stream = ask(
                    server,
                    "GET /v1/topics/t/events HTTP/1.1\r\nAccept: text/event-stream\r\nOrigin: " + SHOP + "\r\n");

            assertThat(get(server, SHOP)).startsWith("HTTP/1.1 503").contains("Access-Control-Allow-Origin: " + SHOP);
            assertThat(preflight(server, SHOP)).startsWith("HTTP/1.1 204");
            assertThat(stream)
                    .startsWith("HTTP/1.1 200")
                    .contains("Access-Control-Allow-Origin: " + SHOP, "retry: 1000", "too_many_connections");
        }
    }

    @Test
    void nothingIsAllowedUnlessSomebodySaysSo() throws Exception {
        try (RunningServer server = TestServers.on(folder, Map.of())) {
            assertThat(get(server, SHOP)).startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("access-control");
            assertThat(preflight(server, SHOP)).startsWith("HTTP/1.1 405").doesNotContainIgnoringCase("access-control");
        }
    }

    @Test
    void pagesOfAnOriginThatIsNamedMayReadAnswers() throws Exception {
        try (RunningServer server = TestServers.on(
                folder,
                Map.of(
                        "http.cors.allowed.origins",
                        SHOP + ",https://b.example",
                        "http.cors.allowed.methods",
                        "GET,PUT"))) {
            assertThat(get(server, SHOP)).contains("Access-Control-Allow-Origin: " + SHOP, "Vary: Origin");
            assertThat(preflight(server, SHOP))
                    .startsWith("HTTP/1.1 204")
                    .contains(
                            "Access-Control-Allow-Origin: " + SHOP,
                            "Access-Control-Allow-Methods: GET, PUT",
                            "Access-Control-Allow-Headers: content-type",
                            "Access-Control-Max-Age: ");
            assertThat(get(server, "https://evil.example"))
                    .startsWith("HTTP/1.1 200")
                    .doesNotContainIgnoringCase("access-control");
            assertThat(preflight(server, "https://evil.example"))
                    .startsWith("HTTP/1.1 403")
                    .contains("origin_not_allowed");
            assertThat(ask(server, "OPTIONS /v1/topics HTTP/1.1\r\nOrigin: " + SHOP + "\r\n"))
                    .startsWith("HTTP/1.1 405");
        }
    }

    private static String events(RunningServer server, String origin) throws Exception {
        try (RawConnection connection = new RawConnection(server.port())) {
            connection.send("GET /v1/topics/t/events HTTP/1.1\r\nHost: x\r\nOrigin: " + origin + "\r\n\r\n");
            return connection.readUntil("\r\n\r\n");
        }
    }

    private static String webSocket(RunningServer server, String origin) throws Exception {
        try (RawConnection connection = new RawConnection(server.port())) {
            connection.send("GET /v1/ws HTTP/1.1\r\nHost: broker.example\r\nOrigin: " + origin
                    + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
                    + "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            return connection.readUntil("\r\n\r\n");
        }
    }

    @Test
    void pagesOfAnOriginThatIsNamedMayListenToEvents() throws Exception {
        try (RunningServer server = TestServers.on(folder, Map.of("http.cors.allowed.origins", SHOP))) {
            server.send("PUT", "/v1/topics/t", "{}");

            assertThat(events(server, SHOP))
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("content-type: text/event-stream")
                    .contains("Access-Control-Allow-Origin: " + SHOP, "Vary: Origin");
            assertThat(events(server, "https://evil.example"))
                    .startsWith("HTTP/1.1 200")
                    .doesNotContainIgnoringCase("access-control");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',                               https://shop.example,   403",
        "'',                               http://broker.example,  101",
        "https://shop.example,             https://shop.example,   101",
        "https://shop.example,             http://broker.example,  101",
        "https://shop.example,             http://shop.example,    403",
        "https://shop.example,             https://evil.example,   403",
        "https://shop.example,             null,                   403",
        "*,                                https://evil.example,   101",
    })
    void aWebSocketIsForPagesOfTheBrokerAndOfOriginsThatAreNamed(String allowed, String origin, int status)
            throws Exception {
        try (RunningServer server = TestServers.on(folder, Map.of("http.cors.allowed.origins", allowed))) {
            assertThat(webSocket(server, origin)).startsWith("HTTP/1.1 " + status);
        }
    }

    @Test
    void errorsCanBeReadToo() throws Exception {
        try (RunningServer server = TestServers.on(folder, Map.of("http.cors.allowed.origins", "*"))) {
            assertThat(ask(server, "GET /topics/none HTTP/1.1\r\nOrigin: " + SHOP + "\r\n"))
                    .startsWith("HTTP/1.1 404")
                    .contains("Access-Control-Allow-Origin: *");
        }
    }
}
