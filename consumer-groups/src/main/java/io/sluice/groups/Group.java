package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.consumer.ConsumerGroup;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A group: its members, its positions, and the snapshots of them. Its members assign partitions among themselves, or the broker
 * does. For the thread that runs its shard.
 */
final class Group {
    private final String id;
    private final GroupLimits limits;
    private final Timers timers;
    private final Topics topics;
    private final Consumer<String> onTimeout;
    private final Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
    private final Map<String, Snapshot> snapshots = new TreeMap<>();

    /** Positions of which it has been said that what they point to is gone, as they were then. */
    private final Map<TopicPartition, Long> knownAsGone = new HashMap<>();
    /** When the group was first seen without members, in ms since the epoch; -1 if it has some. */
    private long emptySinceMs = -1;

    private final Rebalances rebalances = new Rebalances();
    private ClassicGroup classic;
    private Optional<ConsumerGroup> consumer = Optional.empty();
    /** The last generation that was written down. */
    private Optional<Generation> settled = Optional.empty();

    /** @param onTimeout told the group's name when a timer has taken a member, or ended a wait */
    Group(String id, GroupLimits limits, Timers timers, Topics topics, Consumer<String> onTimeout) {
        this.id = id;
        this.limits = limits;
        this.timers = timers;
        this.topics = topics;
        this.onTimeout = onTimeout;
        this.classic = new ClassicGroup(id, limits, timers, onTimeout);
    }

    String id() {
        return id;
    }

    /** The members, whatever they are. */
    Members members() {
        return consumer.isPresent() ? consumer.get() : classic;
    }

    /** The members if they assign the partitions among themselves. */
    Optional<ClassicGroup> classic() {
        return consumer.isPresent() ? Optional.empty() : Optional.of(classic);
    }

    /** The members if the broker assigns the partitions. */
    Optional<ConsumerGroup> consumer() {
        return consumer;
    }

    /** What has become of the members lately. */
    Rebalances rebalances() {
        return rebalances;
    }

    /** The positions; changed by replaying events only. */
    Map<TopicPartition, CommittedOffset> positions() {
        return positions;
    }

    /** The snapshots by name; changed by replaying events only. */
    Map<String, Snapshot> snapshots() {
        return snapshots;
    }

    /** The last generation that was written down, if there is one. */
    Optional<Generation> settled() {
        return settled;
    }

    void settle(Generation generation) {
        settled = Optional.of(generation);
        classic.settle(generation);
    }

    void unsettle() {
        settled = Optional.empty();
        classic = new ClassicGroup(id, limits, timers, onTimeout);
    }

    /** The broker assigns from now on, if it did not before. */
    ConsumerGroup asConsumer() {
        if (consumer.isEmpty()) {
            consumer = Optional.of(new ConsumerGroup(id, limits, timers, topics, onTimeout));
        }
        return consumer.get();
    }

    /** The broker does not assign any more. */
    void endConsumer() {
        consumer = Optional.empty();
    }

    /** Says of each position once what has happened to it, and drops those that have lived for long enough. */
    void lookAfterPositions(Effects effects) {
        if (!members().isEmpty()) {
            emptySinceMs = -1;
        } else if (emptySinceMs < 0) {
            emptySinceMs = effects.nowMs();
        }
        boolean mayExpire = limits.offsetsRetentionMs() >= 0 && emptySinceMs >= 0;
        for (Map.Entry<TopicPartition, CommittedOffset> entry : List.copyOf(positions.entrySet())) {
            TopicPartition partition = entry.getKey();
            CommittedOffset position = entry.getValue();
            long unusedSinceMs = Math.max(emptySinceMs, position.committedAtMs());
            if (mayExpire && effects.nowMs() - unusedSinceMs >= limits.offsetsRetentionMs()) {
                effects.record(new GroupEvent.Forgotten(id, partition));
                notice(partition, position.offset(), Notice.Reason.EXPIRED, 0, effects);
                continue;
            }
            OptionalLong start = topics.logStart(partition);
            boolean isGone = start.isPresent() && start.getAsLong() > position.offset();
            if (!isGone) {
                knownAsGone.remove(partition);
            } else if (!Objects.equals(knownAsGone.put(partition, position.offset()), position.offset())) {
                long records = start.getAsLong() - position.offset();
                notice(partition, position.offset(), Notice.Reason.DATA_GONE, records, effects);
            }
        }
    }

    /** Its topic is gone, and the position with it. */
    void topicDeleted(TopicPartition partition, Effects effects) {
        long offset = positions.get(partition).offset();
        effects.record(new GroupEvent.Forgotten(id, partition));
        notice(partition, offset, Notice.Reason.TOPIC_DELETED, 0, effects);
    }

    private void notice(TopicPartition partition, long offset, Notice.Reason reason, long records, Effects effects) {
        effects.notice(new Notice(id, partition, offset, reason, records, effects.nowMs()));
    }

    /** Whether nothing would be lost with it. */
    boolean isForgettable() {
        return members().isDeserted() && positions.isEmpty() && snapshots.isEmpty();
    }
}
