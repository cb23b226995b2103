package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code /v1/clients} with clients of many kinds. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class ConnectedClientsTest {
    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        assertThat(server.send("PUT", "/v1/topics/t", "{}").statusCode()).isEqualTo(201);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private List<JsonObject> clients(String query) {
        List<JsonObject> all = new ArrayList<>();
        JsonArray clients = new JsonObject(server.get("/v1/clients" + query).body()).getJsonArray("clients");
        clients.forEach(client -> all.add((JsonObject) client));
        return all;
    }

    private JsonObject await(String query, Predicate<JsonObject> wanted) {
        Await.until("a connection of " + query, () -> clients(query).stream().anyMatch(wanted));
        return clients(query).stream().filter(wanted).findFirst().orElseThrow();
    }

    private static Optional<JsonObject> membership(JsonObject client, String group) {
        return client.getJsonArray("subscriptions").stream()
                .map(JsonObject.class::cast)
                .filter(subscription -> group.equals(subscription.getString("group")))
                .findFirst();
    }

    @ParameterizedTest
    @CsvSource({"classic", "consumer"})
    void aJavaConsumerIsTheMemberThatItSaysItIs(String protocol) {
        try (var consumer = new KafkaConsumer<String, String>(Map.of(
                "bootstrap.servers",
                server.bootstrap(),
                "group.id",
                "g",
                "group.protocol",
                protocol,
                "client.id",
                "reader-1",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                StringDeserializer.class))) {
            consumer.subscribe(List.of("t"));
            Await.until("it is a member", () -> {
                consumer.poll(Duration.ofMillis(50));
                return !consumer.assignment().isEmpty();
            });

            JsonObject client = await("?group=g", one -> membership(one, "g").isPresent());
            assertThat(client.getString("protocol")).isEqualTo("kafka");
            assertThat(client.getString("library")).isEqualTo("apache-kafka-java");
            assertThat(client.getString("version")).isNotEmpty();
            assertThat(client.getString("client_id")).isEqualTo("reader-1");
            assertThat(client.getString("address")).startsWith("127.0.0.1:");
            assertThat(client.getString("local_address")).isEqualTo("127.0.0.1:" + server.kafkaPort());
            assertThat(client.containsKey("principal")).isTrue();
            assertThat(client.getLong("active_at")).isGreaterThanOrEqualTo(client.getLong("connected_at"));
            assertThat(client.getLong("received_bytes")).isPositive();
            assertThat(client.getLong("sent_bytes")).isPositive();
            JsonObject membership = membership(client, "g").orElseThrow();
            assertThat(membership.getString("member"))
                    .isEqualTo(consumer.groupMetadata().memberId());
            assertThat(membership.getJsonArray("topics")).containsExactly("t");
            // It fetches by another connection, whose fetch waits.
            Await.until("it fetches", () -> {
                consumer.poll(Duration.ofMillis(50));
                return clients("?topic=t&protocol=kafka").stream()
                        .anyMatch(one -> one.getJsonArray("fetches").contains("t")
                                && one.getString("client_id").equals("reader-1"));
            });
        }

        Await.until("it has gone", () -> clients("?protocol=kafka").isEmpty());
        assertThat(clients("?group=g")).isEmpty();
    }

    @Test
    void aJavaProducerIsKnownByWhatItWrites() throws Exception {
        try (var producer = new KafkaProducer<String, String>(Map.of(
                "bootstrap.servers",
                server.bootstrap(),
                "client.id",
                "writer",
                "key.serializer",
                StringSerializer.class,
                "value.serializer",
                StringSerializer.class))) {
            producer.send(new ProducerRecord<>("t", "one")).get();

            assertThat(clients("?topic=t"))
                    .singleElement()
                    .satisfies(client ->
                            assertThat(client.getJsonArray("produces")).containsExactly("t"));
            assertThat(clients("?topic=other")).isEmpty();
        }
    }

    @Test
    void kcatIsAMember() throws IOException {
        Installed.kcat();
        Process kcat = new ProcessBuilder("kcat", "-b", server.bootstrap(), "-X", "client.id=cat", "-G", "g", "t")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("kcat").toFile())
                .start();
        try {
            JsonObject client = await("?group=g", one -> membership(one, "g").isPresent());

            assertThat(client.getString("library")).isEqualTo("librdkafka");
            assertThat(client.getString("version")).matches("\\d+\\..*");
            assertThat(client.getString("client_id")).isEqualTo("cat");
            assertThat(membership(client, "g").orElseThrow().getJsonArray("topics"))
                    .containsExactly("t");
        } finally {
            kcat.destroy();
        }
    }

    @Test
    void aMemberInPythonIsKnownByItsLibrary() throws IOException {
        String script =
                "import sys, confluent_kafka as c; k = c.Consumer({'bootstrap.servers': sys.argv[1], 'group.id': 'g',"
                        + " 'client.id': 'snake'}); k.subscribe(['t'])\nwhile True: k.poll(0.1)";
        Process python = new ProcessBuilder(Installed.pythonWithConfluentKafka(), "-c", script, server.bootstrap())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("python").toFile())
                .start();
        try {
            JsonObject client = await("?group=g", one -> membership(one, "g").isPresent());

            assertThat(client.getString("library")).isEqualTo("confluent-kafka-python");
            assertThat(client.getString("client_id")).isEqualTo("snake");
        } finally {
            python.destroy();
        }
    }

    @Test
    void curlThatPollsIsAMemberWithARequestInFlight() throws IOException {
        Process curl = new ProcessBuilder(
                        "curl",
                        "-s",
                        server.uri("/v1/groups/g/poll").toString(),
                        "-H",
                        "Content-Type: application/json",
                        "-d",
                        "{\"member\": \"m\", \"topics\": [\"t\"], \"wait_ms\": 30000}")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("curl").toFile())
                .start();
        try {
            JsonObject client = await("?group=g", one -> membership(one, "g").isPresent());

            assertThat(client.getString("protocol")).isEqualTo("http");
            assertThat(client.getString("library")).isEqualTo("curl");
            assertThat(client.getString("version")).matches("\\d+\\..*");
            assertThat(client.getInteger("in_flight")).isEqualTo(1);
            assertThat(client.getLong("received_bytes")).isPositive();
            assertThat(client.getJsonArray("subscriptions"))
                    .containsExactly(new JsonObject()
                            .put("group", "g")
                            .put("member", "m")
                            .put("topics", new JsonArray().add("t")));

            assertThat(server.send("DELETE", "/v1/clients/" + client.getLong("id"))
                            .statusCode())
                    .isEqualTo(204);

            Await.until("curl sees the end", () -> !curl.isAlive());
            assertThat(curl.exitValue()).isEqualTo(52);
            Await.until("it has gone", () -> clients("?group=g").isEmpty());
        } finally {
            curl.destroy();
        }
    }

    @Test
    void aConnectionOfKafkaIsClosedAndItsClientComesBack() throws Exception {
        try (var producer = new KafkaProducer<String, String>(Map.of(
                "bootstrap.servers",
                server.bootstrap(),
                "reconnect.backoff.ms",
                10,
                "key.serializer",
                StringSerializer.class,
                "value.serializer",
                StringSerializer.class))) {
            producer.send(new ProducerRecord<>("t", "one")).get();
            List<JsonObject> before = clients("?protocol=kafka");

            for (JsonObject client : before) {
                assertThat(server.send("DELETE", "/v1/clients/" + client.getLong("id"))
                                .statusCode())
                        .isEqualTo(204);
            }
            Await.until(
                    "they are closed",
                    () -> before.stream()
                            .allMatch(client -> server.get("/v1/clients/" + client.getLong("id"))
                                            .statusCode()
                                    == 404));

            producer.send(new ProducerRecord<>("t", "two")).get();
            assertThat(clients("?topic=t&protocol=kafka")).hasSize(1);
        }
    }

    @Test
    void whoClosesItselfGetsItsAnswerFirst() {
        try (RawConnection self = new RawConnection(server.port())) {
            self.send("GET /v1/topics HTTP/1.1\r\nHost: x\r\nUser-Agent: tired/1\r\n\r\n");
            long id = await(
                            "?protocol=http",
                            client -> client.getString("library").equals("tired"))
                    .getLong("id");
            self.send("DELETE /v1/clients/" + id + " HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(self.readToEnd()).contains("HTTP/1.1 204 ");
        }
    }

    @Test
    void pagesGoOnUntilThereIsNoNext() {
        List<RawConnection> open = new ArrayList<>();
        try {
            for (int i = 0; i < 7; i++) {
                RawConnection connection = new RawConnection(server.port());
                open.add(connection);
                connection.send("GET /v1/topics HTTP/1.1\r\nHost: x\r\nUser-Agent: many/" + i + "\r\n\r\n");
            }
            Await.until(
                    "all are there",
                    () -> clients("").stream()
                                    .filter(client ->
                                            client.getString("library").equals("many"))
                                    .count()
                            == 7);

            List<Long> seen = new ArrayList<>();
            long after = 0;
            while (true) {
                JsonObject page = new JsonObject(
                        server.get("/v1/clients?limit=3&after=" + after).body());
                page.getJsonArray("clients").forEach(client -> seen.add(((JsonObject) client).getLong("id")));
                if (!page.containsKey("next")) {
                    break;
                }
                after = page.getLong("next");
            }
            assertThat(seen)
                    .isSorted()
                    .doesNotHaveDuplicates()
                    .containsExactlyElementsOf(clients("").stream()
                            .map(client -> client.getLong("id"))
                            .toList());
        } finally {
            open.forEach(RawConnection::close);
        }
    }

    @Test
    void browsersAndOddAgentsAreNamedAsTheyNameThemselves() {
        for (String agent : List.of("Mozilla/5.0 (X11) Gecko/20100101 Firefox/130.0", "odd one/2", "/3", "plain")) {
            try (RawConnection connection = new RawConnection(server.port())) {
                connection.send("GET /v1/topics HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent + "\r\n\r\n");
                JsonObject client =
                        await("?protocol=http", one -> one.getString("library").equals(agent));
                assertThat(client.getString("version")).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/clients/0, 400, invalid_argument",
        "GET, /v1/clients/x, 400, invalid_argument",
        "GET, /v1/clients/999999, 404, unknown_client",
        "DELETE, /v1/clients/999999, 404, unknown_client",
        "GET, /v1/clients?protocol=mqtt, 400, invalid_argument",
        "GET, /v1/clients?limit=0, 400, invalid_argument",
        "GET, /v1/clients?after=-1, 400, invalid_argument",
        "GET, /v1/clients?color=red, 400, unknown_parameter",
        "GET, /v1/clients/1?color=red, 400, unknown_parameter",
        "POST, /v1/clients/1, 405, method_not_allowed"
    })
    void badRequestsAreToldWhatIsWrong(String method, String path, int status, String code) {
        var answer = server.send(method, path);

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(new JsonObject(answer.body()).getString("code")).isEqualTo(code);
    }
}
