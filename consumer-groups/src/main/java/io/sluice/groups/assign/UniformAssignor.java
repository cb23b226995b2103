package io.sluice.groups.assign;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Gives members equal numbers of partitions, and moves no more partitions than that takes.
 *
 * <p>Everybody keeps what it has and still wants. What nobody has goes to the subscriber that has least. Then partitions move, from the
 * most loaded owner to the least loaded subscriber, as long as that one has at least two fewer. So at the end
 *
 * <ul>
 *   <li>if all want the same topics, nobody has more than one partition more than another, and no assignment with that property
 *       moves fewer: a newcomer takes only what it gets, and when a member leaves only its partitions move;
 *   <li>if they do not, no partition could go to a subscriber that has two fewer than its owner;
 *   <li>what is so already stays as it is.
 * </ul>
 *
 * <p>Where it is free, partitions of one topic go to different members.
 *
 * <p>With P partitions and M members that want the same, the time is O((P + M) log (P + M)). If they want different things, every move
 * lowers the sum of the squares of the members' numbers of partitions by two or more, so there are at most half as many moves as
 * that sum at the start, O(log (P + M)) each, and at most one look more than moves at all members of all audiences; in practice a few.
 */
final class UniformAssignor implements Assignor {
    private final String name;

    UniformAssignor(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, Set<TopicIdPartition>> assign(AssignmentInput input) {
        List<String> members = input.members().keySet().stream().sorted().toList();
        List<Pool> pools = pools(members, input);
        pools.forEach(Pool::handOut);
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Pool pool : pools) {
                moved |= pool.level();
            }
        }
        Map<String, Set<TopicIdPartition>> assignment = new LinkedHashMap<>();
        members.forEach(member -> assignment.put(member, new TreeSet<>()));
        for (Pool pool : pools) {
            pool.held.forEach(
                    (member, partitions) -> assignment.get(members.get(member)).addAll(partitions));
        }
        return assignment;
    }

    /** The partitions of all topics, those that have the same subscribers together. */
    private static List<Pool> pools(List<String> members, AssignmentInput input) {
        Map<TopicIdPartition, Integer> owners = owners(members, input);
        int[] load = new int[members.size()];
        List<Pool> pools = new ArrayList<>();
        for (Audience audience : Audience.of(members, input)) {
            Pool pool = new Pool(audience.members(), load);
            for (UUID topic : audience.topics()) {
                for (int i = 0; i < input.partitionCounts().get(topic); i++) {
                    TopicIdPartition partition = new TopicIdPartition(topic, i);
                    if (owners.containsKey(partition)) {
                        pool.give(partition, owners.get(partition));
                    } else {
                        pool.free.add(partition);
                    }
                }
            }
            pools.add(pool);
        }
        return pools;
    }

    /** Who has what, of what it still wants. If two claim a partition, the first has it. */
    private static Map<TopicIdPartition, Integer> owners(List<String> members, AssignmentInput input) {
        Map<TopicIdPartition, Integer> owners = new HashMap<>();
        for (int member = 0; member < members.size(); member++) {
            MemberInput one = input.members().get(members.get(member));
            for (TopicIdPartition partition : one.current()) {
                if (one.subscribed().contains(partition.topicId())) {
                    owners.putIfAbsent(partition, member);
                }
            }
        }
        return owners;
    }

    /** The partitions that the same members may have, and who has which. Members are positions in the list of all. */
    private static final class Pool {
        private final BitSet subscribers;
        /** How many partitions each member has, of all pools together. */
        private final int[] load;

        private final Comparator<Integer> byLoad;
        /** Who has any, and which. */
        private final Map<Integer, NavigableSet<TopicIdPartition>> held = new TreeMap<>();
        /** What nobody has. */
        private final List<TopicIdPartition> free = new ArrayList<>();

        Pool(BitSet subscribers, int[] load) {
            this.subscribers = subscribers;
            this.load = load;
            this.byLoad =
                    Comparator.<Integer>comparingInt(member -> load[member]).thenComparing(Comparator.naturalOrder());
        }

        void give(TopicIdPartition partition, int member) {
            held.computeIfAbsent(member, any -> new TreeSet<>()).add(partition);
            load[member]++;
        }

        /** Gives what nobody has to who has least. */
        void handOut() {
            if (free.isEmpty()) {
                return;
            }
            PriorityQueue<Integer> receivers = new PriorityQueue<>(byLoad);
            subscribers.stream().forEach(receivers::add);
            for (TopicIdPartition partition : free) {
                int receiver = receivers.remove();
                give(partition, receiver);
                receivers.add(receiver);
            }
            free.clear();
        }

        /**
         * Moves partitions from who has most to who has least, as long as they differ by two or more.
         *
         * @return whether any moved
         */
        boolean level() {
            if (isLevel()) {
                return false;
            }
            NavigableSet<Integer> receivers = new TreeSet<>(byLoad);
            subscribers.stream().forEach(receivers::add);
            NavigableSet<Integer> givers = new TreeSet<>(byLoad);
            givers.addAll(held.keySet());
            Map<Integer, TopicIdPartition> latest = new HashMap<>();
            while (load[givers.last()] - load[receivers.first()] >= 2) {
                // Both leave both sets while their loads, which are their places in them, change.
                int giver = givers.pollLast();
                int receiver = receivers.pollFirst();
                receivers.remove(giver);
                givers.remove(receiver);
                NavigableSet<TopicIdPartition> from = held.get(giver);
                TopicIdPartition partition = next(from, latest.getOrDefault(receiver, from.last()));
                latest.put(receiver, partition);
                from.remove(partition);
                load[giver]--;
                give(partition, receiver);
                receivers.add(giver);
                receivers.add(receiver);
                givers.add(receiver);
                if (from.isEmpty()) {
                    held.remove(giver);
                } else {
                    givers.add(giver);
                }
            }
            return true;
        }

        /** Whether nobody who has any has two more than anybody who may have them. */
        private boolean isLevel() {
            int most = held.keySet().stream()
                    .mapToInt(member -> load[member])
                    .max()
                    .orElse(0);
            return subscribers.stream().allMatch(member -> most - load[member] < 2);
        }

        /** The first partition of the next topic after one, round and round: so a newcomer gets a bit of each topic. */
        private static TopicIdPartition next(NavigableSet<TopicIdPartition> from, TopicIdPartition latest) {
            TopicIdPartition endOfTopic = new TopicIdPartition(latest.topicId(), Integer.MAX_VALUE);
            return Objects.requireNonNullElseGet(from.higher(endOfTopic), from::first);
        }
    }
}
