package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.Table;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Queues as text for a person. */
final class QueueText {
    private QueueText() {}

    static String list(List<JsonNode> queues) {
        Table table = new Table("QUEUE", "PARTITIONS", "VISIBLE", "IN FLIGHT", "DELAYED", "LAG", "STATE");
        for (JsonNode queue : queues) {
            JsonNode messages = queue.path("messages");
            table.row(
                    queue.path("name").asText("?"),
                    queue.path("partitions").asText("-"),
                    messages.path("visible").asText("-"),
                    messages.path("in_flight").asText("-"),
                    messages.path("delayed").asText("-"),
                    queue.path("lag").asText("-"),
                    state(queue));
        }
        return table.toString();
    }

    private static String state(JsonNode queue) {
        return queue.path("paused").asBoolean() ? "paused" : "running";
    }

    static String stats(List<JsonNode> queues) {
        Table table = new Table(
                "QUEUE",
                "VISIBLE",
                "IN FLIGHT",
                "DELAYED",
                "OLDEST",
                "SENT",
                "RECEIVED",
                "ACKED",
                "FAILED",
                "DEAD",
                "SENT/S",
                "ACKED/S");
        for (JsonNode queue : queues) {
            JsonNode messages = queue.path("messages");
            JsonNode counters = queue.path("counters");
            JsonNode rates = queue.path("rates");
            table.row(
                    queue.path("name").asText("?"),
                    messages.path("visible").asText("-"),
                    messages.path("in_flight").asText("-"),
                    messages.path("delayed").asText("-"),
                    age(queue.path("oldest").path("age_ms")),
                    counters.path("sent").asText("-"),
                    counters.path("received").asText("-"),
                    counters.path("acknowledged").asText("-"),
                    counters.path("returned").asText("-"),
                    counters.path("dead").asText("-"),
                    rate(rates.path("sent")),
                    rate(rates.path("acknowledged")));
        }
        return table.toString();
    }

    static String describe(JsonNode queue) {
        StringBuilder text = new StringBuilder("queue " + queue.path("name").asText("?") + ", "
                + counted(queue.path("partitions").asLong(), "partition") + ", " + state(queue));
        text.append(System.lineSeparator())
                .append("created ")
                .append(time(queue.path("created_at")))
                .append(", changed ")
                .append(time(queue.path("modified_at")));
        section(text, stats(List.of(queue)));
        Table settings = new Table("SETTING", "VALUE");
        queue.path("settings").properties().forEach(setting -> addSetting(settings, "", setting));
        section(text, settings);
        if (!queue.path("sessions").isEmpty()) {
            Table sessions = new Table("CONSUMER", "MESSAGES", "SESSION", "ENDS UNLESS HEARD");
            queue.path("sessions")
                    .forEach(session -> sessions.row(
                            session.path("consumer").asText("?"),
                            session.path("messages").asText("-"),
                            session.path("session_timeout_ms").asText("-") + " ms",
                            time(session.path("expires_at"))));
            section(text, sessions);
        }
        return text.toString();
    }

    /** Keys that stand still. */
    static String keys(JsonNode keys) {
        Table table = new Table("KEY", "BEHIND", "FIRST", "STATE", "DELIVERIES", "PARKED", "REASON");
        for (JsonNode key : keys.path("keys")) {
            JsonNode first = key.path("first");
            JsonNode parked = key.path("parked");
            table.row(
                    key.has("key_bytes")
                            ? "(" + key.path("key_bytes").asText() + " bytes)"
                            : key.path("key").asText(key.path("key_base64").asText("-")),
                    key.path("behind").asText("-"),
                    first.path("id").asText("-"),
                    first.path("state").asText("-"),
                    first.path("deliveries").asText("-"),
                    parked.isMissingNode() ? "-" : time(parked.path("since")),
                    parked.isMissingNode()
                            ? first.path("reason").asText("-")
                            : parked.path("reason").asText("-"));
        }
        int shown = keys.path("keys").size();
        long count = keys.path("count").asLong();
        return table + (count > shown ? System.lineSeparator() + shown + " of " + count : "");
    }

    private static void addSetting(Table table, String prefix, Map.Entry<String, JsonNode> setting) {
        String name = prefix + setting.getKey();
        if (setting.getValue().isObject()) {
            setting.getValue().properties().forEach(inner -> addSetting(table, name + ".", inner));
        } else {
            table.row(name, setting.getValue().asText());
        }
    }

    private static void section(StringBuilder text, Object what) {
        text.append(System.lineSeparator()).append(System.lineSeparator()).append(what);
    }

    /** A time in ms since the epoch. */
    static String time(JsonNode ms) {
        return ms.isNumber() ? Instant.ofEpochMilli(ms.asLong()).toString() : "-";
    }

    private static String age(JsonNode ms) {
        return ms.isNumber() ? String.format(Locale.ROOT, "%.1f s", ms.asLong() / 1_000.0) : "-";
    }

    private static String rate(JsonNode perSecond) {
        return perSecond.isNumber() ? String.format(Locale.ROOT, "%.1f", perSecond.asDouble()) : "-";
    }

    static String counted(long count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
