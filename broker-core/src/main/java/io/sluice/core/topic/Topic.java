package io.sluice.core.topic;

import java.util.UUID;

/**
 * A topic as it is now. Immutable: a change makes another one.
 *
 * @param name its name
 * @param id its identity: another topic of the same name has another one
 * @param partitions how many partitions it has
 * @param config its settings
 * @param createdAtMs when it was created, in ms since the epoch
 */
public record Topic(String name, UUID id, int partitions, TopicConfig config, long createdAtMs) {
    /** Whether it has a partition of that number, which may be any. */
    public boolean hasPartition(int partition) {
        return partition >= 0 && partition < partitions;
    }

    /** A number of partitions in words, for messages. */
    public static String counted(int partitions) {
        return partitions == 1 ? "1 partition" : partitions + " partitions";
    }
}
