package io.sluice.server.http.push;

import io.sluice.server.fixture.Await;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A WebSocket and all that it has been told, one by one also if several things came as an array. */
public final class WsClient implements WebSocket.Listener {
    private static final int MAX_CONTROL_BYTES = 125;

    private final List<JsonObject> messages = new CopyOnWriteArrayList<>();
    private final StringBuilder message = new StringBuilder();
    private WebSocket connection;
    private volatile int closedWith;

    /** Connects to a server of this machine. */
    static WsClient connect(int port) {
        return connect(port, "test/1");
    }

    /** The same by a library that calls itself so. */
    static WsClient connect(int port, String userAgent) {
        return connect(port, "/v1/ws", userAgent);
    }

    /** Connects to an address of it. */
    public static WsClient connect(int port, String path, String userAgent) {
        WsClient client = new WsClient();
        client.connection = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("User-Agent", userAgent)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + path), client)
                .join();
        return client;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
        message.append(part);
        if (last) {
            Object said = Json.decodeValue(message.toString());
            if (said instanceof JsonArray all) {
                messages.addAll(all.stream().map(JsonObject.class::cast).toList());
            } else {
                messages.add((JsonObject) said);
            }
            message.setLength(0);
        }
        socket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String why) {
        closedWith = code;
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        closedWith = -1;
    }

    /** Says something. */
    public void say(JsonObject what) {
        sayText(what.encode());
    }

    /** Says a text, whatever it is. */
    public void sayText(String text) {
        connection.sendText(text, true).join();
    }

    /** Says what the broker may cut off before all of it is out. */
    public void sayInVain(String text) {
        connection.sendText(text, true);
    }

    /** Says the beginning of a message, to whoever listens. */
    public void begin(String text) {
        connection.sendText(text, false);
    }

    /** Says it in a message that is not text, in two frames. */
    public void sayBytes(byte[] bytes) {
        connection.sendBinary(ByteBuffer.wrap(bytes), false).join();
        connection.sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    /** Sends a ping and a pong, each as large as they may be. */
    public void pingAndPong() {
        connection.sendPing(ByteBuffer.allocate(MAX_CONTROL_BYTES)).join();
        connection.sendPong(ByteBuffer.allocate(MAX_CONTROL_BYTES)).join();
    }

    /** Says goodbye. */
    public void close() {
        connection.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    }

    /** Goes without a word. */
    public void abort() {
        connection.abort();
    }

    /** The code with which the other end has closed; -1 if the connection broke, 0 if it is open. */
    public int closedWith() {
        return closedWith;
    }

    /** All that it has been told. */
    public List<JsonObject> all() {
        return List.copyOf(messages);
    }

    /** All that it has been told with this {@code op}. */
    public List<JsonObject> all(String op) {
        return messages.stream().filter(one -> one.getString("op").equals(op)).toList();
    }

    /** The first of these, once it has come. */
    public JsonObject await(String op) {
        Await.until(op, () -> !all(op).isEmpty());
        return all(op).get(0);
    }

    List<String> values(String id) {
        return all("record").stream()
                .filter(one -> one.getString("id").equals(id))
                .map(one -> one.getJsonObject("record").getValue("value").toString())
                .toList();
    }

    void awaitValues(String id, int count) {
        Await.until(count + " records of " + id, () -> values(id).size() >= count);
    }

    /** The code of the first error. */
    public String refused() {
        return await("error").getJsonObject("error").getString("code");
    }
}
