package io.sluice.server.cli.groups;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.Table;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Groups as text for a person. */
final class GroupText {
    private GroupText() {}

    static String list(List<JsonNode> groups) {
        Table table = new Table("GROUP", "TYPE", "STATE", "MEMBERS");
        for (JsonNode group : groups) {
            table.row(
                    group.path("id").asText("?"),
                    group.path("type").asText("-"),
                    group.path("state").asText("-"),
                    group.path("members").asText("-"));
        }
        return table.toString();
    }

    static String describe(String name, JsonNode group) {
        int members = group.path("members").size();
        StringBuilder text = new StringBuilder("group " + name + ", "
                + group.path("type").asText("?") + ", " + group.path("state").asText("?") + ", "
                + counted(members, "member"));
        String assignor = group.path("assignor").asText("");
        if (!assignor.isEmpty()) {
            text.append(", assignor ").append(assignor);
        }
        if (members > 0) {
            section(text, members(group.path("members")));
        }
        if (!group.path("positions").isEmpty()) {
            section(text, positions(group.path("positions")));
        }
        if (!group.path("rebalances").isEmpty()) {
            section(text, rebalances(group.path("rebalances")));
        }
        if (!group.path("notices").isEmpty()) {
            section(text, notices(group.path("notices")));
        }
        return text.toString();
    }

    private static String members(JsonNode members) {
        Table table = new Table("MEMBER", "PROTOCOL", "HOST", "LAST HEARD", "HOLDS", "CONNECTION", "PARTITIONS");
        for (JsonNode member : members) {
            JsonNode heard = member.path("last_heard_ms");
            table.row(
                    member.path("id").asText("?"),
                    member.path("protocol").asText("-"),
                    member.path("host").asText("-"),
                    heard.isNumber() ? heard.asLong() / 1_000 + " s ago" : "-",
                    counted(member.path("held_records").asLong(0), "record"),
                    orDash(member.path("client").path("id")),
                    partitions(member.path("assignment")));
        }
        return table.toString();
    }

    /** Like {@code orders:0,2 users:1}. */
    private static String partitions(JsonNode assignment) {
        Map<String, List<String>> byTopic = new LinkedHashMap<>();
        for (JsonNode one : assignment) {
            byTopic.computeIfAbsent(one.path("topic").asText("?"), topic -> new ArrayList<>())
                    .add(one.path("partition").asText("?"));
        }
        List<String> topics = new ArrayList<>();
        byTopic.forEach((topic, numbers) -> topics.add(topic + ":" + String.join(",", numbers)));
        return topics.isEmpty() ? "-" : String.join(" ", topics);
    }

    private static String positions(JsonNode positions) {
        Table table = new Table(
                "TOPIC",
                "PARTITION",
                "POSITION",
                "LOG START",
                "LOG END",
                "LAG",
                "BEHIND",
                "COMMITTED",
                "MEMBER",
                "STATE");
        for (JsonNode one : positions) {
            table.row(
                    one.path("topic").asText("?"),
                    one.path("partition").asText("?"),
                    orDash(one.path("offset")),
                    orDash(one.path("log_start_offset")),
                    orDash(one.path("high_watermark")),
                    orDash(one.path("lag")),
                    duration(one.path("lag_ms")),
                    time(one.path("committed_at")),
                    orDash(one.path("owner")),
                    state(one));
        }
        return table.toString();
    }

    private static String state(JsonNode position) {
        if (position.path("data_gone").asBoolean(false)) {
            return "data_gone";
        }
        return position.path("error").path("code").asText("ok");
    }

    private static String rebalances(JsonNode rebalances) {
        Table table = new Table("REBALANCE", "TOOK", "GENERATION", "WHY", "WAITED FOR");
        for (JsonNode one : rebalances) {
            table.row(
                    time(one.path("begun_at")),
                    took(one.path("begun_at"), one.path("settled_at")),
                    orDash(one.path("generation")),
                    listed(
                            one.path("causes"),
                            cause -> cause.path("reason").asText("?") + " "
                                    + cause.path("member").asText("")),
                    listed(
                            one.path("waited_for"),
                            wait -> wait.path("member").asText("?") + " to "
                                    + wait.path("to").asText("?") + " (" + took(wait.path("since"), wait.path("until"))
                                    + ")"));
        }
        return table.toString();
    }

    private static String listed(JsonNode list, Function<JsonNode, String> text) {
        List<String> all = new ArrayList<>();
        list.forEach(one -> all.add(text.apply(one).strip()));
        return all.isEmpty() ? "-" : String.join(", ", all);
    }

    private static String took(JsonNode fromMs, JsonNode toMs) {
        return toMs.isNumber() ? seconds(toMs.asLong() - fromMs.asLong()) : "goes on";
    }

    private static String duration(JsonNode ms) {
        return ms.isNumber() ? seconds(ms.asLong()) : "-";
    }

    private static String seconds(long ms) {
        return String.format(Locale.ROOT, "%.1f s", ms / 1_000.0);
    }

    private static String notices(JsonNode notices) {
        Table table = new Table("NOTICE", "TOPIC", "PARTITION", "POSITION", "RECORDS LOST", "AT");
        for (JsonNode notice : notices) {
            table.row(
                    notice.path("reason").asText("?"),
                    notice.path("topic").asText("?"),
                    notice.path("partition").asText("?"),
                    orDash(notice.path("offset")),
                    orDash(notice.path("records")),
                    time(notice.path("at")));
        }
        return table.toString();
    }

    /** What a seek or a restored snapshot has done. */
    static String moved(String group, JsonNode answer) {
        JsonNode positions = answer.path("positions");
        StringBuilder text = new StringBuilder("moved group " + group + ", " + counted(positions.size(), "position"));
        if (!positions.isEmpty()) {
            Table table = new Table("TOPIC", "PARTITION", "WAS", "IS");
            positions.forEach(one -> table.row(
                    one.path("topic").asText("?"),
                    one.path("partition").asText("?"),
                    orDash(one.path("previous")),
                    orDash(one.path("offset"))));
            section(text, table.toString());
        }
        for (JsonNode one : answer.path("lost")) {
            line(
                    text,
                    name(one) + ": there is nothing at " + one.path("from").asText() + " any more; the group stands at "
                            + one.path("to").asText());
        }
        for (JsonNode one : answer.path("gone")) {
            line(text, name(one) + ": its topic is gone, and the position with it");
        }
        return text.toString();
    }

    /** What a skip has done. */
    static String skipped(String group, JsonNode answer) {
        JsonNode record = answer.path("skipped");
        String text = "skipped offset " + record.path("offset").asText("?") + " of " + name(record) + "; group " + group
                + " stands at " + answer.path("position").asText("?");
        JsonNode copy = answer.path("dead_letter");
        return copy.isObject()
                ? text + "; the record is at offset " + copy.path("offset").asText("?") + " of " + name(copy)
                : text;
    }

    static String snapshots(JsonNode snapshots) {
        Table table = new Table("SNAPSHOT", "TAKEN", "POSITIONS");
        for (JsonNode snapshot : snapshots) {
            table.row(snapshot.path("name").asText("?"), time(snapshot.path("taken_at")), positionCount(snapshot));
        }
        return table.toString();
    }

    static String taken(String group, JsonNode snapshot) {
        return "took snapshot " + snapshot.path("name").asText("?") + " of group " + group + ", "
                + counted(positionCount(snapshot), "position");
    }

    private static long positionCount(JsonNode snapshot) {
        long count = 0;
        for (JsonNode topic : snapshot.path("positions")) {
            count += topic.size();
        }
        return count;
    }

    private static String name(JsonNode one) {
        return one.path("topic").asText("?") + ":" + one.path("partition").asText("?");
    }

    private static String orDash(JsonNode value) {
        return value.isMissingNode() || value.isNull() ? "-" : value.asText();
    }

    private static String time(JsonNode ms) {
        return ms.isNumber() ? Instant.ofEpochMilli(ms.asLong()).toString() : "-";
    }

    private static String counted(long count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    private static void section(StringBuilder text, String table) {
        text.append(System.lineSeparator()).append(System.lineSeparator()).append(table);
    }

    private static void line(StringBuilder text, String line) {
        text.append(System.lineSeparator()).append(line);
    }
}
