package io.sluice.server.cli.topics;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.Table;
import io.sluice.server.cli.client.TopicDescription;
import java.util.List;
import java.util.Map;

/** Topics as text for a person. */
final class TopicText {
    private TopicText() {}

    static String list(List<JsonNode> topics) {
        Table table = new Table("TOPIC", "PARTITIONS");
        for (JsonNode topic : topics) {
            table.row(topic.path("name").asText("?"), partitions(topic));
        }
        return table.toString();
    }

    /** @param all whether to show settings that nobody has set, some of which have no effect on a single node */
    static String describe(String name, JsonNode topic, boolean all) {
        StringBuilder text = new StringBuilder("topic " + name + ", " + partitions(topic)
                + (TopicDescription.partitionCount(topic) == 1 ? " partition" : " partitions"));
        JsonNode list = topic.path("partitions");
        if (list.isArray() && !list.isEmpty()) {
            Table table = new Table("PARTITION", "LOG START", "HIGH WATERMARK", "LOG END", "BYTES", "STATE");
            list.forEach(partition -> table.row(
                    partition.path("partition").asText("?"),
                    partition.path("log_start_offset").asText("-"),
                    partition.path("high_watermark").asText("-"),
                    partition.path("log_end_offset").asText("-"),
                    partition.path("size_bytes").asText("-"),
                    partition.path("error").path("detail").asText("ok")));
            section(text, table.toString());
        }
        JsonNode config = topic.path("config");
        if (config.isObject() && !config.isEmpty()) {
            Table table = new Table("SETTING", "VALUE", "FROM");
            int shown = 0;
            for (Map.Entry<String, JsonNode> entry : config.properties()) {
                String source = entry.getValue().path("source").asText("-");
                if (all || !source.equals("default")) {
                    table.row(entry.getKey(), textOf(entry.getValue()), source);
                    shown++;
                }
            }
            if (shown > 0) {
                section(text, table.toString());
            }
            if (shown < config.size()) {
                section(text, (config.size() - shown) + " more have their defaults; --all shows them.");
            }
        }
        return text.toString();
    }

    private static void section(StringBuilder text, String table) {
        text.append(System.lineSeparator()).append(System.lineSeparator()).append(table);
    }

    private static String partitions(JsonNode topic) {
        int count = TopicDescription.partitionCount(topic);
        return count < 0 ? "?" : String.valueOf(count);
    }

    /** A setting is its value, or an object that tells the value and where it comes from. */
    private static String textOf(JsonNode setting) {
        return setting.isObject() ? setting.path("value").asText("?") : setting.asText();
    }
}
