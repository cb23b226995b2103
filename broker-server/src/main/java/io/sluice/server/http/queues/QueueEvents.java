package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.QueueView;
import io.sluice.server.http.Accept;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.push.PushLimits;
import io.vertx.core.Context;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** {@code GET /v1/queues/{queue}/events}; the streams of one event loop, which owns this. */
final class QueueEvents {
    private static final Set<String> PARAMETERS = Set.of("types", "id", "session", "heartbeat_ms");
    private static final long MAX_TICK_MS = 1_000;

    private final Context context;
    private final QueueCoordinator queues;
    private final QueueHub hub;
    private final QueueDocuments documents;
    private final PushLimits limits;
    private final Set<QueueStream> streams = new LinkedHashSet<>();
    private boolean ticks;

    QueueEvents(Context context, QueueCoordinator queues, QueueHub hub, QueueDocuments documents, PushLimits limits) {
        this.context = context;
        this.queues = queues;
        this.hub = hub;
        this.documents = documents;
        this.limits = limits;
    }

    void events(RoutingContext ctx) {
        Accept.require(ctx, "text/event-stream");
        Query query = Query.of(ctx, PARAMETERS);
        Set<Notice.Kind> kinds = query.text("types").map(QueueEvents::kinds).orElse(EnumSet.allOf(Notice.Kind.class));
        Optional<MessageId> message = query.text("id").map(text -> Messages.parse("id", text));
        Optional<String> consumer = query.text("session").map(QueueEvents::consumer);
        Optional<String> after =
                Optional.ofNullable(ctx.request().getHeader("Last-Event-ID")).filter(place -> !place.isEmpty());
        long heartbeatMs = query.number(
                "heartbeat_ms", limits.heartbeatMs(), PushLimits.MIN_HEARTBEAT_MS, PushLimits.MAX_HEARTBEAT_MS);
        String queue = QueueFields.queue(ctx);
        JsonAnswer.here(queues.describe(queue)).onComplete(asked -> {
            if (ctx.response().ended() || ctx.response().closed()) {
                return;
            }
            if (asked.result().error() != QueueError.NONE) {
                HttpErrors.respond(ctx, QueueErrors.problem(asked.result().error(), queue));
            } else if (ctx.request().method() == HttpMethod.HEAD) {
                ctx.response().putHeader("Content-Type", "text/event-stream").end();
            } else {
                start(
                        ctx,
                        new QueueStream.Wish(asked.result().id(), queue, kinds, message, after, consumer, heartbeatMs));
            }
        });
    }

    private static String consumer(String name) {
        if (name.isEmpty() || name.length() > Receives.MAX_NAME_CHARS) {
            throw Query.invalid(
                    "session", "must be the name of a consumer, of 1 to " + Receives.MAX_NAME_CHARS + " characters");
        }
        return name;
    }

    private static Set<Notice.Kind> kinds(String text) {
        Set<Notice.Kind> kinds = EnumSet.noneOf(Notice.Kind.class);
        for (String name : text.split(",", -1)) {
            if (!Notice.Kind.titles().contains(name)) {
                throw Query.invalid(
                        "types",
                        "has \"" + name + "\", which is none of "
                                + String.join(
                                        ", ",
                                        Notice.Kind.titles().stream().sorted().toList()));
            }
            kinds.add(Notice.Kind.valueOf(name.toUpperCase(java.util.Locale.ROOT)));
        }
        return kinds;
    }

    /** It listens first and is told then how the queue stands: nothing happens in between. */
    private void start(RoutingContext ctx, QueueStream.Wish wish) {
        QueueStream stream = new QueueStream(this, context, ctx, wish, hub.buffer());
        add(stream);
        JsonAnswer.here(queues.describe(wish.queue())).onComplete(asked -> {
            QueueError error = stream.hasEnded() ? QueueError.QUEUE_DELETED : errorOf(asked.result(), wish);
            if (ctx.response().ended() || ctx.response().closed()) {
                stream.end();
            } else if (error != QueueError.NONE) {
                stream.end();
                HttpErrors.respond(ctx, QueueErrors.problem(error, wish.queue()));
            } else {
                JsonObject ready = documents.summary(asked.result());
                stream.start(ready);
            }
        });
    }

    private static QueueError errorOf(QueueView found, QueueStream.Wish wish) {
        boolean isAnother = found.error() == QueueError.NONE && !found.id().equals(wish.queueId());
        return isAnother ? QueueError.QUEUE_DELETED : found.error();
    }

    private void add(QueueStream stream) {
        streams.add(stream);
        QueueStream.Wish wish = stream.wish();
        hub.add(stream, wish.after());
        wish.consumer().ifPresent(name -> queues.connected(wish.queue(), wish.queueId(), name));
        if (!ticks) {
            ticks = true;
            context.owner().setPeriodic(Math.min(MAX_TICK_MS, limits.heartbeatMs() / 2), timer -> {
                long nowNs = System.nanoTime();
                new ArrayList<>(streams).forEach(one -> one.tick(nowNs));
            });
        }
    }

    void remove(QueueStream stream) {
        streams.remove(stream);
        hub.remove(stream);
        QueueStream.Wish wish = stream.wish();
        wish.consumer().ifPresent(name -> queues.disconnected(wish.queue(), wish.queueId(), name));
    }

    /** How much is written at once. */
    int pieceBytes() {
        return limits.connectionBytes();
    }
}
