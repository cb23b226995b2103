package io.sluice.server.http.restv2;

import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.RestProblem;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.function.Function;

/**
 * An answer of this face: a status and a document.
 *
 * @param status the HTTP status
 * @param document what it says, unless there is nothing to say
 */
record RestAnswer(int status, Optional<Buffer> document) {
    static final RestAnswer NOTHING = new RestAnswer(204, Optional.empty());

    static RestAnswer of(JsonObject document) {
        return new RestAnswer(200, Optional.of(document.toBuffer()));
    }

    static RestAnswer of(JsonArray document) {
        return new RestAnswer(200, Optional.of(document.toBuffer()));
    }

    /** A handler that sends what a function answers, or the problem that it fails with. */
    static Handler<RoutingContext> answering(Function<RoutingContext, Future<RestAnswer>> function) {
        return ctx ->
                function.apply(ctx).onComplete(answer -> answer.send(ctx), failure -> HttpErrors.respond(ctx, failure));
    }

    private void send(RoutingContext ctx) {
        if (ctx.response().ended() || ctx.response().closed()) {
            return;
        }
        ctx.response().setStatusCode(status);
        if (document.isPresent()) {
            ctx.response().putHeader("Content-Type", RestProblem.MEDIA_TYPE).end(document.get());
        } else {
            ctx.response().end();
        }
    }
}
