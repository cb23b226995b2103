package io.sluice.server.http.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Views of many groups and of many connections; that they look at few of them is asserted where that can be counted. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class ManyGroupsTest {
    private static final int GROUPS = 10_000;
    private static final int CONNECTIONS = 500;
    private static final int AT_ONCE = 64;

    @TempDir
    private Path folder;

    private RunningServer server;

    @Test
    void tenThousandGroupsAreToldPageByPage() throws InterruptedException {
        List<RawConnection> open = new ArrayList<>();
        try (RunningServer running = TestServers.on(folder, Map.of())) {
            server = running;
            server.send("PUT", "/v1/topics/t", "{\"partitions\": 1}");
            server.send("POST", "/v1/topics/t/records", "{\"records\": [{\"value\": 1}, {\"value\": 2}]}");
            commitInAll();
            for (int i = 0; i < CONNECTIONS; i++) {
                RawConnection connection = new RawConnection(server.port());
                open.add(connection);
                connection.send("GET /v1/topics HTTP/1.1\r\nHost: x\r\nUser-Agent: many/" + i + "\r\n\r\n");
            }
            Await.until(
                    "all are connected",
                    () -> timed("/v1/clients?limit=1000")
                                    .getJsonArray("clients")
                                    .size()
                            >= CONNECTIONS);

            List<String> seen = new ArrayList<>();
            String cursor = "";
            do {
                JsonObject page = timed("/v1/groups?limit=1000" + cursor);
                assertThat(page.getJsonArray("groups")).hasSizeLessThanOrEqualTo(1_000);
                page.getJsonArray("groups").forEach(group -> seen.add(((JsonObject) group).getString("id")));
                cursor = page.containsKey("next") ? "&cursor=" + page.getString("next") : "";
            } while (!cursor.isEmpty());
            assertThat(seen).hasSize(GROUPS).isSorted().doesNotHaveDuplicates();

            JsonObject group = timed("/v1/groups/g7777");
            assertThat(group.getJsonArray("positions").getJsonObject(0).getLong("lag"))
                    .isEqualTo(1);
            assertThat(group.getJsonArray("positions").getJsonObject(0).containsKey("lag_ms"))
                    .isTrue();
            assertThat(timed("/v1/clients?group=g7777").getJsonArray("clients")).isEmpty();
            assertThat(timed("/v1/clients?limit=10").getJsonArray("clients")).hasSize(10);
        } finally {
            open.forEach(RawConnection::close);
        }
    }

    private JsonObject timed(String path) {
        long beginNs = System.nanoTime();
        JsonObject answer = new JsonObject(server.get(path).body());
        System.out.printf("%s: %.1f ms%n", path, (System.nanoTime() - beginNs) / 1e6);
        return answer;
    }

    private void commitInAll() throws InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        Semaphore permits = new Semaphore(AT_ONCE);
        AtomicInteger failed = new AtomicInteger();
        for (int i = 0; i < GROUPS; i++) {
            permits.acquire();
            HttpRequest request = HttpRequest.newBuilder(server.uri("/v1/groups/g" + i + "/commit"))
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString("{\"positions\": {\"t\": {\"0\": 1}}}"))
                    .build();
            client.sendAsync(request, BodyHandlers.discarding()).whenComplete((answer, failure) -> {
                if (failure != null || answer.statusCode() != 200) {
                    failed.incrementAndGet();
                }
                permits.release();
            });
        }
        permits.acquire(AT_ONCE);
        assertThat(failed).hasValue(0);
    }
}
