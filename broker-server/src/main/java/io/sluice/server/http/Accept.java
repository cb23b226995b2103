package io.sluice.server.http;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Set;

/** Whether a client takes what a route has to give. */
public final class Accept {
    private Accept() {}

    /**
     * Makes sure that the client takes this media type.
     *
     * @throws HttpProblem not_acceptable
     */
    public static void require(RoutingContext ctx, String mediaType) {
        String accept = ctx.request().getHeader("Accept");
        if (accept == null || accept.isBlank()) {
            return;
        }
        String anySubtype = mediaType.substring(0, mediaType.indexOf('/')) + "/*";
        if (!hasAny(accept, Set.of("*/*", anySubtype, mediaType))) {
            throw new HttpProblem(406, "not_acceptable", "this route answers " + mediaType + ", and not " + accept);
        }
    }

    /** Whether the client says that it takes this very media type, rather than anything. */
    static boolean names(HttpServerRequest request, String mediaType) {
        String accept = request.getHeader("Accept");
        return accept != null && hasAny(accept, Set.of(mediaType));
    }

    private static boolean hasAny(String accept, Set<String> types) {
        for (String range : accept.toLowerCase(Locale.ROOT).split(",")) {
            String[] parts = range.split(";", 2);
            boolean refused = parts.length > 1 && parts[1].replace(" ", "").matches("(.*;)?q=0(\\.0*)?");
            if (!refused && types.contains(parts[0].trim())) {
                return true;
            }
        }
        return false;
    }
}
