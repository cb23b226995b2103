package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A running server, and a client for the queue {@code default}, which is there. */
final class MessagesFace implements AutoCloseable {
    static final String QUEUE = "default";

    final RunningServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    MessagesFace(Path folder, Map<String, String> settings, InstantSource clock) {
        server = TestServers.on(folder, settings, clock);
        if (server.get("/v1/topics/" + QUEUE).statusCode() == 404) {
            Await.until("the queues are read", () -> enqueue("first").statusCode() == 202);
            assertThat(ids(pop(10))).hasSize(1);
        }
    }

    HttpResponse<String> enqueue(Object message) {
        return server.send(
                "POST", "/enqueue", new JsonObject().put("message", message).encode());
    }

    HttpResponse<String> post(String verb, JsonObject body) {
        return server.send("POST", "/v1/queues/" + QUEUE + "/" + verb, body.encode());
    }

    CompletableFuture<HttpResponse<String>> postAsync(String verb, JsonObject body) {
        return client.sendAsync(
                HttpRequest.newBuilder(server.uri("/v1/queues/" + QUEUE + "/" + verb))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.encode()))
                        .build(),
                BodyHandlers.ofString());
    }

    /** Sends values as one request, and tells the ids. */
    List<String> send(Object... values) {
        JsonArray messages = new JsonArray();
        for (Object value : values) {
            messages.add(new JsonObject().put("value", value));
        }
        return ids(sendAll(messages));
    }

    JsonObject sendAll(JsonArray messages) {
        HttpResponse<String> sent = post("messages", new JsonObject().put("messages", messages));
        assertThat(sent.statusCode()).as(sent.body()).isEqualTo(201);
        return new JsonObject(sent.body());
    }

    JsonObject send(JsonObject message) {
        return sendAll(new JsonArray().add(message));
    }

    JsonObject receive(JsonObject ask) {
        return ok(post("receive", ask));
    }

    JsonObject receive(int max) {
        return receive(new JsonObject().put("max", max));
    }

    JsonObject pop(int max) {
        return ok(post("pop", new JsonObject().put("max", max)));
    }

    static JsonObject ok(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    static JsonObject problem(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return new JsonObject(response.body());
    }

    static List<JsonObject> messages(JsonObject answer) {
        return answer.getJsonArray("messages").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    static List<String> ids(JsonObject answer) {
        return messages(answer).stream().map(one -> one.getString("id")).toList();
    }

    static List<Object> values(JsonObject answer) {
        return messages(answer).stream().map(one -> one.getValue("value")).toList();
    }

    /** The leases of what was received, to be settled together. */
    static JsonObject leases(JsonObject received) {
        return new JsonObject()
                .put(
                        "leases",
                        new JsonArray(messages(received).stream()
                                .map(one -> one.getString("lease"))
                                .toList()));
    }

    static List<JsonObject> results(JsonObject answer) {
        return answer.getJsonArray("results").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    @Override
    public void close() {
        server.close();
    }
}
