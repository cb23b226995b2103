package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.server.http.HttpLimits;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.records.RecordRoutes;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.time.InstantSource;

/** The routes of queues. */
public final class QueueRoutes implements RouteGroup {
    private final QueueAdmin admin;

    /**
     * The routes over a broker and its queues.
     *
     * @param records how records are written and read
     */
    public QueueRoutes(
            Vertx vertx,
            Broker broker,
            QueueCoordinator queues,
            RecordRoutes records,
            HttpLimits http,
            InstantSource clock) {
        QueueRates rates = new QueueRates(clock.millis());
        queues.listen(rates);
        this.admin = new QueueAdmin(
                broker, queues, new QueueDocuments(broker, records.access(), rates, clock), http.maxBodyBytes());
    }

    @Override
    public void mount(Router router) {
        admin.mount(router);
    }
}
