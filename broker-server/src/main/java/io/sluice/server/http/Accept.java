package io.sluice.server.http;

import io.vertx.ext.web.RoutingContext;
import java.util.Locale;

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
        for (String range : accept.toLowerCase(Locale.ROOT).split(",")) {
            String[] parts = range.split(";", 2);
            String type = parts[0].trim();
            boolean refused = parts.length > 1 && parts[1].replace(" ", "").matches("(.*;)?q=0(\\.0*)?");
            if (!refused && (type.equals("*/*") || type.equals(anySubtype) || type.equals(mediaType))) {
                return;
            }
        }
        throw new HttpProblem(406, "not_acceptable", "this route answers " + mediaType + ", and not " + accept);
    }
}
