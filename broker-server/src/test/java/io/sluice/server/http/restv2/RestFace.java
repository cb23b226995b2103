package io.sluice.server.http.restv2;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A running server, and a client for its REST v2 face. */
final class RestFace implements AutoCloseable {
    static final String V2 = "application/vnd.kafka.v2+json";
    static final String JSON = "application/vnd.kafka.json.v2+json";
    static final String BINARY = "application/vnd.kafka.binary.v2+json";
    static final String TEXT = "application/vnd.kafka.text.v2+json";

    final RunningServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    RestFace(Path folder, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of("group.min.session.timeout.ms", "500"));
        all.putAll(settings);
        server = TestServers.on(folder, all);
    }

    void topic(String name, int partitions) {
        HttpResponse<String> created = post(
                "/admin/topics", JSON, new JsonObject().put("topic_name", name).put("partitions_count", partitions));
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    }

    /** Produces values as JSON to a partition. */
    void produce(String topic, int partition, Object... values) {
        JsonArray records = new JsonArray();
        for (Object value : values) {
            records.add(new JsonObject().put("value", value));
        }
        HttpResponse<String> produced =
                post("/topics/" + topic + "/partitions/" + partition, JSON, new JsonObject().put("records", records));
        assertThat(produced.statusCode()).as(produced.body()).isEqualTo(200);
        assertThat(produced.body()).doesNotContain("error_code");
    }

    HttpResponse<String> post(String path, String mediaType, JsonObject body) {
        return post(path, mediaType, body.encode());
    }

    HttpResponse<String> post(String path, String mediaType, String body) {
        return server.send(HttpRequest.newBuilder(server.uri(path))
                .header("Content-Type", mediaType)
                .POST(BodyPublishers.ofString(body)));
    }

    HttpResponse<String> post(String path, JsonObject body) {
        return post(path, V2, body);
    }

    /** Creates an instance c in group g. */
    String consumer(JsonObject settings) {
        return consumer("g", settings);
    }

    /** Creates an instance and returns its path. */
    String consumer(String group, JsonObject settings) {
        HttpResponse<String> created = post("/consumers/" + group, settings);
        assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
        assertThat(created.headers().firstValue("Content-Type")).hasValue(V2);
        String baseUri = new JsonObject(created.body()).getString("base_uri");
        return baseUri.substring(baseUri.indexOf("/consumers/"));
    }

    /** Settings of an instance that reads JSON from the beginning. */
    static JsonObject fromEarliest(String name) {
        return new JsonObject().put("name", name).put("format", "json").put("auto.offset.reset", "earliest");
    }

    void subscribe(String consumer, String... topics) {
        ok(
                post(consumer + "/subscription", new JsonObject().put("topics", new JsonArray(List.of((Object[])
                                topics)))),
                204);
    }

    HttpResponse<String> records(String consumer, String query, String accept) {
        return server.send(HttpRequest.newBuilder(server.uri(consumer + "/records" + query))
                .header("Accept", accept)
                .GET());
    }

    CompletableFuture<HttpResponse<String>> recordsAsync(String consumer, String query) {
        return client.sendAsync(
                HttpRequest.newBuilder(server.uri(consumer + "/records" + query))
                        .GET()
                        .build(),
                BodyHandlers.ofString());
    }

    /** Records of a poll that may wait for some seconds. */
    List<JsonObject> poll(String consumer) {
        return list(records(consumer, "?timeout=5000", "*/*"));
    }

    /** The values of a poll that may wait for some seconds. */
    List<Object> values(String consumer) {
        return poll(consumer).stream().map(record -> record.getValue("value")).toList();
    }

    /** The values of a poll that does not wait. */
    List<Object> valuesNow(String consumer) {
        return list(records(consumer, "?timeout=0", "*/*")).stream()
                .map(record -> record.getValue("value"))
                .toList();
    }

    static List<JsonObject> list(HttpResponse<String> response) {
        ok(response, 200);
        return new JsonArray(response.body())
                .stream().map(JsonObject.class::cast).toList();
    }

    static HttpResponse<String> ok(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return response;
    }

    /** The message of a problem, which has a status. */
    static String problem(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue(V2);
        JsonObject problem = new JsonObject(response.body());
        assertThat(problem.getInteger("error_code")).isEqualTo(status);
        return problem.getString("message");
    }

    static JsonObject partitions(String topic, int... partitions) {
        JsonArray list = new JsonArray();
        for (int partition : partitions) {
            list.add(new JsonObject().put("topic", topic).put("partition", partition));
        }
        return new JsonObject().put("partitions", list);
    }

    static JsonObject offsets(String topic, int partition, long offset) {
        return new JsonObject()
                .put(
                        "offsets",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("topic", topic)
                                        .put("partition", partition)
                                        .put("offset", offset)));
    }

    /** Where the group stands in a partition, or null. */
    Long committed(String group, String topic, int partition) {
        HttpResponse<String> described = server.get("/v1/groups/" + group);
        if (described.statusCode() == 404) {
            return null;
        }
        return new JsonObject(ok(described, 200).body())
                .getJsonArray("positions").stream()
                        .map(JsonObject.class::cast)
                        .filter(one -> one.getString("topic").equals(topic) && one.getInteger("partition") == partition)
                        .map(one -> one.getLong("offset"))
                        .filter(java.util.Objects::nonNull)
                        .findFirst()
                        .orElse(null);
    }

    @Override
    public void close() {
        server.close();
    }
}
