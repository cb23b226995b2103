package io.sluice.groups.assign;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A group that is assigned again and again; its members have what the last assignment gave them. Topics are named by numbers, and
 * those below 26 are written as letters: {@code b3} is partition 3 of topic 1.
 */
final class AssignedGroup {
    private final Map<String, MemberInput> members = new TreeMap<>();
    private final Map<UUID, Integer> partitionCounts = new HashMap<>();

    static UUID topic(int number) {
        return new UUID(0, number);
    }

    AssignedGroup topic(int number, int partitions) {
        partitionCounts.put(topic(number), partitions);
        return this;
    }

    AssignedGroup noTopic(int number) {
        partitionCounts.remove(topic(number));
        return this;
    }

    /** A member that joins with nothing, or keeps what it has and changes what it wants. */
    AssignedGroup member(String id, Integer... topics) {
        return member(id, Optional.empty(), topics);
    }

    AssignedGroup member(String id, Optional<String> instanceId, Integer... topics) {
        Set<UUID> subscribed = Arrays.stream(topics).map(AssignedGroup::topic).collect(Collectors.toSet());
        Set<TopicIdPartition> current =
                members.containsKey(id) ? members.get(id).current() : Set.of();
        members.put(id, new MemberInput(instanceId, subscribed, current));
        return this;
    }

    /** What a member has, as if an assignment had given it. */
    AssignedGroup has(String id, String partitions) {
        Set<TopicIdPartition> current = Arrays.stream(partitions.split(" "))
                .map(one -> new TopicIdPartition(topic(one.charAt(0) - 'a'), Integer.parseInt(one.substring(1))))
                .collect(Collectors.toSet());
        remember(Map.of(id, current));
        return this;
    }

    AssignedGroup leaves(String id) {
        members.remove(id);
        return this;
    }

    AssignmentInput input() {
        return new AssignmentInput(members, partitionCounts);
    }

    List<String> ids() {
        return List.copyOf(members.keySet());
    }

    /** Assigns, and remembers what the members have now. */
    Map<String, Set<TopicIdPartition>> assign(String assignor) {
        Map<String, Set<TopicIdPartition>> assignment =
                Assignors.byName(assignor).orElseThrow().assign(input());
        remember(assignment);
        return assignment;
    }

    void remember(Map<String, Set<TopicIdPartition>> assignment) {
        assignment.forEach((id, partitions) -> members.computeIfPresent(
                id, (same, member) -> new MemberInput(member.instanceId(), member.subscribed(), partitions)));
    }

    /** Assigns and writes what came out, for example {@code {m1=a0 a1, m2=b0}}. */
    Map<String, String> assigned(String assignor) {
        Map<String, String> written = new TreeMap<>();
        assign(assignor)
                .forEach((id, partitions) -> written.put(
                        id,
                        new TreeSet<>(partitions)
                                .stream()
                                        .map(one -> (char) ('a' + one.topicId().getLeastSignificantBits())
                                                + Integer.toString(one.partition()))
                                        .collect(Collectors.joining(" "))));
        return written;
    }
}
