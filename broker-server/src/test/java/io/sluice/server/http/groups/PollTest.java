package io.sluice.server.http.groups;

import static io.sluice.server.http.groups.GroupFace.ask;
import static io.sluice.server.http.groups.GroupFace.assigned;
import static io.sluice.server.http.groups.GroupFace.objects;
import static io.sluice.server.http.groups.GroupFace.ok;
import static io.sluice.server.http.groups.GroupFace.problem;
import static io.sluice.server.http.groups.GroupFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.kafka.KafkaWire;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class PollTest {
    @TempDir
    private Path folder;

    private GroupFace face;

    @BeforeEach
    void start() {
        face = new GroupFace(folder, Map.of());
        face.topic("t", 4);
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private static String[] numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }

    @Test
    void aRecordNamesItsPlaceAndAnAssignmentItsPosition() {
        face.produce("t", 2, "a");

        JsonObject polled = face.poll("m");

        JsonObject record = objects(polled.getJsonArray("records")).get(0);
        assertThat(record.fieldNames())
                .containsExactly("topic", "partition", "offset", "timestamp", "key", "value", "headers");
        assertThat(record.getString("topic")).isEqualTo("t");
        assertThat(record.getInteger("partition")).isEqualTo(2);
        assertThat(assigned(polled)).containsExactly("t-0", "t-1", "t-2", "t-3");
        assertThat(objects(polled.getJsonArray("assignment"))).allMatch(one -> one.getInteger("position") == 0);
        assertThat(polled.getInteger("waiting_for")).isZero();
        assertThat(polled.getString("cursor")).matches("[A-Za-z0-9_-]+");
        assertThat(polled.fieldNames()).containsExactly("records", "cursor", "assignment", "waiting_for");
    }

    @Test
    void valuesAreShownAsThePollWantsThem() {
        face.produce("t", 0, "\"a\"");

        JsonObject record = objects(face.poll(ask("m").put("values", "base64")).getJsonArray("records"))
                .get(0);
        assertThat(record.getString("value_base64")).isEqualTo("ImEi");
        assertThat(values(face.poll(ask("m").put("values", "text")))).containsExactly("\"a\"");
        assertThat(values(face.poll("m"))).containsExactly("a");
        assertThat(problem(face.post("g/poll", ask("m").put("values", "xml")), 400))
                .isEqualTo("invalid_argument");
    }

    @Test
    void aPollPassesOverWhatItsFilterDoesNotWant() {
        face.produce("t", 0, "a", "b", "c");
        face.server.send(
                "POST",
                "/v1/topics/t/records",
                "{\"records\": [{\"key\": \"k\", \"value\": \"d\", \"headers\": {\"ce_type\": \"CREATE\"}}, {\"value\": \"e\"}]}");

        JsonObject none = face.poll(ask("m").put("filter", "type=DELETE"));
        JsonObject one = face.poll(
                ask("m").put("filter", new JsonArray().add("type=CREATE,UPDATE").add("key=k*")));

        assertThat(values(none)).isEmpty();
        assertThat(values(one)).containsExactly("d");
        JsonObject member = new JsonObject(face.server.get("/v1/groups/g").body())
                .getJsonArray("members")
                .getJsonObject(0);
        assertThat(member.getJsonArray("filters")).containsExactly("type=CREATE,UPDATE", "key=k*");
        JsonObject rest = face.poll(ask("m").put("commit", none.getString("cursor")));
        assertThat(values(rest)).isEmpty();
        assertThat(problem(face.post("g/poll", ask("m").put("filter", "value=x")), 400))
                .isEqualTo("invalid_filter");
    }

    @Test
    void aRepeatedPollGivesTheSameRecordsAndACommitTheNext() {
        face.produce("t", 1, "a", "b", "c");

        JsonObject first = face.poll(ask("m").put("max_records", 2));
        JsonObject again = face.poll(ask("m").put("max_records", 2));
        JsonObject next = face.poll(ask("m").put("commit", again.getString("cursor")));
        JsonObject last = face.poll(ask("m").put("commit", next.getString("cursor")));

        assertThat(values(first)).containsExactly("a", "b");
        assertThat(values(again)).containsExactly("a", "b");
        assertThat(values(next)).containsExactly("c");
        assertThat(values(last)).isEmpty();
        assertThat(last.getString("cursor")).isEmpty();
        assertThat(values(face.poll(ask("m").put("commit", "")))).isEmpty();
    }

    @Test
    void twoMembersShareThePartitionsAndEachRecordIsSeenOnce() {
        for (int partition = 0; partition < 4; partition++) {
            face.produce("t", partition, numbers(partition * 100, partition * 100 + 50));
        }
        List<String> seen = new ArrayList<>();
        JsonObject one = face.poll(ask("one").put("max_records", 10));
        JsonObject two = face.poll(ask("two").put("max_records", 10));

        for (int i = 0; i < 100 && seen.size() < 200; i++) {
            seen.addAll(values(one));
            one = face.poll(ask("one").put("max_records", 10).put("commit", one.getString("cursor")));
            assertThat(one.containsKey("refused")).isFalse();
            seen.addAll(values(two));
            two = face.poll(ask("two").put("max_records", 10).put("commit", two.getString("cursor")));
            assertThat(two.containsKey("refused")).isFalse();
        }

        assertThat(seen).hasSize(200).doesNotHaveDuplicates();
        assertThat(assigned(one)).hasSize(2);
        assertThat(assigned(two)).hasSize(2).doesNotContainAnyElementsOf(assigned(one));
    }

    @Test
    void aMemberThatStopsPollingIsDroppedAndItsPartitionsMove() {
        face.produce("t", 0, "a");
        JsonObject gone = face.poll(ask("gone").put("session_timeout_ms", 500));
        assertThat(values(gone)).containsExactly("a");

        JsonObject next = face.poll(ask("stays").put("wait_ms", 20_000));

        assertThat(values(next)).containsExactly("a");
        assertThat(assigned(next)).hasSize(4);
        JsonObject late = face.poll(ask("gone").put("commit", gone.getString("cursor")));
        assertThat(objects(late.getJsonArray("refused")))
                .containsExactly(
                        new JsonObject().put("topic", "t").put("partition", 0).put("code", "member_fenced"));
    }

    @Test
    void aPollThatWaitsIsWokenByARecord() throws Exception {
        face.poll("m");
        CompletableFuture<HttpResponse<String>> waiting = face.postAsync("g/poll", ask("m").put("wait_ms", 25_000));
        untilPolling(waiting);

        face.produce("t", 3, "late");

        assertThat(values(ok(waiting.get(10, TimeUnit.SECONDS)))).containsExactly("late");
    }

    /** Nothing tells that a poll waits but its not being answered; whoever is early only tests another way. */
    private static void untilPolling(CompletableFuture<?> waiting) {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300);
        Await.until("the poll waits", () -> System.nanoTime() > deadlineNs || waiting.isDone());
        assertThat(waiting).isNotDone();
    }

    @Test
    void aPollThatWaitsIsWokenWhenItsMemberGetsPartitions() throws Exception {
        face.produce("t", 0, "a");
        JsonObject first = face.poll("first");
        CompletableFuture<HttpResponse<String>> waiting =
                face.postAsync("g/poll", ask("second").put("wait_ms", 25_000));
        untilPolling(waiting);

        HttpResponse<String> left = face.post("g/leave", new JsonObject().put("member", "first"));

        assertThat(left.statusCode()).isEqualTo(204);
        JsonObject second = ok(waiting.get(10, TimeUnit.SECONDS));
        assertThat(values(first)).containsExactly("a");
        assertThat(values(second)).containsExactly("a");
        assertThat(face.post("g/leave", new JsonObject().put("member", "first")).statusCode())
                .isEqualTo(204);
    }

    @Test
    void aSecondPollOfAMemberEndsTheFirst() throws Exception {
        face.poll("m");
        CompletableFuture<HttpResponse<String>> waiting = face.postAsync("g/poll", ask("m").put("wait_ms", 25_000));
        untilPolling(waiting);

        face.poll("m");

        assertThat(problem(waiting.get(10, TimeUnit.SECONDS), 409)).isEqualTo("superseded");
    }

    @Test
    void whoGoesAwayWhileItWaitsHoldsNothing() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", face.server.port())) {
            String body = ask("gone").put("wait_ms", 25_000).encode();
            socket.getOutputStream()
                    .write(("POST /v1/groups/g/poll HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length()
                                    + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.UTF_8));
            Await.until(
                    "the member is there", () -> face.server.get("/v1/groups/g").statusCode() == 200);
        }

        Await.until("it has its share", () -> assigned(face.poll("stays")).size() == 2);

        // The other half is still of the one that has gone, until its session ends.
        assertThat(face.poll("stays").getInteger("waiting_for")).isZero();
    }

    @Test
    void aGroupOfAnotherKindIsLeftAlone() {
        JoinGroupRequestData join = new JoinGroupRequestData()
                .setGroupId("workers")
                .setSessionTimeoutMs(10_000)
                .setRebalanceTimeoutMs(10_000)
                .setProtocolType("connect");
        join.protocols().add(new JoinGroupRequestProtocol().setName("any").setMetadata(new byte[0]));
        try (KafkaWire wire = new KafkaWire(face.server.kafkaPort())) {
            JoinGroupResponseData joined = wire.call(ApiKeys.JOIN_GROUP, 3, join);
            assertThat(joined.errorCode()).isZero();

            assertThat(problem(face.post("workers/poll", ask("m")), 409)).isEqualTo("inconsistent_protocol");
        }
    }

    @Test
    void aTopicMayComeToBeLater() throws Exception {
        JsonObject ask = ask("m").put("topics", new JsonArray().add("later"));
        JsonObject none = face.poll(ask);
        assertThat(none.getJsonArray("unknown_topics")).containsExactly("later");
        assertThat(none.getJsonArray("assignment")).isEmpty();
        CompletableFuture<HttpResponse<String>> waiting =
                face.postAsync("g/poll", ask.copy().put("wait_ms", 25_000));
        untilPolling(waiting);

        face.topic("later", 1);
        face.produce("later", 0, "a");

        assertThat(values(ok(waiting.get(10, TimeUnit.SECONDS)))).containsExactly("a");
    }

    @Test
    void whoeverBeginsAtTheEndMissesNothingBetweenItsPolls() {
        face.produce("t", 0, "old");
        JsonObject ask = ask("m").put("from", "latest");

        assertThat(values(face.poll(ask))).isEmpty();
        face.produce("t", 0, "new");
        face.produce("t", 1, "newer");

        assertThat(values(face.poll(ask))).containsExactlyInAnyOrder("new", "newer");
    }

    @Test
    void aPositionWhoseRecordsAreGoneIsToldAsLost() {
        face.produce("t", 0, "a", "b", "c");
        JsonObject first = face.poll(ask("m").put("max_records", 1));
        face.poll(ask("m").put("commit", first.getString("cursor")));
        assertThat(face.server
                        .send("DELETE", "/v1/topics/t/partitions/0/records?before=2")
                        .statusCode())
                .isEqualTo(200);

        JsonObject polled = face.poll("m");

        assertThat(values(polled)).containsExactly("c");
        assertThat(objects(polled.getJsonArray("lost")))
                .containsExactly(new JsonObject()
                        .put("topic", "t")
                        .put("partition", 0)
                        .put("from", 1)
                        .put("to", 2));
        JsonObject next = face.poll(ask("m").put("commit", polled.getString("cursor")));
        assertThat(next.containsKey("lost")).isFalse();
    }

    @Test
    void aRecordLargerThanTheLimitComesWholeAndPartitionsTakeTurns() {
        String large = "x".repeat(300_000);
        for (int partition = 0; partition < 4; partition++) {
            face.produce("t", partition, large + partition);
        }
        List<String> seen = new ArrayList<>();

        for (int i = 0; i < 4; i++) {
            JsonObject polled = face.poll(ask("m").put("max_bytes", 1_000));
            assertThat(values(polled)).hasSize(1);
            seen.addAll(values(polled));
        }

        assertThat(seen).doesNotHaveDuplicates().allMatch(value -> value.length() == 300_001);
    }

    @Test
    void manyRecordsOfManyPartitionsAreStreamed() {
        String filler = "y".repeat(200);
        for (int partition = 0; partition < 4; partition++) {
            String name = "p" + partition;
            face.produce(
                    "t",
                    partition,
                    IntStream.range(0, 1_000)
                            .mapToObj(i -> name + "-" + i + filler)
                            .toArray(String[]::new));
        }

        JsonObject polled = face.poll(ask("m").put("max_records", 3_500).put("max_bytes", 100_000_000));

        assertThat(values(polled)).hasSize(3_500).doesNotHaveDuplicates();
        JsonObject rest =
                face.poll(ask("m").put("commit", polled.getString("cursor")).put("max_records", 10_000));
        assertThat(values(rest)).hasSize(500).doesNotContainAnyElementsOf(values(polled));
    }

    @Test
    void whoTakesALongAnswerSlowlyStaysAMember() throws Exception {
        String filler = "z".repeat(100_000);
        for (int i = 0; i < 5; i++) {
            face.produce("t", 1, Collections.nCopies(24, filler).toArray(String[]::new));
        }
        String answer;
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(64 * 1024);
            socket.connect(new InetSocketAddress("127.0.0.1", face.server.port()));
            String body = ask("slow")
                    .put("max_bytes", 100_000_000)
                    .put("session_timeout_ms", 2_000)
                    .encode();
            socket.getOutputStream()
                    .write(("POST /v1/groups/g/poll HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                                    + body.length() + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.UTF_8));
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = 0; i < 8; i++) {
                all.write(socket.getInputStream().readNBytes(1_000_000));
                long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
                Await.until("it has worked on the piece", () -> System.nanoTime() - untilNs >= 0);
            }
            all.write(socket.getInputStream().readAllBytes());
            answer = all.toString(StandardCharsets.UTF_8);
        }

        Matcher cursor = Pattern.compile("\"cursor\":\"([^\"]+)\"").matcher(answer);
        assertThat(cursor.find()).isTrue();
        JsonObject next = face.poll(ask("slow").put("commit", cursor.group(1)).put("session_timeout_ms", 2_000));
        assertThat(next.fieldNames()).doesNotContain("refused");
        assertThat(values(next)).isEmpty();
    }

    @Test
    void aPollThatWaitsIsAnsweredWhenTheBrokerStops() throws Exception {
        CompletableFuture<HttpResponse<String>> waiting = face.postAsync("g/poll", ask("m").put("wait_ms", 30_000));
        Await.until(
                "it is a member", () -> face.server.get("/v1/groups/g").body().contains("\"id\":\"m\""));

        face.server.restart();

        assertThat(problem(waiting.get(30, TimeUnit.SECONDS), 503)).isEqualTo("shutting_down");
    }

    @Test
    void membershipPositionsAndCursorsSurviveARestart() {
        face.produce("t", 0, "a", "b", "c");
        JsonObject first = face.poll(ask("m").put("max_records", 1));
        JsonObject second = face.poll(ask("m").put("max_records", 1).put("commit", first.getString("cursor")));
        assertThat(values(second)).containsExactly("b");

        face.server.restart();

        Await.until(
                "the groups are read",
                () -> face.post("g/commit", commitOf("nobody", "")).statusCode() == 200);
        JsonObject other = face.poll("other");
        assertThat(other.getInteger("waiting_for")).isEqualTo(2);
        JsonObject third = face.poll(ask("m").put("commit", second.getString("cursor")));
        assertThat(third.containsKey("refused")).isFalse();
        assertThat(third.getJsonArray("records").size()
                        + face.poll("other").getJsonArray("records").size())
                .isEqualTo(1);
    }

    static JsonObject commitOf(String member, String cursor) {
        return new JsonObject().put("member", member).put("cursor", cursor);
    }

    @Test
    void aCommitTellsWhatBecameOfEachPosition() {
        face.produce("t", 0, "a");
        face.produce("t", 1, "b");
        JsonObject polled = face.poll("m");

        JsonObject committed = ok(face.post("g/commit", commitOf("m", polled.getString("cursor"))));

        assertThat(objects(committed.getJsonArray("results")))
                .containsExactly(
                        new JsonObject()
                                .put("topic", "t")
                                .put("partition", 0)
                                .put("offset", 1)
                                .put("ok", true),
                        new JsonObject()
                                .put("topic", "t")
                                .put("partition", 1)
                                .put("offset", 1)
                                .put("ok", true));
        face.post("g/leave", new JsonObject().put("member", "m"));
        HttpResponse<String> refused = face.post("g/commit", commitOf("m", polled.getString("cursor")));
        assertThat(problem(refused, 409)).isEqualTo("commit_refused");
        assertThat(refused.body()).contains("member_fenced");
        assertThat(face.server.metric("sluice_http_groups_commits_refused_total"))
                .isEqualTo(2);
        assertThat(face.server.metric("sluice_http_groups_polls_total")).isEqualTo(1);
        assertThat(face.server.metric("sluice_http_groups_polled_records_total"))
                .isEqualTo(2);
    }

    @Test
    void toolsMovePositionsOfGroupsWithoutMembersOnly() {
        face.produce("t", 0, "a", "b");
        JsonObject positions =
                new JsonObject().put("positions", new JsonObject().put("t", new JsonObject().put("0", 1)));

        assertThat(ok(face.post("g/commit", positions)).getJsonArray("results")).hasSize(1);

        assertThat(values(face.poll("m"))).containsExactly("b");
        assertThat(problem(face.post("g/commit", positions), 409)).isEqualTo("group_not_empty");
    }

    @Test
    void whatIsWrongIsNamed() {
        face.produce("t", 0, "a");
        String cursor = face.poll("m").getString("cursor");
        JsonObject ask = ask("m");

        assertThat(problem(face.post("g/poll", ask.copy().put("colour", 1)), 400))
                .isEqualTo("unknown_field");
        assertThat(problem(face.post("g/poll", new JsonObject().put("topics", new JsonArray().add("t"))), 400))
                .isEqualTo("invalid_argument");
        assertThat(problem(face.post("g/poll", ask.copy().put("topics", new JsonArray())), 400))
                .isEqualTo("invalid_argument");
        assertThat(problem(face.post("g/poll", ask.copy().put("topics", new JsonArray().add("__groups"))), 400))
                .isEqualTo("invalid_topic");
        assertThat(problem(face.post("g/poll", ask.copy().put("from", "middle")), 400))
                .isEqualTo("invalid_argument");
        assertThat(problem(face.post("g/poll", ask.copy().put("session_timeout_ms", 1)), 400))
                .isEqualTo("invalid_argument");
        String half = "{\"member\": \"\\ud800\", \"topics\": [\"t\"]}";
        assertThat(problem(face.server.send("POST", "/v1/groups/g/poll", half), 400))
                .isEqualTo("invalid_argument");
        assertThat(problem(face.post("g".repeat(256) + "/poll", ask), 400)).isEqualTo("invalid_group");
        assertThat(problem(face.post("g/poll", ask.copy().put("commit", "!")), 400))
                .isEqualTo("invalid_cursor");
        assertThat(problem(face.post("g/poll", ask.copy().put("commit", cursor.substring(4))), 400))
                .isEqualTo("invalid_cursor");
        assertThat(problem(face.post("g/poll", ask("other").put("commit", cursor)), 409))
                .isEqualTo("foreign_cursor");
        assertThat(problem(face.post("h/poll", ask.copy().put("commit", cursor)), 409))
                .isEqualTo("foreign_cursor");
        assertThat(problem(face.server.send("POST", "/v1/groups/g/poll?x=1", ask.encode()), 400))
                .isEqualTo("unknown_parameter");
    }
}
