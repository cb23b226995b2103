package io.sluice.server.http;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * An answer of a route that manages something.
 *
 * @param status the HTTP status
 * @param document what it says as JSON, unless there is nothing to say
 */
public record JsonAnswer(int status, Optional<Buffer> document) {
    /** 204. */
    public static final JsonAnswer NOTHING = new JsonAnswer(204, Optional.empty());

    private static final String JSON = "application/json";
    private static final CharSequence MEDIA_TYPE = HttpHeaders.createOptimized(JSON);

    public static JsonAnswer of(int status, JsonObject document) {
        return of(status, document.toBuffer());
    }

    /** @param json a document that is written already */
    public static JsonAnswer of(int status, Buffer json) {
        return new JsonAnswer(status, Optional.of(json));
    }

    /** A handler that sends what a function answers, or the problem that it fails with. */
    public static Handler<RoutingContext> answering(Function<RoutingContext, Future<JsonAnswer>> function) {
        return ctx -> {
            Accept.require(ctx, JSON);
            function.apply(ctx).onComplete(answer -> answer.send(ctx), failure -> HttpErrors.respond(ctx, failure));
        };
    }

    private void send(RoutingContext ctx) {
        if (ctx.response().ended() || ctx.response().closed()) {
            return;
        }
        ctx.response().setStatusCode(status);
        if (document.isPresent()) {
            ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, MEDIA_TYPE);
            ctx.response().end(document.get());
        } else {
            ctx.response().end();
        }
    }

    /** Comes back from the threads of an engine or a coordinator to the event loop of the request. */
    public static <T> Future<T> here(CompletionStage<T> future) {
        return Future.fromCompletionStage(future, Vertx.currentContext());
    }
}
