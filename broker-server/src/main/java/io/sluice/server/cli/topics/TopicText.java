package io.sluice.server.cli.topics;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.Table;
import io.sluice.server.cli.client.TopicDescription;
import java.util.List;

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

    static String describe(String name, JsonNode topic) {
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
            config.properties()
                    .forEach(entry -> table.row(
                            entry.getKey(),
                            textOf(entry.getValue()),
                            entry.getValue().path("source").asText("-")));
            section(text, table.toString());
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
