package io.sluice.server.http;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;

/**
 * How a problem that passes looks to whoever asked for a stream of events: as a stream that ends at once and says why, and when to come
 * again. To a browser any status but 200 is the end of its EventSource for good, and it cannot show what the answer says.
 */
final class EventStreamProblem {
    static final String MEDIA_TYPE = "text/event-stream";
    private static final String RETRY_AFTER_MS = "retry_after_ms";

    private EventStreamProblem() {}

    /** Whether the problem is to be told so. Who takes anything, as curl does, or JSON as well, is told by the status as on any other route. */
    static boolean fits(HttpServerRequest request, HttpProblem problem) {
        return problem.members().containsKey(RETRY_AFTER_MS)
                && request.method() == HttpMethod.GET
                && Accept.names(request, MEDIA_TYPE)
                && !Accept.names(request, "application/json");
    }

    /** The problem as the only event of a stream. */
    static String text(HttpServerRequest request, HttpProblem problem) {
        Object retryAfterMs = problem.members().get(RETRY_AFTER_MS);
        JsonObject data = new JsonObject()
                .put("code", problem.code())
                .put("detail", problem.detail())
                .put(RETRY_AFTER_MS, retryAfterMs);
        String seen = request.getHeader("Last-Event-ID");
        // By the letter of the standard, a client that comes again would else go on behind nothing.
        String id = seen == null ? "" : "id: " + seen + "\n";
        return id + "retry: " + retryAfterMs + "\nevent: sluice.end\ndata: " + data.encode() + "\n\n";
    }
}
