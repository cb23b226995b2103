package io.sluice.server.http.records;

import io.sluice.server.http.HttpProblem;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The query parameters of a request, each known and given at most once. */
final class Query {
    private final MultiMap parameters;

    private Query(MultiMap parameters) {
        this.parameters = parameters;
    }

    /**
     * The parameters of a request.
     *
     * @param known the names that this route knows
     * @throws HttpProblem 400 unknown_parameter or invalid_argument
     */
    static Query of(RoutingContext ctx, Set<String> known) {
        String text = ctx.request().query();
        if (text == null || text.isEmpty()) {
            return new Query(MultiMap.caseInsensitiveMultiMap());
        }
        MultiMap parameters;
        try {
            parameters = ctx.queryParams();
        } catch (IllegalArgumentException e) {
            throw new HttpProblem(400, "invalid_argument", "the query is not properly percent-encoded");
        }
        for (Map.Entry<String, String> parameter : parameters.entries()) {
            String name = parameter.getKey();
            if (!known.contains(name)) {
                throw new HttpProblem(
                                400,
                                "unknown_parameter",
                                "unknown query parameter \"" + name + "\"; known are "
                                        + String.join(
                                                ", ", known.stream().sorted().toList()))
                        .with("field", name);
            }
            if (parameters.getAll(name).size() > 1) {
                throw invalid(name, "is given more than once");
            }
        }
        return new Query(parameters);
    }

    boolean has(String name) {
        return parameters.contains(name);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /**
     * A whole number.
     *
     * @throws HttpProblem 400 if it is none, or out of its range
     */
    long number(String name, long otherwise, long min, long max) {
        String text = parameters.get(name);
        return text == null ? otherwise : number(name, text, min, max);
    }

    /** A whole number that stands in a request as text; see {@link #number(String, long, long, long)}. */
    static long number(String name, String text, long min, long max) {
        long number;
        try {
            number = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw invalid(name, "is \"" + text + "\", not a whole number");
        }
        if (number < min || number > max) {
            throw invalid(name, "is " + number + ", not between " + min + " and " + max);
        }
        return number;
    }

    static HttpProblem invalid(String name, String what) {
        return new HttpProblem(400, "invalid_argument", name + " " + what).with("field", name);
    }
}
