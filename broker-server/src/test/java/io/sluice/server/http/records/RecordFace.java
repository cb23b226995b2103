package io.sluice.server.http.records;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.NewTopic;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.fixture.HttpFace;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.RouteGroup;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The record routes over a real broker, and a client for them. */
final class RecordFace implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    final Broker broker;
    private final HttpFace face;
    private final HttpClient client = HttpClient.newHttpClient();

    RecordFace(Path folder, RecordLimits limits, Map<String, String> settings) {
        BrokerConfig config =
                BrokerConfig.at(folder).with("log.min.free.bytes", "0").withCodecs(new KafkaCodecs());
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            config = config.with(setting.getKey(), setting.getValue());
        }
        broker = Broker.open(config);
        face = new HttpFace(HttpFace.WIDE, new LateRoutes(broker, limits));
    }

    /** The Vert.x of the listener is known only when its loops ask for their routes. */
    private static final class LateRoutes implements RouteGroup {
        private final Broker broker;
        private final RecordLimits limits;
        private RecordRoutes routes;

        LateRoutes(Broker broker, RecordLimits limits) {
            this.broker = broker;
            this.limits = limits;
        }

        @Override
        public synchronized void mount(Router router) {
            if (routes == null) {
                Vertx vertx = Vertx.currentContext().owner();
                MemoryBudget memory = new MemoryBudget(limits.budgetBytes());
                routes = new RecordRoutes(vertx, broker, limits, memory, new SimpleMeterRegistry());
            }
            routes.mount(router);
        }
    }

    int port() {
        return face.port();
    }

    void topic(String name, int partitions, Map<String, String> config) {
        broker.createTopic(new NewTopic(name, partitions, config)).join();
    }

    Appended append(String topic, int partition, RecordBatch batch) {
        return broker.append(topic, partition, batch, Acks.COMMITTED).join();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
    }

    HttpResponse<byte[]> send(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new AssertionError("no answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    CompletableFuture<HttpResponse<byte[]>> sendAsync(HttpRequest.Builder request) {
        return client.sendAsync(request.build(), BodyHandlers.ofByteArray());
    }

    HttpResponse<byte[]> post(String path, String contentType, String body, String... headers) {
        return post(path, contentType, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    HttpResponse<byte[]> post(String path, String contentType, byte[] body, String... headers) {
        HttpRequest.Builder request =
                request(path).header("Content-Type", contentType).POST(BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request);
    }

    HttpResponse<byte[]> produce(String topic, String json, String... headers) {
        return post("/v1/topics/" + topic + "/records", "application/json", json, headers);
    }

    HttpResponse<byte[]> fetch(String topic, int partition, String query, String... headers) {
        return RawFetch.of(port(), "/v1/topics/" + topic + "/partitions/" + partition + "/records" + query, headers);
    }

    /** The records that a fetch from the beginning returns. */
    JsonNode records(String topic, int partition) {
        return json(fetch(topic, partition, "?offset=0")).get("records");
    }

    static JsonNode json(HttpResponse<byte[]> response) {
        try {
            return MAPPER.readTree(response.body());
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + text(response), e);
        }
    }

    static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        face.close();
        broker.close();
    }
}
