package io.sluice.server.http.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What {@code GET /v1/groups/{group}} tells: who reads by which connection, how far behind, and what has become of the members. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class GroupViewTest {
    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        assertThat(server.send("PUT", "/v1/topics/t", "{\"partitions\": 1}").statusCode())
                .isEqualTo(201);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private JsonObject group() {
        return new JsonObject(server.get("/v1/groups/g").body());
    }

    private static JsonObject only(JsonArray list) {
        assertThat(list).hasSize(1);
        return list.getJsonObject(0);
    }

    private JsonObject poll(String member, String rest) {
        var answer = server.send(
                "POST",
                "/v1/groups/g/poll",
                "{\"member\": \"" + member + "\", \"topics\": [\"t\"], \"wait_ms\": 0" + rest + "}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonObject(answer.body());
    }

    private void produce(long timestampMs, int count) {
        produce(timestampMs, count, 1);
    }

    private void produce(long timestampMs, int count, int partitions) {
        JsonArray records = new JsonArray();
        for (int i = 0; i < count; i++) {
            records.add(new JsonObject()
                    .put("value", i)
                    .put("timestamp", timestampMs + i)
                    .put("partition", i % partitions));
        }
        assertThat(server.send(
                                "POST",
                                "/v1/topics/t/records",
                                new JsonObject().put("records", records).encode())
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void aMemberIsToldWithItsConnectionAndHowFarBehindItIs() {
        long hourAgoMs = System.currentTimeMillis() - 3_600_000;
        produce(hourAgoMs, 5);
        JsonObject polled = poll("m", ", \"max_records\": 3");
        JsonObject before = only(group().getJsonArray("members"));
        assertThat(before.getLong("lag")).isEqualTo(5);
        assertThat(before.getLong("lag_ms")).isBetween(3_600_000L, 3_700_000L);
        assertThat(before.containsKey("committed_at")).isFalse();
        assertThat(before.getInteger("held_records")).isEqualTo(3);
        JsonObject client = before.getJsonObject("client");
        assertThat(client.getString("library")).isEqualTo("Java-http-client");
        JsonObject connection =
                new JsonObject(server.get("/v1/clients/" + client.getLong("id")).body());
        assertThat(connection.getString("address")).isEqualTo(client.getString("address"));

        // The next batch is a minute old.
        produce(System.currentTimeMillis() - 60_000, 1);
        poll("m", ", \"max_records\": 3, \"commit\": \"" + polled.getString("cursor") + "\"");
        JsonObject position = only(group().getJsonArray("positions"));
        assertThat(position.getLong("lag")).isEqualTo(3);
        assertThat(position.getLong("lag_ms"))
                .as("the time of the first record of the batch")
                .isBetween(3_600_000L, 3_700_000L);
        assertThat(server.send(
                                "POST",
                                "/v1/groups/g/commit",
                                "{\"member\": \"m\", \"cursor\": \""
                                        + poll("m", ", \"max_records\": 2").getString("cursor") + "\"}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(only(group().getJsonArray("positions")).getLong("lag_ms")).isBetween(60_000L, 160_000L);

        poll("m", ", \"commit\": \"" + poll("m", "").getString("cursor") + "\"");
        JsonObject after = only(group().getJsonArray("members"));
        assertThat(after.getLong("lag")).isZero();
        assertThat(after.getLong("lag_ms")).isZero();
        assertThat(after.getLong("committed_at")).isPositive();
    }

    @Test
    void theLagInTimeOfWhatLiesOnTheDiskIsKnownToo() {
        produce(System.currentTimeMillis() - 3_600_000, 100);
        assertThat(server.send("POST", "/v1/groups/g/commit", "{\"positions\": {\"t\": {\"0\": 50}}}")
                        .statusCode())
                .isEqualTo(200);
        server.restart();
        Await.until("the group is read", () -> server.get("/v1/groups/g").statusCode() == 200);

        JsonObject position = only(group().getJsonArray("positions"));
        assertThat(position.getLong("lag")).isEqualTo(50);
        assertThat(position.getLong("lag_ms")).isBetween(3_600_000L, 3_700_000L);
        // A member over HTTP has not polled since, so that none is there, and nothing has become of any.
        assertThat(group().getJsonArray("members")).isEmpty();
        assertThat(group().getJsonArray("rebalances")).isEmpty();
    }

    @Test
    void theMemberThatIsWaitedForIsNamed() {
        server.send("PATCH", "/v1/topics/t", "{\"partitions\": 2}");
        produce(System.currentTimeMillis(), 40, 2);
        poll("slow", "");
        poll("late", "");
        JsonArray rebalances = group().getJsonArray("rebalances");
        assertThat(rebalances).hasSize(2);
        JsonObject first = rebalances.getJsonObject(0);
        assertThat(first.getLong("settled_at")).isGreaterThanOrEqualTo(first.getLong("begun_at"));
        assertThat(only(first.getJsonArray("causes")).getString("reason")).isEqualTo("member_joined");
        JsonObject second = rebalances.getJsonObject(1);
        assertThat(second.getValue("settled_at")).isNull();
        assertThat(only(second.getJsonArray("causes")).getString("member")).isEqualTo("late");
        JsonObject waited = only(second.getJsonArray("waited_for"));
        assertThat(waited.getString("member")).isEqualTo("slow");
        assertThat(waited.getString("to")).isEqualTo("give_back");
        assertThat(waited.getValue("until")).isNull();

        poll("slow", "");
        assertThat(group().getJsonArray("rebalances").getJsonObject(1).getValue("settled_at"))
                .isNotNull();
        assertThat(server.send("POST", "/v1/groups/g/leave", "{\"member\": \"slow\"}")
                        .statusCode())
                .isEqualTo(204);
        JsonObject third = group().getJsonArray("rebalances").getJsonObject(2);
        assertThat(only(third.getJsonArray("causes")).getString("reason")).isEqualTo("member_left");
    }

    @Test
    void classicMembersAreToldWithTheirConnectionsToo() {
        produce(System.currentTimeMillis(), 10);
        try (var consumer = new KafkaConsumer<String, String>(Map.of(
                "bootstrap.servers",
                server.bootstrap(),
                "group.id",
                "g",
                "client.id",
                "reader",
                "auto.offset.reset",
                "earliest",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                StringDeserializer.class))) {
            consumer.subscribe(List.of("t"));
            Await.until("it reads", () -> !consumer.poll(Duration.ofMillis(50)).isEmpty());
            consumer.commitSync();

            JsonObject member = only(group().getJsonArray("members"));
            assertThat(member.getString("protocol")).isEqualTo("classic");
            assertThat(member.getLong("lag")).isZero();
            assertThat(member.getLong("committed_at")).isPositive();
            assertThat(member.getJsonObject("client").getString("library")).isEqualTo("apache-kafka-java");
            JsonObject rebalance = only(group().getJsonArray("rebalances"));
            assertThat(only(rebalance.getJsonArray("causes")).getString("member"))
                    .isEqualTo(member.getString("id"));
        }
    }
}
