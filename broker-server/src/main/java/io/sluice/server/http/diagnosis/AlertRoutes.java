package io.sluice.server.http.diagnosis;

import io.sluice.server.alerts.Alert;
import io.sluice.server.alerts.AlertBook;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** {@code GET /v1/alerts}: what is wrong by the rules, and what was lately. */
public final class AlertRoutes implements RouteGroup {
    private final AlertBook book;

    /** Routes over what is written down. */
    public AlertRoutes(AlertBook book) {
        this.book = book;
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/v1/alerts", JsonAnswer.answering(this::list));
    }

    private Future<JsonAnswer> list(RoutingContext ctx) {
        Query.refuse(ctx);
        return Future.succeededFuture(JsonAnswer.of(
                200,
                new JsonObject()
                        .put("raised", documents(book.raised()))
                        .put("lately", documents(book.lately()))
                        .put("untracked", book.untracked())
                        .put(
                                "webhook",
                                new JsonObject()
                                        .put("delivered", book.webhook().delivered())
                                        .put("dropped", book.webhook().dropped())
                                        .put("failed_tries", book.webhook().failedTries()))));
    }

    private static JsonArray documents(List<Alert> alerts) {
        JsonArray all = new JsonArray();
        for (Alert alert : alerts) {
            JsonObject document = new JsonObject()
                    .put("rule", alert.rule().title())
                    .put("subject", alert.subject())
                    .put("message", alert.message())
                    .put("raised_at", alert.raisedMs());
            alert.clearedMs().ifPresent(ms -> document.put("cleared_at", ms));
            all.add(document);
        }
        return all;
    }
}
