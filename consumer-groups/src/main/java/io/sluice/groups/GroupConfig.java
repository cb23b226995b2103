package io.sluice.groups;

/**
 * How the coordinator is set up.
 *
 * @param limits what groups may ask for
 * @param partitions over how many partitions of the internal topic groups are spread, when it is created: {@code
 *     offsets.topic.num.partitions}
 * @param maxQueued how many requests may wait for the coordinator; more are refused
 */
public record GroupConfig(GroupLimits limits, int partitions, int maxQueued) {}
