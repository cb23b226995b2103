package io.sluice.server.cli.clients;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.Table;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Connections as text for a person. */
final class ClientText {
    private ClientText() {}

    static String list(List<JsonNode> clients) {
        Table table =
                new Table("ID", "PROTOCOL", "ADDRESS", "LIBRARY", "CLIENT", "IN FLIGHT", "ACTIVE", "GROUPS", "TOPICS");
        for (JsonNode client : clients) {
            table.row(
                    client.path("id").asText("?"),
                    client.path("protocol").asText("-"),
                    client.path("address").asText("-"),
                    library(client),
                    orDash(client.path("client_id").asText("")),
                    client.path("in_flight").asText("-"),
                    time(client.path("active_at")),
                    orDash(String.join(",", groups(client))),
                    orDash(String.join(",", topics(client))));
        }
        return table.toString();
    }

    static String describe(JsonNode client) {
        Table table = new Table("CONNECTION", client.path("id").asText("?"));
        table.row("protocol", client.path("protocol").asText("-"))
                .row("address", client.path("address").asText("-"))
                .row("local address", client.path("local_address").asText("-"))
                .row("library", library(client))
                .row("client id", orDash(client.path("client_id").asText("")))
                .row(
                        "principal",
                        client.path("principal").isNull()
                                ? "-"
                                : client.path("principal").asText())
                .row("connected", time(client.path("connected_at")))
                .row("active", time(client.path("active_at")))
                .row("in flight", client.path("in_flight").asText("-"))
                .row("received bytes", client.path("received_bytes").asText("-"))
                .row("sent bytes", client.path("sent_bytes").asText("-"))
                .row("produces", orDash(String.join(",", texts(client.path("produces")))))
                .row("fetches", orDash(String.join(",", texts(client.path("fetches")))));
        if (client.path("subscriptions").isEmpty()) {
            return table.toString();
        }
        Table subscriptions = new Table("GROUP", "QUEUE", "MEMBER", "TOPICS", "FILTERS");
        for (JsonNode one : client.path("subscriptions")) {
            subscriptions.row(
                    orDash(one.path("group").asText("")),
                    orDash(one.path("queue").asText("")),
                    orDash(one.path("member").asText(one.path("consumer").asText(""))),
                    orDash(String.join(",", texts(one.path("topics")))),
                    orDash(String.join(" ", texts(one.path("filters")))));
        }
        String more = client.path("subscriptions_truncated").asBoolean(false)
                ? System.lineSeparator() + "and more, which the broker does not remember"
                : "";
        return table + System.lineSeparator() + System.lineSeparator() + subscriptions + more;
    }

    private static String library(JsonNode client) {
        String version = client.path("version").asText("");
        return orDash(client.path("library").asText("")) + (version.isEmpty() ? "" : " " + version);
    }

    private static Set<String> groups(JsonNode client) {
        Set<String> groups = new LinkedHashSet<>();
        client.path("subscriptions").forEach(one -> {
            if (one.has("group")) {
                groups.add(one.path("group").asText());
            }
        });
        return groups;
    }

    /** All that it has to do with. */
    private static Set<String> topics(JsonNode client) {
        Set<String> topics = new LinkedHashSet<>();
        client.path("subscriptions").forEach(one -> topics.addAll(texts(one.path("topics"))));
        topics.addAll(texts(client.path("fetches")));
        topics.addAll(texts(client.path("produces")));
        return topics;
    }

    private static List<String> texts(JsonNode list) {
        List<String> all = new ArrayList<>();
        list.forEach(one -> all.add(one.asText()));
        return all;
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    private static String time(JsonNode ms) {
        return ms.isNumber() ? Instant.ofEpochMilli(ms.asLong()).toString() : "-";
    }
}
