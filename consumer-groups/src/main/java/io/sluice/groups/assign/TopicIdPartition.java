package io.sluice.groups.assign;

import java.util.UUID;

/**
 * One partition of a topic by the topic's id.
 *
 * @param topicId the topic's id, which another topic of the same name does not have
 * @param partition the partition's number, from 0
 */
public record TopicIdPartition(UUID topicId, int partition) implements Comparable<TopicIdPartition> {
    public TopicIdPartition {
        if (partition < 0) {
            throw new IllegalArgumentException("partition " + partition + " of topic " + topicId + " is negative");
        }
    }

    @Override
    public int compareTo(TopicIdPartition other) {
        int byTopic = topicId.compareTo(other.topicId);
        return byTopic != 0 ? byTopic : Integer.compare(partition, other.partition);
    }

    @Override
    public String toString() {
        return topicId + "-" + partition;
    }
}
