package io.sluice.core.topic;

/**
 * How many partitions a catalog takes.
 *
 * @param maxPartitions of all topics together, those being deleted included
 * @param maxPartitionsPerTopic of one topic
 */
public record TopicLimits(int maxPartitions, int maxPartitionsPerTopic) {
    public TopicLimits {
        if (maxPartitions < 1 || maxPartitionsPerTopic < 1) {
            throw new IllegalArgumentException("limits must be at least 1: " + maxPartitions + " partitions, "
                    + maxPartitionsPerTopic + " per topic");
        }
    }
}
