package io.sluice.server.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
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

    private record Answered(String route, String method, int status) {}

    private record Timed(String route, String method) {}

    private final MeterRegistry registry;
    private final Map<Answered, Counter> counters = new ConcurrentHashMap<>();
    private final Map<Timed, Timer> timers = new ConcurrentHashMap<>();

    HttpMetrics(MeterRegistry registry, AtomicInteger openConnections, int maxConnections) {
        this.registry = registry;
        registry.gauge("sluice.http.connections", openConnections);
        // A supplier, because a registry holds numbers weakly: one that nobody else holds becomes NaN.
        Gauge.builder("sluice.http.connections.max", () -> maxConnections).register(registry);
    }

    /** Counts and times this request when it has ended. */
    void observe(RoutingContext ctx) {
        long beginNs = System.nanoTime();
        ctx.addEndHandler(ended -> {
            Route route = ctx.currentRoute();
            String template = route == null || route.getPath() == null ? NO_ROUTE : route.getPath();
            HttpMethod method = ctx.request().method();
            String methodName = KNOWN_METHODS.contains(method) ? method.name() : "other";
            counter(new Answered(template, methodName, ctx.response().getStatusCode()))
                    .increment();
            timer(new Timed(template, methodName)).record(System.nanoTime() - beginNs, TimeUnit.NANOSECONDS);
        });
    }

    private Counter counter(Answered answered) {
        return counters.computeIfAbsent(
                answered,
                key -> Counter.builder("sluice.http.requests")
                        .description("HTTP requests answered")
                        .tag("route", key.route())
                        .tag("method", key.method())
                        .tag("status", Integer.toString(key.status()))
                        .register(registry));
    }

    private Timer timer(Timed timed) {
        return timers.computeIfAbsent(
                timed,
                key -> Timer.builder("sluice.http.request.duration")
                        .description("Time from the head of a request to the end of its response")
                        .tag("route", key.route())
                        .tag("method", key.method())
                        .serviceLevelObjectives(BUCKETS)
                        .register(registry));
    }
}
