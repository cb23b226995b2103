package io.sluice.groups.assign;

import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Gives every subscriber of a topic a contiguous range of its partitions; the first ones get one more if the numbers do not divide.
 * Topics with as many partitions and the same subscribers are cut at the same places, so that equal keys of both meet in one member.
 *
 * <p>Static members come first, by their names, then the others by their ids. So the ranges depend on who is there and not on what was
 * before: as in Kafka since 4.0, a range that sticks to its owner would not be contiguous any more, nor the same for a topic that
 * comes later. What keeps its place over a restart is a static member.
 *
 * <p>Takes time in proportion to the partitions and to the subscriptions that differ.
 */
final class RangeAssignor implements Assignor {
    @Override
    public String name() {
        return "range";
    }

    @Override
    public Map<String, Set<TopicIdPartition>> assign(AssignmentInput input) {
        List<String> members =
                input.members().keySet().stream().sorted(order(input)).toList();
        Map<String, Set<TopicIdPartition>> assignment = new LinkedHashMap<>();
        members.forEach(member -> assignment.put(member, new TreeSet<>()));
        for (Audience audience : Audience.of(members, input)) {
            for (UUID topic : audience.topics()) {
                int partitions = input.partitionCounts().get(topic);
                cut(topic, partitions, audience.members(), members, assignment);
            }
        }
        return assignment;
    }

    private static Comparator<String> order(AssignmentInput input) {
        Comparator<String> dynamicLast = Comparator.comparing(
                member -> input.members().get(member).instanceId().isEmpty());
        return dynamicLast
                .thenComparing(
                        member -> input.members().get(member).instanceId().orElse(""))
                .thenComparing(Comparator.naturalOrder());
    }

    private static void cut(
            UUID topic,
            int partitions,
            BitSet subscribers,
            List<String> members,
            Map<String, Set<TopicIdPartition>> assignment) {
        int each = partitions / subscribers.cardinality();
        int withOneMore = partitions % subscribers.cardinality();
        int next = 0;
        for (int member = subscribers.nextSetBit(0); next < partitions; member = subscribers.nextSetBit(member + 1)) {
            int end = next + each + (withOneMore > 0 ? 1 : 0);
            withOneMore--;
            Set<TopicIdPartition> range = assignment.get(members.get(member));
            for (; next < end; next++) {
                range.add(new TopicIdPartition(topic, next));
            }
        }
    }
}
