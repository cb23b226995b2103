package io.sluice.server.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Walks a list page by page, as far as the broker's cursor leads. */
public final class Pages {
    private Pages() {}

    /**
     * The whole list.
     *
     * @param path where it is, without a query
     * @param field what the list is called in a page
     */
    public static List<JsonNode> all(BrokerConnection broker, String path, String field) {
        return all(broker, path, field, "cursor");
    }

    /**
     * As {@link #all(BrokerConnection, String, String)}, with a query perhaps, of a list that calls its cursor otherwise.
     *
     * @param parameter takes what a page gives as next
     */
    public static List<JsonNode> all(BrokerConnection broker, String path, String field, String parameter) {
        String more = path + (path.contains("?") ? "&" : "?") + parameter + "=";
        List<JsonNode> all = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = broker.get(cursor.isEmpty() ? path : more + BrokerConnection.encode(cursor));
            page.path(field).forEach(all::add);
            String next = page.path("next").asText("");
            if (next.equals(cursor) && !next.isEmpty()) {
                throw new CliException(
                        CliException.REFUSED, "the broker's list of " + field + " does not come to an end");
            }
            cursor = next;
        } while (!cursor.isEmpty());
        return all;
    }
}
