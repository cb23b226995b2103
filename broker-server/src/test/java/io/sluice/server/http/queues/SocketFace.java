package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.http.push.WsClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A running server, and WebSockets of its queues. */
final class SocketFace implements AutoCloseable {
    private static final String USED = "sluice_http_requests_memory_bytes";

    final QueueFace queues;
    private final List<WsClient> sockets = new ArrayList<>();

    SocketFace(Path folder, Map<String, String> settings) {
        queues = new QueueFace(folder, settings);
    }

    static String path(String queue) {
        return "/v1/queues/" + queue + "/ws";
    }

    /** A new queue, of one partition, whose messages are delivered again at once. */
    void create(String queue) {
        queues.create(
                queue,
                new JsonObject()
                        .put("partitions", 1)
                        .put("backoff", new JsonObject().put("initial_ms", 0).put("max_ms", 0)));
    }

    WsClient connect(String queue) {
        WsClient socket = WsClient.connect(queues.server.port(), path(queue), "test/1");
        sockets.add(socket);
        return socket;
    }

    // ---- what is said ----

    static JsonObject op(String name, String id) {
        return new JsonObject().put("op", name).put("id", id);
    }

    static JsonObject send(String id, Object... values) {
        JsonArray messages = new JsonArray();
        for (Object value : values) {
            messages.add(new JsonObject().put("value", value));
        }
        return op("send", id).put("messages", messages);
    }

    static JsonObject receive(int max) {
        return new JsonObject().put("op", "receive").put("max", max);
    }

    static JsonObject settle(String op, String id, String... leases) {
        return op(op, id).put("leases", new JsonArray(List.of(leases)));
    }

    /** Says several things in one message. */
    static void say(WsClient socket, JsonObject... ops) {
        socket.sayText(new JsonArray(List.of(ops)).encode());
    }

    // ---- what is answered ----

    /** The answer to something, once it has come. */
    static JsonObject answer(WsClient socket, String op, String id) {
        return Await.value("the answer to " + id, () -> find(socket, op, id), Optional::isPresent)
                .get();
    }

    private static Optional<JsonObject> find(WsClient socket, String op, String id) {
        return socket.all(op).stream()
                .filter(one -> id.equals(one.getString("id")))
                .findFirst();
    }

    /** The problem that something is answered with, which has this code. */
    static JsonObject refused(WsClient socket, String id, String code) {
        JsonObject problem = answer(socket, "error", id).getJsonObject("error");
        assertThat(problem.getString("code")).as(problem.encode()).isEqualTo(code);
        return problem;
    }

    static List<JsonObject> results(JsonObject answer) {
        return QueueFace.objects(answer.getJsonArray("results"));
    }

    /** What has been answered to all that was said before. */
    static void roundTrip(WsClient socket) {
        int before = socket.all("pong").size();
        socket.sayText("{\"op\":\"ping\"}");
        Await.until("pong", () -> socket.all("pong").size() > before);
    }

    /** All messages that it was given. */
    static List<JsonObject> given(WsClient socket) {
        return socket.all("messages").stream()
                .flatMap(one -> QueueFace.objects(one.getJsonArray("messages")).stream())
                .toList();
    }

    /** The same, once they are so many. */
    static List<JsonObject> given(WsClient socket, int count) {
        return Await.value(count + " messages", () -> given(socket), all -> all.size() >= count);
    }

    static List<Object> values(List<JsonObject> messages) {
        return messages.stream().map(one -> one.getValue("value")).toList();
    }

    static String lease(JsonObject message) {
        return message.getString("lease");
    }

    static void awaitClosed(WsClient socket, int code) {
        Await.until("closed", () -> socket.closedWith() != 0);
        assertThat(socket.closedWith()).isEqualTo(code);
    }

    // ---- by other ways ----

    /** Sends over HTTP. */
    void sendAll(String queue, Object... values) {
        JsonObject body = new JsonObject().put("messages", send("", values).getJsonArray("messages"));
        assertThat(queues.post(queue + "/messages", body).statusCode()).isEqualTo(201);
    }

    /** What somebody else receives, once there is something. */
    List<JsonObject> receivedBy(String consumer, String queue, int max) {
        JsonObject ask = new JsonObject().put("consumer", consumer).put("max", max);
        return Await.value(
                "messages for " + consumer,
                () -> QueueFace.objects(
                        QueueFace.ok(queues.post(queue + "/receive", ask)).getJsonArray("messages")),
                all -> !all.isEmpty());
    }

    JsonObject message(String queue, String id) {
        return QueueFace.ok(queues.get(queue + "/messages/" + id));
    }

    int count(String queue, String state) {
        return queues.described(queue).getJsonObject("messages").getInteger(state);
    }

    double memory() {
        return queues.server.metric(USED);
    }

    /** Ends all connections; what they held must be free again. */
    void disconnect() {
        sockets.forEach(WsClient::abort);
        sockets.clear();
        Await.until("no memory is held", () -> memory() == 0);
    }

    @Override
    public void close() {
        try {
            disconnect();
        } finally {
            queues.close();
        }
    }
}
