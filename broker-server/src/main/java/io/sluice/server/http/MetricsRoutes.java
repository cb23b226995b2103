package io.sluice.server.http;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** {@code /metrics}: all meters in Prometheus' text format. */
public final class MetricsRoutes implements RouteGroup {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry;

    /** Routes over a registry. */
    public MetricsRoutes(PrometheusMeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/metrics", this::scrape);
    }

    private void scrape(RoutingContext ctx) {
        // Gauges are read while the text is made, some of them from the operating system: not on the event loop.
        ctx.vertx()
                .executeBlocking(() -> registry.scrape(TEXT), false)
                .onComplete(
                        text -> ctx.response().putHeader("Content-Type", TEXT).end(text),
                        failure -> HttpErrors.respond(ctx, failure));
    }
}
