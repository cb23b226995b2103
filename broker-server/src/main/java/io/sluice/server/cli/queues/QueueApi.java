package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Problem;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** What is asked of one queue. One try each. Safe for use by several threads. */
final class QueueApi {
    private static final int CONFLICT = 409;

    /** The queue that nobody has to make. */
    static final String DEFAULT = "default";

    private final BrokerConnection broker;
    private final String path;

    QueueApi(BrokerConnection broker, String queue) {
        this.broker = broker;
        this.path = path(queue);
    }

    /** The path of a queue, with its name made safe. */
    static String path(String queue) {
        return "/v1/queues/" + BrokerConnection.encode(queue);
    }

    BrokerConnection broker() {
        return broker;
    }

    /**
     * Messages, as {@code {"messages": …}}.
     *
     * @throws CliException REFUSED with the broker's reason
     */
    JsonNode receive(ObjectNode request, long waitMs) throws IOException, InterruptedException {
        return require(post(
                "/receive",
                request.put("wait_ms", waitMs),
                BrokerConnection.REQUEST_TIMEOUT.plus(Duration.ofMillis(waitMs))));
    }

    /**
     * Makes the queue of those who do not name one, as {@code POST /enqueue} does; if somebody else was faster, whatever its settings, it is
     * there.
     *
     * @throws CliException REFUSED with the broker's reason
     */
    void createDefault() throws IOException, InterruptedException {
        HttpResponse<byte[]> response = broker.exchange(broker.request(path(DEFAULT))
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofByteArray(Json.bytes(Json.object().put("partitions", 1))))
                .build());
        if (response.statusCode() != CONFLICT) {
            require(response);
        }
    }

    /**
     * Settles leases.
     *
     * @param what ack, nack or extend
     * @return what became of each, also if none could be settled
     * @throws CliException REFUSED with the broker's reason
     */
    JsonNode settle(String what, ObjectNode request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = post("/" + what, request, BrokerConnection.REQUEST_TIMEOUT);
        if (response.statusCode() == CONFLICT) {
            JsonNode answer = broker.json(response);
            if (answer.path("results").isArray()) {
                return answer.path("results");
            }
        }
        return require(response).path("results");
    }

    /** A request of leases. */
    static ObjectNode leases(List<String> leases) {
        ObjectNode request = Json.object();
        leases.forEach(request.putArray("leases")::add);
        return request;
    }

    /** The state of a message, by its word. */
    String stateOf(String id) throws IOException, InterruptedException {
        HttpRequest request = broker.request(path + "/messages/" + BrokerConnection.encode(id) + "?values=none")
                .GET()
                .build();
        return require(broker.exchange(request)).path("state").asText();
    }

    /** Says that a consumer is there; the answer tells whether its session is. */
    JsonNode heartbeat(String consumer, Duration timeout) throws IOException, InterruptedException {
        return require(post("/consumers/" + BrokerConnection.encode(consumer) + "/heartbeat", Json.object(), timeout));
    }

    /** Ends the session of a consumer: others get what it has. */
    void leave(String consumer) throws IOException, InterruptedException {
        HttpRequest request = broker.request(path + "/consumers/" + BrokerConnection.encode(consumer))
                .timeout(Duration.ofSeconds(5))
                .DELETE()
                .build();
        require(broker.exchange(request));
    }

    private HttpResponse<byte[]> post(String what, JsonNode body, Duration timeout)
            throws IOException, InterruptedException {
        return broker.exchange(broker.request(path + what)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(BodyPublishers.ofByteArray(Json.bytes(body)))
                .build());
    }

    private JsonNode require(HttpResponse<byte[]> response) {
        if (response.statusCode() >= 300) {
            throw CliException.refused(Problem.of(response));
        }
        return broker.json(response);
    }
}
