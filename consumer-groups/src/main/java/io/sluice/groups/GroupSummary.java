package io.sluice.groups;

import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.consumer.ConsumerGroup;

/**
 * A group in a list.
 *
 * @param id its name
 * @param type who assigns its partitions
 * @param state what it is doing
 * @param protocolType what kind of group it is; empty if it never had members
 * @param members how many it has
 */
public record GroupSummary(String id, GroupView.Type type, GroupState state, String protocolType, int members) {
    static GroupSummary of(Group group) {
        if (group.consumer().isPresent()) {
            ConsumerGroup members = group.consumer().get();
            return new GroupSummary(group.id(), GroupView.Type.CONSUMER, members.state(), "consumer", members.size());
        }
        ClassicGroup members = group.classic().orElseThrow();
        return new GroupSummary(
                group.id(), GroupView.Type.CLASSIC, members.state(), members.protocolType(), members.size());
    }
}
