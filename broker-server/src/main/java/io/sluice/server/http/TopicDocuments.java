package io.sluice.server.http;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicDefaults;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.Map;

/** Topics as JSON. */
final class TopicDocuments {
    private final Broker broker;
    private final Map<String, String> brokerGiven;

    TopicDocuments(Broker broker, Map<String, String> brokerGiven) {
        this.broker = broker;
        this.brokerGiven = Map.copyOf(brokerGiven);
    }

    /** A line in a list. */
    static JsonObject summary(Topic topic) {
        return new JsonObject()
                .put("name", topic.name())
                .put("id", topic.id().toString())
                .put("partitions", topic.partitions())
                .put("created_at", topic.createdAtMs());
    }

    /** All there is to say about a topic. */
    JsonObject description(Topic topic) {
        JsonArray partitions = new JsonArray();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            partitions.add(partition(topic, partition));
        }
        return new JsonObject()
                .put("name", topic.name())
                .put("id", topic.id().toString())
                .put("created_at", topic.createdAtMs())
                .put("partitions", partitions)
                .put("config", config(topic));
    }

    /** The marks of a partition, or why there are none. */
    private JsonObject partition(Topic topic, int partition) {
        JsonObject document = new JsonObject().put("partition", partition);
        try {
            PartitionLog log = broker.partition(topic.name(), partition);
            return document.put("log_start_offset", log.logStartOffset())
                    .put("high_watermark", log.highWatermark())
                    .put("log_end_offset", log.logEndOffset())
                    .put("size_bytes", log.sizeInBytes());
        } catch (BrokerException e) {
            HttpProblem problem = HttpErrors.problem(e);
            return document.put(
                    "error", new JsonObject().put("code", problem.code()).put("detail", problem.detail()));
        }
    }

    /** Every setting as it holds, and who decided it. */
    private JsonObject config(Topic topic) {
        JsonObject config = new JsonObject();
        for (SettingDescription description :
                TopicDefaults.describe(topic.config().overrides(), brokerGiven)) {
            config.put(
                    description.setting().name(),
                    new JsonObject()
                            .put("value", description.value().orElse(null))
                            .put("source", description.source().name().toLowerCase(Locale.ROOT)));
        }
        return config;
    }
}
