package io.sluice.groups;

import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.classic.Generation.SettledMember;
import java.util.List;

/**
 * A group as it is now.
 *
 * @param error NONE, or UNKNOWN_GROUP: then nothing else is told
 * @param id its name
 * @param state what it is doing
 * @param generation how often it has been rebalanced
 * @param protocolType what kind of group it is; empty if it never had members
 * @param protocol how partitions are assigned; empty if that is not settled
 * @param members its members
 */
public record GroupView(
        GroupError error,
        String id,
        ClassicGroup.State state,
        int generation,
        String protocolType,
        String protocol,
        List<SettledMember> members) {
    public GroupView {
        members = List.copyOf(members);
    }

    static GroupView unknown(String id) {
        return new GroupView(GroupError.UNKNOWN_GROUP, id, ClassicGroup.State.EMPTY, -1, "", "", List.of());
    }

    static GroupView of(Group group) {
        ClassicGroup members = group.members();
        return new GroupView(
                GroupError.NONE,
                group.id(),
                members.state(),
                members.generation(),
                members.protocolType(),
                members.protocol(),
                members.members());
    }
}
