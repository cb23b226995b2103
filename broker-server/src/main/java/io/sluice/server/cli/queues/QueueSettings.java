package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Settings of a queue as a person types them: {@code visibility_timeout_ms=30s}, {@code backoff.initial_ms=500},
 * {@code order=key}, {@code dead_letter_queue=null}. Names and bounds are the broker's.
 */
final class QueueSettings {
    private QueueSettings() {}

    /** @throws CliException USAGE if the same is said twice, once for an object and once for a part of it */
    static ObjectNode of(Map<String, String> typed) {
        ObjectNode settings = Json.object();
        typed.forEach((name, text) -> {
            int dot = name.indexOf('.');
            try {
                if (dot < 0) {
                    settings.set(name, value(name, text));
                } else {
                    settings.withObjectProperty(name.substring(0, dot)).set(name.substring(dot + 1), value(name, text));
                }
            } catch (UnsupportedOperationException e) {
                throw CliException.usage("queues: --set " + name + ": " + name.substring(0, dot) + " is set too");
            }
        });
        return settings;
    }

    private static JsonNode value(String name, String text) {
        if (name.endsWith("_ms") && Durations.isDuration(text)) {
            return Json.number(Durations.parse("--set " + name, text).toMillis());
        }
        try {
            JsonNode json = Json.parseWhole(text.getBytes(StandardCharsets.UTF_8));
            return json.isValueNode() ? json : TextNode.valueOf(text);
        } catch (IOException notJson) {
            return TextNode.valueOf(text);
        }
    }
}
