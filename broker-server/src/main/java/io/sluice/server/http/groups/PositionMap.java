package io.sluice.server.http.groups;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import java.util.LinkedHashMap;
import java.util.Map;

/** Positions as requests name them: {@code {"topic": {"0": offset}}}. */
final class PositionMap {
    /** How many positions one request may name. */
    static final int MAX_POSITIONS = 10_000;

    private PositionMap() {}

    /**
     * Reads the positions.
     *
     * @param name what the field is called
     * @throws io.sluice.server.http.HttpProblem 400, naming the field
     */
    static Map<TopicPartition, Long> of(JsonNode node, String name) {
        if (!node.isObject() || node.isEmpty()) {
            throw JsonFields.invalid(name, "must be an object of topics: {\"topic\": {\"0\": offset}}");
        }
        Map<TopicPartition, Long> positions = new LinkedHashMap<>();
        node.properties().forEach(topic -> {
            String where = name + "." + topic.getKey();
            if (!topic.getValue().isObject() || topic.getValue().isEmpty()) {
                throw JsonFields.invalid(where, "must be an object of partitions: {\"0\": offset}");
            }
            topic.getValue().properties().forEach(partition -> {
                int number = (int) Query.number(where, partition.getKey(), 0, Integer.MAX_VALUE);
                JsonNode offset = partition.getValue();
                if (!offset.isIntegralNumber() || !offset.canConvertToLong() || offset.longValue() < 0) {
                    throw JsonFields.invalid(where + "." + partition.getKey(), "must be an offset: a whole number");
                }
                positions.put(new TopicPartition(topic.getKey(), number), offset.longValue());
            });
        });
        if (positions.size() > MAX_POSITIONS) {
            throw JsonFields.invalid(name, "names " + positions.size() + " partitions; it may name " + MAX_POSITIONS);
        }
        return positions;
    }

    /**
     * The topic of a partition.
     *
     * @throws BrokerException UNKNOWN_TOPIC or UNKNOWN_PARTITION
     */
    static Topic requireKnown(Broker broker, TopicPartition partition) {
        TopicName.requireForUsers(partition.topic());
        Topic topic = broker.requireTopic(partition.topic());
        if (partition.partition() >= topic.partitions()) {
            throw new BrokerException(
                    ErrorCode.UNKNOWN_PARTITION,
                    "topic " + topic.name() + " has " + topic.partitions() + " partitions, and none of number "
                            + partition.partition());
        }
        return topic;
    }

    /**
     * Makes sure that a partition has an offset, or ends with it: nothing is moved elsewhere in silence.
     *
     * @throws io.sluice.server.http.HttpProblem 416, with the bounds
     */
    static void requireInRange(Broker broker, TopicPartition partition, long offset) {
        PartitionLog log = broker.partition(partition);
        long first = log.logStartOffset();
        long end = log.highWatermark();
        if (offset < first || offset > end) {
            throw HttpErrors.problem(new BrokerException(
                            ErrorCode.OFFSET_OUT_OF_RANGE,
                            "offset " + offset + " of " + partition + " is not between " + first + " and " + end))
                    .with("topic", partition.topic())
                    .with("partition", partition.partition())
                    .with("log_start_offset", first)
                    .with("high_watermark", end);
        }
    }
}
