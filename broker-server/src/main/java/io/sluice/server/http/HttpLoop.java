package io.sluice.server.http;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.http.json.Utf8;
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
import java.util.Optional;
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
    private final Cors cors;
    private final List<RouteGroup> groups;
    private final HttpMetrics metrics;
    private final AtomicInteger openConnections;
    private final ClientRegistry clients;
    private final MemoryBudget memory;
    private Connections connections;
    private Shortcuts shortcuts;
    private HttpServer server;

    HttpLoop(
            SocketAddress address,
            HttpServerOptions options,
            HttpLimits limits,
            Cors cors,
            List<RouteGroup> groups,
            HttpMetrics metrics,
            AtomicInteger openConnections,
            ClientRegistry clients,
            MemoryBudget memory) {
        this.address = address;
        this.options = options;
        this.limits = limits;
        this.cors = cors;
        this.groups = groups;
        this.metrics = metrics;
        this.openConnections = openConnections;
        this.clients = clients;
        this.memory = memory;
    }

    @Override
    public Future<?> deploy(Context context) {
        Vertx vertx = context.owner();
        connections = new Connections(vertx, limits, openConnections, clients, memory);
        Router router = router(vertx, groups, this::begin);
        shortcuts = Shortcuts.of(router);
        server = vertx.createHttpServer(options)
                .connectionHandler(connections::opened)
                .requestHandler(router)
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
        HttpMetrics.Observed observed = metrics.observe(ctx);
        RequestFailures.answerWith(ctx);
        boolean isOneTooMany = !connections.began(ctx);
        if (isOneTooMany) {
            HttpErrors.closeAfterResponse(ctx.request());
        } else {
            refuseUnknownCoding(ctx.request());
            refuseUnclear(ctx.request());
        }
        if (cors.answers(ctx)) {
            return;
        }
        if (isOneTooMany) {
            HttpErrors.respond(
                    ctx,
                    new HttpProblem(
                                    503,
                                    "too_many_connections",
                                    "the broker has all the " + limits.maxConnections() + " connections it may have")
                            .retryAfterMs(1_000));
        } else {
            route(ctx, observed);
        }
    }

    private void route(RoutingContext ctx, HttpMetrics.Observed observed) {
        Optional<Shortcuts.Shortcut> shortcut = shortcuts.find(ctx);
        if (shortcut.isPresent()) {
            observed.takes(shortcut.get().template());
            shortcut.get().handle(ctx);
        } else {
            ctx.next();
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

    /** What would be taken for something else: bytes in the address that are no text, and one of two hosts. */
    private static void refuseUnclear(HttpServerRequest request) {
        String uri = request.uri();
        if (hasMoreThanText(uri)) {
            throw new HttpProblem(
                    400, "malformed_request", "the address has bytes that must be percent-encoded, as UTF-8");
        }
        if (uri.indexOf('%') >= 0 && !isUtf8(uri)) {
            throw new HttpProblem(
                    400,
                    "malformed_request",
                    "the address is not UTF-8 where it is percent-encoded; JSON takes keys of any bytes as key_base64");
        }
        if (request.headers().getAll("Host").size() > 1) {
            throw new HttpProblem(400, "malformed_request", "the request has more than one Host header");
        }
    }

    private static boolean hasMoreThanText(String uri) {
        for (int i = 0; i < uri.length(); i++) {
            if (uri.charAt(i) > 0x7e) {
                return true;
            }
        }
        return false;
    }

    /** Whether the bytes that a percent-encoded text stands for are UTF-8; what is no encoding stands for itself. */
    private static boolean isUtf8(String text) {
        byte[] bytes = new byte[text.length()];
        int count = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            int high = c == '%' && at + 2 < text.length() ? Character.digit(text.charAt(at + 1), 16) : -1;
            int low = high >= 0 ? Character.digit(text.charAt(at + 2), 16) : -1;
            if (low >= 0) {
                at += 2;
            }
            bytes[count++] = (byte) (low >= 0 ? high << 4 | low : c);
        }
        return Utf8.isValid(bytes, 0, count);
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
