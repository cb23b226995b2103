package io.sluice.server.http.groups;

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
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** A running server, and a client for its routes of groups. */
final class GroupFace implements AutoCloseable {
    final RunningServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    GroupFace(Path folder, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of("group.min.session.timeout.ms", "500"));
        all.putAll(settings);
        server = TestServers.on(folder, all);
    }

    /** With a clock that the test moves. */
    GroupFace(Path folder, Map<String, String> settings, InstantSource clock) {
        server = TestServers.on(folder, settings, clock);
    }

    void topic(String name, int partitions) {
        HttpResponse<String> created = server.send(
                "PUT",
                "/v1/topics/" + name,
                new JsonObject().put("partitions", partitions).encode());
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    }

    /** Appends values to a partition. */
    void produce(String topic, int partition, String... values) {
        JsonArray records = new JsonArray();
        for (String value : values) {
            records.add(new JsonObject().put("value", value).put("partition", partition));
        }
        HttpResponse<String> produced = server.send(
                "POST",
                "/v1/topics/" + topic + "/records",
                new JsonObject().put("records", records).encode());
        assertThat(produced.statusCode()).as(produced.body()).isEqualTo(200);
    }

    /** A poll of a member of group g for topic t, to which more may be said. */
    static JsonObject ask(String member) {
        return new JsonObject().put("member", member).put("topics", new JsonArray().add("t"));
    }

    HttpResponse<String> post(String path, JsonObject body) {
        return server.send("POST", "/v1/groups/" + path, body.encode());
    }

    CompletableFuture<HttpResponse<String>> postAsync(String path, JsonObject body) {
        return client.sendAsync(
                HttpRequest.newBuilder(server.uri("/v1/groups/" + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.encode()))
                        .build(),
                BodyHandlers.ofString());
    }

    JsonObject poll(JsonObject ask) {
        return ok(post("g/poll", ask));
    }

    JsonObject poll(String member) {
        return poll(ask(member));
    }

    static JsonObject ok(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    /** The code of a problem, which has a status. */
    static String problem(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        return new JsonObject(response.body()).getString("code");
    }

    static List<JsonObject> objects(JsonArray array) {
        List<JsonObject> all = new ArrayList<>();
        array.forEach(one -> all.add((JsonObject) one));
        return all;
    }

    static List<String> values(JsonObject polled) {
        return objects(polled.getJsonArray("records")).stream()
                .map(record -> record.getValue("value").toString())
                .toList();
    }

    /** What a member has: topic-partition texts. */
    static List<String> assigned(JsonObject polled) {
        return objects(polled.getJsonArray("assignment")).stream()
                .map(one -> one.getString("topic") + "-" + one.getInteger("partition"))
                .sorted()
                .collect(Collectors.toList());
    }

    @Override
    public void close() {
        server.close();
    }
}
