package io.sluice.server.http.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The story of a queue server: an API publishes to the queue {@code DB} that something was created. A logger, a dashboard in a browser
 * and a monitor are subscribed to {@code DB}/{@code CREATE}, each in its own way, and the broker tells who they are.
 */
@ExtendWith({BlockedThreadsFail.class, NoErrorsLogged.class})
class QueueServerStoryTest {
    private static final String DASHBOARD = "/v1/topics/DB/events?filter=type=CREATE";

    @TempDir
    Path folder;

    private static void publish(RunningServer server, String type, String payload) {
        HttpResponse<String> answer = server.send(HttpRequest.newBuilder(server.uri("/v1/topics/DB/records"))
                .header("Content-Type", "application/json")
                .header("User-Agent", "api/1.0")
                .POST(BodyPublishers.ofString(new JsonObject()
                        .put(
                                "records",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("key", payload)
                                                .put("value", payload)
                                                .put("headers", new JsonObject().put("ce_type", type))))
                        .encode())));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    /** Of each event that is wanted there are two that are not. */
    private static void publish(RunningServer server, int from, int to) {
        for (int i = from; i < to; i++) {
            publish(server, "CREATE", "created " + i);
            publish(server, "DELETE", "deleted " + i);
            publish(server, "CREATED", "of a longer type " + i);
        }
    }

    private static List<String> created(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "created " + i).toList();
    }

    private static JsonObject subscribe(String group) {
        return new JsonObject()
                .put("op", "subscribe")
                .put("id", "s")
                .put("topic", "DB")
                .put("types", new JsonArray().add("CREATE"))
                .put("group", group)
                .put("member", group + "-1")
                .put("ack", true);
    }

    /** Who reads DB, by library, and what they are subscribed to. */
    private static Map<String, String> subscribers(RunningServer server) {
        Map<String, String> all = new TreeMap<>();
        JsonObject page = new JsonObject(server.get("/v1/clients?topic=DB").body());
        page.getJsonArray("clients").stream().map(JsonObject.class::cast).forEach(client -> {
            assertThat(client.getString("address")).startsWith("127.0.0.1:");
            JsonArray subscriptions = client.getJsonArray("subscriptions");
            if (!subscriptions.isEmpty()) {
                assertThat(subscriptions).hasSize(1);
                all.put(
                        client.getString("library"),
                        subscriptions.getJsonObject(0).encode());
            }
        });
        return all;
    }

    private static void acknowledgeAll(WsClient client) {
        List<JsonObject> records = client.all("record");
        client.say(new JsonObject()
                .put("op", "ack")
                .put("id", "s")
                .put("cursor", records.get(records.size() - 1).getString("cursor")));
        client.await("acked");
    }

    @Test
    void eachSubscriberSeesEachEventOfItsTypeOnce() {
        try (RunningServer server = TestServers.on(folder, Map.of())) {
            assertThat(server.send("PUT", "/v1/topics/DB", "{\"partitions\": 3}")
                            .statusCode())
                    .isEqualTo(201);
            WsClient logger = WsClient.connect(server.port(), "logger/1.0");
            logger.say(subscribe("logger"));
            WsClient monitor = WsClient.connect(server.port(), "monitor/1.0");
            monitor.say(subscribe("monitor"));
            EventReader dashboard = new EventReader(server.port(), DASHBOARD, "User-Agent", "dashboard/1.0");
            logger.await("subscribed");
            monitor.await("subscribed");
            dashboard.own("ready");

            publish(server, 0, 10);

            logger.awaitValues("s", 10);
            monitor.awaitValues("s", 10);
            dashboard.awaitRecords(10);
            String filters = "\"topics\":[\"DB\"],\"filters\":[\"type=CREATE\"]}";
            Map<String, String> three = Map.of(
                    "logger", "{\"group\":\"logger\",\"member\":\"logger-1\"," + filters,
                    "monitor", "{\"group\":\"monitor\",\"member\":\"monitor-1\"," + filters,
                    "dashboard", "{" + filters);
            assertThat(subscribers(server)).isEqualTo(three);

            // The monitor goes home and the dashboard's connection breaks, while the API goes on.
            acknowledgeAll(monitor);
            monitor.close();
            String lastEventId = dashboard.lastId();
            dashboard.close();
            Await.until("both are away", () -> subscribers(server).keySet().equals(Set.of("logger")));
            publish(server, 10, 20);
            logger.awaitValues("s", 20);

            WsClient monitorAgain = WsClient.connect(server.port(), "monitor/1.0");
            monitorAgain.say(subscribe("monitor"));
            EventReader dashboardAgain = new EventReader(
                    server.port(), DASHBOARD, "User-Agent", "dashboard/1.0", "Last-Event-ID", lastEventId);
            monitorAgain.awaitValues("s", 10);
            dashboardAgain.awaitRecords(10);
            assertThat(subscribers(server)).isEqualTo(three);
            publish(server, 20, 22);
            logger.awaitValues("s", 22);
            monitorAgain.awaitValues("s", 12);
            dashboardAgain.awaitRecords(12);

            assertThat(logger.values("s")).containsExactlyInAnyOrderElementsOf(created(0, 22));
            assertThat(both(monitor.values("s"), monitorAgain.values("s")))
                    .containsExactlyInAnyOrderElementsOf(created(0, 22));
            assertThat(both(dashboard.values(), dashboardAgain.values()))
                    .containsExactlyInAnyOrderElementsOf(created(0, 22));
            assertThat(dashboardAgain.records()).allMatch(event -> event.name().equals("CREATE"));
            logger.abort();
            monitorAgain.abort();
            dashboardAgain.close();
        }
    }

    private static List<String> both(List<String> one, List<String> two) {
        List<String> all = new ArrayList<>(one);
        all.addAll(two);
        return all;
    }
}
