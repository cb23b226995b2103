package io.sluice.server.http;

import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** The query parameters of a request, asked for one by one. */
final class Query {
    private final RoutingContext ctx;

    Query(RoutingContext ctx) {
        this.ctx = ctx;
    }

    /** Refuses parameters with other names than these. */
    Query allowOnly(String... names) {
        Set<String> unknown = new TreeSet<>(ctx.queryParams().names());
        List.of(names).forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            String known = names.length == 0 ? "this route takes none" : "known are " + String.join(", ", names);
            throw new HttpProblem(
                            400,
                            "unknown_parameter",
                            "unknown query parameter " + String.join(", ", unknown) + "; " + known)
                    .with("field", unknown.iterator().next());
        }
        return this;
    }

    /** A whole number within bounds, both inclusive, if the parameter is there. */
    OptionalInt count(String name, int min, int max) {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            int value = Integer.parseInt(text.get());
            if (value >= min && value <= max) {
                return OptionalInt.of(value);
            }
        } catch (NumberFormatException e) {
            // Falls through: said below, with the bounds.
        }
        throw invalid(name, "must be a whole number from " + min + " to " + max);
    }

    /** The text in a cursor that {@link #toCursor} made, if the parameter is there. */
    Optional<String> cursor(String name) {
        try {
            return text(name).map(cursor -> new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw invalid(name, "must be a cursor that an answer of this route gave as next");
        }
    }

    /** A text as an opaque cursor. */
    static String toCursor(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private Optional<String> text(String name) {
        List<String> values = ctx.queryParam(name);
        if (values.size() > 1) {
            throw invalid(name, "is given " + values.size() + " times");
        }
        return values.stream().findFirst();
    }

    private static HttpProblem invalid(String name, String rule) {
        return new HttpProblem(400, "invalid_argument", "query parameter " + name + " " + rule).with("field", name);
    }
}
