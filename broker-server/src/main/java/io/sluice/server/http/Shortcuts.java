package io.sluice.server.http;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The way to the handlers of the requests that come most often, past the router: that tries the patterns of all routes one after the other,
 * which takes longer than many a handler. A path that is not plain goes to the router. For one event loop.
 */
final class Shortcuts {
    /** Under which name a route keeps its handler if it has a shortcut. */
    private static final String KEY = "sluice.shortcut";

    private final List<Shortcut> shortcuts = new ArrayList<>();

    /**
     * A route with one parameter.
     *
     * @param template as the router has it: {@code /v1/queues/:queue/ack}
     * @param before what a path has before the parameter
     * @param after what it has behind it
     */
    record Shortcut(String template, String before, String parameter, String after, Handler<RoutingContext> handler) {
        private static Shortcut of(Route route) {
            String template = route.getPath();
            int from = template.indexOf(':');
            int to = template.indexOf('/', from);
            return new Shortcut(
                    template,
                    template.substring(0, from),
                    template.substring(from + 1, to),
                    template.substring(to),
                    route.getMetadata(KEY));
        }

        private boolean isOf(String path, int from, int to) {
            return from == before.length()
                    && path.length() - to == after.length()
                    && path.startsWith(before)
                    && path.startsWith(after, to);
        }

        void handle(RoutingContext ctx) {
            handler.handle(ctx);
        }
    }

    /** Adds a route for POST that has a shortcut: its path has one parameter, and a segment behind that. */
    static void post(Router router, String path, Handler<RoutingContext> handler) {
        router.post(path).putMetadata(KEY, handler).handler(handler);
    }

    /** The shortcuts of the routes that a router has. */
    static Shortcuts of(Router router) {
        Shortcuts all = new Shortcuts();
        for (Route route : router.getRoutes()) {
            if (route.getMetadata(KEY) != null) {
                all.shortcuts.add(Shortcut.of(route));
            }
        }
        return all;
    }

    /** The shortcut that a request may take, which knows the parameter of its path then. */
    Optional<Shortcut> find(RoutingContext ctx) {
        String path = ctx.request().path();
        if (path == null || !HttpMethod.POST.equals(ctx.request().method())) {
            return Optional.empty();
        }
        int to = path.lastIndexOf('/');
        int from = path.lastIndexOf('/', to - 1) + 1;
        if (!isPlain(path, from, to)) {
            return Optional.empty();
        }
        for (Shortcut shortcut : shortcuts) {
            if (shortcut.isOf(path, from, to)) {
                ctx.pathParams().put(shortcut.parameter(), path.substring(from, to));
                return Optional.of(shortcut);
            }
        }
        return Optional.empty();
    }

    /** Whether a segment stands for itself: there is nothing to decode, and it is no dot that leads elsewhere. */
    private static boolean isPlain(String path, int from, int to) {
        boolean isDots = true;
        for (int i = from; i < to; i++) {
            char c = path.charAt(i);
            boolean isWord = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!isWord && c != '-' && c != '_' && c != '.') {
                return false;
            }
            isDots &= c == '.';
        }
        return !isDots;
    }
}
