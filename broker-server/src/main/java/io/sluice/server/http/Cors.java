package io.sluice.server.http;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/**
 * Which pages of other origins a browser may let read what this broker answers. Off as long as no origin is allowed.
 *
 * @param origins the origins, such as {@code https://shop.example}; {@code *} stands for all
 * @param methods the methods that their pages may use
 */
public record Cors(List<String> origins, List<String> methods) {
    /** No page of another origin may read anything. */
    public static final Cors OFF = new Cors(List.of(), List.of());

    private static final String PREFLIGHT_SECONDS = "3600";
    private static final String EXPOSED =
            "Retry-After, Sluice-Next-Offset, Sluice-High-Watermark, Sluice-Log-Start-Offset";

    /** Keeps its own lists. */
    public Cors {
        origins = List.copyOf(origins);
        methods = List.copyOf(methods);
    }

    /** Whether pages of an origin may read answers, and open WebSockets. */
    public boolean allows(String origin) {
        return origins.contains("*") || origins.contains(origin);
    }

    /**
     * Says to a browser what it may do, if somebody else's page asks.
     *
     * @return whether that was all: the question before the real request has been answered
     * @throws HttpProblem 403 if the question comes from an origin that is not allowed
     */
    boolean answers(RoutingContext ctx) {
        String origin = ctx.request().getHeader("Origin");
        if (origins.isEmpty() || origin == null) {
            return false;
        }
        boolean asksBefore = ctx.request().method().equals(HttpMethod.OPTIONS)
                && ctx.request().getHeader("Access-Control-Request-Method") != null;
        HttpServerResponse response = ctx.response().putHeader("Vary", "Origin");
        if (!allows(origin)) {
            if (asksBefore) {
                throw new HttpProblem(
                        403, "origin_not_allowed", "pages of " + origin + " are not among http.cors.allowed.origins");
            }
            // The browser keeps the answer from the page; whoever is no browser is none of this.
            return false;
        }
        response.putHeader("Access-Control-Allow-Origin", origins.contains("*") ? "*" : origin);
        if (!asksBefore) {
            response.putHeader("Access-Control-Expose-Headers", EXPOSED);
            return false;
        }
        response.putHeader("Access-Control-Allow-Methods", String.join(", ", methods));
        String headers = ctx.request().getHeader("Access-Control-Request-Headers");
        if (headers != null) {
            response.putHeader("Access-Control-Allow-Headers", headers);
        }
        response.putHeader("Access-Control-Max-Age", PREFLIGHT_SECONDS)
                .setStatusCode(204)
                .end();
        return true;
    }
}
