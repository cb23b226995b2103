package io.sluice.server.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;

/**
 * What the record commands need to know of a topic.
 *
 * @param name its name
 * @param partitions how many partitions it has
 * @param maxMessageBytes how large a batch may be, if the broker tells
 */
public record TopicDescription(String name, int partitions, OptionalInt maxMessageBytes) {
    private static final String MAX_MESSAGE_BYTES = "max.message.bytes";

    /**
     * Reads an answer of the broker.
     *
     * @throws CliException REFUSED if it does not tell how many partitions there are
     */
    public static TopicDescription of(String name, JsonNode answer) {
        int partitions = partitionCount(answer);
        if (partitions <= 0) {
            throw new CliException(
                    CliException.REFUSED, "the answer about topic " + name + " does not tell its partitions");
        }
        int maxMessageBytes =
                answer.path("config").path(MAX_MESSAGE_BYTES).path("value").asInt(0);
        return new TopicDescription(
                name, partitions, maxMessageBytes > 0 ? OptionalInt.of(maxMessageBytes) : OptionalInt.empty());
    }

    /** How many partitions an answer about a topic speaks of: a number, or a list with one entry for each. */
    public static int partitionCount(JsonNode answer) {
        JsonNode partitions = answer.path("partitions");
        return partitions.isArray() ? partitions.size() : partitions.asInt(-1);
    }

    /** @throws CliException USAGE if the topic has no partition of this number */
    public void requirePartition(int partition) {
        if (partition < 0 || partition >= partitions) {
            throw CliException.usage(
                    "topic " + name + " has no partition " + partition + ", only 0 to " + (partitions - 1));
        }
    }

    /** Asks the broker. */
    public static TopicDescription fetch(BrokerConnection connection, String topic) {
        return of(topic, connection.get(BrokerConnection.topicPath(topic)));
    }
}
