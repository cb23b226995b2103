package io.sluice.loadtest.target;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the run asks of the broker besides its load: topics and queues made and deleted, metrics, version. Blocks its caller. */
public final class ControlClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    /** Short: a busy broker's metrics are not worth holding the run up for. */
    private static final Duration METRICS_TIMEOUT = Duration.ofSeconds(5);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Target target;
    private final List<Map.Entry<String, String>> headers;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    public ControlClient(Target target, List<Map.Entry<String, String>> headers) {
        this.target = target;
        this.headers = List.copyOf(headers);
    }

    /**
     * Creates a topic.
     *
     * @param config topic settings by name, such as {@code flush.messages}
     * @throws IOException if the broker does not answer, or refuses, with what it said
     */
    public void createTopic(String topic, int partitions, Map<String, String> config) throws IOException {
        require(
                "create topic " + topic,
                "PUT",
                "/v1/topics/" + topic,
                Map.of("partitions", partitions, "config", config));
    }

    /**
     * Changes settings of a topic, if there are any to change.
     *
     * @param config topic settings by name
     * @throws IOException if the broker does not answer, or refuses, with what it said
     */
    public void alterTopic(String topic, Map<String, String> config) throws IOException {
        if (!config.isEmpty()) {
            require("change topic " + topic, "PATCH", "/v1/topics/" + topic, Map.of("config", config));
        }
    }

    /**
     * Creates a queue.
     *
     * @param settings by name, such as {@code visibility_timeout_ms}; each a JSON value, or else a text
     * @throws IOException if the broker does not answer, or refuses, with what it said
     */
    public void createQueue(String queue, int partitions, Map<String, String> settings) throws IOException {
        Map<String, Object> body = new TreeMap<>();
        body.put("partitions", partitions);
        settings.forEach((name, text) -> body.put(name, value(text)));
        require("create queue " + queue, "PUT", "/v1/queues/" + queue, body);
    }

    private static Object value(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return text;
        }
    }

    /**
     * Deletes a queue and its messages.
     *
     * @throws IOException if the broker does not answer, or refuses, with what it said
     */
    public void deleteQueue(String queue) throws IOException {
        delete("queue " + queue, "/v1/queues/" + queue);
    }

    private void require(String what, String method, String path, Map<String, ?> body) throws IOException {
        String json;
        try {
            json = JSON.writeValueAsString(body);
        } catch (JsonProcessingException e) {
            throw new IOException(e);
        }
        HttpResponse<String> answer = send(
                request(path).method(method, BodyPublishers.ofString(json)).header("Content-Type", "application/json"));
        if (answer.statusCode() / 100 != 2) {
            throw new IOException(
                    "the server did not " + what + ": " + answer.statusCode() + " " + brief(answer.body()));
        }
    }

    /**
     * Deletes a topic.
     *
     * @throws IOException if the broker does not answer, or refuses, with what it said
     */
    public void deleteTopic(String topic) throws IOException {
        delete("topic " + topic, "/v1/topics/" + topic);
    }

    private void delete(String what, String path) throws IOException {
        HttpResponse<String> answer = send(request(path).DELETE());
        if (answer.statusCode() / 100 != 2 && answer.statusCode() != 404) {
            throw new IOException(
                    "the server did not delete " + what + ": " + answer.statusCode() + " " + brief(answer.body()));
        }
    }

    /** The metrics page; empty if the server has none. */
    public Optional<String> metrics() {
        try {
            HttpResponse<String> answer =
                    send(request("/metrics").timeout(METRICS_TIMEOUT).GET());
            return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The version of a broker that describes itself at its root; empty for another server. */
    public Optional<String> version() {
        try {
            HttpResponse<String> answer = send(request("/")
                    .timeout(METRICS_TIMEOUT)
                    .header("Accept", "application/json")
                    .GET());
            JsonNode root = JSON.readTree(answer.body());
            boolean ours = root.path("name").asText().equals("sluice");
            return ours ? Optional.of(root.path("version").asText()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(target.uri(path)).timeout(TIMEOUT);
        headers.forEach(header -> request.header(header.getKey(), header.getValue()));
        return request;
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (IOException e) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new IOException("no answer from " + target + ": " + why, e);
        }
    }

    private static String brief(String body) {
        String line = body.replaceAll("\\s+", " ");
        return line.length() <= 300 ? line : line.substring(0, 300) + "...";
    }
}
