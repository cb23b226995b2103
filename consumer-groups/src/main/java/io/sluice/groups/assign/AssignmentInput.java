package io.sluice.groups.assign;

import java.util.Map;
import java.util.UUID;

/**
 * What an assignor is given. The order of the maps does not matter.
 *
 * @param members the group's members by their ids
 * @param partitionCounts how many partitions a topic has, of every topic that exists and anyone is subscribed to
 */
public record AssignmentInput(Map<String, MemberInput> members, Map<UUID, Integer> partitionCounts) {
    public AssignmentInput {
        members = Map.copyOf(members);
        partitionCounts = Map.copyOf(partitionCounts);
        partitionCounts.forEach((topic, count) -> {
            if (count < 0) {
                throw new IllegalArgumentException("topic " + topic + " has " + count + " partitions");
            }
        });
    }
}
