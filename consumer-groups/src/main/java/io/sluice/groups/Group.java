package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.classic.Generation;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A group: its members, and its positions. For the thread that runs its shard. */
final class Group {
    private final String id;
    private final ClassicGroup members;
    private final Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
    /** The last generation that was written down. */
    private Optional<Generation> settled = Optional.empty();

    Group(String id, GroupLimits limits, Timers timers) {
        this.id = id;
        this.members = new ClassicGroup(id, limits, timers);
    }

    String id() {
        return id;
    }

    ClassicGroup members() {
        return members;
    }

    /** The positions; changed by replaying events only. */
    Map<TopicPartition, CommittedOffset> positions() {
        return positions;
    }

    /** The last generation that was written down, if there is one. */
    Optional<Generation> settled() {
        return settled;
    }

    void settle(Generation generation) {
        settled = Optional.of(generation);
        members.settle(generation);
    }

    /** Whether nothing would be lost with it. */
    boolean isForgettable() {
        return members.isDeserted() && positions.isEmpty();
    }
}
