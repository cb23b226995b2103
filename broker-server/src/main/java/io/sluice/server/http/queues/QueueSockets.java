package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.server.http.Cors;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.SocketMessages;
import io.sluice.server.http.push.PushLimits;
import io.sluice.server.http.records.RecordAccess;
import io.vertx.core.Context;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

/** {@code GET /v1/queues/{queue}/ws}: the WebSockets of queues; for one event loop. */
final class QueueSockets {
    static final long TICK_MS = 250;

    final Context context;
    final Broker broker;
    final QueueCoordinator queues;
    final RecordAccess records;
    final Sends sends;
    final PushLimits limits;
    final InstantSource clock;
    private final Cors cors;
    private final Set<QueueSocket> open = new LinkedHashSet<>();
    private boolean ticks;

    /** @param cors which pages of other origins may connect */
    QueueSockets(
            Context context,
            Broker broker,
            QueueCoordinator queues,
            RecordAccess records,
            Sends sends,
            PushLimits limits,
            Cors cors,
            InstantSource clock) {
        this.context = context;
        this.broker = broker;
        this.queues = queues;
        this.records = records;
        this.sends = sends;
        this.limits = limits;
        this.cors = cors;
        this.clock = clock;
    }

    void connect(RoutingContext ctx) {
        Query.refuse(ctx);
        SocketMessages.requireUpgrade(ctx.request());
        String queue = QueueFields.queue(ctx);
        if (queues.find(queue).isEmpty()) {
            // A handshake does not wait: whoever comes while the queue is read comes again.
            JsonAnswer.here(queues.describe(queue))
                    .onSuccess(view -> HttpErrors.respond(
                            ctx,
                            QueueErrors.problem(
                                    view.error() == QueueError.NONE ? QueueError.LOADING : view.error(), queue)));
            return;
        }
        Topic topic = broker.requireTopic(queue);
        QueueSocket socket = new QueueSocket(this, ctx, topic);
        SocketMessages.upgrade(ctx, cors, socket).onSuccess(socket::start);
    }

    void add(QueueSocket socket) {
        open.add(socket);
        if (!ticks) {
            ticks = true;
            context.owner().setPeriodic(TICK_MS, timer -> {
                long nowNs = System.nanoTime();
                new ArrayList<>(open).forEach(one -> one.tick(nowNs));
            });
        }
    }

    void remove(QueueSocket socket) {
        open.remove(socket);
    }
}
