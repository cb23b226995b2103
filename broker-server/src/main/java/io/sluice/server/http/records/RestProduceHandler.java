package io.sluice.server.http.records;

import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.RestProblem;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** Producing over the REST v2 face, to a topic or to one of its partitions. For one event loop. */
public final class RestProduceHandler {
    private final Loop loop;

    RestProduceHandler(Loop loop) {
        this.loop = loop;
    }

    /**
     * Stores the records of a request.
     *
     * @param partition the partition of the path, or -1
     */
    public void handle(RoutingContext ctx, int partition) {
        TopicName.requireForUsers(ctx.pathParam("topicname"));
        ProduceRequest request = ProduceRequest.rest(ctx, partition);
        // Before a topic is made for what nobody can read.
        request.requireFormat();
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
                        HttpProblem problem = HttpErrors.problem(created.cause());
                        boolean unknown = problem.code().equals("unknown_topic");
                        HttpErrors.respond(
                                ctx, unknown ? RestProblem.of(404, "The specified topic was not found.") : problem);
                    }
                });
    }

    private void produce(RoutingContext ctx, ProduceRequest request, Topic topic) {
        if (request.partition() >= topic.partitions()) {
            HttpErrors.respond(ctx, RestProblem.of(404, "The specified topic partition was not found."));
        } else {
            Caller.of(ctx).produced(topic.name());
            new RestProduce(loop, ctx, request, topic).start(ctx.request());
        }
    }
}
