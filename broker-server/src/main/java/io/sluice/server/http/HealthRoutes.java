package io.sluice.server.http;

import io.sluice.server.Health;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** Health over HTTP: whether the process lives, and whether the broker can do all of its work. */
public final class HealthRoutes implements RouteGroup {
    private final Health health;

    /** Routes over the broker's health. */
    public HealthRoutes(Health health) {
        this.health = health;
    }

    @Override
    public void mount(Router router) {
        for (String path : List.of("/health/live", "/healthy")) {
            // That an event loop answers is the proof.
            Routes.get(router, path, ctx -> answer(ctx, "live", List.of(), 200));
        }
        Routes.get(router, "/health/ready", ctx -> answer(ctx, "ready", health.obstacles(), 503));
        // The REST v2 interface has it so.
        Routes.get(router, "/ready", ctx -> answer(ctx, "ready", health.obstacles(), 500));
    }

    private static void answer(RoutingContext ctx, String good, List<Health.Obstacle> obstacles, int otherwise) {
        JsonArray reasons = new JsonArray();
        for (Health.Obstacle obstacle : obstacles) {
            JsonObject reason = new JsonObject().put("code", obstacle.code()).put("detail", obstacle.detail());
            reasons.add(reason);
        }
        ctx.response()
                .setStatusCode(obstacles.isEmpty() ? 200 : otherwise)
                .putHeader("Content-Type", "application/json")
                .putHeader("Cache-Control", "no-store")
                .end(new JsonObject()
                        .put("status", obstacles.isEmpty() ? good : "not_" + good)
                        .put("reasons", reasons)
                        .toBuffer());
    }
}
