package io.sluice.server.http;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;

/**
 * How problems look on the REST v2 face: {@code {"error_code", "message", "validation_errors"}}, where the code is the HTTP
 * status. Its clients know nothing else, so that every problem of a request to that face is told in this shape.
 */
public final class RestProblem {
    /** The media type of its answers. */
    public static final String MEDIA_TYPE = "application/vnd.kafka.v2+json";

    private static final String CODE = "rest_v2";
    private static final String FAULTS = "validation_errors";
    /** What is wrong with the shape of a request, rather than with what it means. */
    private static final Set<String> OF_SHAPE =
            Set.of("invalid_json", "unknown_field", "duplicate_field", "unknown_parameter", "invalid_argument");

    private RestProblem() {}

    /** A problem with the words of that face. */
    public static HttpProblem of(int status, String message) {
        return new HttpProblem(status, CODE, message);
    }

    /** A problem with parts of the request that are named one by one. */
    public static HttpProblem of(int status, String message, List<String> faults) {
        return of(status, message).with(FAULTS, faults);
    }

    /** Whether a path is one of that face. */
    static boolean owns(String path) {
        return path.equals("/topics")
                || path.startsWith("/topics/")
                || path.startsWith("/consumers/")
                || path.startsWith("/admin/");
    }

    /** The problem as a document of that face. */
    static JsonObject document(HttpProblem problem) {
        JsonObject document = new JsonObject().put("error_code", problem.status());
        if (problem.members().get(FAULTS) instanceof List<?> faults) {
            return document.put("message", problem.detail()).put(FAULTS, new JsonArray(faults));
        }
        if (problem.status() == 400 && OF_SHAPE.contains(problem.code())) {
            return document.put("message", "Validation error on: " + problem.detail())
                    .put(FAULTS, new JsonArray().add(problem.detail()));
        }
        return document.put("message", problem.detail());
    }
}
