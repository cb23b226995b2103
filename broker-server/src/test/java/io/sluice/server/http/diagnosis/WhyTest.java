package io.sluice.server.http.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Every reason why a topic or a group does not move, brought about and asked for, with the culprit that it names. */
@ExtendWith(BlockedThreadsFail.class)
class WhyTest {
    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        topic("t", 1);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void restart(Map<String, String> settings) {
        server.close();
        server = TestServers.on(folder, settings);
    }

    private void topic(String name, int partitions) {
        assertThat(server.send("PUT", "/v1/topics/" + name, "{\"partitions\": " + partitions + "}")
                        .statusCode())
                .isEqualTo(201);
    }

    private void produce(int count) {
        JsonArray records = new JsonArray();
        for (int i = 0; i < count; i++) {
            records.add(new JsonObject().put("value", i).put("partition", 0));
        }
        var answer = server.send(
                "POST",
                "/v1/topics/t/records",
                new JsonObject().put("records", records).encode());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private JsonObject post(String what, JsonObject body, int status) {
        var answer = server.send("POST", "/v1/groups/g/" + what, body.encode());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        return answer.body().isEmpty() ? new JsonObject() : new JsonObject(answer.body());
    }

    private JsonObject poll(String member, String... topics) {
        JsonArray wanted = topics.length == 0 ? new JsonArray().add("t") : new JsonArray(List.of(topics));
        return post(
                "poll",
                new JsonObject().put("member", member).put("topics", wanted).put("wait_ms", 0),
                200);
    }

    private void pollAndCommit(String member) {
        String cursor = poll(member).getString("cursor");
        post("commit", new JsonObject().put("member", member).put("cursor", cursor), 200);
    }

    private JsonObject why(String path) {
        var answer = server.get("/v1/" + path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return new JsonObject(answer.body());
    }

    private static List<String> codes(JsonObject why) {
        List<String> codes = new ArrayList<>();
        why.getJsonArray("reasons").forEach(one -> codes.add(((JsonObject) one).getString("code")));
        return codes;
    }

    private static Optional<JsonObject> find(JsonObject why, String code) {
        return why.getJsonArray("reasons").stream()
                .map(JsonObject.class::cast)
                .filter(one -> one.getString("code").equals(code))
                .findFirst();
    }

    private static JsonObject reason(JsonObject why, String code) {
        return find(why, code).orElseThrow(() -> new AssertionError("no " + code + " in " + why.encodePrettily()));
    }

    private static JsonObject culprit(JsonObject reason) {
        return reason.getJsonObject("culprit");
    }

    private static void assertRecent(JsonObject reason) {
        assertThat(reason.getLong("since")).isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
    }

    @Test
    void noMembersNamesTheLastThatLeft() {
        produce(1);
        pollAndCommit("m");
        produce(2);
        post("leave", new JsonObject().put("member", "m"), 204);

        JsonObject why = why("groups/g/why");
        JsonObject reason = reason(why, "no_members");

        assertThat(why.getBoolean("wrong")).isTrue();
        assertThat(codes(why).get(0)).isEqualTo("no_members");
        assertThat(culprit(reason).getString("member")).isEqualTo("m");
        assertThat(reason.getJsonObject("details").getLong("lag")).isEqualTo(2);
        assertRecent(reason);
    }

    @Test
    void aMemberThatDoesNotPollIsNamedWithItsAge() {
        pollAndCommit("m");
        produce(3);
        Await.until(
                "m is idle",
                () -> find(why("groups/g/why?idle_ms=300"), "members_idle").isPresent());

        JsonObject reason = reason(why("groups/g/why?idle_ms=300"), "members_idle");

        assertThat(culprit(reason).getString("member")).isEqualTo("m");
        assertThat(culprit(reason).getLong("client")).isPositive();
        assertThat(reason.getJsonObject("details").getLong("last_poll_age_ms")).isGreaterThanOrEqualTo(300);
        assertThat(reason.getJsonObject("details").getLong("lag")).isEqualTo(3);
        assertRecent(reason);
        assertThat(find(why("groups/g/why?idle_ms=86400000"), "members_idle")).isEmpty();
    }

    @Test
    void aKafkaConsumerThatHeartbeatsAndDoesNotPollIsIdle() {
        produce(5);
        try (var consumer = new KafkaConsumer<String, String>(Map.of(
                "bootstrap.servers",
                server.bootstrap(),
                "group.id",
                "g",
                "client.id",
                "sleeper",
                "auto.offset.reset",
                "earliest",
                "max.poll.records",
                "1",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                StringDeserializer.class))) {
            consumer.subscribe(List.of("t"));
            Await.until("it reads", () -> !consumer.poll(Duration.ofMillis(50)).isEmpty());
            consumer.commitSync();

            Await.until(
                    "it is idle",
                    () -> find(why("groups/g/why?idle_ms=1000"), "members_idle").isPresent());

            JsonObject reason = reason(why("groups/g/why?idle_ms=1000"), "members_idle");
            assertThat(culprit(reason).getString("client_id")).isEqualTo("sleeper");
            assertThat(culprit(reason).getString("member")).startsWith("sleeper-");
        }
    }

    @Test
    void theMemberThatARebalanceWaitsForIsNamed() {
        server.send("PATCH", "/v1/topics/t", "{\"partitions\": 2}");
        produce(10);
        poll("slow");
        poll("late");

        JsonObject reason = reason(why("groups/g/why"), "rebalance_waiting");

        assertThat(culprit(reason).getString("member")).isEqualTo("slow");
        assertThat(reason.getString("message")).contains("give partitions back");
        assertRecent(reason);
    }

    @Test
    void aLagThatGrowsHasItsRates() {
        pollAndCommit("m");
        why("groups/g/why");
        produce(50);

        JsonObject reason = reason(why("groups/g/why"), "lag_growing");

        assertThat(culprit(reason).getString("member")).isEqualTo("m");
        assertThat(culprit(reason).getString("topic")).isEqualTo("t");
        assertThat(culprit(reason).getInteger("partition")).isZero();
        JsonObject details = reason.getJsonObject("details");
        assertThat(details.getDouble("produce_rate")).isPositive();
        assertThat(details.getDouble("consume_rate")).isZero();
        assertThat(details.getLong("lag")).isEqualTo(50);
        assertRecent(reason);
    }

    @Test
    void aReaderAtTheEndHasNothingWrong() {
        produce(3);
        pollAndCommit("m");

        JsonObject why = why("groups/g/why");

        assertThat(codes(why)).containsExactly("at_the_end");
        assertThat(why.getBoolean("wrong")).isFalse();
        assertRecent(reason(why, "at_the_end"));

        poll("second");
        poll("m");
        JsonObject spare = reason(why("groups/g/why"), "member_without_partitions");
        assertThat(culprit(spare).getString("member")).isEqualTo("second");
    }

    @Test
    void aPositionWhoseRecordsAreGoneIsNamed() {
        produce(10);
        post("commit", new JsonObject().put("positions", new JsonObject().put("t", new JsonObject().put("0", 2))), 200);
        assertThat(server.send("DELETE", "/v1/topics/t/partitions/0/records?before=5")
                        .statusCode())
                .isEqualTo(200);

        JsonObject reason = reason(why("groups/g/why"), "position_out_of_range");

        assertThat(culprit(reason).getInteger("partition")).isZero();
        assertThat(reason.getJsonObject("details").getLong("offset")).isEqualTo(2);
        assertThat(reason.getJsonObject("details").getLong("log_start_offset")).isEqualTo(5);
        assertRecent(reason);
    }

    @Test
    void recordsInFlightNameTheirMember() {
        produce(4);
        poll("m");

        JsonObject why = why("groups/g/why");
        JsonObject reason = reason(why, "record_in_flight");

        assertThat(culprit(reason).getString("member")).isEqualTo("m");
        assertThat(reason.getJsonObject("details").getInteger("held_records")).isEqualTo(4);
        assertRecent(reason);
        assertThat(codes(why)).contains("not_committing");
    }

    @Test
    void aFilterThatLetsNothingThroughIsNamedWithItsMember() {
        produce(6);
        JsonObject ask = new JsonObject()
                .put("member", "m")
                .put("topics", new JsonArray().add("t"))
                .put("filter", "type=CREATE")
                .put("wait_ms", 0);
        post("poll", ask, 200);

        JsonObject reason = reason(why("groups/g/why"), "filter_excludes_everything");

        assertThat(culprit(reason).getString("member")).isEqualTo("m");
        assertThat(culprit(reason).getJsonArray("filters")).containsExactly("type=CREATE");
        assertThat(reason.getJsonObject("details").getLong("excluded")).isEqualTo(6);
        assertRecent(reason);
        assertThat(server.get("/v1/clients?group=g").body()).contains("type=CREATE");

        var created = server.send(
                "POST",
                "/v1/topics/t/records",
                "{\"records\": [{\"value\": 1, \"headers\": {\"ce_type\": \"CREATE\"}}]}");
        assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
        assertThat(post("poll", ask, 200).getJsonArray("records")).hasSize(1);
        assertThat(find(why("groups/g/why"), "filter_excludes_everything")).isEmpty();
    }

    @Test
    void aTopicThatIsNotThereIsNamed() {
        poll("m", "t", "nowhere");

        assertThat(culprit(reason(why("groups/g/why"), "topic_missing")).getString("topic"))
                .isEqualTo("nowhere");
    }

    @Test
    void aClosedPartitionIsNamedWithWhatIsWrongWithIt() throws Exception {
        produce(5);
        post("commit", new JsonObject().put("positions", new JsonObject().put("t", new JsonObject().put("0", 1))), 200);
        server.close();
        Path log = folder.resolve("t-0").resolve("00000000000000000000.log");
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 3);
        }
        Files.delete(folder.resolve(".clean-shutdown"));
        server = TestServers.on(folder, Map.of());

        JsonObject topic = why("topics/t/why");
        assertThat(codes(topic)).startsWith("no_readable_partitions", "partition_offline");
        JsonObject ofTopic = reason(topic, "partition_offline");
        assertThat(culprit(ofTopic).getString("topic")).isEqualTo("t");
        assertThat(culprit(ofTopic).getInteger("partition")).isZero();
        assertThat(ofTopic.getString("message")).contains("sluice log repair");
        assertThat(reason(why("groups/g/why"), "partition_offline").getString("message"))
                .contains("sluice log repair");
    }

    @Test
    void aLowDiskIsToldWithItsFloor() {
        produce(1);
        poll("m");
        restart(Map.of("log.min.free.bytes", Long.toString(Long.MAX_VALUE / 4)));

        for (String path : List.of("topics/t/why", "groups/g/why")) {
            JsonObject reason = reason(why(path), "disk_low");
            assertThat(culprit(reason).getString("setting")).isEqualTo("log.min.free.bytes");
            assertThat(reason.getJsonObject("details").getLong("floor_bytes")).isEqualTo(Long.MAX_VALUE / 4);
            assertThat(reason.getJsonObject("details").getLong("free_bytes")).isPositive();
        }
    }

    @Test
    void aRefusalBecauseAQueueIsFullNamesTheClientThatMetIt() {
        restart(Map.of("max.waiters.per.partition", "1"));
        String path = "/v1/topics/t/partitions/0/records?offset=0&wait_ms=20000";
        try (RawConnection first = new RawConnection(server.port());
                RawConnection second = new RawConnection(server.port())) {
            first.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
            Await.until("it waits", () -> server.metric("sluice_log_waiters") == 1);
            second.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(second.readUntil("overloaded")).contains("503");

            JsonObject reason = reason(why("topics/t/why"), "overloaded");

            assertThat(culprit(reason).getString("client")).isEqualTo("127.0.0.1");
            assertThat(reason.getString("message")).contains("GET /v1/topics/t/partitions/0/records");
            assertRecent(reason);

            JsonObject error = new JsonObject(server.get("/v1/errors").body())
                    .getJsonArray("errors").stream()
                            .map(JsonObject.class::cast)
                            .filter(one -> one.getString("code").equals("overloaded"))
                            .findFirst()
                            .orElseThrow();
            assertThat(error.getString("where")).isEqualTo("GET /v1/topics/t/partitions/0/records");
            assertThat(error.getString("client")).isEqualTo("127.0.0.1");
            assertThat(error.getInteger("count")).isEqualTo(1);
        }
    }

    @Test
    void aTopicSaysWhetherItIsWrittenTo() {
        JsonObject empty = reason(why("topics/t/why"), "no_traffic");
        assertThat(empty.getValue("since")).isNull();
        assertThat(empty.getString("message")).contains("nothing was ever written");
        assertThat(codes(why("topics/t/why"))).containsExactly("no_traffic", "no_readers");

        produce(30);
        JsonObject moving = reason(why("topics/t/why"), "moving");
        assertThat(moving.getJsonObject("details").getDouble("produce_rate")).isPositive();

        restart(Map.of());
        pollAndCommit("m");
        JsonObject quiet = why("topics/t/why");
        assertThat(codes(quiet)).containsExactly("no_traffic");
        assertRecent(reason(quiet, "no_traffic"));
    }

    @Test
    void whatIsNotThereAndWhatIsNotKnownIsRefused() {
        assertThat(server.get("/v1/topics/nowhere/why").statusCode()).isEqualTo(404);
        assertThat(server.get("/v1/groups/nowhere/why").body()).contains("unknown_group");
        assertThat(server.get("/v1/groups/g/why?idle_ms=-1").body()).contains("invalid_argument");
        assertThat(server.get("/v1/topics/t/why?x=1").body()).contains("unknown_parameter");
        assertThat(server.get("/v1/errors?limit=0").statusCode()).isEqualTo(400);
    }
}
