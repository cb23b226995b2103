package io.sluice.server.http.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A client that has asked for a stream of events and then reads nothing. */
@ExtendWith({BlockedThreadsFail.class, NoErrorsLogged.class})
class SlowTakerTest {
    private static final int IDLE_MS = 1_000;

    @TempDir
    Path folder;

    /** So much that no buffers of the system hold all of it. */
    private static void fill(RunningServer server) {
        JsonArray records = new JsonArray();
        for (int i = 0; i < 100; i++) {
            records.add(new JsonObject().put("value", "x".repeat(8_000)));
        }
        String body = new JsonObject().put("records", records).encode();
        for (int i = 0; i < 30; i++) {
            assertThat(server.send("POST", "/v1/topics/full/records", body).statusCode())
                    .isEqualTo(200);
        }
    }

    private static JsonArray clients(RunningServer server, String topic) {
        return new JsonObject(server.get("/v1/clients?topic=" + topic).body())
                .getJsonArray("clients").stream()
                        .map(JsonObject.class::cast)
                        .filter(client -> !client.getJsonArray("subscriptions").isEmpty())
                        .collect(JsonArray::new, JsonArray::add, JsonArray::addAll);
    }

    @Test
    void isCutAfterTheIdleTimeAndWhoeverListensIsNot() {
        Map<String, String> settings = Map.of(
                "http.idle.timeout.ms", "" + IDLE_MS,
                "http.request.timeout.ms", "500",
                "http.push.heartbeat.ms", "60000");
        try (RunningServer server = TestServers.on(folder, settings)) {
            server.send("PUT", "/v1/topics/full", "{\"partitions\": 1}");
            server.send("PUT", "/v1/topics/empty", "{\"partitions\": 1}");
            fill(server);
            EventReader listening = new EventReader(server.port(), "/v1/topics/empty/events");
            listening.own("ready");

            long beginNs = System.nanoTime();
            try (RawConnection deaf = new RawConnection(server.port())) {
                deaf.send("GET /v1/topics/full/events?from=earliest&group=g HTTP/1.1\r\nHost: localhost\r\n\r\n");
                Await.until("subscribed", () -> clients(server, "full").size() == 1);
                Await.until("cut", () -> clients(server, "full").isEmpty());

                assertThat(System.nanoTime() - beginNs).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(IDLE_MS));
                Await.until(
                        "it has left its group",
                        () -> new JsonObject(server.get("/v1/groups/g").body())
                                .getJsonArray("members")
                                .isEmpty());
                Await.until("nothing is held", () -> server.metric("sluice_http_push_memory_bytes") == 0);
                assertThat(server.metric("sluice_http_push_subscriptions")).isEqualTo(1);
            }

            // It has been silent for longer than that: there was nothing to take.
            assertThat(clients(server, "empty")).hasSize(1);
            server.send("POST", "/v1/topics/empty/records", "{\"records\": [{\"value\": \"now\"}]}");
            listening.awaitRecords(1);
            listening.close();
        }
    }

    @Test
    void isCutAtOnceIfSomebodyAsksForIt() {
        try (RunningServer server = TestServers.on(folder, Map.of())) {
            server.send("PUT", "/v1/topics/full", "{\"partitions\": 1}");
            fill(server);
            try (RawConnection deaf = new RawConnection(server.port())) {
                deaf.send("GET /v1/topics/full/events?from=earliest HTTP/1.1\r\nHost: localhost\r\n\r\n");
                Await.until("subscribed", () -> clients(server, "full").size() == 1);
                Await.until("something waits", () -> server.metric("sluice_http_push_memory_bytes") > 0);
                long id = clients(server, "full").getJsonObject(0).getLong("id");

                assertThat(server.send("DELETE", "/v1/clients/" + id).statusCode())
                        .isEqualTo(204);

                Await.until("cut", () -> clients(server, "full").isEmpty());
                Await.until("nothing is held", () -> server.metric("sluice_http_push_memory_bytes") == 0);
            }
        }
    }
}
