package io.sluice.server.http.queues;

import static io.sluice.server.http.queues.SocketFace.answer;
import static io.sluice.server.http.queues.SocketFace.given;
import static io.sluice.server.http.queues.SocketFace.receive;
import static io.sluice.server.http.queues.SocketFace.roundTrip;
import static io.sluice.server.http.queues.SocketFace.say;
import static io.sluice.server.http.queues.SocketFace.send;
import static io.sluice.server.http.queues.SocketFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.http.push.WsClient;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What nobody means to do over the WebSocket of a queue, and those who do not listen. */
@Timeout(120)
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith({BlockedThreadsFail.class, NoErrorsLogged.class})
class QueueSocketLimitsTest {
    private static final int MAX_MESSAGE_BYTES = 200_000;

    private SocketFace face;
    private int queues;
    /** Of this test alone. */
    private String queue;

    @BeforeAll
    void start(@TempDir Path folder) {
        face = new SocketFace(folder, Map.of("http.push.max.message.bytes", "" + MAX_MESSAGE_BYTES));
    }

    @AfterAll
    void stop() {
        face.close();
    }

    @BeforeEach
    void createAQueue() {
        queue = "jobs-" + ++queues;
        face.create(queue);
    }

    @AfterEach
    void disconnect() {
        face.disconnect();
    }

    private WsClient connect() {
        return face.connect(queue);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "nonsense                                           | invalid_json     | the message",
                "``                                                 | invalid_json     | the message",
                "{\"op\":\"ping\"                                   | invalid_json     | column",
                "{\"op\":\"ping\"} 2                                | invalid_json     | an object",
                "[{\"op\":\"ping\"},3]                              | invalid_json     | an object",
                "[[]]                                               | invalid_json     | an object",
                "[{\"op\":\"ping\"}                                 | invalid_json     | column",
                "7                                                  | invalid_json     | an object",
                "{\"op\":\"ping\",\"op\":\"ping\"}                  | duplicate_field  | op is there twice",
                "{\"op\":\"ping\",\"id\":\"a\",\"id\":\"a\"}        | duplicate_field  | id is there twice",
                "{}                                                 | invalid_argument | op is missing",
                "{\"op\":7}                                         | invalid_argument | op must be text",
                "{\"op\":\"dance\"}                                 | invalid_argument | dance",
                "{\"op\":\"ping\",\"id\":7}                         | invalid_argument | id must be text",
                "{\"op\":\"ping\",\"x\":7}                          | unknown_field    | x",
                "{\"op\":\"ping\",\"messages\":[]}                  | unknown_field    | messages",
                "{\"op\":\"send\"}                                  | invalid_argument | messages is missing",
                "{\"op\":\"send\",\"messages\":7}                   | invalid_argument | messages",
                "{\"op\":\"send\",\"messages\":[{\"value\":1}],\"x\":1} | unknown_field | x",
                "{\"op\":\"receive\"}                               | invalid_argument | max is missing",
                "{\"op\":\"receive\",\"max\":1001}                  | invalid_argument | max must be",
                "{\"op\":\"receive\",\"max\":-1}                    | invalid_argument | max must be",
                "{\"op\":\"receive\",\"max\":1,\"wait_ms\":1}       | unknown_field    | wait_ms",
                "{\"op\":\"receive\",\"max\":1,\"values\":\"x\"}    | invalid_argument | values",
                "{\"op\":\"receive\",\"max\":1,\"session_timeout_ms\":1} | invalid_argument | session_timeout_ms",
                "{\"op\":\"receive\",\"max\":1,\"session_timeout_ms\":1000,\"visibility_timeout_ms\":1} | invalid_argument | beside",
                "{\"op\":\"ack\"}                                   | invalid_argument | leases is missing",
                "{\"op\":\"ack\",\"leases\":[]}                     | invalid_argument | leases must not be empty",
                "{\"op\":\"nack\",\"leases\":[\"x\"],\"result\":1}  | unknown_field    | result",
                "{\"op\":\"nack\",\"entries\":[{\"lease\":\"x\",\"lease\":\"x\"}]} | duplicate_field | lease",
                "{\"op\":\"extend\",\"leases\":7}                   | invalid_argument | leases must be",
            })
    void whatCannotBeIsRefusedAndTheConnectionGoesOn(String text, String code, String words) {
        WsClient socket = connect();
        socket.sayText(text == null ? "" : text);

        JsonObject problem = socket.await("error").getJsonObject("error");
        assertThat(problem.getString("code")).as(problem.encode()).isEqualTo(code);
        assertThat(problem.getString("detail")).contains(words);
        // Nothing of it is done, and what comes next is.
        assertThat(socket.all("pong")).isEmpty();
        say(socket, send("s", "a"), receive(1));
        given(socket, 1);
        assertThat(socket.closedWith()).isZero();
        assertThat(socket.all("error")).hasSize(1);
    }

    @Test
    void whatIsRefusedIsRefusedUnderItsId() {
        WsClient socket = connect();
        socket.sayText("[{\"op\":\"nack\",\"id\":\"n\",\"entries\":[{\"lease\":\"x\",\"lease\":\"x\"}]},"
                + "{\"op\":\"receive\",\"id\":\"r\",\"max\":" + "[".repeat(20) + "]".repeat(20) + "}]");

        SocketFace.refused(socket, "n", "duplicate_field");
        SocketFace.refused(socket, "r", "invalid_json");
    }

    @Test
    void whatNestsTooDeepIsRefused() {
        WsClient socket = connect();
        socket.sayText("{\"op\":\"ping\",\"id\":" + "[".repeat(600) + "]".repeat(600) + "}");

        JsonObject problem = socket.await("error").getJsonObject("error");
        assertThat(problem.getString("code")).isEqualTo("invalid_json");
        assertThat(problem.getString("detail")).contains("deeper than 512 levels");
        roundTrip(socket);
    }

    @Test
    void aMessageMayHoldWhateverItMayHoldOverHttp() {
        WsClient socket = connect();
        String value = "[".repeat(400) + "1" + "0".repeat(900) + "]".repeat(400);
        socket.sayText("{\"op\":\"send\",\"messages\":[{\"value\":" + value + "}]}");
        socket.say(receive(1).put("values", "text"));

        assertThat(values(given(socket, 1))).containsExactly(value);
        assertThat(socket.all("error")).isEmpty();
    }

    @Test
    void textIsTextAlsoIfItBeginsLikeAnotherEncoding() {
        WsClient socket = connect();
        socket.sayText("\u0000[\u0000]");

        assertThat(socket.refused()).isEqualTo("invalid_json");
        roundTrip(socket);
    }

    @Test
    void moreThanAThousandThingsAtOnceAreRefusedAsAWhole() {
        WsClient socket = connect();
        String ping = "{\"op\":\"ping\"},";
        socket.sayText("[" + ping.repeat(1_000) + "{\"op\":\"ping\"}]");

        assertThat(socket.refused()).isEqualTo("invalid_argument");
        assertThat(socket.all("pong")).isEmpty();
        socket.sayText("[" + ping.repeat(999) + "{\"op\":\"ping\"}]");
        Await.until("all", () -> socket.all("pong").size() == 1_000);
    }

    @Test
    void whatIsNoTextIsRefused() {
        WsClient socket = connect();
        socket.sayBytes(new byte[100]);

        assertThat(socket.refused()).isEqualTo("invalid_message");
        roundTrip(socket);
    }

    @Test
    void whatIsTooLargeEndsTheConnectionAndLosesNothing() {
        WsClient socket = connect();
        socket.say(send("s", "a"));
        answer(socket, "sent", "s");

        socket.sayInVain("x".repeat(2 * MAX_MESSAGE_BYTES));

        Await.until("closed", () -> socket.closedWith() != 0);
        WsClient other = connect();
        other.say(receive(1));
        assertThat(values(given(other, 1))).containsExactly("a");
    }

    @Test
    void whoMayNotConnectIsToldWhy() {
        QueueFace.problem(face.queues.get(queue + "/ws"), 426, "upgrade_required");
        assertThat(handshake("none", "")).startsWith("HTTP/1.1 404").contains("unknown_queue");
        assertThat(handshake(queue, "Origin: http://evil.example\r\n"))
                .startsWith("HTTP/1.1 403")
                .contains("foreign_origin");
        assertThat(handshake(queue + "/ws?x=1 HTTP/1.1\r\nX-Rest: ", "")).contains("unknown_parameter");
        assertThat(handshake(queue, "Origin: http://localhost\r\n")).startsWith("HTTP/1.1 101");
    }

    private String handshake(String name, String headers) {
        try (RawConnection connection = new RawConnection(face.queues.server.port())) {
            connection.send(upgrade(name, headers));
            String head = connection.readUntil("\r\n\r\n");
            return head.startsWith("HTTP/1.1 101") ? head : head + connection.readUntil("}");
        }
    }

    private static String upgrade(String name, String headers) {
        return "GET " + SocketFace.path(name) + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + headers + "\r\n";
    }

    // ---- those who do not listen ----

    /** A WebSocket that does what it is told to, and nothing of itself. */
    private RawConnection raw() {
        RawConnection raw = new RawConnection(face.queues.server.port());
        raw.send(upgrade(queue, ""));
        raw.readUntil("\r\n\r\n");
        return raw;
    }

    /** A text frame, masked with nothing. */
    private static String frame(String text) {
        return frame((char) 0x81, text);
    }

    /** @param first the first byte of the frame: what kind it is, and whether it is the last of its message */
    private static String frame(char first, String text) {
        int length = text.length();
        String size = length < 126
                ? "" + (char) (0x80 | length)
                : length < 65_536
                        ? "" + (char) (0x80 | 126) + (char) (length >> 8) + (char) (length & 255)
                        : "" + (char) (0x80 | 127) + "\0\0\0\0" + (char) (length >> 24) + (char) (length >> 16 & 255)
                                + (char) (length >> 8 & 255) + (char) (length & 255);
        return first + size + "\0\0\0\0" + text;
    }

    @Test
    void whoAnswersNoPingIsTakenForGone() {
        face.sendAll(queue, "a");
        try (RawConnection silent = raw()) {
            silent.send(frame(receive(1).put("session_timeout_ms", 1_000).encode()));
            silent.readUntil("\"lease\"");
            WsClient other = connect();
            other.say(receive(1));

            assertThat(given(other, 1).get(0).getInteger("deliveries")).isEqualTo(2);
            assertThat(silent.readToEnd()).contains("nothing was heard for 1000 ms");
        }
    }

    @Test
    void whoTakesNothingIsTakenForGoneAsWell() {
        String large = "x".repeat(150_000);
        for (int i = 0; i < 100; i++) {
            face.sendAll(queue, large);
        }
        try (RawConnection deaf = raw()) {
            deaf.send(frame(receive(1_000).put("session_timeout_ms", 1_000).encode()));
            Await.until("it has some", () -> face.count(queue, "in_flight") > 0);

            Await.until("others may have them", () -> face.count(queue, "in_flight") == 0);
            WsClient other = connect();
            other.say(receive(1));
            assertThat(given(other, 1).get(0).getInteger("deliveries")).isEqualTo(2);
        }
    }

    @Test
    void aFrameOrAMessageThatIsTooLargeIsRefusedAsThat() {
        // A close frame that says 1009.
        String tooLarge = "\u0003\u00f1";
        try (RawConnection one = raw()) {
            // Its head is enough, and the rest would come to a closed door.
            one.send(frame("x".repeat(MAX_MESSAGE_BYTES + 1)).substring(0, 14));
            assertThat(one.readToEnd()).contains(tooLarge);
        }
        try (RawConnection several = raw()) {
            several.send(frame((char) 0x01, "x".repeat(MAX_MESSAGE_BYTES / 2))
                    + frame((char) 0x80, "x".repeat(MAX_MESSAGE_BYTES / 2 + 1)));
            assertThat(several.readToEnd()).contains(tooLarge);
        }
    }

    @Test
    void aReasonThatIsTooLongIsCut() {
        String longNamed = "q".repeat(200);
        face.create(longNamed);
        WsClient socket = face.connect(longNamed);
        roundTrip(socket);

        assertThat(face.queues.delete(longNamed).statusCode()).isLessThan(300);

        Await.until("closed", () -> socket.closedWith() != 0);
        assertThat(socket.closedWith()).isEqualTo(1001);
    }

    @Test
    void whoTakesNothingHoldsUpNobodyAndIsGivenNoMoreThanFitsTheConnection() {
        int count = 200;
        String large = "x".repeat(150_000);
        for (int i = 0; i < count; i++) {
            face.sendAll(queue, large);
        }
        try (RawConnection deaf = raw()) {
            deaf.send(frame(receive(1_000).encode()));
            Await.until("it has all that it takes", () -> {
                int before = face.count(queue, "in_flight");
                WsClient other = connect();
                for (int i = 0; i < 50; i++) {
                    roundTrip(other);
                }
                other.close();
                return before > 0 && face.count(queue, "in_flight") == before;
            });

            assertThat(face.count(queue, "in_flight")).isLessThan(count / 2);
            assertThat(face.memory()).isLessThan(4_000_000);
            WsClient other = connect();
            other.say(receive(1));
            assertThat(given(other, 1).get(0).getInteger("deliveries")).isEqualTo(1);
        }
    }

    @Test
    void whoAsksAndTakesNoAnswersIsNotReadOn() throws Exception {
        String pings =
                "[" + ("{\"op\":\"ping\",\"id\":\"" + "i".repeat(150) + "\"},").repeat(999) + "{\"op\":\"ping\"}]";
        int count = 400;
        AtomicInteger said = new AtomicInteger();
        WsClient other = connect();
        try (RawConnection deaf = raw()) {
            Thread saying = new Thread(() -> {
                try {
                    for (int i = 0; i < count; i++) {
                        deaf.send(frame(pings));
                        said.incrementAndGet();
                    }
                    deaf.send(frame("{\"op\":\"ping\",\"id\":\"the last\"}"));
                } catch (UncheckedIOException cut) {
                    // The test has seen enough.
                }
            });
            saying.start();
            Await.until("it is not read on", () -> {
                int before = said.get();
                for (int i = 0; i < 200; i++) {
                    roundTrip(other);
                }
                return before > 0 && said.get() == before;
            });
            assertThat(said.get()).isLessThan(count);

            // It is read on when it takes what there is.
            deaf.skipUntil("the last");
            saying.join();
        }
    }
}
