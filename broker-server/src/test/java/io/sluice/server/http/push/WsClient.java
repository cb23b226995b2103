package io.sluice.server.http.push;

import io.sluice.server.fixture.Await;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A WebSocket and all that it has been told. */
final class WsClient implements WebSocket.Listener {
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
        WsClient client = new WsClient();
        client.connection = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("User-Agent", userAgent)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/v1/ws"), client)
                .join();
        return client;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
        message.append(part);
        if (last) {
            messages.add(new JsonObject(message.toString()));
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

    void say(JsonObject what) {
        sayText(what.encode());
    }

    void sayText(String text) {
        connection.sendText(text, true).join();
    }

    /** Says what the broker may cut off before all of it is out. */
    void sayInVain(String text) {
        connection.sendText(text, true);
    }

    /** Says the beginning of a message, to whoever listens. */
    void begin(String text) {
        connection.sendText(text, false);
    }

    /** Says it in a message that is not text, in two frames. */
    void sayBytes(byte[] bytes) {
        connection.sendBinary(ByteBuffer.wrap(bytes), false).join();
        connection.sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    /** Sends a ping and a pong, each as large as they may be. */
    void pingAndPong() {
        connection.sendPing(ByteBuffer.allocate(MAX_CONTROL_BYTES)).join();
        connection.sendPong(ByteBuffer.allocate(MAX_CONTROL_BYTES)).join();
    }

    /** Says goodbye. */
    void close() {
        connection.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    }

    /** Goes without a word. */
    void abort() {
        connection.abort();
    }

    /** The code with which the other end has closed; -1 if the connection broke, 0 if it is open. */
    int closedWith() {
        return closedWith;
    }

    List<JsonObject> all(String op) {
        return messages.stream().filter(one -> one.getString("op").equals(op)).toList();
    }

    JsonObject await(String op) {
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
    String refused() {
        return await("error").getJsonObject("error").getString("code");
    }
}
