package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A running server, and a client for its routes of queues. */
final class QueueFace implements AutoCloseable {
    final RunningServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    QueueFace(Path folder) {
        this(folder, Map.of());
    }

    QueueFace(Path folder, Map<String, String> settings) {
        server = TestServers.on(folder, settings);
    }

    /** A new queue. */
    JsonObject create(String queue, JsonObject settings) {
        HttpResponse<String> created = put(queue, settings);
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        return new JsonObject(created.body());
    }

    JsonObject create(String queue) {
        return create(queue, new JsonObject());
    }

    HttpResponse<String> put(String queue, JsonObject settings) {
        return server.send("PUT", "/v1/queues/" + queue, settings.encode());
    }

    HttpResponse<String> patch(String queue, JsonObject settings) {
        return server.send("PATCH", "/v1/queues/" + queue, settings.encode());
    }

    HttpResponse<String> post(String path, JsonObject body) {
        return server.send("POST", "/v1/queues/" + path, body.encode());
    }

    HttpResponse<String> post(String path) {
        return server.send("POST", "/v1/queues/" + path);
    }

    CompletableFuture<HttpResponse<String>> postAsync(String path, JsonObject body) {
        return client.sendAsync(
                HttpRequest.newBuilder(server.uri("/v1/queues/" + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.encode()))
                        .build(),
                BodyHandlers.ofString());
    }

    HttpResponse<String> delete(String path) {
        return server.send("DELETE", "/v1/queues/" + path);
    }

    HttpResponse<String> get(String path) {
        return server.get("/v1/queues/" + path);
    }

    JsonObject described(String queue) {
        return ok(get(queue));
    }

    /** Appends values to partition 0 as any producer would, which knows nothing of queues. */
    void produce(String queue, String... values) {
        for (String value : values) {
            produce(queue, new JsonObject().put("value", value).put("partition", 0));
        }
    }

    void produce(String queue, JsonObject record) {
        HttpResponse<String> produced = server.send(
                "POST",
                "/v1/topics/" + queue + "/records",
                new JsonObject().put("records", new JsonArray().add(record)).encode());
        assertThat(produced.statusCode()).as(produced.body()).isEqualTo(200);
    }

    static JsonObject ok(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    /** The document of a problem, which has this status and code. */
    static JsonObject problem(HttpResponse<String> response, int status, String code) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        JsonObject problem = new JsonObject(response.body());
        assertThat(problem.getString("code")).as(response.body()).isEqualTo(code);
        return problem;
    }

    static List<JsonObject> objects(JsonArray array) {
        List<JsonObject> all = new ArrayList<>();
        array.forEach(one -> all.add((JsonObject) one));
        return all;
    }

    @Override
    public void close() {
        server.close();
    }
}
