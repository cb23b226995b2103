package io.sluice.groups.assign;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** What must hold of every assignment, said a second time and as plainly as possible. */
final class AssignmentLaws {
    private AssignmentLaws() {}

    /** Every partition that somebody wants has exactly one owner, who wants it; every member has an entry. */
    static void check(AssignmentInput input, Map<String, Set<TopicIdPartition>> assignment) {
        assertThat(assignment.keySet()).isEqualTo(input.members().keySet());
        Set<TopicIdPartition> wanted = new HashSet<>();
        input.members().values().stream()
                .flatMap(member -> member.subscribed().stream())
                .forEach(topic -> {
                    for (int i = 0; i < input.partitionCounts().getOrDefault(topic, 0); i++) {
                        wanted.add(new TopicIdPartition(topic, i));
                    }
                });
        Set<TopicIdPartition> owned = new HashSet<>();
        assignment.forEach((id, partitions) -> partitions.forEach(partition -> {
            assertThat(owned.add(partition)).as("%s has one owner", partition).isTrue();
            assertThat(input.members().get(id).subscribed())
                    .as("%s wants %s", id, partition)
                    .contains(partition.topicId());
        }));
        assertThat(owned).isEqualTo(wanted);
    }

    /** No partition could go to a subscriber that has at least two fewer than its owner. */
    static void checkBalance(AssignmentInput input, Map<String, Set<TopicIdPartition>> assignment) {
        Map<UUID, Integer> least = new HashMap<>();
        input.members()
                .forEach((id, member) -> member.subscribed()
                        .forEach(topic -> least.merge(topic, assignment.get(id).size(), Math::min)));
        assignment.forEach((id, partitions) ->
                partitions.forEach(partition -> assertThat(partitions.size() - least.get(partition.topicId()))
                        .as("%s, which %s has, could go to a member with two fewer", partition, id)
                        .isLessThan(2)));
    }

    /** How many partitions have an owner that they did not have before. */
    static int moves(AssignmentInput before, Map<String, Set<TopicIdPartition>> after) {
        return after.entrySet().stream()
                .mapToInt(entry -> (int) entry.getValue().stream()
                        .filter(partition ->
                                !before.members().get(entry.getKey()).current().contains(partition))
                        .count())
                .sum();
    }
}
