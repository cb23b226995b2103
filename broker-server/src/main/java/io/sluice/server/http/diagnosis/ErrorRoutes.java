package io.sluice.server.http.diagnosis;

import io.sluice.server.errors.ErrorLog;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Set;

/** {@code GET /v1/errors}: the latest errors of the broker's own. */
public final class ErrorRoutes implements RouteGroup {
    private final ErrorLog errors;

    /** Routes over what is kept. */
    public ErrorRoutes(ErrorLog errors) {
        this.errors = errors;
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/v1/errors", JsonAnswer.answering(this::list));
    }

    private Future<JsonAnswer> list(RoutingContext ctx) {
        int limit = (int) Query.of(ctx, Set.of("limit")).number("limit", 100, 1, ErrorLog.MAX_KEPT);
        JsonArray all = new JsonArray();
        for (ErrorLog.Entry error : errors.latest(limit)) {
            JsonObject document = new JsonObject().put("code", error.code()).put("where", error.where());
            if (!error.client().isEmpty()) {
                document.put("client", error.client());
            }
            all.add(document.put("message", error.message())
                    .put("count", error.count())
                    .put("first_at", error.firstMs())
                    .put("last_at", error.lastMs()));
        }
        return Future.succeededFuture(
                JsonAnswer.of(200, new JsonObject().put("errors", all).put("forgotten", errors.forgotten())));
    }
}
