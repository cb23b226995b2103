package io.sluice.groups.assign;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Members, and the topics that exactly these are subscribed to. A group whose members all want the same has one audience.
 *
 * @param members who, as positions in the list of members; at least one
 * @param topics the topics by id, ascending; at least one
 */
record Audience(BitSet members, List<UUID> topics) {
    /**
     * The audiences of a group, the smallest first: who can go to few members should be placed before who can go anywhere.
     *
     * @param members the ids in the assignor's order
     */
    static List<Audience> of(List<String> members, AssignmentInput input) {
        Map<UUID, BitSet> subscribers = new TreeMap<>();
        subscriptions(members, input).forEach((topics, who) -> {
            for (UUID topic : topics) {
                if (input.partitionCounts().containsKey(topic)) {
                    subscribers.computeIfAbsent(topic, any -> new BitSet()).or(who);
                }
            }
        });
        Map<BitSet, Audience> audiences = new HashMap<>();
        subscribers.forEach((topic, who) -> audiences
                .computeIfAbsent(who, same -> new Audience(same, new ArrayList<>()))
                .topics()
                .add(topic));
        return audiences.values().stream()
                .sorted(Comparator.<Audience>comparingInt(
                                audience -> audience.members().cardinality())
                        .thenComparing(audience -> audience.topics().get(0)))
                .toList();
    }

    /** Who has which subscription. Most members of a group want the same, so each is looked through once for all that share it. */
    private static Map<Set<UUID>, BitSet> subscriptions(List<String> members, AssignmentInput input) {
        Map<Set<UUID>, BitSet> equal = new HashMap<>();
        Map<Set<UUID>, BitSet> same = new IdentityHashMap<>();
        for (int member = 0; member < members.size(); member++) {
            Set<UUID> topics = input.members().get(members.get(member)).subscribed();
            same.computeIfAbsent(topics, one -> equal.computeIfAbsent(one, any -> new BitSet()))
                    .set(member);
        }
        return equal;
    }
}
