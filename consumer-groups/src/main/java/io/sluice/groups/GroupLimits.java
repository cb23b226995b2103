package io.sluice.groups;

/**
 * What groups may ask for; Kafka's settings by Kafka's names.
 *
 * @param minSessionTimeoutMs the shortest session: {@code group.min.session.timeout.ms}
 * @param maxSessionTimeoutMs the longest: {@code group.max.session.timeout.ms}
 * @param maxMembers how many members a group may have: {@code group.max.size}
 * @param initialRebalanceDelayMs how long an empty group waits for more members after the first: {@code
 *     group.initial.rebalance.delay.ms}
 * @param consumerSessionTimeoutMs how long a member of the consumer protocol may be silent: {@code
 *     group.consumer.session.timeout.ms}
 * @param consumerHeartbeatIntervalMs how often it is to be heard: {@code group.consumer.heartbeat.interval.ms}
 * @param offsetsRetentionMs after how long without members a group's positions are dropped: {@code offsets.retention.minutes};
 *     -1 for never
 * @param maxMetadataBytes how long the text that comes with an offset may be: {@code offset.metadata.max.bytes}
 */
public record GroupLimits(
        int minSessionTimeoutMs,
        int maxSessionTimeoutMs,
        int maxMembers,
        int initialRebalanceDelayMs,
        int consumerSessionTimeoutMs,
        int consumerHeartbeatIntervalMs,
        long offsetsRetentionMs,
        int maxMetadataBytes) {}
