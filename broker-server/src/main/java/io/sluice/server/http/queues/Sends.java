package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.QueueOutline;
import io.sluice.groups.queue.QueueViews.Filling;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.records.MessageSender;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** {@code POST /v1/queues/{queue}/messages} and {@code POST /enqueue}; for one event loop. */
final class Sends {
    /** The queue of those who do not name one. */
    private static final String DEFAULT_QUEUE = "default";

    private final Broker broker;
    private final QueueCoordinator queues;
    private final MessageSender sender;

    Sends(Broker broker, QueueCoordinator queues, MessageSender sender) {
        this.broker = broker;
        this.queues = queues;
        this.sender = sender;
    }

    void send(RoutingContext ctx) {
        String queue = ctx.pathParam("queue");
        whenThere(ctx, queue, find(queue), (topic, refusal) -> sender.send(ctx, topic, refusal));
    }

    /**
     * Sends messages that did not come as a request of their own; see {@link MessageSender#send(byte[], Topic, Optional)}. Fails with unknown_queue or
     * queue_full too.
     */
    Future<MessageSender.Sent> send(byte[] json, String queue) {
        return find(queue).compose(found -> {
            QueueErrors.require(found.error(), queue);
            return sender.send(json, broker.requireTopic(queue), found.refusal());
        });
    }

    void enqueue(RoutingContext ctx) {
        whenThere(ctx, DEFAULT_QUEUE, findOrCreate(), (topic, refusal) -> sender.enqueue(ctx, topic, refusal));
    }

    /** What is done with the topic of a queue. */
    private interface Sending {
        void start(Topic topic, Optional<HttpProblem> refusal);
    }

    /**
     * A queue to send to.
     *
     * @param refusal why it takes no more, if so
     */
    private record Found(QueueError error, Optional<HttpProblem> refusal) {
        static Found of(QueueError error) {
            return new Found(error, Optional.empty());
        }
    }

    private void whenThere(RoutingContext ctx, String queue, Future<Found> there, Sending sending) {
        if (there.isComplete()) {
            start(ctx, queue, there, sending);
            return;
        }
        ctx.request().pause();
        there.onComplete(done -> {
            if (!ctx.response().ended() && !ctx.response().closed()) {
                start(ctx, queue, there, sending);
            }
        });
    }

    private void start(RoutingContext ctx, String queue, Future<Found> there, Sending sending) {
        try {
            if (there.failed()) {
                throw HttpErrors.problem(there.cause());
            }
            QueueErrors.require(there.result().error(), queue);
            sending.start(broker.requireTopic(queue), there.result().refusal());
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }

    private Future<Found> find(String queue) {
        Optional<QueueOutline> known = queues.find(queue);
        if (known.isPresent()
                && known.get().config().maxMessages() == 0
                && known.get().config().maxBytes() == 0) {
            return Future.succeededFuture(Found.of(QueueError.NONE));
        }
        return JsonAnswer.here(queues.filling(queue))
                .map(filling -> filling.error() == QueueError.NONE
                        ? new Found(QueueError.NONE, refusal(queue, filling))
                        : Found.of(filling.error()));
    }

    /** A request that begins below the limits is taken as a whole; one that is a repeated one finds its messages also if these have filled it. */
    private static Optional<HttpProblem> refusal(String queue, Filling filling) {
        long maxMessages = filling.config().maxMessages();
        if (maxMessages > 0 && filling.messages() >= maxMessages) {
            return Optional.of(new HttpProblem(
                            429,
                            "queue_full",
                            "queue " + queue + " has " + filling.messages()
                                    + " messages that are not finished; max_messages is " + maxMessages)
                    .with("messages", filling.messages())
                    .with("max_messages", maxMessages)
                    .retryAfterMs(1_000));
        }
        long maxBytes = filling.config().maxBytes();
        if (maxBytes > 0 && filling.bytes() >= maxBytes) {
            return Optional.of(new HttpProblem(
                            429,
                            "queue_full",
                            "queue " + queue + " has about " + filling.bytes()
                                    + " bytes of messages that are not finished; max_bytes is " + maxBytes)
                    .with("bytes", filling.bytes())
                    .with("max_bytes", maxBytes)
                    .retryAfterMs(1_000));
        }
        return Optional.empty();
    }

    private Future<Found> findOrCreate() {
        return find(DEFAULT_QUEUE)
                .compose(found -> found.error() == QueueError.UNKNOWN_QUEUE
                        ? JsonAnswer.here(queues.create(
                                        DEFAULT_QUEUE,
                                        QueueConfig.DEFAULTS.withDeadLetterQueue(Optional.of(DEFAULT_QUEUE + ".dead")),
                                        1))
                                .map(view -> Found.of(
                                        view.error() == QueueError.QUEUE_DIFFERS ? QueueError.NONE : view.error()))
                        : Future.succeededFuture(found));
    }
}
