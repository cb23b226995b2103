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

/** What the run asks of the broker besides its load: topics made and deleted, metrics, version. Blocks its caller. */
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
        String body;
        try {
            body = JSON.writeValueAsString(Map.of("partitions", partitions, "config", config));
        } catch (JsonProcessingException e) {
            throw new IOException(e);
        }
        HttpRequest.Builder request = request("/v1/topics/" + topic)
                .PUT(BodyPublishers.ofString(body))
                .header("Content-Type", "application/json");
        HttpResponse<String> answer = send(request);
        if (answer.statusCode() / 100 != 2) {
            throw new IOException("the server did not create topic " + topic + ": " + answer.statusCode() + " "
                    + brief(answer.body()));
        }
    }

    /**
     * Deletes a topic.
     *
     * @throws IOException if the broker does not answer, or refuses, with what it said
     */
    public void deleteTopic(String topic) throws IOException {
        HttpResponse<String> answer = send(request("/v1/topics/" + topic).DELETE());
        if (answer.statusCode() / 100 != 2 && answer.statusCode() != 404) {
            throw new IOException("the server did not delete topic " + topic + ": " + answer.statusCode() + " "
                    + brief(answer.body()));
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
