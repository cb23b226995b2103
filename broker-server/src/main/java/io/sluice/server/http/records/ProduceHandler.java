package io.sluice.server.http.records;

import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** {@code POST /v1/topics/{topic}/records}: finds the topic, and the way to read the body by its content type. */
final class ProduceHandler {
    private final Loop loop;
    private final RawProduce raw;

    ProduceHandler(Loop loop) {
        this.loop = loop;
        this.raw = new RawProduce(loop);
    }

    void handle(RoutingContext ctx) {
        try {
            // First of all: whoever mends what else is wrong would still be refused.
            TopicName.requireForUsers(ctx.pathParam("topic"));
            ProduceRequest request = ProduceRequest.of(ctx);
            Optional<Topic> topic = loop.broker.topic(request.topic());
            if (topic.isPresent()) {
                produce(ctx, request, topic.get());
                return;
            }
            ctx.request().pause();
            Future.fromCompletionStage(loop.broker.topicOrCreate(request.topic()), loop.vertx.getOrCreateContext())
                    .onComplete(created -> {
                        if (!Responses.isOpen(ctx.response())) {
                            // Its client has gone meanwhile: nothing would ever end what begins now.
                            return;
                        }
                        if (created.succeeded()) {
                            produce(ctx, request, created.result());
                        } else {
                            HttpErrors.respond(ctx, created.cause());
                        }
                    });
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }

    private void produce(RoutingContext ctx, ProduceRequest request, Topic topic) {
        try {
            Caller.of(ctx).produced(topic.name());
            if (request.binaryEvent()) {
                raw.handle(ctx, request, topic);
                return;
            }
            switch (request.contentType()) {
                case ProduceRequest.JSON -> new JsonProduce(loop, ctx, request, topic).start(ctx.request());
                case ProduceRequest.EVENT, ProduceRequest.EVENTS ->
                    new EventProduce(loop, ctx, request, topic).start(ctx.request());
                case ProduceRequest.NDJSON -> new NdjsonProduce(loop, ctx, request, topic).start();
                case ProduceRequest.BATCHES -> new BatchesProduce(loop, ctx, request, topic).start();
                default -> raw.handle(ctx, request, topic);
            }
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }
}
