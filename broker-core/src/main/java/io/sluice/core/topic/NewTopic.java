package io.sluice.core.topic;

import java.util.Map;

/**
 * A wish for a topic.
 *
 * @param name a name that a topic may have accepts
 * @param partitions how many partitions, or -1 for the broker's default
 * @param config settings by Kafka's names ({@link TopicConfig}); those left out follow the broker's defaults
 */
public record NewTopic(String name, int partitions, Map<String, String> config) {
    public NewTopic {
        config = Map.copyOf(config);
    }
}
