package io.sluice.server.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A broker, as its HTTP face shows it. Safe for use by several threads; connections are kept and shared underneath.
 */
public final class BrokerConnection {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    /** How long one small request may take. */
    public static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

    private final URI server;
    private final HttpClient client;

    BrokerConnection(URI server) {
        this.server = server;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .build();
    }

    /** Where the broker is. */
    public URI server() {
        return server;
    }

    /** The path of a topic, with its name made safe. */
    public static String topicPath(String topic) {
        return "/v1/topics/" + encode(topic);
    }

    /** The path of a group, with its name made safe. */
    public static String groupPath(String group) {
        return "/v1/groups/" + encode(group);
    }

    /** The path of a queue, with its name made safe. */
    public static String queuePath(String queue) {
        return "/v1/queues/" + encode(queue);
    }

    /** Text made safe for a path or a query. */
    public static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A request to fill in. */
    public HttpRequest.Builder request(String pathAndQuery) {
        return HttpRequest.newBuilder(URI.create(server + pathAndQuery)).timeout(REQUEST_TIMEOUT);
    }

    /** {@code GET}, for a JSON answer. */
    public JsonNode get(String path) {
        return json(
                send(request(path).header("Accept", "application/json").GET().build()));
    }

    /** Any method with a JSON body; the whole response, which is not a refusal. */
    public HttpResponse<byte[]> send(String method, String path, JsonNode body) {
        return send(request(path)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .method(method, BodyPublishers.ofByteArray(Json.bytes(body)))
                .build());
    }

    /**
     * Sends once.
     *
     * @return an answer with a status below 300
     * @throws CliException REFUSED with the broker's reason, or NOT_CONNECTED
     */
    public HttpResponse<byte[]> send(HttpRequest request) {
        HttpResponse<byte[]> response = answerTo(request);
        if (response.statusCode() >= 300) {
            throw CliException.refused(Problem.of(response));
        }
        return response;
    }

    /**
     * Sends once, and answers whether the broker did it.
     *
     * @param acceptedStatus the one refusal that is an answer too: false
     * @throws CliException REFUSED with the broker's reason, or NOT_CONNECTED
     */
    public boolean sendUnless(int acceptedStatus, HttpRequest request) {
        HttpResponse<byte[]> response = answerTo(request);
        if (response.statusCode() >= 300 && response.statusCode() != acceptedStatus) {
            throw CliException.refused(Problem.of(response));
        }
        return response.statusCode() < 300;
    }

    private HttpResponse<byte[]> answerTo(HttpRequest request) {
        try {
            return exchange(request);
        } catch (IOException e) {
            throw notConnected(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException(CliException.REFUSED, "interrupted");
        }
    }

    /** Sends once and hands out whatever comes back. */
    public HttpResponse<byte[]> exchange(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, BodyHandlers.ofByteArray());
    }

    /** Makes one try of a request whose answer is read while it comes. A refusal is there as a whole. */
    public HttpResponse<InputStream> stream(HttpRequest request) throws IOException, InterruptedException {
        return client.send(
                request,
                head -> head.statusCode() == 200
                        ? BodySubscribers.ofInputStream()
                        : BodySubscribers.mapping(BodySubscribers.ofByteArray(), ByteArrayInputStream::new));
    }

    /** As {@link #exchange}, without waiting. */
    public CompletableFuture<HttpResponse<byte[]>> exchangeAsync(HttpRequest request) {
        return client.sendAsync(request, BodyHandlers.ofByteArray());
    }

    /**
     * The document in an answer.
     *
     * @throws CliException REFUSED if it is not JSON: then this is no broker
     */
    public JsonNode json(HttpResponse<byte[]> response) {
        try {
            return Json.parse(response.body());
        } catch (IOException e) {
            throw new CliException(CliException.REFUSED, response.uri() + " did not answer with JSON");
        }
    }

    /** What to tell a person when the broker cannot be reached. */
    public CliException notConnected(IOException failure) {
        return new CliException(CliException.NOT_CONNECTED, "no connection to " + server + ": " + reasonOf(failure));
    }

    /** The reason of a failed exchange; the JDK leaves it out where it matters most. */
    public static String reasonOf(Throwable failure) {
        Throwable deepest = failure;
        while (deepest.getCause() != null && deepest.getMessage() == null) {
            deepest = deepest.getCause();
        }
        if (deepest.getMessage() != null) {
            return deepest.getMessage();
        }
        return failure instanceof java.net.ConnectException
                ? "connection refused"
                : failure.getClass().getSimpleName();
    }
}
