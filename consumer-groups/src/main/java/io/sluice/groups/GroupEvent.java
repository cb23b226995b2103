package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.Generation;

/**
 * A change of what a coordinator remembers. The latest event of a key is all that is known of it, so older ones may be
 * compacted away. {@link GroupEvents} has the bytes.
 */
public sealed interface GroupEvent {
    /** The group that changed. */
    String group();

    /** The group stands at a position of a partition from now on. */
    record Committed(String group, TopicPartition partition, CommittedOffset position) implements GroupEvent {}

    /** The group has no position in a partition any more. */
    record Forgotten(String group, TopicPartition partition) implements GroupEvent {}

    /** The group's members have these assignments from now on. */
    record Settled(String group, Generation generation) implements GroupEvent {}

    /** Nothing is known of the group any more, but for positions that have events of their own. */
    record Removed(String group) implements GroupEvent {}
}
