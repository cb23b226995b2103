package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.queue.QueueSetup;
import io.sluice.server.ServerConfig;
import io.sluice.server.TestServers;
import io.sluice.server.fixture.HttpFace;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.Routes;
import io.sluice.server.http.records.RecordRoutes;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A queue that is deleted between the moment a listener joins and the one it is answered. */
class DeletedMeanwhileTest {
    /** So many that the deletion comes before the answer for some of them, and after it for others. */
    private static final int LISTENERS = 100;

    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir
    private Path folder;

    @Test
    void aListenerThatJoinsWhenItsQueueIsDeletedIsToldSo() throws Exception {
        BrokerConfig config = BrokerConfig.at(folder);
        try (Broker broker = Broker.open(config)) {
            QueueCoordinator queues =
                    new QueueCoordinator(broker.engine(), QueueSetup.defaults(), config.codecs(), CLOCK);
            queues.start();
            try {
                UUID queue = queues.create("jobs", QueueConfig.DEFAULTS, 1)
                        .get(30, TimeUnit.SECONDS)
                        .id();
                try (HttpFace face = new HttpFace(HttpFace.WIDE, router -> mount(router, broker, queues, queue))) {
                    for (int i = 0; i < LISTENERS; i++) {
                        assertThat(answer(face.port()))
                                .matches("(?s)HTTP/1.1 404 .*queue jobs was deleted.*"
                                        + "|HTTP/1.1 200 .*sluice.ready.*queue_deleted.*");
                    }
                }
            } finally {
                queues.close();
            }
        }
    }

    /** Fails if the connection does not end. */
    private static String answer(int port) {
        try (RawConnection client = new RawConnection(port)) {
            client.send("GET /v1/queues/jobs/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            return client.readToEnd();
        }
    }

    private static void mount(Router router, Broker broker, QueueCoordinator queues, UUID queue) {
        Vertx vertx = Vertx.currentContext().owner();
        ServerConfig config = TestServers.config(Map.of());
        RecordRoutes records = new RecordRoutes(
                vertx,
                broker,
                config.records(),
                new MemoryBudget(1 << 20),
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        QueueHub hub = new QueueHub(vertx, broker);
        QueueDocuments documents = new QueueDocuments(broker, records.access(), new QueueRates(CLOCK.millis()), CLOCK);
        QueueEvents events = new QueueEvents(vertx.getOrCreateContext(), queues, hub, documents, config.push());
        Routes.get(router, "/v1/queues/:queue/events", ctx -> {
            events.events(ctx);
            tellUntilAnswered(ctx, hub, queue, vertx.getOrCreateContext());
        });
    }

    /** Says at every turn of the loop that the queue is gone: so also in the one behind that in which the listener joins. */
    private static void tellUntilAnswered(RoutingContext ctx, QueueHub hub, UUID queue, Context loop) {
        hub.happened(new Deleted(queue), UnaryOperator.identity());
        if (!ctx.response().headWritten()) {
            loop.runOnContext(v -> tellUntilAnswered(ctx, hub, queue, loop));
        }
    }
}
