package io.sluice.server.http.queues;

import static io.sluice.server.http.queues.MessagesFace.ids;
import static io.sluice.server.http.queues.MessagesFace.leases;
import static io.sluice.server.http.queues.MessagesFace.messages;
import static io.sluice.server.http.queues.MessagesFace.ok;
import static io.sluice.server.http.queues.MessagesFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.ManualClock;
import io.sluice.server.fixture.Await;
import io.sluice.server.http.push.WsClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages that have been delivered before and cannot be read now, or are not in the log any more. */
class DamagedMessagesTest {
    private static final String BAD = "this one will be damaged";

    @TempDir
    private Path folder;

    private final ManualClock clock = new ManualClock(System.currentTimeMillis());
    private MessagesFace face;

    @BeforeEach
    void start() {
        face = new MessagesFace(folder, Map.of(), clock);
        patch(new JsonObject()
                .put("backoff", new JsonObject().put("initial_ms", 0).put("max_ms", 0)));
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private void patch(JsonObject settings) {
        ok(face.server.send("PATCH", "/v1/queues/default", settings.encode()));
    }

    private JsonObject queue() {
        return ok(face.server.get("/v1/queues/default"));
    }

    private long count(String counter) {
        return queue().getJsonObject("counters").getLong(counter);
    }

    private JsonObject message(String id) {
        return ok(face.server.get("/v1/queues/default/messages/" + id));
    }

    /** Each in a batch of its own, delivered once and rejected, so that the queue knows of it without reading. */
    private String sendAndReject(String... texts) {
        String last = "";
        for (String text : texts) {
            last = face.send(text).get(0);
            ok(face.post("nack", leases(face.receive(1)).put("delay_ms", 60_000)));
        }
        clock.advance(Duration.ofMinutes(2));
        return last;
    }

    private void damage() throws IOException {
        face.close();
        Path log = folder.resolve("default-0").resolve("00000000000000000000.log");
        byte[] bytes = Files.readAllBytes(log);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(BAD);
        assertThat(at).isPositive();
        bytes[at] ^= 1;
        Files.write(log, bytes);
        face = new MessagesFace(folder, Map.of(), clock);
    }

    @Test
    void oneThatCannotBeReadDoesNotKeepTheOthersAway() throws Exception {
        sendAndReject("a", BAD, "b");
        damage();

        JsonObject received = Await.value("both", () -> face.receive(10), got -> !ids(got).isEmpty());

        assertThat(values(received)).containsExactly("a", "b");
        JsonObject bad = message("0-2");
        assertThat(bad.getString("reason")).startsWith("cannot be read: ");
        assertThat(bad.getString("unreadable")).contains("damaged");
        assertThat(ok(face.server.get("/v1/queues/default/messages/0-2/why")).encode())
                .contains("cannot be read");
    }

    @Test
    void overAWebSocketItKeepsNobodyAwayEither() throws Exception {
        // It could come again at once, for ever.
        patch(new JsonObject().put("max_deliveries", 0));
        String bad = sendAndReject("a", BAD);
        damage();
        WsClient socket = WsClient.connect(face.server.port(), "/v1/queues/default/ws", "test/1");
        socket.say(new JsonObject().put("op", "receive").put("max", 10));
        Await.until("tried again and again", () -> message(bad).getInteger("deliveries") > 10);

        face.send("good");

        Await.until("both", () -> SocketFace.given(socket).size() == 2);
        assertThat(SocketFace.values(SocketFace.given(socket))).containsExactlyInAnyOrder("a", "good");
        assertThat(message(bad).getJsonArray("attempts").encode()).contains("cannot be read: ");
        assertThat(socket.all("error")).isEmpty();
        socket.abort();
    }

    @Test
    void oneThatCannotBeReadIsDeadInTheEnd() throws Exception {
        patch(new JsonObject().put("max_deliveries", 4));
        String bad = sendAndReject(BAD);
        String good = sendAndReject("good");
        damage();

        // It comes first, and again and again; who asks for one gets the next.
        JsonObject received = Await.value("the other", () -> face.receive(1), got -> !ids(got).isEmpty());
        assertThat(ids(received)).containsExactly(good);
        ok(face.post("ack", leases(received)));
        JsonObject dead = Await.value(
                "dead",
                () -> {
                    face.receive(1);
                    return message(bad);
                },
                got -> got.getString("state").equals("dead"));

        assertThat(dead.getInteger("deliveries")).isEqualTo(4);
        assertThat(dead.getJsonArray("attempts").encode()).contains("cannot be read: ");
        assertThat(queue().getInteger("lag")).isZero();
    }

    @Test
    void whatTheLogHasNoMoreIsGoneAndNotDone() {
        sendAndReject("a", "b");
        long done = count("acknowledged");
        assertThat(face.server
                        .send("DELETE", "/v1/topics/default/partitions/0/records?before=2")
                        .statusCode())
                .isEqualTo(200);

        JsonObject received = face.receive(10);

        assertThat(values(received)).containsExactly("b");
        assertThat(messages(received).get(0).getInteger("deliveries")).isEqualTo(2);
        Await.until("counted", () -> count("gone") == 1);
        assertThat(count("acknowledged")).isEqualTo(done);
        assertThat(queue().getInteger("lag")).isEqualTo(1);
    }
}
