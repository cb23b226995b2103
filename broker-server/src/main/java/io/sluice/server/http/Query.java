package io.sluice.server.http;

import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The query parameters of a request, each known, and given at most once unless it may be repeated. */
public final class Query {
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
    public static Query of(RoutingContext ctx, Set<String> known) {
        return of(ctx, known, Set.of());
    }

    /**
     * As {@link #of(RoutingContext, Set)}.
     *
     * @param repeatable the names among the known ones that may come more than once
     */
    public static Query of(RoutingContext ctx, Set<String> known, Set<String> repeatable) {
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
                                "unknown query parameter \"" + name + "\"; "
                                        + (known.isEmpty()
                                                ? "this route takes none"
                                                : "known are "
                                                        + String.join(
                                                                ", ",
                                                                known.stream()
                                                                        .sorted()
                                                                        .toList())))
                        .with("field", name);
            }
            if (!repeatable.contains(name) && parameters.getAll(name).size() > 1) {
                throw invalid(name, "is given more than once");
            }
        }
        return new Query(parameters);
    }

    /**
     * Refuses every parameter, for a route that takes none.
     *
     * @throws HttpProblem 400 unknown_parameter
     */
    public static void refuse(RoutingContext ctx) {
        of(ctx, Set.of());
    }

    /** Whether a parameter is there. */
    public boolean has(String name) {
        return parameters.contains(name);
    }

    /** A parameter as it was given, if it is there. */
    public Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** All that a parameter was given as. */
    public List<String> texts(String name) {
        return parameters.getAll(name);
    }

    /**
     * A whole number, or {@code otherwise} if the parameter is not there.
     *
     * @param min the least that it may be
     * @param max the most that it may be
     * @throws HttpProblem 400 invalid_argument if it is no whole number, or out of its range
     */
    public long number(String name, long otherwise, long min, long max) {
        String text = parameters.get(name);
        return text == null ? otherwise : number(name, text, min, max);
    }

    /** A whole number that stands in a request as text; see {@link #number(String, long, long, long)}. */
    public static long number(String name, String text, long min, long max) {
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

    /** The text in a cursor that {@link #toCursor} made, if the parameter is there. */
    public Optional<String> cursor(String name) {
        try {
            return text(name).map(cursor -> new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw invalid(name, "must be a cursor that an answer of this route gave as next");
        }
    }

    /** A text as an opaque cursor. */
    public static String toCursor(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The refusal of a parameter or header: {@code what} goes on where its name ends. */
    public static HttpProblem invalid(String name, String what) {
        return new HttpProblem(400, "invalid_argument", name + " " + what).with("field", name);
    }
}
