package io.sluice.server.http.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.http.push.EventReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Alerts that a running broker raises and clears, and who hears of them. */
@ExtendWith(BlockedThreadsFail.class)
class AlertsTest {
    private static final Map<String, String> QUICK =
            Map.of("alert.check.interval.ms", "100", "alert.raise.checks", "1", "alert.clear.checks", "1");

    @TempDir
    private Path folder;

    private RunningServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private void start(String... more) {
        Map<String, String> settings = new HashMap<>(QUICK);
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        server = TestServers.on(folder, settings);
    }

    private void send(String method, String path, String body) {
        var answer = server.send(method, path, body);
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
    }

    private void produce(int count) {
        JsonArray records = new JsonArray();
        for (int i = 0; i < count; i++) {
            records.add(new JsonObject().put("value", i));
        }
        send(
                "POST",
                "/v1/topics/t/records",
                new JsonObject().put("records", records).encode());
    }

    private List<JsonObject> alerts(String which) {
        List<JsonObject> all = new ArrayList<>();
        new JsonObject(server.get("/v1/alerts").body()).getJsonArray(which).forEach(one -> all.add((JsonObject) one));
        return all;
    }

    private boolean raised(String rule, String subject) {
        return alerts("raised").stream()
                .anyMatch(one -> one.getString("rule").equals(rule)
                        && one.getString("subject").equals(subject));
    }

    private boolean isOver(String rule, String subject) {
        return !raised(rule, subject)
                && alerts("lately").stream()
                        .anyMatch(one -> one.getString("rule").equals(rule)
                                && one.getString("subject").equals(subject)
                                && one.getLong("cleared_at") >= one.getLong("raised_at"));
    }

    /** A receiver that answers with the statuses in turn, and with the last from then on. */
    private static HttpServer receiver(List<JsonObject> events, int... statuses) throws IOException {
        AtomicInteger count = new AtomicInteger();
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/hook", exchange -> answer(exchange, events, count, statuses));
        receiver.start();
        return receiver;
    }

    private static void answer(HttpExchange exchange, List<JsonObject> events, AtomicInteger count, int... statuses)
            throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        int status = statuses[Math.min(count.getAndIncrement(), statuses.length - 1)];
        if (status < 300) {
            events.add(new JsonObject(body)
                    .put("media_type", exchange.getRequestHeaders().getFirst("Content-Type")));
        }
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    @Test
    void aLagRaisesAnAlertThatIsLoggedWrittenAndToldAndClearsIt() throws Exception {
        List<JsonObject> events = new CopyOnWriteArrayList<>();
        HttpServer receiver = receiver(events, 503, 200);
        try {
            start(
                    "alert.group.lag.records",
                    "3",
                    "alert.webhook.url",
                    "http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook?token=x");
            send("PUT", "/v1/topics/t", "{\"partitions\": 1}");
            send("POST", "/v1/groups/g/commit", "{\"positions\": {\"t\": {\"0\": 0}}}");
            produce(4);
            Await.until("it is raised", () -> raised("group_lag_records", "g"));
            assertThat(server.get("/metrics").body())
                    .contains("sluice_alerts_raised{rule=\"group_lag_records\"} 1.0")
                    .contains("sluice_alerts_raised{rule=\"topic_idle\"} 0.0");
            send("POST", "/v1/groups/g/commit", "{\"positions\": {\"t\": {\"0\": 4}}}");
            Await.until("it is over", () -> isOver("group_lag_records", "g"));

            Await.until("both are told", () -> events.size() == 2);
            assertThat(events)
                    .extracting(event -> event.getString("type"))
                    .containsExactly("io.sluice.alert.raised", "io.sluice.alert.cleared");
            JsonObject first = events.get(0);
            assertThat(first.getString("media_type")).startsWith("application/cloudevents+json");
            assertThat(first.getString("specversion")).isEqualTo("1.0");
            assertThat(first.getJsonObject("data").getString("rule")).isEqualTo("group_lag_records");
            assertThat(first.getJsonObject("data").getString("message"))
                    .isEqualTo("4 records wait for group g, the bound is 3");
            JsonObject webhook = new JsonObject(server.get("/v1/alerts").body()).getJsonObject("webhook");
            assertThat(webhook.getLong("failed_tries")).isEqualTo(1);
            assertThat(server.metric("sluice_alerts_webhook_failed_tries_total"))
                    .isEqualTo(1);
            assertThat(server.metric("sluice_alerts_webhook_delivered_total")).isEqualTo(2);
            assertThat(server.get("/v1/errors").body()).contains("alert group_lag_records raised");

            assertThat(readByKafka(2))
                    .extracting(event -> event.getString("id"))
                    .containsExactly(
                            events.get(0).getString("id"), events.get(1).getString("id"));
            String wanted = "from=earliest&filter=type=*.cleared";
            try (EventReader stream = new EventReader(server.port(), "/v1/topics/__alerts/events?" + wanted)) {
                stream.awaitRecords(1);
                assertThat(stream.records().get(0).name()).isEqualTo("io.sluice.alert.cleared");
            }
            assertThat(server.get("/v1/topics/__alerts/events?group=g").body()).contains("invalid_topic");
        } finally {
            receiver.stop(0);
        }
    }

    /** The internal topic, by an ordinary consumer in a group. */
    private List<JsonObject> readByKafka(int count) {
        List<JsonObject> events = new ArrayList<>();
        try (var consumer = new KafkaConsumer<String, String>(Map.of(
                "bootstrap.servers",
                server.bootstrap(),
                "group.id",
                "watchers",
                "auto.offset.reset",
                "earliest",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                StringDeserializer.class))) {
            consumer.subscribe(List.of("__alerts"));
            Await.until("the events are read", () -> {
                consumer.poll(Duration.ofMillis(50)).forEach(record -> {
                    assertThat(record.headers().lastHeader("ce_type")).isNotNull();
                    events.add(new JsonObject(record.value()));
                });
                return events.size() >= count;
            });
        }
        return events;
    }

    @Test
    void aReceiverThatTakesNothingHoldsUpNobody() throws Exception {
        // It accepts by its backlog and never answers.
        try (ServerSocket deaf = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            start(
                    "alert.topic.idle.ms",
                    "0",
                    "alert.webhook.url",
                    "http://127.0.0.1:" + deaf.getLocalPort() + "/",
                    "alert.webhook.timeout.ms",
                    "100",
                    "alert.webhook.tries",
                    "2",
                    "alert.webhook.max.queued",
                    "1");
            for (int i = 0; i < 5; i++) {
                send("PUT", "/v1/topics/t" + i, "{\"partitions\": 1}");
            }
            for (int i = 0; i < 5; i++) {
                String name = "t" + i;
                Await.until(name + " is idle", () -> raised("topic_idle", name));
            }
            Await.until(
                    "what waits too long or is tried in vain is dropped",
                    () -> new JsonObject(server.get("/v1/alerts").body())
                                    .getJsonObject("webhook")
                                    .getLong("dropped")
                            >= 5);

            send("DELETE", "/v1/topics/t0", "");
            Await.until("a topic that is gone is well", () -> isOver("topic_idle", "t0"));
        }
    }

    @Test
    void aLowDiskIsAnAlertAndIsWrittenDownThough() {
        start("log.min.free.bytes", Long.toString(Long.MAX_VALUE / 4));

        Await.until("it is raised", () -> raised("disk_low", "broker"));
        assertThat(readByKafka(1))
                .singleElement()
                .satisfies(event -> assertThat(event.getString("subject")).isEqualTo("disk_low/broker"));
    }

    @Test
    void aClosedPartitionIsAnAlertUntilItsTopicIsGone() throws Exception {
        start();
        send("PUT", "/v1/topics/t", "{\"partitions\": 1}");
        produce(5);
        server.close();
        Path log = folder.resolve("t-0").resolve("00000000000000000000.log");
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 3);
        }
        Files.delete(folder.resolve(".clean-shutdown"));
        start();

        Await.until("it is raised", () -> raised("partition_offline", "t-0"));
        assertThat(alerts("raised").get(0).getString("message")).contains("sluice log repair");
        send("DELETE", "/v1/topics/t", "");
        Await.until("it is over", () -> isOver("partition_offline", "t-0"));
    }

    @Test
    void aGroupWithoutMembersAndAnOldRecordAreAlertsUntilTheGroupIsGone() {
        start("alert.group.no.members.ms", "0", "alert.group.lag.ms", "1");
        send("PUT", "/v1/topics/t", "{\"partitions\": 1}");
        send("POST", "/v1/groups/g/commit", "{\"positions\": {\"t\": {\"0\": 0}}}");
        produce(1);

        Await.until("nobody reads", () -> raised("group_no_members", "g") && raised("group_lag_ms", "g"));
        send("DELETE", "/v1/groups/g", "");
        Await.until("it is over", () -> isOver("group_no_members", "g") && isOver("group_lag_ms", "g"));
    }
}
