package io.sluice.server.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.AsyncResult;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts and times HTTP requests by route template, method and status. Paths never become labels, so the number of
 * series is bounded by the routes. Safe on all event loops.
 */
final class HttpMetrics {
    private static final String NO_ROUTE = "none";
    private static final Set<HttpMethod> KNOWN_METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.PUT,
            HttpMethod.POST,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30)
    };

    private record Kind(String route, String method) {}

    /** What requests of a kind came to, by status. */
    private record Series(Kind kind, Timer timer, Map<Integer, Counter> answered) {}

    private final MeterRegistry registry;
    private final Map<Kind, Series> all = new ConcurrentHashMap<>();

    HttpMetrics(MeterRegistry registry, AtomicInteger openConnections, int maxConnections) {
        this.registry = registry;
        registry.gauge("sluice.http.connections", openConnections);
        // A supplier, because a registry holds numbers weakly: one that nobody else holds becomes NaN.
        Gauge.builder("sluice.http.connections.max", () -> maxConnections).register(registry);
    }

    /** Counts and times this request when it has ended. */
    Observed observe(RoutingContext ctx) {
        Observed observed = new Observed(ctx);
        ctx.addEndHandler(observed);
        return observed;
    }

    /** A request that is counted when it has ended. For its event loop. */
    final class Observed implements Handler<AsyncResult<Void>> {
        private final RoutingContext ctx;
        private final long beginNs = System.nanoTime();
        /** The route that it takes, if the router does not know; else null. */
        private String template;

        private Observed(RoutingContext ctx) {
            this.ctx = ctx;
        }

        /** It is led to a route past the router. */
        void takes(String routeTemplate) {
            template = routeTemplate;
        }

        @Override
        public void handle(AsyncResult<Void> ended) {
            HttpMethod method = ctx.request().method();
            Series series = series(new Kind(route(), KNOWN_METHODS.contains(method) ? method.name() : "other"));
            series.timer().record(System.nanoTime() - beginNs, TimeUnit.NANOSECONDS);
            int status = ctx.response().getStatusCode();
            Counter counter = series.answered().get(status);
            (counter == null ? counter(series, status) : counter).increment();
        }

        private String route() {
            if (template != null) {
                return template;
            }
            Route route = ctx.currentRoute();
            return route == null || route.getPath() == null ? NO_ROUTE : route.getPath();
        }
    }

    /** Looks before it computes: that would take a lock even if there is nothing to compute. */
    private Series series(Kind kind) {
        Series known = all.get(kind);
        return known != null ? known : all.computeIfAbsent(kind, this::newSeries);
    }

    private Series newSeries(Kind kind) {
        Timer timer = Timer.builder("sluice.http.request.duration")
                .description("Time from the head of a request to the end of its response")
                .tag("route", kind.route())
                .tag("method", kind.method())
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        return new Series(kind, timer, new ConcurrentHashMap<>());
    }

    private Counter counter(Series series, int status) {
        return series.answered()
                .computeIfAbsent(
                        status,
                        code -> Counter.builder("sluice.http.requests")
                                .description("HTTP requests answered")
                                .tag("route", series.kind().route())
                                .tag("method", series.kind().method())
                                .tag("status", Integer.toString(code))
                                .register(registry));
    }
}
