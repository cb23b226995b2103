package io.sluice.server.http;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.spi.context.storage.ContextLocal;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the request that an exception belongs to when nobody caught it, in a timer or in the callback of a future, so
 * that its client gets an answer and not silence. Each request has its own Vert.x context, and is remembered there.
 */
public final class RequestFailures {
    private static final Logger LOG = LoggerFactory.getLogger(RequestFailures.class);
    private static final ContextLocal<RoutingContext> REQUEST = ContextLocal.registerLocal(RoutingContext.class);

    private RequestFailures() {}

    /** Makes room for a request in every context. To be called before a Vertx is made: contexts have a fixed layout. */
    public static void prepare() {
        assert REQUEST != null;
    }

    /** Takes every exception that nobody caught. */
    public static void catchAll(Vertx vertx) {
        vertx.exceptionHandler(RequestFailures::uncaught);
    }

    /** Exceptions of the present context are the failure of this request from now on. */
    static void answerWith(RoutingContext ctx) {
        ctx.vertx().getOrCreateContext().putLocal(REQUEST, ctx);
    }

    private static void uncaught(Throwable failure) {
        Context context = Vertx.currentContext();
        RoutingContext ctx = context == null ? null : context.getLocal(REQUEST);
        if (ctx == null) {
            LOG.error("uncaught on {}", Thread.currentThread().getName(), failure);
        } else {
            HttpErrors.respond(ctx, failure);
        }
    }
}
