package io.sluice.groups;

import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.consumer.ConsumerGroup;
import io.sluice.groups.consumer.ConsumerMember;
import java.util.List;

/**
 * A group as it is now.
 *
 * @param error NONE, or UNKNOWN_GROUP: then nothing else is told
 * @param id its name
 * @param type who assigns its partitions
 * @param state what it is doing
 * @param generation how often it has been rebalanced
 * @param protocolType what kind of group it is; empty if it never had members
 * @param protocol how partitions are assigned; empty if that is not settled
 * @param members its members if it is a classic group
 * @param consumers its members if it is a consumer group
 * @param rebalances what has become of the members lately, the oldest first; the last may be under way. Only since the broker runs.
 */
public record GroupView(
        GroupError error,
        String id,
        Type type,
        GroupState state,
        int generation,
        String protocolType,
        String protocol,
        List<SettledMember> members,
        List<ConsumerMember> consumers,
        List<Rebalance> rebalances) {
    /** Who assigns a group's partitions. */
    public enum Type {
        /** Its members among themselves. */
        CLASSIC("classic"),
        /** The broker. */
        CONSUMER("consumer");

        private final String title;

        Type(String title) {
            this.title = title;
        }

        /** Kafka's name of it. */
        public String title() {
            return title;
        }
    }

    public GroupView {
        members = List.copyOf(members);
        consumers = List.copyOf(consumers);
        rebalances = List.copyOf(rebalances);
    }

    /** Of a group of which nothing can be told. */
    static GroupView refused(GroupError error, String id) {
        return new GroupView(error, id, Type.CLASSIC, GroupState.EMPTY, -1, "", "", List.of(), List.of(), List.of());
    }

    static GroupView of(Group group, long nowMs) {
        if (group.consumer().isPresent()) {
            ConsumerGroup members = group.consumer().get();
            return new GroupView(
                    GroupError.NONE,
                    group.id(),
                    Type.CONSUMER,
                    members.state(),
                    members.generation(),
                    "consumer",
                    members.assignor(),
                    List.of(),
                    members.members(),
                    group.rebalances().all(nowMs));
        }
        ClassicGroup members = group.classic().orElseThrow();
        return new GroupView(
                GroupError.NONE,
                group.id(),
                Type.CLASSIC,
                members.state(),
                members.generation(),
                members.protocolType(),
                members.protocol(),
                members.members(),
                List.of(),
                group.rebalances().all(nowMs));
    }
}
