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
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith({BlockedThreadsFail.class, NoErrorsLogged.class})
class EventsTest {
    @TempDir
    Path folder;

    private RunningServer server;
    private final List<EventReader> readers = new ArrayList<>();

    @BeforeEach
    void start() {
        server = TestServers.on(
                folder,
                Map.of(
                        "http.push.heartbeat.ms",
                        "200",
                        "group.min.session.timeout.ms",
                        "500",
                        "http.shutdown.timeout.ms",
                        "2000"));
        put("/v1/topics/t", "{\"partitions\": 4}");
    }

    @AfterEach
    void stop() {
        readers.forEach(EventReader::close);
        server.close();
    }

    private void put(String path, String json) {
        HttpResponse<String> answer = server.send("PUT", path, json);
        assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
    }

    private EventReader events(String query, String... headers) {
        EventReader reader = new EventReader(server.port(), "/v1/topics/t/events" + query, headers);
        readers.add(reader);
        return reader;
    }

    private void produce(JsonObject... records) {
        produceTo("t", records);
    }

    private void produceTo(String topic, JsonObject... records) {
        HttpResponse<String> answer = server.send(
                "POST",
                "/v1/topics/" + topic + "/records",
                new JsonObject().put("records", new JsonArray(List.of(records))).encode());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static JsonObject record(Object value) {
        return new JsonObject().put("value", value);
    }

    private static JsonObject typed(String type, Object value) {
        return record(value).put("headers", new JsonObject().put("ce_type", type));
    }

    private void produceNumbers(int from, int to) {
        produce(IntStream.range(from, to)
                .mapToObj(i -> record("v" + i).put("partition", i % 4))
                .toArray(JsonObject[]::new));
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).toList();
    }

    @Test
    void recordsOfAllPartitionsArePushedAsTheyCome() {
        EventReader events = events("");
        events.own("ready");

        produceNumbers(0, 20);

        events.awaitRecords(20);
        assertThat(events.values()).containsExactlyInAnyOrderElementsOf(numbers(0, 20));
        assertThat(events.head())
                .startsWith("HTTP/1.0 200")
                .containsIgnoringCase("content-type: text/event-stream")
                .containsIgnoringCase("cache-control: no-store");
        JsonObject first = events.records().get(0).json();
        assertThat(first.fieldNames()).containsExactly("partition", "offset", "timestamp", "key", "value", "headers");
    }

    @ParameterizedTest
    @CsvSource({"earliest,20", "latest,0", "-1h,20", "2020-01-01T00:00:00Z,20", "2999-01-01T00:00:00Z,0"})
    void aStreamBeginsWhereItIsTold(String from, int expected) {
        produceNumbers(0, 20);

        EventReader events = events("?from=" + from);
        events.own("ready");
        produceNumbers(20, 24);

        events.awaitRecords(expected + 4);
        assertThat(events.values()).hasSize(expected + 4).containsAll(numbers(20, 24));
    }

    @Test
    void everyEventIdResumesExactlyBehindIt() {
        produceNumbers(0, 40);
        EventReader whole = events("?from=earliest");
        whole.awaitRecords(40);

        for (int cut : new int[] {0, 1, 7, 38, 39}) {
            String id = whole.records().get(cut).id();
            EventReader rest = events("?from=latest", "Last-Event-ID", id);
            rest.awaitRecords(39 - cut);
            List<String> both = new ArrayList<>(whole.values().subList(0, cut + 1));
            both.addAll(rest.values());
            assertThat(both).containsExactlyInAnyOrderElementsOf(numbers(0, 40));
        }
        EventReader byQuery = events("?last_event_id=" + whole.records().get(38).id());
        byQuery.awaitRecords(1);
        EventReader byFrom = events("?from=" + whole.records().get(37).id());
        byFrom.awaitRecords(2);
    }

    @Test
    void aStreamThatWasCutBeforeItsFirstEventGoesOnFromWhereItBegan() {
        EventReader cut = events("");
        String id = cut.own("ready").id();
        cut.close();

        produceNumbers(0, 8);

        EventReader again = events("", "Last-Event-ID", id);
        again.awaitRecords(8);
        assertThat(again.values()).containsExactlyInAnyOrderElementsOf(numbers(0, 8));
    }

    @Test
    void aRestartIsACleanEndAndTheStreamGoesOnBehindIt() {
        produceNumbers(0, 10);
        EventReader before = events("?from=earliest");
        before.awaitRecords(10);

        server.restart();

        assertThat(before.own("end").json().getString("code")).isEqualTo("shutting_down");
        Await.until("end", before::hasEnded);
        produceNumbers(10, 20);
        EventReader after = events("", "Last-Event-ID", before.lastId());
        after.awaitRecords(10);
        assertThat(after.values()).containsExactlyInAnyOrderElementsOf(numbers(10, 20));
    }

    @Test
    void anEventHasTheNameOfItsTypeUnlessThatIsNoName() {
        EventReader events = events("");
        events.own("ready");

        produce(
                typed("CREATE", 1).put("partition", 0),
                record(2).put("partition", 0),
                typed("a\nid: x", 3).put("partition", 0),
                typed("sluice.end", 4).put("partition", 0),
                typed("größer", 5).put("partition", 0),
                typed("error", 6).put("partition", 0));

        events.awaitRecords(6);
        assertThat(events.records().stream().map(EventReader.Event::name))
                .containsExactly("CREATE", "message", "message", "message", "größer", "message");
        assertThat(events.values()).containsExactly("1", "2", "3", "4", "5", "6");
    }

    @Test
    void linesWithinAValueDoNotBreakTheEvent() {
        EventReader events = events("");
        events.own("ready");

        server.send("POST", "/v1/topics/t/records", "{\"records\":[{\"value\":{\n\"a\":\r\n\"x\\ny\"}}]}");

        events.awaitRecords(1);
        assertThat(events.records().get(0).json().getJsonObject("value").getString("a"))
                .isEqualTo("x\ny");
    }

    @Test
    void onlyWhatTheFilterWantsIsPushedAndTheCursorIsBehindTheRest() {
        EventReader events = events("?filter=type=CREATE&filter=key=a*");
        events.own("ready");
        for (int i = 0; i < 50; i++) {
            produce(typed("NOISE", i), typed("CREATE", "x" + i).put("key", "b"));
        }
        produce(typed("CREATE", "yes").put("key", "a1"));
        events.awaitRecords(1);
        for (int i = 0; i < 50; i++) {
            produce(typed("NOISE", i));
        }

        Await.until(
                "a cursor behind all",
                () -> PushCursor.decode(events.lastId()).values().stream()
                                .mapToLong(offset -> offset)
                                .sum()
                        == 151);
        assertThat(events.values()).containsExactly("yes");
    }

    @Test
    void whatTheFilterDoesNotWantCostsNothingOnTheWire() {
        String padding = "x".repeat(500);
        for (int from = 0; from < 1_000; from += 100) {
            produce(IntStream.range(from, from + 100)
                    .mapToObj(i -> typed(i == 507 ? "one" : i % 100 == 7 ? "ten" : "many", padding)
                            .put("partition", i % 4))
                    .toArray(JsonObject[]::new));
        }

        EventReader all = events("?from=earliest");
        all.awaitRecords(1_000);
        long bytesOfAll = all.bytes();
        long bytesOfTen = bytesOfAllThatMatch("type=one,ten", 10);
        long bytesOfOne = bytesOfAllThatMatch("type=one", 1);

        // What the stream says of itself is the same for all.
        long own = 1_000;
        assertThat(bytesOfAll).isGreaterThan(1_000 * padding.length());
        assertThat(bytesOfTen).isBetween(bytesOfAll / 100 - own, bytesOfAll / 100 + own);
        assertThat(bytesOfOne).isBetween(bytesOfAll / 1_000, bytesOfAll / 1_000 + own);
    }

    /** What has come on a connection when all records have been looked at. */
    private long bytesOfAllThatMatch(String filter, int count) {
        EventReader events = events("?from=earliest&filter=" + filter);
        events.awaitRecords(count);
        Await.until(
                "a cursor behind all",
                () -> PushCursor.decode(events.lastId()).values().stream()
                                .mapToLong(offset -> offset)
                                .sum()
                        == 1_000);
        assertThat(events.records()).hasSize(count);
        return events.bytes();
    }

    @Test
    void aSilentStreamGivesSignsOfLife() {
        EventReader events = events("?heartbeat_ms=100");

        Await.until("three", () -> events.comments().size() >= 3);
        assertThat(events.records()).isEmpty();
    }

    @Test
    void aRecordLargerThanAnyPieceIsStreamedWhole() {
        put("/v1/topics/t", "{\"partitions\": 4}");
        server.send("PATCH", "/v1/topics/t", "{\"config\": {\"max.message.bytes\": 20000000}}");
        EventReader events = events("");
        events.own("ready");
        String large = "ä\"\n".repeat(1_000_000);

        produce(record("before").put("partition", 0));
        produce(record(large).put("partition", 0));
        produce(record("after").put("partition", 0));

        events.awaitRecords(3);
        assertThat(events.values().equals(List.of("before", large, "after"))).isTrue();
    }

    @Test
    void aDeletedTopicEndsTheStream() {
        produceNumbers(0, 4);
        EventReader events = events("?from=earliest");
        events.awaitRecords(4);

        server.send("DELETE", "/v1/topics/t");

        assertThat(events.own("end").json().getString("code")).isEqualTo("topic_deleted");
        Await.until("end", events::hasEnded);
        String id = events.lastId();
        put("/v1/topics/t", "{\"partitions\": 2}");
        produce(record("new"));
        EventReader again = events("", "Last-Event-ID", id);
        again.awaitRecords(1);
        assertThat(again.values()).containsExactly("new");
    }

    @Test
    void partitionsThatAreAddedAreReadFromTheirBeginning() {
        EventReader events = events("");
        String id = events.own("ready").id();

        server.send("PATCH", "/v1/topics/t", "{\"partitions\": 5}");
        Await.until(
                "the partition",
                () -> server.send(
                                        "POST",
                                        "/v1/topics/t/records",
                                        "{\"records\": [{\"value\": \"new\", \"partition\": 4}]}")
                                .statusCode()
                        == 200);

        events.awaitRecords(1);
        EventReader again = events("", "Last-Event-ID", id);
        again.awaitRecords(1);
        assertThat(again.values()).containsExactly("new");
    }

    @Test
    void recordsThatAreGoneAreToldAsAGap() {
        EventReader first = events("");
        String id = first.own("ready").id();
        produce(
                record("a").put("partition", 1),
                record("b").put("partition", 1),
                record("c").put("partition", 1));
        server.send("DELETE", "/v1/topics/t/partitions/1/records?before=2");

        EventReader events = events("", "Last-Event-ID", id);

        events.awaitRecords(1);
        assertThat(events.own("gap").data()).isEqualTo("{\"partition\":1,\"from\":0,\"to\":2}");
        assertThat(events.values()).containsExactly("c");
        assertThat(events("?from=earliest").own("ready").name()).isNotEmpty();
        EventReader earliest = events("?from=earliest");
        earliest.awaitRecords(1);
        assertThat(earliest.all().stream().map(EventReader.Event::name)).doesNotContain("sluice.gap");
    }

    @Test
    void aMemberOfAGroupGoesOnWhereTheGroupIs() {
        produceNumbers(0, 10);
        EventReader one = events("?group=g&member=m");
        one.awaitRecords(10);
        assertThat(one.own("assigned").json().getJsonArray("partitions")).hasSize(4);
        one.close();
        Await.until("committed", () -> committed() == 10);
        produceNumbers(10, 20);

        EventReader two = events("?group=g&member=m");

        two.awaitRecords(10);
        assertThat(two.values()).containsExactlyInAnyOrderElementsOf(numbers(10, 20));
    }

    private long committed() {
        JsonObject group = new JsonObject(server.get("/v1/groups/g").body());
        JsonArray positions = group.getJsonArray("positions", new JsonArray());
        return positions.stream()
                .map(one -> ((JsonObject) one).getLong("offset"))
                .filter(offset -> offset != null)
                .mapToLong(offset -> offset)
                .sum();
    }

    @Test
    void whatAStreamIsSubscribedToIsListedUntilItEnds() {
        EventReader one = events("?group=g&member=m&filter=type=CREATE&filter=key=a*", "User-Agent", "dashboard/2");
        one.own("assigned");
        JsonObject client = clients("group=g").getJsonObject(0);
        assertThat(client.getJsonArray("subscriptions").encode())
                .isEqualTo("[{\"group\":\"g\",\"member\":\"m\",\"topics\":[\"t\"],"
                        + "\"filters\":[\"type=CREATE\",\"key=a*\"]}]");
        JsonObject member = new JsonObject(server.get("/v1/groups/g").body())
                .getJsonArray("members")
                .getJsonObject(0);
        assertThat(member.getJsonArray("filters")).containsExactly("type=CREATE", "key=a*");
        assertThat(member.getJsonObject("client").getLong("id")).isEqualTo(client.getLong("id"));
        assertThat(member.getJsonObject("client").getString("library")).isEqualTo("dashboard");
        one.close();
        Await.until("gone", () -> clients("group=g").isEmpty());

        try (RawConnection kept = new RawConnection(server.port())) {
            kept.send("GET /v1/topics/t/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            kept.readUntil("sluice.ready");
            assertThat(clients("topic=t")
                            .getJsonObject(0)
                            .getJsonArray("subscriptions")
                            .encode())
                    .isEqualTo("[{\"topics\":[\"t\"]}]");
            server.send("DELETE", "/v1/topics/t");
            kept.readUntil("topic_deleted");
            Await.until(
                    "over, and the connection is still there",
                    () -> clients("topic=t").isEmpty());
            kept.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
            kept.readUntil("HTTP/1.1 200");
        }
    }

    private JsonArray clients(String query) {
        return new JsonObject(server.get("/v1/clients?" + query).body()).getJsonArray("clients");
    }

    @Test
    void whoeverComesAsAMemberThatIsThereTakesItOver() {
        EventReader one = events("?group=g&member=m");
        one.own("assigned");

        EventReader two = events("?group=g&member=m");

        two.own("assigned");
        assertThat(one.own("end").json().getString("code")).isEqualTo("superseded");
        Await.until("end", one::hasEnded);
        produceNumbers(0, 10);
        two.awaitRecords(10);
        Await.until("committed", () -> committed() == 10);
    }

    @Test
    void twoMembersShareThePartitionsAndTakeOverFromEachOther() {
        EventReader one = events("?group=g");
        one.own("assigned");
        EventReader two = events("?group=g");
        two.own("assigned");
        produceNumbers(0, 100);

        Await.until("all", () -> one.records().size() + two.records().size() >= 100);
        assertThat(new HashSet<>(both(one, two))).hasSize(100);
        Await.until("committed", () -> committed() == 100);
        two.close();
        produceNumbers(100, 140);
        Await.until("the rest", () -> new HashSet<>(both(one, two)).size() == 140);
        assertThat(both(one, two)).hasSize(140);
    }

    private static List<String> both(EventReader one, EventReader two) {
        List<String> all = new ArrayList<>(one.values());
        all.addAll(two.values());
        return all;
    }

    @Test
    void whatAMemberHasNotSeenComesAgainIfItSaysSo() {
        produceNumbers(0, 10);
        EventReader one = events("?group=g&member=m");
        one.awaitRecords(10);
        String seen = one.records().get(4).id();
        one.close();
        Await.until("committed", () -> committed() == 10);

        EventReader two = events("?group=g&member=m", "Last-Event-ID", seen);

        two.awaitRecords(5);
        assertThat(two.values())
                .containsExactlyInAnyOrderElementsOf(one.values().subList(5, 10));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "?from=yesterday           | 400 | invalid_argument",
                "?last_event_id=AgAAAAAA   | 400 | invalid_cursor",
                "?filter=x                 | 400 | invalid_filter",
                "?member=m                 | 400 | invalid_argument",
                "?group=                   | 400 | invalid_argument",
                "?group=g&from=-15m        | 400 | invalid_argument",
                "?heartbeat_ms=1           | 400 | invalid_argument",
                "?values=xml               | 400 | invalid_argument",
                "?what=x                   | 400 | unknown_parameter",
            })
    void whatCannotBeIsRefusedAndNamed(String query, int status, String code) {
        HttpResponse<String> refused = server.get("/v1/topics/t/events" + query);

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(status);
        assertThat(new JsonObject(refused.body()).getString("code")).isEqualTo(code);
    }

    @Test
    void aCursorOfAnotherTopicIsRefused() {
        put("/v1/topics/other", "{\"partitions\": 1}");
        String id = events("").own("ready").id();

        HttpResponse<String> refused = server.get("/v1/topics/other/events?from=" + id);
        HttpResponse<String> unknown = server.get("/v1/topics/none/events");

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("it is of topic t");
        assertThat(unknown.statusCode()).isEqualTo(404);
    }

    @Test
    void whoHasGoneHoldsNothing() {
        EventReader one = events("");
        one.own("ready");
        assertThat(server.metric("sluice_http_push_subscriptions")).isEqualTo(1);
        one.close();

        Await.until("gone", () -> server.metric("sluice_http_push_subscriptions") == 0);
        assertThat(server.metric("sluice_http_push_memory_bytes")).isZero();
    }
}
