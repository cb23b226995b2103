package io.sluice.core.engine;

/** Where a partition lives now. */
public sealed interface Route {
    /**
     * On this node.
     *
     * @param log the handle of the epoch in which this node owns the partition
     */
    record Local(PartitionLog log) implements Route {}

    /**
     * On another node.
     *
     * @param node the node's name
     * @param epoch the epoch in which it owns the partition
     */
    record Remote(String node, int epoch) implements Route {}

    /**
     * Nowhere at the moment.
     *
     * @param retryAfterMs when it is worth asking again, in ms
     * @param code UNKNOWN_TOPIC, UNKNOWN_PARTITION, PARTITION_OFFLINE, NOT_OWNER or SHUTTING_DOWN
     * @param why a sentence for people
     */
    record Unavailable(long retryAfterMs, io.sluice.core.ErrorCode code, String why) implements Route {}
}
