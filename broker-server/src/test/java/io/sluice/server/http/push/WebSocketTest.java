package io.sluice.server.http.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
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
class WebSocketTest {
    @TempDir
    Path folder;

    private RunningServer server;
    private final List<WsClient> sockets = new ArrayList<>();

    @BeforeEach
    void start() {
        server = TestServers.on(
                folder,
                Map.of(
                        "http.push.heartbeat.ms",
                        "200",
                        "http.push.max.subscriptions",
                        "3",
                        "http.push.max.message.bytes",
                        "2000000",
                        "http.memory.bytes",
                        "3000000",
                        "http.idle.timeout.ms",
                        "1000",
                        "http.request.timeout.ms",
                        "500"));
        topic("t", 4);
    }

    @AfterEach
    void stop() {
        sockets.forEach(WsClient::abort);
        server.close();
    }

    private void topic(String name, int partitions) {
        String wish = "{\"partitions\": " + partitions + ", \"config\": {\"max.message.bytes\": 2000000}}";
        assertThat(server.send("PUT", "/v1/topics/" + name, wish).statusCode()).isLessThan(300);
    }

    private WsClient connect() {
        WsClient socket = WsClient.connect(server.port());
        sockets.add(socket);
        return socket;
    }

    private static JsonObject op(String name) {
        return new JsonObject().put("op", name);
    }

    private static JsonObject subscribe(String id) {
        return op("subscribe").put("id", id).put("topic", "t");
    }

    private static JsonObject publish(Object value) {
        return op("publish").put("topic", "t").put("value", value);
    }

    private static JsonArray array(String... texts) {
        return new JsonArray(List.of(texts));
    }

    private void publishNumbers(WsClient socket, int from, int to) {
        int before = socket.all("published").size();
        IntStream.range(from, to).forEach(i -> socket.say(publish("v" + i).put("key", "k" + i % 7)));
        Await.until("published", () -> socket.all("published").size() == before + to - from);
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).toList();
    }

    @Test
    void whatIsPublishedReachesWhoIsSubscribed() {
        WsClient one = connect();
        WsClient two = connect();
        one.say(subscribe("s"));
        one.await("subscribed");

        two.say(publish(new JsonObject().put("n", 1.50))
                .put("id", "p")
                .put("type", "CREATE")
                .put("key", "k")
                .put("partition", 2)
                .put("headers", new JsonObject().put("a", "b")));

        assertThat(two.await("published").encode())
                .isEqualTo("{\"op\":\"published\",\"id\":\"p\",\"topic\":\"t\",\"partition\":2,\"offset\":0}");
        JsonObject record = one.await("record");
        assertThat(record.fieldNames()).containsExactly("op", "id", "record", "cursor");
        JsonObject inside = record.getJsonObject("record");
        inside.remove("timestamp");
        assertThat(inside.encode())
                .isEqualTo("{\"topic\":\"t\",\"partition\":2,\"offset\":0,\"key\":\"k\",\"value\":{\"n\":1.5},"
                        + "\"headers\":{\"a\":\"b\",\"ce_type\":\"CREATE\"}}");
    }

    @Test
    void everyCursorResumesExactlyBehindIt() {
        WsClient one = connect();
        one.say(subscribe("s"));
        String begin = one.await("subscribed").getString("cursor");
        publishNumbers(one, 0, 30);
        one.awaitValues("s", 30);
        String middle = one.all("record").get(12).getString("cursor");

        WsClient two = connect();
        two.say(subscribe("all").put("cursor", begin));
        two.say(subscribe("rest").put("from", middle));

        two.awaitValues("all", 30);
        two.awaitValues("rest", 17);
        assertThat(two.values("all")).containsExactlyInAnyOrderElementsOf(numbers(0, 30));
        assertThat(two.values("rest"))
                .containsExactlyInAnyOrderElementsOf(one.values("s").subList(13, 30));
    }

    @Test
    void whatAConnectionIsSubscribedToIsListed() {
        topic("u", 1);
        WsClient socket = connect();
        socket.say(subscribe("a").put("types", array("CREATE", "UPDATE")).put("filter", "key=a*"));
        JsonObject member = op("subscribe")
                .put("topics", array("t", "u"))
                .put("group", "g")
                .put("member", "m")
                .put("types", array("CREATE"));
        socket.say(member.copy().put("id", "b"));
        Await.until("both", () -> socket.all("subscribed").size() == 2);
        JsonObject alone =
                new JsonObject().put("topics", array("t")).put("filters", array("key=a*", "type=CREATE,UPDATE"));
        JsonObject ofGroup = new JsonObject()
                .put("group", "g")
                .put("member", "m")
                .put("topics", array("t", "u"))
                .put("filters", array("type=CREATE"));
        assertThat(subscriptions("topic=t")).containsExactly(alone, ofGroup);
        JsonObject group = new JsonObject(server.get("/v1/groups/g").body());
        JsonObject inGroup = group.getJsonArray("members").getJsonObject(0);
        assertThat(inGroup.getJsonArray("filters")).containsExactly("type=CREATE");
        assertThat(inGroup.getJsonObject("client").getString("library")).isEqualTo("test");

        socket.say(op("unsubscribe").put("id", "a"));
        // The same member again ends the one before, and what that leaves behind is not the end of this one.
        socket.say(member.copy().put("id", "c"));
        assertThat(socket.refused()).isEqualTo("superseded");
        Await.until("c", () -> socket.all("subscribed").size() == 3);
        publishNumbers(socket, 0, 7);
        socket.say(publish("wanted").put("type", "CREATE"));
        socket.awaitValues("c", 1);
        assertThat(socket.all("error")).hasSize(1);
        assertThat(subscriptions("group=g")).containsExactly(ofGroup);

        socket.abort();
        Await.until("gone", () -> subscriptions("group=g").isEmpty());
    }

    private List<JsonObject> subscriptions(String query) {
        return new JsonObject(server.get("/v1/clients?" + query).body())
                .getJsonArray("clients").stream()
                        .flatMap(client -> ((JsonObject) client).getJsonArray("subscriptions").stream())
                        .map(JsonObject.class::cast)
                        .toList();
    }

    @Test
    void whatIsNotAcknowledgedComesAgain() {
        WsClient one = connect();
        publishNumbers(one, 0, 10);
        JsonObject member = subscribe("s").put("group", "g").put("member", "m").put("ack", true);
        one.say(member);
        one.awaitValues("s", 10);
        one.say(op("ack").put("id", "s").put("cursor", one.all("record").get(3).getString("cursor")));
        one.await("acked");
        one.abort();
        Await.until(
                "it has left",
                () -> new JsonObject(server.get("/v1/groups/g").body())
                        .getJsonArray("members")
                        .isEmpty());

        WsClient two = connect();
        two.say(member);

        two.awaitValues("s", 6);
        assertThat(two.values("s"))
                .containsExactlyInAnyOrderElementsOf(one.values("s").subList(4, 10));
    }

    @Test
    void aGroupThatIsMovedTakesAlongWhoAcknowledges() {
        topic("moved", 1);
        WsClient socket = connect();
        IntStream.range(0, 10).forEach(i -> socket.say(publish("v" + i).put("topic", "moved")));
        Await.until("published", () -> socket.all("published").size() == 10);
        socket.say(subscribe("s").put("topic", "moved").put("group", "g").put("ack", true));
        socket.awaitValues("s", 10);
        String fifth = socket.all("record").get(4).getString("cursor");
        socket.say(op("ack").put("id", "s").put("cursor", fifth));
        socket.await("acked");

        seek("{\"to\": \"earliest\"}");

        socket.awaitValues("s", 20);
        assertThat(socket.values("s").subList(10, 20)).isEqualTo(numbers(0, 10));

        seek("{\"to\": {\"moved\": {\"0\": 8}}}");

        socket.awaitValues("s", 22);
        assertThat(socket.values("s").subList(20, 22)).isEqualTo(numbers(8, 10));
        // Once this has been acknowledged, what was acknowledged before the group was moved has had its time.
        socket.say(op("ack").put("id", "s").put("cursor", fifth));
        Await.until("acknowledged", () -> socket.all("acked").size() == 2);
        assertThat(position()).isEqualTo(8);
    }

    private void seek(String to) {
        assertThat(server.send("POST", "/v1/groups/g/seek", to).statusCode()).isEqualTo(200);
    }

    private long position() {
        return new JsonObject(server.get("/v1/groups/g").body())
                .getJsonArray("positions")
                .getJsonObject(0)
                .getLong("offset");
    }

    @Test
    void whatIsAcknowledgedIsCommittedThoughTheMemberIsAboutToGetMore() {
        topic("grows", 1);
        WsClient socket = connect();
        JsonArray many = new JsonArray();
        numbers(0, 200).forEach(value -> many.add(new JsonObject().put("value", value)));
        String body = new JsonObject().put("records", many).encode();
        assertThat(server.send("POST", "/v1/topics/grows/records", body).statusCode())
                .isEqualTo(200);
        socket.say(subscribe("s").put("topic", "grows").put("group", "g").put("ack", true));
        socket.awaitValues("s", 200);
        List<String> cursors = socket.all("record").stream()
                .map(message -> message.getString("cursor"))
                .toList();

        for (int i = 0; i < 200; i++) {
            if (i % 4 == 0) {
                grow(2 + i / 4);
            }
            int acked = i + 1;
            socket.say(op("ack").put("id", "s").put("cursor", cursors.get(i)));
            Await.until("acknowledged", () -> socket.all("acked").size() == acked);
            assertThat(position()).as("committed when it is answered").isEqualTo(acked);
        }
        // It was about to get more again and again.
        assertThat(socket.all("subscribed")).hasSizeGreaterThan(10);
    }

    private void grow(int partitions) {
        assertThat(server.send("PATCH", "/v1/topics/grows", "{\"partitions\": " + partitions + "}")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void whoAcknowledgesNothingGetsNoMoreBecauseOthersComeAndGo() {
        WsClient socket = connect();
        JsonArray many = new JsonArray();
        IntStream.range(0, 6_000).forEach(i -> many.add(new JsonObject().put("value", "v" + i)));
        String body = new JsonObject().put("records", many).encode();
        assertThat(server.send("POST", "/v1/topics/t/records", body).statusCode())
                .isEqualTo(200);
        JsonObject member = subscribe("s").put("group", "g").put("ack", true);
        socket.say(member);
        socket.awaitValues("s", 1_000);

        for (int round = 1; round <= 4; round++) {
            int turns = 2 * round;
            WsClient other = connect();
            other.say(member);
            Await.until("shared", () -> socket.all("subscribed").size() >= turns);
            other.abort();
            Await.until("alone", () -> socket.all("subscribed").size() >= turns + 1);
        }

        // A thousand, and what one piece more has.
        assertThat(socket.values("s").stream().distinct().count()).isLessThan(2_000);
    }

    @Test
    void aLargeRecordGoesOutInFramesThatNothingBreaks() {
        WsClient socket = connect();
        socket.say(subscribe("a"));
        socket.say(subscribe("b"));
        Await.until("both", () -> socket.all("subscribed").size() == 2);
        String large = "ü€\n".repeat(100_000);

        socket.say(publish(large).put("partition", 0));
        socket.await("published");
        publishNumbers(socket, 0, 20);
        socket.say(op("ping"));

        socket.awaitValues("a", 21);
        socket.awaitValues("b", 21);
        socket.await("pong");
        assertThat(socket.values("a").contains(large)).isTrue();
        assertThat(socket.values("b").contains(large)).isTrue();
    }

    @Test
    void aRecordMayHoldWhateverJsonHolds() {
        WsClient socket = connect();
        socket.say(subscribe("s").put("values", "text"));
        socket.await("subscribed");
        String deep = "[".repeat(40) + "]".repeat(40);
        String many = "[" + "{},".repeat(110_000) + "1" + "0".repeat(600) + "]";

        socket.sayText("{\"op\":\"publish\",\"topic\":\"t\",\"partition\":0,\"value\":" + deep + "}");
        socket.sayText("{\"op\":\"publish\",\"topic\":\"t\",\"partition\":0,\"value\":" + many + "}");

        socket.awaitValues("s", 2);
        assertThat(socket.values("s")).containsExactly(deep, many);
        socket.sayText("{\"op\":\"publish\",\"topic\":\"t\",\"value\":1} 2");
        assertThat(socket.refused()).isEqualTo("invalid_json");
    }

    @Test
    void messagesThatAreNotWholeYetShareTheMemoryOfAllRequests() {
        WsClient socket = connect();
        String half = "x".repeat(1_800_000);
        socket.begin(half);
        Await.until("it is counted", () -> server.metric("sluice_http_requests_memory_bytes") >= 1_800_000);
        WsClient other = connect();
        other.begin(half);
        Await.until("closed", () -> other.closedWith() != 0);
        assertThat(other.closedWith()).isEqualTo(1013);

        socket.abort();
        Await.until("it is given back", () -> server.metric("sluice_http_requests_memory_bytes") == 0);
        WsClient third = connect();
        third.say(publish("y".repeat(700_000)));
        third.await("published");
        awaitMemory(0);
    }

    @Test
    void whatIsReadToItsEndHoldsNoMemory() {
        WsClient socket = connect();
        socket.say(publish("v"));
        socket.await("published");
        awaitMemory(0);

        socket.sayBytes(new byte[1_000]);
        assertThat(socket.refused()).isEqualTo("invalid_message");
        awaitMemory(0);

        socket.begin(" ".repeat(1_000));
        IntStream.range(0, 100).forEach(i -> socket.pingAndPong());
        // What it is masked with, and its length, are of a frame too.
        awaitMemory(1_008);
        socket.say(op("ping"));
        socket.await("pong");
        IntStream.range(0, 100).forEach(i -> socket.pingAndPong());
        awaitMemory(0);
    }

    private void awaitMemory(int bytes) {
        Await.until(bytes + " bytes of memory", () -> server.metric("sluice_http_requests_memory_bytes") == bytes);
    }

    @ParameterizedTest
    @CsvSource({"Sec-WebSocket-Version: 99, 426", "Sec-WebSocket-Version: 13, 400"})
    void aConnectionThatBecameNoWebSocketGoesOn(String header, int status) {
        try (RawConnection connection = new RawConnection(server.port())) {
            connection.send("GET /v1/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + header
                    + "\r\n\r\n");
            assertThat(connection.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 " + status);

            String next = "GET /v1/topics/t?x=" + "y".repeat(1_000) + " HTTP/1.1\r\nHost: a\r\n\r\n";
            connection.send(next);
            connection.readUntil("unknown_parameter");

            assertThat(server.metric("sluice_http_requests_memory_bytes")).isZero();
        }
    }

    @Test
    void whoIsUnsubscribedHearsNothingMore() {
        WsClient socket = connect();
        socket.say(subscribe("s"));
        socket.await("subscribed");
        socket.say(op("unsubscribe").put("id", "s"));
        socket.await("unsubscribed");

        publishNumbers(socket, 0, 5);
        socket.say(subscribe("s").put("from", "earliest"));

        socket.awaitValues("s", 5);
        assertThat(socket.values("s")).hasSize(5);
    }

    @Test
    void aConnectionThatOnlyListensStaysOpen() {
        WsClient socket = connect();
        socket.say(subscribe("s"));
        socket.await("subscribed");
        long beginNs = System.nanoTime();

        Await.until("much longer than a connection may be idle", () -> System.nanoTime() - beginNs > 3_000_000_000L);

        publishNumbers(socket, 0, 1);
        socket.awaitValues("s", 1);
    }

    @Test
    void whoClosesIsNotToldOfAStop() {
        WsClient socket = connect();
        socket.say(subscribe("s"));
        socket.await("subscribed");

        socket.close();

        Await.until("closed", () -> socket.closedWith() != 0);
        assertThat(socket.closedWith()).isEqualTo(1000);
    }

    @Test
    void aStopClosesWithGoingAway() {
        WsClient socket = connect();
        socket.say(subscribe("s"));
        socket.await("subscribed");
        assertThat(server.metric("sluice_http_push_subscriptions")).isEqualTo(1);

        server.restart();

        Await.until("closed", () -> socket.closedWith() != 0);
        assertThat(socket.closedWith()).isEqualTo(1001);
    }

    @Test
    void whoHasGoneIsNoConnectionAnyMore() {
        double before = server.metric("sluice_http_connections");
        WsClient socket = connect();
        socket.say(subscribe("s"));
        socket.await("subscribed");
        socket.abort();

        Await.until("gone", () -> server.metric("sluice_http_push_subscriptions") == 0);
        Await.until("closed", () -> server.metric("sluice_http_connections") <= before);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense                                                          | invalid_json",
                "{\"op\":\"dance\"}                                                | invalid_argument",
                "{\"op\":\"subscribe\",\"id\":\"s\"}                               | invalid_argument",
                "{\"op\":\"subscribe\",\"id\":\"s\",\"topic\":\"none\"}            | unknown_topic",
                "{\"op\":\"subscribe\",\"id\":\"s\",\"topic\":\"t\",\"x\":1}       | unknown_field",
                "{\"op\":\"subscribe\",\"id\":\"s\",\"topic\":\"t\",\"filter\":\"x\"} | invalid_filter",
                "{\"op\":\"subscribe\",\"id\":\"s\",\"topic\":\"t\",\"cursor\":\"x\"} | invalid_cursor",
                "{\"op\":\"subscribe\",\"id\":\"s\",\"topic\":\"t\",\"ack\":true}  | invalid_argument",
                "{\"op\":\"unsubscribe\",\"id\":\"s\"}                             | unknown_subscription",
                "{\"op\":\"ack\",\"id\":\"s\",\"cursor\":\"x\"}                    | unknown_subscription",
                "{\"op\":\"publish\",\"topic\":\"t\"}                              | invalid_argument",
                "{\"op\":\"publish\",\"topic\":\"none\",\"value\":1}               | unknown_topic",
                "{\"op\":\"publish\",\"topic\":\"t\",\"value\":1,\"partition\":9}  | unknown_partition",
            })
    void whatCannotBeIsRefusedAndTheConnectionGoesOn(String message, String code) {
        WsClient socket = connect();
        socket.sayText(message);

        assertThat(socket.refused()).isEqualTo(code);
        publishNumbers(socket, 0, 1);
    }

    @Test
    void limitsAreKept() {
        WsClient socket = connect();
        for (int i = 0; i < 4; i++) {
            socket.say(subscribe("s" + i));
        }
        assertThat(socket.refused()).isEqualTo("too_many_subscriptions");
        WsClient large = connect();
        large.sayInVain("x".repeat(2_100_000));
        Await.until("closed", () -> large.closedWith() != 0);
        assertThat(server.get("/v1/ws").statusCode()).isEqualTo(426);
    }

    @Test
    void aPageOfAnotherSiteMayNotConnect() {
        URI address = URI.create("ws://127.0.0.1:" + server.port() + "/v1/ws");
        var foreign = HttpClient.newHttpClient().newWebSocketBuilder().header("Origin", "http://evil.example");
        var own =
                HttpClient.newHttpClient().newWebSocketBuilder().header("Origin", "http://127.0.0.1:" + server.port());

        assertThatThrownBy(() -> foreign.buildAsync(address, new WsClient()).join())
                .hasMessageContaining("Handshake");
        own.buildAsync(address, new WsClient()).join().abort();
    }
}
