package io.sluice.server.http.queues;

import static io.sluice.server.http.queues.SocketFace.answer;
import static io.sluice.server.http.queues.SocketFace.awaitClosed;
import static io.sluice.server.http.queues.SocketFace.given;
import static io.sluice.server.http.queues.SocketFace.lease;
import static io.sluice.server.http.queues.SocketFace.op;
import static io.sluice.server.http.queues.SocketFace.receive;
import static io.sluice.server.http.queues.SocketFace.refused;
import static io.sluice.server.http.queues.SocketFace.results;
import static io.sluice.server.http.queues.SocketFace.roundTrip;
import static io.sluice.server.http.queues.SocketFace.say;
import static io.sluice.server.http.queues.SocketFace.send;
import static io.sluice.server.http.queues.SocketFace.settle;
import static io.sluice.server.http.queues.SocketFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.http.push.WsClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What can be done over the WebSocket of a queue. */
@Timeout(120)
@ExtendWith({BlockedThreadsFail.class, NoErrorsLogged.class})
class QueueSocketTest {
    private static final String QUEUE = "jobs";
    /** So long that it does not matter. */
    private static final int LONG_MS = 3_600_000;

    @TempDir
    private Path folder;

    private SocketFace face;

    @BeforeEach
    void start() {
        face = new SocketFace(folder, Map.of());
        face.create(QUEUE);
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private WsClient connect() {
        return face.connect(QUEUE);
    }

    private static JsonObject timed(int max, int visibilityMs) {
        return receive(max).put("visibility_timeout_ms", visibilityMs);
    }

    private static JsonObject named(int max, String consumer) {
        return receive(max).put("consumer", consumer).put("session_timeout_ms", LONG_MS);
    }

    // ---- sending, receiving, settling ----

    @Test
    void whatIsSentIsGivenAndAcknowledged() {
        WsClient socket = connect();
        say(socket, receive(10).put("id", "r").put("consumer", "w"), send("s", "a", new JsonObject().put("n", 1.50)));

        assertThat(answer(socket, "receiving", "r").encode())
                .isEqualTo("{\"op\":\"receiving\",\"id\":\"r\",\"max\":10,\"consumer\":\"w\"}");
        assertThat(answer(socket, "sent", "s").encode())
                .isEqualTo("{\"op\":\"sent\",\"id\":\"s\",\"messages\":[{\"id\":\"0-0\"},{\"id\":\"0-1\"}]}");
        List<JsonObject> given = given(socket, 2);
        assertThat(given.get(0).fieldNames())
                .containsExactly(
                        "id",
                        "lease",
                        "lease_expires_at",
                        "deliveries",
                        "enqueued_at",
                        "first_received_at",
                        "key",
                        "value",
                        "headers");
        assertThat(values(given)).containsExactly("a", new JsonObject().put("n", 1.5));
        assertThat(given.get(0).getValue("lease_expires_at")).isNull();

        socket.say(settle("ack", "a", lease(given.get(0)), lease(given.get(1))).put("result", 7));

        assertThat(results(answer(socket, "acked", "a"))).allMatch(one -> one.getBoolean("ok", false));
        assertThat(face.message(QUEUE, "0-0").getString("state")).isEqualTo("acknowledged");
        assertThat(face.message(QUEUE, "0-1").getInteger("result")).isEqualTo(7);
    }

    @Test
    void whatComesTogetherIsAnsweredOneByOne() {
        WsClient socket = connect();
        say(
                socket,
                op("ping", "1"),
                send("2", "a"),
                op("dance", "3"),
                settle("ack", "4", "nonsense"),
                op("receive", "5"),
                op("send", "6").put("messages", new JsonArray().add(new JsonObject().put("x", 1))),
                send("7", "b", "c"),
                op("ping", "8"));

        answer(socket, "pong", "1");
        answer(socket, "pong", "8");
        assertThat(refused(socket, "3", "invalid_argument").getString("detail")).contains("dance", "extend");
        assertThat(results(answer(socket, "acked", "4")))
                .singleElement()
                .satisfies(one ->
                        assertThat(one.getJsonObject("error").getString("code")).isEqualTo("invalid_lease"));
        assertThat(refused(socket, "5", "invalid_argument").getString("field")).isEqualTo("max");
        assertThat(refused(socket, "6", "unknown_field").getString("field")).isEqualTo("messages[0].x");
        assertThat(answer(socket, "sent", "2").getJsonArray("messages")).hasSize(1);
        assertThat(answer(socket, "sent", "7").getJsonArray("messages")).hasSize(2);
        assertThat(face.count(QUEUE, "visible")).isEqualTo(3);
    }

    @Test
    void acknowledgementsThatComeTogetherAreAnsweredEachWithItsOwn() {
        face.sendAll(QUEUE, "a", "b", "c");
        WsClient socket = connect();
        socket.say(receive(3));
        List<JsonObject> given = given(socket, 3);
        String done = lease(given.get(0));
        socket.say(settle("ack", "0", done));
        answer(socket, "acked", "0");

        say(
                socket,
                settle("ack", "1", lease(given.get(1))),
                settle("ack", "2", done),
                settle("ack", "3", done, lease(given.get(2))));

        assertThat(results(answer(socket, "acked", "1")).get(0).getBoolean("ok"))
                .isTrue();
        JsonObject stale = results(answer(socket, "acked", "2")).get(0);
        assertThat(stale.getJsonObject("error").getString("code")).isEqualTo("stale_lease");
        assertThat(results(answer(socket, "acked", "3")))
                .extracting(one -> one.getBoolean("ok", false))
                .containsExactly(false, true);
        assertThat(face.queues.described(QUEUE).getInteger("lag")).isZero();
    }

    @Test
    void whatIsSaidFirstOfALeaseHolds() {
        face.sendAll(QUEUE, "a", "b");
        WsClient socket = connect();
        socket.say(receive(2));
        List<JsonObject> given = given(socket, 2);

        say(
                socket,
                settle("ack", "ack", lease(given.get(0))),
                settle("nack", "nack", lease(given.get(0))),
                settle("ack", "ack2", lease(given.get(1))),
                settle("extend", "extend", lease(given.get(1))));

        assertThat(results(answer(socket, "acked", "ack")).get(0).getBoolean("ok", false))
                .isTrue();
        assertThat(results(answer(socket, "nacked", "nack")).get(0).containsKey("error"))
                .isTrue();
        assertThat(results(answer(socket, "acked", "ack2")).get(0).getBoolean("ok", false))
                .isTrue();
        assertThat(results(answer(socket, "extended", "extend")).get(0).containsKey("error"))
                .isTrue();
    }

    @Test
    void noMoreThanTheMostAreUnsettled() {
        face.sendAll(QUEUE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        WsClient socket = connect();
        socket.say(receive(3));

        for (int acked = 0; acked < 10; acked++) {
            int all = Math.min(10, acked + 3);
            JsonObject next = given(socket, all).get(acked);
            roundTrip(socket);
            assertThat(given(socket)).hasSize(all);
            assertThat(face.count(QUEUE, "in_flight")).isEqualTo(all - acked);
            socket.say(settle("ack", "a" + acked, lease(next)));
            answer(socket, "acked", "a" + acked);
        }
        assertThat(values(given(socket))).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    @Test
    void whoWantsNoneGetsNoneUntilItWantsSomeAgain() {
        face.sendAll(QUEUE, "a");
        WsClient socket = connect();
        socket.say(receive(1));
        given(socket, 1);
        say(
                socket,
                receive(0).put("id", "none"),
                settle("ack", "a", lease(given(socket).get(0))));
        assertThat(answer(socket, "receiving", "none").getInteger("max")).isZero();
        answer(socket, "acked", "a");

        face.sendAll(QUEUE, "b", "c");
        JsonObject other = face.receivedBy("other", QUEUE, 1).get(0);
        roundTrip(socket);
        assertThat(given(socket)).hasSize(1);
        assertThat(other.getInteger("deliveries")).isEqualTo(1);

        socket.say(receive(5));
        assertThat(values(given(socket, 2))).containsExactly("a", "c");
    }

    @Test
    void whoWantsLessBeforeTheyAreThereGetsNoMoreThanThat() {
        face.sendAll(QUEUE, 0, 1, 2, 3, 4);
        for (int round = 0; round < 8; round++) {
            WsClient socket = connect();
            say(socket, timed(5, LONG_MS), receive(2));
            given(socket, 2);
            roundTrip(socket);

            int most = 0;
            int has = 0;
            for (JsonObject told : socket.all()) {
                if (told.getString("op").equals("receiving")) {
                    most = told.getInteger("max");
                } else if (told.getString("op").equals("messages")) {
                    has += told.getJsonArray("messages").size();
                    assertThat(has).isLessThanOrEqualTo(most);
                }
            }
            int given = has;
            Await.until("the others are there again", () -> face.count(QUEUE, "visible") == 5 - given);
            String[] leases = given(socket).stream().map(SocketFace::lease).toArray(String[]::new);
            say(socket, receive(0), settle("nack", "n", leases).put("delay_ms", 0));
            answer(socket, "nacked", "n");
            socket.close();
            Await.until(
                    "all are there again",
                    () -> face.queues.described(QUEUE).getJsonObject("messages").getInteger("in_flight") == 0);
        }
    }

    @Test
    void whatIsRejectedComesAgainOrDies() {
        face.sendAll(QUEUE, "again", "dead", "later");
        WsClient socket = connect();
        socket.say(receive(3));
        List<JsonObject> given = given(socket, 3);

        say(
                socket,
                settle("nack", "n", lease(given.get(0))).put("delay_ms", 0).put("reason", "no time"),
                op("nack", "e")
                        .put(
                                "entries",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("lease", lease(given.get(1)))
                                                .put("dead", true))
                                        .add(new JsonObject()
                                                .put("lease", lease(given.get(2)))
                                                .put("delay_ms", LONG_MS))));

        assertThat(results(answer(socket, "nacked", "e"))).hasSize(2);
        JsonObject again = given(socket, 4).get(3);
        assertThat(again.getString("value")).isEqualTo("again");
        assertThat(again.getInteger("deliveries")).isEqualTo(2);
        assertThat(face.message(QUEUE, "0-0").getJsonArray("attempts").encode()).contains("no time");
        Await.until("dead", () -> face.message(QUEUE, "0-1").getString("state").equals("dead"));
        assertThat(face.message(QUEUE, "0-2").getString("state")).isEqualTo("delayed");
    }

    @Test
    void whatTakesLongerIsExtended() {
        face.sendAll(QUEUE, "a");
        WsClient socket = connect();
        socket.say(timed(1, 60_000));
        JsonObject given = given(socket, 1).get(0);

        socket.say(settle("extend", "e", lease(given))
                .put("visibility_timeout_ms", LONG_MS)
                .put("progress", new JsonObject().put("percent", 40)));

        JsonObject extended = results(answer(socket, "extended", "e")).get(0);
        assertThat(extended.getLong("lease_expires_at")).isGreaterThan(given.getLong("lease_expires_at"));
        assertThat(face.message(QUEUE, "0-0").getJsonObject("progress").getInteger("percent"))
                .isEqualTo(40);
    }

    @Test
    void whoseLeaseIsOverHearsWhoHasTheMessage() {
        face.sendAll(QUEUE, "a");
        WsClient socket = connect();
        say(socket, timed(1, 1), receive(0));
        Await.until(
                "given or given back",
                () -> !given(socket).isEmpty() || socket.all("receiving").size() == 2);
        socket.say(receive(1));
        String lease = lease(given(socket, 1).get(0));
        socket.say(receive(0).put("id", "none"));
        answer(socket, "receiving", "none");
        face.receivedBy("other", QUEUE, 1);

        say(socket, settle("ack", "a", lease), settle("nack", "n", lease), settle("extend", "e", lease));

        for (JsonObject answer :
                List.of(answer(socket, "acked", "a"), answer(socket, "nacked", "n"), answer(socket, "extended", "e"))) {
            JsonObject error = results(answer).get(0).getJsonObject("error");
            assertThat(error.getString("code")).isEqualTo("stale_lease");
            assertThat(error.getString("holder")).isEqualTo("other");
        }
    }

    @Test
    void aLeaseThatHasEndedMakesRoom() {
        face.sendAll(QUEUE, "a", "b");
        WsClient socket = connect();
        socket.say(timed(1, 100));

        assertThat(given(socket, 3)).hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void messagesOfAKeyComeOneAfterTheOther() {
        face.queues.create("strict", new JsonObject().put("order", "key"));
        WsClient socket = face.connect("strict");
        JsonArray messages = new JsonArray();
        for (int i = 0; i < 3; i++) {
            messages.add(new JsonObject().put("key", "k").put("value", i));
        }
        say(socket, op("send", "s").put("messages", messages), receive(10));

        for (int i = 0; i < 3; i++) {
            List<JsonObject> given = given(socket, i + 1);
            roundTrip(socket);
            assertThat(values(given(socket))).hasSize(i + 1).endsWith(i);
            socket.say(settle("ack", "a" + i, lease(given.get(i))));
        }
    }

    @Test
    void aPausedQueueGivesNothingUntilItGoesOn() {
        WsClient socket = connect();
        socket.say(receive(10));
        assertThat(face.queues.post(QUEUE + "/pause").statusCode()).isEqualTo(200);
        say(socket, send("s", "a"));
        answer(socket, "sent", "s");
        roundTrip(socket);
        assertThat(given(socket)).isEmpty();

        assertThat(face.queues.post(QUEUE + "/resume").statusCode()).isEqualTo(200);

        given(socket, 1);
    }

    @Test
    void whatIsCompressedIsGiven() {
        assertThat(face.queues
                        .server
                        .send("PUT", "/v1/topics/z", "{\"partitions\":1,\"config\":{\"compression.type\":\"zstd\"}}")
                        .statusCode())
                .isEqualTo(201);
        face.queues.create("z");
        face.sendAll("z", "a".repeat(10_000), "b");
        WsClient socket = face.connect("z");
        socket.say(receive(10));

        assertThat(values(given(socket, 2))).containsExactly("a".repeat(10_000), "b");
    }

    @Test
    void messagesOfAnySizeComeAndEachIsDeliveredOnce() {
        assertThat(face.queues
                        .server
                        .send(
                                "PUT",
                                "/v1/topics/large",
                                "{\"partitions\":1,\"config\":{\"max.message.bytes\":3000000}}")
                        .statusCode())
                .isEqualTo(201);
        face.queues.create("large");
        String large = "x".repeat(1_500_000);
        for (int i = 0; i < 3; i++) {
            face.sendAll("large", i + large, "small");
        }
        WsClient socket = face.connect("large");
        socket.say(receive(10));

        List<JsonObject> given = given(socket, 6);
        assertThat(values(given)).containsExactly("0" + large, "small", "1" + large, "small", "2" + large, "small");
        assertThat(given).allMatch(one -> one.getInteger("deliveries") == 1);
    }

    @Test
    void whoReceivesIsListed() {
        WsClient socket = connect();
        socket.say(receive(10).put("consumer", "w"));
        socket.await("receiving");

        assertThat(subscriptions())
                .containsExactly(new JsonObject()
                        .put("queue", QUEUE)
                        .put("consumer", "w")
                        .put("topics", new JsonArray().add(QUEUE)));
        assertThat(face.queues.described(QUEUE).getInteger("receivers")).isEqualTo(1);

        socket.close();
        Await.until("nobody", () -> subscriptions().isEmpty());
        Await.until("nobody waits", () -> face.queues.described(QUEUE).getInteger("receivers") == 0);
    }

    private List<JsonObject> subscriptions() {
        return new JsonObject(
                        face.queues.server.get("/v1/clients?topic=" + QUEUE).body())
                .getJsonArray("clients").stream()
                        .flatMap(client -> ((JsonObject) client).getJsonArray("subscriptions").stream())
                        .map(JsonObject.class::cast)
                        .toList();
    }

    // ---- when a connection ends ----

    @Test
    void whatACutConnectionHadGoesToOthers() {
        face.sendAll(QUEUE, "a", "b", "c");
        WsClient cut = connect();
        cut.say(named(2, "w"));
        given(cut, 2);
        WsClient other = connect();
        other.say(receive(10));
        assertThat(values(given(other, 1))).containsExactly("c");

        cut.abort();

        List<JsonObject> again = given(other, 3).subList(1, 3);
        assertThat(values(again)).containsExactlyInAnyOrder("a", "b");
        assertThat(again).allMatch(one -> one.getInteger("deliveries") == 2);
    }

    @Test
    void aLeaseForATimeOutlastsTheConnection() {
        face.sendAll(QUEUE, "a");
        WsClient cut = connect();
        cut.say(timed(1, LONG_MS).put("consumer", "w"));
        String lease = lease(given(cut, 1).get(0));

        cut.abort();

        Await.until("gone", () -> subscriptions().isEmpty());
        assertThat(face.message(QUEUE, "0-0").getString("consumer")).isEqualTo("w");
        WsClient other = connect();
        other.say(settle("ack", "a", lease));
        assertThat(results(answer(other, "acked", "a")).get(0).getBoolean("ok", false))
                .isTrue();
    }

    @Test
    void whoComesBackUnderItsNameIsGivenWhatItHad() {
        face.sendAll(QUEUE, "a");
        WsClient cut = connect();
        cut.say(named(1, "w"));
        given(cut, 1);
        cut.abort();
        Await.until("gone", () -> subscriptions().isEmpty());

        WsClient again = connect();
        again.say(named(1, "w"));

        assertThat(given(again, 1).get(0).getInteger("deliveries")).isEqualTo(2);
    }

    @Test
    void whoComesBackToABrokerThatWasStartedAnewIsGivenWhatItHad() {
        face.sendAll(QUEUE, "a");
        WsClient cut = connect();
        cut.say(named(1, "w"));
        given(cut, 1);
        face.queues.server.restart();
        awaitClosed(cut, 1001);
        Await.until("read", () -> face.queues.get(QUEUE).statusCode() == 200);

        WsClient again = connect();
        again.say(named(1, "w"));

        assertThat(given(again, 1).get(0).getInteger("deliveries")).isEqualTo(2);
    }

    @Test
    void whatOneOfSeveralConnectionsOfANameHadGoesToTheOthers() {
        face.sendAll(QUEUE, "a", "b");
        WsClient one = connect();
        one.say(named(1, "w"));
        assertThat(values(given(one, 1))).containsExactly("a");
        WsClient two = connect();
        two.say(named(2, "w"));
        assertThat(values(given(two, 1))).containsExactly("b");

        one.abort();

        assertThat(values(given(two, 2))).containsExactly("b", "a");
        two.say(settle("ack", "a", lease(given(two).get(0)), lease(given(two).get(1))));
        assertThat(results(answer(two, "acked", "a"))).allMatch(result -> result.getBoolean("ok", false));
    }

    @Test
    void aQueueThatIsDeletedClosesItAndTheNextOneOfItsNameIsNotItsOwn() {
        face.sendAll(QUEUE, "old");
        WsClient full = connect();
        full.say(receive(1));
        given(full, 1);
        WsClient waits = connect();
        waits.say(receive(10));
        waits.await("receiving");
        WsClient idle = connect();
        roundTrip(idle);

        assertThat(face.queues.delete(QUEUE).statusCode()).isLessThan(300);
        face.create(QUEUE);
        face.sendAll(QUEUE, "new");
        full.sayInVain(settle("ack", "a", lease(given(full).get(0))).encode());

        for (WsClient socket : List.of(full, waits, idle)) {
            awaitClosed(socket, 1001);
            assertThat(values(given(socket))).doesNotContain("new");
        }
        JsonObject received = face.receivedBy("other", QUEUE, 1).get(0);
        assertThat(received.getString("value")).isEqualTo("new");
        assertThat(received.getInteger("deliveries")).isEqualTo(1);
    }

    @Test
    void whoClosesIsNotToldOfAStop() {
        WsClient socket = connect();
        socket.say(receive(10));
        socket.await("receiving");

        socket.close();

        awaitClosed(socket, 1000);
    }

    @Test
    void aBrokerThatStopsSaysSo() {
        WsClient socket = connect();
        socket.say(receive(10));
        socket.await("receiving");
        WsClient idle = connect();

        face.queues.server.restart();

        awaitClosed(socket, 1001);
        awaitClosed(idle, 1001);
    }
}
