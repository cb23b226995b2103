package io.sluice.server.http;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.sluice.server.clients.ClientRegistry;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The HTTP listener of one event loop: a router and the connections it serves. All loops listen on the same address;
 * each connection stays on the loop that it was given to.
 */
final class HttpLoop implements Deployable {
    private static final long STOP_GRACE_MS = 500;

    private final SocketAddress address;
    private final HttpServerOptions options;
    private final HttpLimits limits;
    private final List<RouteGroup> groups;
    private final HttpMetrics metrics;
    private final AtomicInteger openConnections;
    private final ClientRegistry clients;
    private Connections connections;
    private HttpServer server;

    HttpLoop(
            SocketAddress address,
            HttpServerOptions options,
            HttpLimits limits,
            List<RouteGroup> groups,
            HttpMetrics metrics,
            AtomicInteger openConnections,
            ClientRegistry clients) {
        this.address = address;
        this.options = options;
        this.limits = limits;
        this.groups = groups;
        this.metrics = metrics;
        this.openConnections = openConnections;
        this.clients = clients;
    }

    @Override
    public Future<?> deploy(Context context) {
        Vertx vertx = context.owner();
        connections = new Connections(vertx, limits, openConnections, clients);
        server = vertx.createHttpServer(options)
                .connectionHandler(connections::opened)
                .requestHandler(router(vertx, groups, this::begin))
                .invalidRequestHandler(HttpLoop::refuseMalformed);
        return server.listen(address);
    }

    @Override
    public Future<?> undeploy(Context context) {
        // What is nearly done gets a moment; who merely waits for records is told.
        long graceMs = Math.min(STOP_GRACE_MS, limits.shutdownTimeoutMs() / 2 + 1);
        context.owner().setTimer(graceMs, timer -> connections.endWaiting());
        return server.shutdown(Duration.ofMillis(limits.shutdownTimeoutMs()));
    }

    /** The port that is listened on, once deployed. */
    int port() {
        return server.actualPort();
    }

    /** All routes of the listener. */
    static Router router(Vertx vertx, List<RouteGroup> groups, Handler<RoutingContext> first) {
        Router router = Router.router(vertx);
        router.route().handler(first);
        groups.forEach(group -> group.mount(router));
        Routes.refuseTheRest(router);
        return router;
    }

    private void begin(RoutingContext ctx) {
        metrics.observe(ctx);
        RequestFailures.answerWith(ctx);
        if (connections.began(ctx)) {
            refuseUnknownCoding(ctx.request());
            ctx.next();
        } else {
            HttpErrors.closeAfterResponse(ctx.request());
            HttpErrors.respond(
                    ctx,
                    new HttpProblem(
                                    503,
                                    "too_many_connections",
                                    "the broker has all the " + limits.maxConnections() + " connections it may have")
                            .retryAfterMs(1_000));
        }
    }

    /**
     * The codec takes a body in a coding that it does not know for no body at all, and what comes for the next request.
     */
    private static void refuseUnknownCoding(HttpServerRequest request) {
        List<String> codings = request.headers().getAll("Transfer-Encoding");
        boolean known = codings.isEmpty()
                || codings.size() == 1 && codings.get(0).trim().equalsIgnoreCase("chunked");
        if (!known) {
            HttpErrors.closeAfterResponse(request);
            throw new HttpProblem(
                    400,
                    "malformed_request",
                    "Transfer-Encoding is " + String.join(", ", codings) + "; only chunked is understood");
        }
    }

    private static void refuseMalformed(HttpServerRequest request) {
        Throwable cause = request.decoderResult().cause();
        HttpProblem problem;
        if (cause instanceof TooLongHttpLineException) {
            problem = new HttpProblem(414, "address_too_long", "the first line of the request is too long");
        } else if (cause instanceof TooLongHttpHeaderException) {
            problem = new HttpProblem(431, "headers_too_large", "the headers of the request are too large");
        } else {
            problem = new HttpProblem(400, "malformed_request", "the request is not HTTP: " + cause.getMessage());
        }
        HttpErrors.respond(request, problem);
    }
}
