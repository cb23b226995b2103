package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.consumer.MemberState;

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

    /** Classic: the group's members have these assignments from now on. */
    record Settled(String group, Generation generation) implements GroupEvent {}

    /** Classic: nothing is known of members any more. */
    record Removed(String group) implements GroupEvent {}

    /** Consumer: an assignment begins. */
    record EpochBegun(String group, int epoch) implements GroupEvent {}

    /** Consumer: the group has no members of this protocol any more, and no assignments. */
    record EpochsEnded(String group) implements GroupEvent {}

    /** Consumer: a member has come, or is another than it was. */
    record MemberChanged(String group, MemberState member) implements GroupEvent {}

    /** Consumer: a member is one no more. */
    record MemberGone(String group, String memberId) implements GroupEvent {}

    /** The group's positions are kept by a name. */
    record SnapshotTaken(String group, String name, Snapshot snapshot) implements GroupEvent {}

    /** The positions of a name are kept no more. */
    record SnapshotForgotten(String group, String name) implements GroupEvent {}
}
