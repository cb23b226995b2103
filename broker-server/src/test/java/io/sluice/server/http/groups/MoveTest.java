package io.sluice.server.http.groups;

import static io.sluice.server.http.groups.GroupFace.ask;
import static io.sluice.server.http.groups.GroupFace.objects;
import static io.sluice.server.http.groups.GroupFace.ok;
import static io.sluice.server.http.groups.GroupFace.problem;
import static io.sluice.server.http.groups.GroupFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.engine.Acks;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Groups as they are, moved while their members poll over HTTP. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class MoveTest {
    @TempDir
    private Path folder;

    private GroupFace face;

    @BeforeEach
    void start() {
        face = new GroupFace(folder, Map.of());
        face.topic("t", 2);
        face.produce("t", 0, "a", "b", "c");
        face.produce("t", 1, "x", "y");
    }

    @AfterEach
    void stop() {
        face.close();
    }

    /** Reads all there is, and commits it. */
    private JsonObject readAll() {
        JsonObject all = face.poll("m");
        ok(face.post("g/commit", PollTest.commitOf("m", all.getString("cursor"))));
        return all;
    }

    private static JsonObject to(Object where) {
        return new JsonObject().put("to", where);
    }

    private static JsonObject place(int partition, long offset, Object previous) {
        return new JsonObject()
                .put("topic", "t")
                .put("partition", partition)
                .put("offset", offset)
                .put("previous", previous);
    }

    private List<JsonObject> seek(JsonObject request) {
        return objects(ok(face.post("g/seek", request)).getJsonArray("positions"));
    }

    @Test
    void aRunningGroupGoesWhereItIsSent() {
        readAll();

        assertThat(seek(to("earliest"))).containsExactly(place(0, 0, 3), place(1, 0, 2));
        assertThat(values(face.poll("m"))).containsExactlyInAnyOrder("a", "b", "c", "x", "y");
        assertThat(seek(to("latest"))).containsExactly(place(0, 3, 0), place(1, 2, 0));
        assertThat(values(face.poll("m"))).isEmpty();
        assertThat(seek(to(new JsonObject().put("t", new JsonObject().put("0", 1)))))
                .containsExactly(place(0, 1, 3));
        assertThat(values(face.poll("m"))).containsExactly("b", "c");
        assertThat(seek(to("-15m").put("topics", new JsonArray().add("t"))))
                .containsExactly(place(0, 0, 1), place(1, 0, 2));
        assertThat(seek(to("2999-01-01T00:00:00Z")
                        .put("partitions", new JsonObject().put("t", new JsonArray().add(1)))))
                .containsExactly(place(1, 2, 0));
        assertThat(values(face.poll("m"))).containsExactly("a", "b", "c");
        assertThat(seek(to(0))).containsExactly(place(0, 0, 0), place(1, 0, 2));
    }

    @Test
    void whatWasReadBeforeASeekIsNotCommittedAfterIt() {
        JsonObject before = face.poll(ask("m").put("max_records", 5));
        assertThat(values(before)).hasSize(5);

        JsonObject moved = ok(face.post("g/seek", to("latest")));

        assertThat(moved.getJsonArray("evicted")).containsExactly("m");
        JsonObject after = face.poll(ask("m").put("commit", before.getString("cursor")));
        assertThat(values(after)).isEmpty();
        assertThat(after.getJsonArray("refused")).hasSize(2);
    }

    @Test
    void aSeekWakesAMemberThatWaits() throws Exception {
        readAll();
        var waiting = face.postAsync("g/poll", ask("m").put("wait_ms", 25_000));
        Await.until(
                "the poll is there",
                () -> objects(describe().getJsonArray("members")).stream()
                        .noneMatch(m -> m.containsKey("held_records")));

        ok(face.post("g/seek", to("earliest")));

        assertThat(values(ok(waiting.get(10, TimeUnit.SECONDS)))).hasSize(5);
    }

    private JsonObject describe() {
        return ok(face.server.get("/v1/groups/g"));
    }

    @Test
    void whatCannotBeReachedIsNamedAndNothingMoves() {
        readAll();

        HttpResponse<String> beyond = face.post(
                "g/seek",
                to(new JsonObject().put("t", new JsonObject().put("0", 0).put("1", 9))));

        assertThat(problem(beyond, 416)).isEqualTo("offset_out_of_range");
        assertThat(new JsonObject(beyond.body()).getInteger("high_watermark")).isEqualTo(2);
        assertThat(values(face.poll("m"))).isEmpty();
        assertThat(problem(face.post("g/seek", to("yesterday")), 400)).isEqualTo("invalid_argument");
        assertThat(problem(face.post("g/seek", new JsonObject()), 400)).isEqualTo("invalid_argument");
        assertThat(problem(face.post("g/seek", to("latest").put("x", 1)), 400)).isEqualTo("unknown_field");
        assertThat(problem(face.post("g/seek", to("latest").put("topics", new JsonArray().add("no"))), 404))
                .isEqualTo("unknown_topic");
        assertThat(problem(
                        face.post(
                                "g/seek",
                                to("latest").put("partitions", new JsonObject().put("t", new JsonArray().add(2)))),
                        404))
                .isEqualTo("unknown_partition");
        assertThat(problem(face.post("none/seek", to("latest")), 404)).isEqualTo("unknown_group");
    }

    @Test
    void aGroupTellsItsMembersAndPositions() {
        face.poll("m");
        JsonObject held = objects(describe().getJsonArray("members")).get(0);
        assertThat(held.getInteger("held_records")).isEqualTo(5);
        readAll();
        face.produce("t", 0, "d");

        JsonObject group = describe();

        assertThat(group.getString("id")).isEqualTo("g");
        assertThat(group.getString("type")).isEqualTo("consumer");
        assertThat(group.getString("state")).isEqualTo("stable");
        JsonObject member = objects(group.getJsonArray("members")).get(0);
        assertThat(member.getString("id")).isEqualTo("m");
        assertThat(member.getString("protocol")).isEqualTo("http");
        assertThat(member.getString("host")).isEqualTo("127.0.0.1");
        assertThat(member.getString("client_id")).startsWith("Java-http-client");
        assertThat(member.getJsonArray("topics")).containsExactly("t");
        assertThat(member.getJsonArray("assignment")).hasSize(2);
        assertThat(member.containsKey("held_records")).isFalse();
        assertThat(member.getLong("last_heard_ms")).isBetween(0L, 30_000L);
        JsonObject position = objects(group.getJsonArray("positions")).get(0);
        assertThat(position.getLong("committed_at")).isPositive();
        position.remove("committed_at");
        assertThat(position.getLong("lag_ms")).isBetween(0L, 30_000L);
        position.remove("lag_ms");
        assertThat(position)
                .isEqualTo(new JsonObject()
                        .put("topic", "t")
                        .put("partition", 0)
                        .put("offset", 3)
                        .put("log_start_offset", 0)
                        .put("high_watermark", 4)
                        .put("lag", 1)
                        .put("owner", "m"));
        face.server.send("DELETE", "/v1/topics/t/partitions/0/records?before=4");
        assertThat(objects(describe().getJsonArray("positions")).get(0).getBoolean("data_gone"))
                .isTrue();
    }

    @Test
    void whatAMemberHasNotGivenBackYetIsToldAsItsOwn() {
        for (int partition = 0; partition < 2; partition++) {
            face.produce("t", partition, "a");
        }
        face.poll("holds");
        face.poll("waits");

        JsonObject group = ok(face.server.get("/v1/groups/g"));

        JsonObject holds = objects(group.getJsonArray("members")).get(0);
        assertThat(holds.getString("id")).isEqualTo("holds");
        assertThat(holds.getJsonArray("assignment")).hasSize(1);
        assertThat(holds.getJsonArray("giving_back")).hasSize(1);
        assertThat(objects(group.getJsonArray("positions")))
                .hasSize(2)
                .allMatch(position -> position.getString("owner").equals("holds"));
    }

    @Test
    void groupsAreListedPageByPageAndDeletedWhenTheyAreEmpty() {
        for (String group : List.of("a", "b", "c")) {
            ok(face.post(group + "/poll", ask("m")));
        }

        JsonObject first = ok(face.server.get("/v1/groups?limit=2"));
        JsonObject second = ok(face.server.get("/v1/groups?limit=2&cursor=" + first.getString("next")));

        assertThat(objects(first.getJsonArray("groups")))
                .extracting(group -> group.getString("id"))
                .containsExactly("a", "b");
        assertThat(objects(second.getJsonArray("groups")))
                .containsExactly(new JsonObject()
                        .put("id", "c")
                        .put("type", "consumer")
                        .put("state", "stable")
                        .put("members", 1));
        assertThat(second.containsKey("next")).isFalse();
        assertThat(problem(face.server.send("DELETE", "/v1/groups/a"), 409)).isEqualTo("group_not_empty");
        JsonObject polled = ok(face.post("a/poll", ask("m")));
        ok(face.post("a/commit", PollTest.commitOf("m", polled.getString("cursor"))));
        face.post("a/leave", new JsonObject().put("member", "m"));
        assertThat(face.server.send("DELETE", "/v1/groups/a").statusCode()).isEqualTo(204);
        assertThat(problem(face.server.send("DELETE", "/v1/groups/a"), 404)).isEqualTo("unknown_group");
        assertThat(problem(face.server.get("/v1/groups/a"), 404)).isEqualTo("unknown_group");
    }

    private static JsonObject skip(int partition) {
        return new JsonObject().put("topic", "t").put("partition", partition);
    }

    @Test
    void oneRecordIsSkippedAndItsReaderGoesOnBehindIt() {
        JsonObject poisoned = face.poll(ask("m"));

        JsonObject first = ok(face.post("g/skip", skip(0)));
        JsonObject second = ok(face.post("g/skip", skip(0).put("offset", 1)));

        assertThat(first)
                .isEqualTo(new JsonObject()
                        .put("skipped", skip(0).put("offset", 0))
                        .put("position", 1)
                        .put("evicted", new JsonArray().add("m")));
        assertThat(second.getInteger("position")).isEqualTo(2);
        HttpResponse<String> moved = face.post("g/skip", skip(0).put("offset", 1));
        assertThat(problem(moved, 409)).isEqualTo("position_has_moved");
        assertThat(new JsonObject(moved.body()).getInteger("position")).isEqualTo(2);
        JsonObject rest = face.poll(ask("m").put("commit", poisoned.getString("cursor")));
        assertThat(values(rest)).containsExactly("c");
        assertThat(objects(rest.getJsonArray("refused"))).hasSize(1);
        ok(face.post("g/skip", skip(0)));
        assertThat(problem(face.post("g/skip", skip(0)), 409)).isEqualTo("nothing_to_skip");
        assertThat(problem(face.post("none/skip", skip(0)), 404)).isEqualTo("unknown_group");
        assertThat(problem(face.post("g/skip", skip(7)), 404)).isEqualTo("unknown_partition");
        assertThat(problem(face.post("g/skip", skip(0).put("dead_letter_topic", "t")), 400))
                .isEqualTo("invalid_argument");
    }

    @Test
    void aSkippedRecordMayBeKeptWithItsCase() {
        face.topic("dead", 1);
        face.server.send(
                "POST",
                "/v1/topics/t/records",
                "{\"records\":[{\"partition\":1,\"key\":\"k\",\"value\":null,\"headers\":{\"h\":\"v\"},\"timestamp\":1700000000000}]}");
        face.poll("m");
        ok(face.post("g/seek", to(new JsonObject().put("t", new JsonObject().put("1", 2)))));

        JsonObject skipped =
                ok(face.post("g/skip", skip(1).put("dead_letter_topic", "dead").put("reason", "cannot be parsed")));

        assertThat(skipped.getJsonObject("dead_letter"))
                .isEqualTo(new JsonObject()
                        .put("topic", "dead")
                        .put("partition", 0)
                        .put("offset", 0));
        JsonObject record = objects(ok(face.server.get("/v1/topics/dead/partitions/0/records?values=text"))
                        .getJsonArray("records"))
                .get(0);
        assertThat(record.getString("key")).isEqualTo("k");
        assertThat(record.getValue("value")).isNull();
        assertThat(record.getJsonObject("headers"))
                .isEqualTo(new JsonObject()
                        .put("h", "v")
                        .put("sluice-dead-letter-topic", "t")
                        .put("sluice-dead-letter-partition", "1")
                        .put("sluice-dead-letter-offset", "2")
                        .put("sluice-dead-letter-group", "g")
                        .put("sluice-dead-letter-time", "1700000000000")
                        .put("sluice-dead-letter-reason", "cannot be parsed"));
    }

    @Test
    void aLargeRecordIsKeptWhole() {
        String large = "z".repeat(700_000);
        face.topic("dead", 1);
        face.produce("t", 0, large);
        face.poll(ask("m"));
        ok(face.post("g/seek", to(new JsonObject().put("t", new JsonObject().put("0", 3)))));

        ok(face.post("g/skip", skip(0).put("dead_letter_topic", "dead")));

        assertThat(face.server.get("/v1/topics/dead/partitions/0/records").body())
                .contains(large);
    }

    @Test
    void recordsOfACompressedBatchAreFoundOneByOne() throws Exception {
        face.topic("dead", 1);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", face.server.bootstrap(), "compression.type", "gzip", "linger.ms", "1000"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (String value : List.of("one", "two", "three")) {
                producer.send(new ProducerRecord<>("t", 1, null, value.getBytes(StandardCharsets.UTF_8)));
            }
            producer.flush();
        }
        face.poll("m");
        ok(face.post(
                "g/seek",
                to(new JsonObject().put("t", new JsonObject().put("0", 3).put("1", 3)))));

        JsonObject skipped = ok(face.post("g/skip", skip(1).put("dead_letter_topic", "dead")));

        assertThat(skipped.getJsonObject("skipped").getInteger("offset")).isEqualTo(3);
        assertThat(values(ok(face.server.get("/v1/topics/dead/partitions/0/records"))))
                .containsExactly("two");
        assertThat(values(face.poll("m"))).containsExactly("three");
    }

    @Test
    void offsetsWithoutRecordsArePassedOver() {
        face.close();
        try (Broker broker = Broker.open(BrokerConfig.at(folder).with("log.min.free.bytes", "0"))) {
            // As compaction leaves them: the batch ends behind its last record.
            broker.append("t", 0, record("at 3").build(CompressionType.NONE, new KafkaCodecs(), 2), Acks.COMMITTED)
                    .join();
            broker.append("t", 0, record("at 6").build(), Acks.COMMITTED).join();
            broker.append("t", 0, record("at 7").build(CompressionType.NONE, new KafkaCodecs(), 2), Acks.COMMITTED)
                    .join();
        }
        face = new GroupFace(folder, Map.of());
        Await.until("the groups are read", () -> face.server.get("/v1/groups").statusCode() == 200);
        assertThat(values(face.poll("m"))).hasSize(8);
        ok(face.post(
                "g/seek",
                to(new JsonObject().put("t", new JsonObject().put("0", 4).put("1", 2)))));
        assertThat(values(face.poll("m"))).containsExactly("at 6", "at 7");

        JsonObject skipped = ok(face.post("g/skip", skip(0)));

        assertThat(skipped.getJsonObject("skipped").getInteger("offset")).isEqualTo(6);
        assertThat(skipped.getInteger("position")).isEqualTo(7);
        assertThat(ok(face.post("g/skip", skip(0))).getInteger("position")).isEqualTo(8);
        assertThat(problem(face.post("g/skip", skip(0)), 409)).isEqualTo("nothing_to_skip");
        JsonObject end = face.poll(ask("m").put("wait_ms", 300));
        assertThat(values(end)).isEmpty();
        ok(face.post("g/commit", PollTest.commitOf("m", end.getString("cursor"))));
        assertThat(objects(describe().getJsonArray("positions")).get(0).getInteger("lag"))
                .isZero();
    }

    private static RecordBatchBuilder record(String value) {
        return new RecordBatchBuilder(64).append(1, null, value.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void theFirstRecordOfAllIsSkippedThoughNothingWasCommitted() {
        JsonObject poisoned = face.poll("m");

        assertThat(ok(face.post("g/skip", skip(1).put("offset", 0))).getInteger("position"))
                .isEqualTo(1);

        assertThat(values(face.poll("m"))).containsExactlyInAnyOrder("a", "b", "c", "y");
        assertThat(values(poisoned)).contains("x");
    }

    @Test
    void positionsAreKeptByNameAndRestored() {
        readAll();
        assertThat(problem(face.server.send("PUT", "/v1/groups/none/snapshots/s"), 404))
                .isEqualTo("unknown_group");

        JsonObject taken = ok(face.server.send("PUT", "/v1/groups/g/snapshots/before"));
        ok(face.post("g/seek", to("earliest")));
        JsonObject restored = ok(face.server.send("POST", "/v1/groups/g/snapshots/before/restore"));

        assertThat(taken.getString("name")).isEqualTo("before");
        assertThat(taken.getLong("taken_at")).isPositive();
        assertThat(taken.getJsonObject("positions"))
                .isEqualTo(
                        new JsonObject().put("t", new JsonObject().put("0", 3).put("1", 2)));
        assertThat(objects(restored.getJsonArray("positions"))).containsExactly(place(0, 3, 0), place(1, 2, 0));
        assertThat(restored.getJsonArray("evicted")).containsExactly("m");
        assertThat(values(face.poll("m"))).isEmpty();
        JsonObject listed = ok(face.server.get("/v1/groups/g/snapshots"));
        assertThat(objects(listed.getJsonArray("snapshots"))).containsExactly(taken);
        assertThat(face.server.send("DELETE", "/v1/groups/g/snapshots/before").statusCode())
                .isEqualTo(204);
        assertThat(problem(face.server.send("DELETE", "/v1/groups/g/snapshots/before"), 404))
                .isEqualTo("unknown_snapshot");
        assertThat(problem(face.server.send("POST", "/v1/groups/g/snapshots/before/restore"), 404))
                .isEqualTo("unknown_snapshot");
        assertThat(problem(face.server.send("PUT", "/v1/groups/g/snapshots/a%20b"), 400))
                .isEqualTo("invalid_argument");
        assertThat(problem(face.server.get("/v1/groups/none/snapshots"), 404)).isEqualTo("unknown_group");
    }

    @Test
    void aSnapshotOfWhatIsGoneIsRestoredAsFarAsItGoes() {
        face.topic("u", 1);
        face.produce("u", 0, "u");
        JsonObject both = ask("m").put("topics", new JsonArray().add("t").add("u"));
        JsonObject polled = face.poll(both.copy().put("max_records", 100));
        face.poll(both.copy().put("commit", polled.getString("cursor")));
        ok(face.post("g/seek", to(new JsonObject().put("t", new JsonObject().put("0", 1)))));
        ok(face.server.send("PUT", "/v1/groups/g/snapshots/s"));
        assertThat(face.server.send("DELETE", "/v1/topics/u").statusCode()).isEqualTo(204);
        Await.until("the group is told", () -> describe().containsKey("notices"));
        JsonObject notice = objects(describe().getJsonArray("notices")).get(0);
        assertThat(notice.getString("topic")).isEqualTo("u");
        assertThat(notice.getString("reason")).isEqualTo("topic_deleted");
        assertThat(face.server.metric("sluice_groups_positions_lost_total{reason=\"topic_deleted\"}"))
                .isEqualTo(1);
        assertThat(face.server.metric("sluice_groups_positions_lost_total{reason=\"data_gone\"}"))
                .isZero();
        face.server.send("DELETE", "/v1/topics/t/partitions/0/records?before=2");

        JsonObject restored = ok(face.server.send("POST", "/v1/groups/g/snapshots/s/restore"));

        assertThat(objects(restored.getJsonArray("gone")))
                .containsExactly(new JsonObject().put("topic", "u").put("partition", 0));
        assertThat(objects(restored.getJsonArray("lost")))
                .containsExactly(new JsonObject()
                        .put("topic", "t")
                        .put("partition", 0)
                        .put("from", 1)
                        .put("to", 2));
    }

    @Test
    void aGroupHasSoManySnapshotsAndNoMore() {
        readAll();
        for (int i = 0; i < 100; i++) {
            ok(face.server.send("PUT", "/v1/groups/g/snapshots/s" + i));
        }

        assertThat(problem(face.server.send("PUT", "/v1/groups/g/snapshots/one-more"), 409))
                .isEqualTo("too_many_snapshots");
        ok(face.server.send("PUT", "/v1/groups/g/snapshots/s7"));
    }
}
