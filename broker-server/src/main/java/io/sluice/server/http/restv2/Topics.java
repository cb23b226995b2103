package io.sluice.server.http.restv2;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicDefaults;
import io.sluice.core.topic.TopicName;
import io.sluice.core.topic.TopicSettings;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.sluice.server.http.RestProblem;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Topics and partitions as this face shows them, and the creation of topics. Safe on any event loop. */
final class Topics {
    private static final int MAX_REPLICAS = Short.MAX_VALUE;

    private final Broker broker;
    private final Map<String, String> brokerGiven;
    private final int nodeId;
    private final int maxBodyBytes;

    /**
     * @param brokerGiven what is set on the broker, as canonical text by name: it decides the defaults of topics
     * @param nodeId this broker's number
     */
    Topics(Broker broker, Map<String, String> brokerGiven, int nodeId, int maxBodyBytes) {
        this.broker = broker;
        this.brokerGiven = Map.copyOf(brokerGiven);
        this.nodeId = nodeId;
        this.maxBodyBytes = maxBodyBytes;
    }

    Future<RestAnswer> list(RoutingContext ctx) {
        Query.refuse(ctx);
        JsonArray names = new JsonArray();
        broker.topics().stream()
                .map(Topic::name)
                .filter(name -> !TopicName.isInternal(name))
                .sorted()
                .forEach(names::add);
        return Future.succeededFuture(RestAnswer.of(names));
    }

    Future<RestAnswer> describe(RoutingContext ctx) {
        Query.refuse(ctx);
        Topic topic = topic(ctx, "The specified topic was not found.");
        JsonObject configs = new JsonObject();
        for (SettingDescription setting : TopicDefaults.describe(topic.config().overrides(), brokerGiven)) {
            setting.value().ifPresent(value -> configs.put(setting.setting().name(), value));
        }
        return Future.succeededFuture(RestAnswer.of(new JsonObject()
                .put("name", topic.name())
                .put("configs", configs)
                .put("partitions", partitions(topic))));
    }

    Future<RestAnswer> partitions(RoutingContext ctx) {
        Query.refuse(ctx);
        return Future.succeededFuture(RestAnswer.of(partitions(topic(ctx, "The specified topic was not found."))));
    }

    Future<RestAnswer> partition(RoutingContext ctx) {
        Query.refuse(ctx);
        int partition = partitionOf(ctx);
        Topic topic = require(ctx, partition, "The specified partition was not found.");
        return Future.succeededFuture(RestAnswer.of(partition(topic, partition)));
    }

    Future<RestAnswer> offsets(RoutingContext ctx) {
        Query.refuse(ctx);
        int partition = partitionOf(ctx);
        Topic topic = require(ctx, partition, "The specified topic partition was not found.");
        PartitionLog log = broker.partition(topic.name(), partition);
        return Future.succeededFuture(RestAnswer.of(
                new JsonObject().put("beginning_offset", log.logStartOffset()).put("end_offset", log.highWatermark())));
    }

    Future<RestAnswer> create(RoutingContext ctx) {
        Query.refuse(ctx);
        return JsonBody.read(ctx, maxBodyBytes, Consumers.BODIES).compose(fields -> {
            fields.allowOnly("topic_name", "partitions_count", "replication_factor", "configs");
            String name = fields.requiredText("topic_name", TopicName.MAX_CHARS);
            int partitions = count(fields, "partitions_count", Integer.MAX_VALUE);
            // Taken for what it asks for at most: there is one broker, and what the topic has is told by its
            // description.
            count(fields, "replication_factor", MAX_REPLICAS);
            Map<String, String> configs = new LinkedHashMap<>();
            fields.texts("configs", false).forEach((setting, value) -> configs.put(setting, value.orElseThrow()));
            Map<String, String> given = TopicSettings.ALL.parse(configs).given();
            return JsonAnswer.here(broker.createTopic(new NewTopic(name, partitions, given)))
                    .map(created -> new RestAnswer(201, Optional.empty()));
        });
    }

    /** A count that may be null or left out: then the broker decides. */
    private static int count(JsonFields fields, String name, int max) {
        return !fields.has(name) || fields.required(name).isNull() ? -1 : (int) fields.requiredNumber(name, 1, max);
    }

    private Topic topic(RoutingContext ctx, String unless) {
        return broker.topic(ctx.pathParam("topicname"))
                .filter(topic -> !TopicName.isInternal(topic.name()))
                .orElseThrow(() -> RestProblem.of(404, unless));
    }

    private Topic require(RoutingContext ctx, int partition, String unless) {
        Topic topic = topic(ctx, unless);
        if (!topic.hasPartition(partition)) {
            throw RestProblem.of(404, unless);
        }
        return topic;
    }

    /**
     * The partition that the path names.
     *
     * @throws io.sluice.server.http.HttpProblem 400 if it is no number of a partition
     */
    static int partitionOf(RoutingContext ctx) {
        return (int) Query.number("partitionid", ctx.pathParam("partitionid"), 0, Integer.MAX_VALUE);
    }

    private JsonArray partitions(Topic topic) {
        JsonArray partitions = new JsonArray();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            partitions.add(partition(topic, partition));
        }
        return partitions;
    }

    private JsonObject partition(Topic topic, int partition) {
        boolean online;
        try {
            broker.partition(topic.name(), partition);
            online = true;
        } catch (BrokerException e) {
            online = false;
        }
        JsonObject replica =
                new JsonObject().put("broker", nodeId).put("leader", online).put("in_sync", online);
        return new JsonObject()
                .put("partition", partition)
                .put("leader", online ? nodeId : -1)
                .put("replicas", new JsonArray().add(replica));
    }
}
