package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.consumer.ConsumerGroup;
import io.sluice.groups.consumer.MemberState;
import io.sluice.groups.consumer.MemberState.Client;
import io.sluice.groups.consumer.MemberState.Kind;
import io.sluice.groups.consumer.MemberState.Phase;
import io.sluice.groups.consumer.MemberState.Standing;
import io.sluice.groups.consumer.MemberState.Subscription;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Moves a running group from the classic protocol to the consumer protocol and back, without its members losing what they
 * have. It moves when the first member comes that the broker must assign for, and back when the last of them has gone.
 */
final class ProtocolMoves {
    private static final String CONSUMER = "consumer";
    /** What members have is one event with what they say of themselves, and must fit into the log. */
    private static final long MAX_ASSIGNMENT_BYTES = 16 * 1024 * 1024;

    private ProtocolMoves() {}

    /**
     * The broker assigns from now on.
     *
     * @param firstEpoch what epochs begin at, unless the group has been rebalanced more often
     * @return NONE, or INCONSISTENT_PROTOCOL if the members are none that have partitions assigned, or cannot be understood
     */
    static GroupError toConsumer(Group group, Topics topics, int firstEpoch, Effects effects) {
        if (group.consumer().isPresent()) {
            return GroupError.NONE;
        }
        ClassicGroup classic = group.classic().orElseThrow();
        List<MemberState> members;
        try {
            members = members(classic, topics);
        } catch (IllegalArgumentException e) {
            return GroupError.INCONSISTENT_PROTOCOL;
        }
        int epoch = Math.max(firstEpoch, classic.generation());
        classic.handOver(effects);
        if (group.settled().isPresent()) {
            effects.record(new GroupEvent.Removed(group.id()));
        }
        group.unsettle();
        effects.record(new GroupEvent.EpochBegun(group.id(), epoch));
        members.forEach(member -> effects.record(new GroupEvent.MemberChanged(group.id(), member)));
        group.consumer().orElseThrow().begin(effects);
        return GroupError.NONE;
    }

    private static List<MemberState> members(ClassicGroup classic, Topics topics) {
        if (!classic.isEmpty() && !classic.protocolType().equals(CONSUMER)) {
            throw new IllegalArgumentException("a group of type " + classic.protocolType());
        }
        Map<String, List<Protocol>> protocols = classic.protocols();
        Set<TopicIdPartition> taken = new HashSet<>();
        for (SettledMember member : classic.members()) {
            taken.addAll(ids(member.assignment(), topics));
        }
        List<MemberState> members = new ArrayList<>();
        for (SettledMember member : classic.members()) {
            ConsumerProtocol.Subscription wish = ConsumerProtocol.subscription(member.subscription());
            Map<TopicIdPartition, Integer> assigned = new HashMap<>();
            ids(member.assignment(), topics).forEach(partition -> assigned.put(partition, classic.generation()));
            // A cooperative member reads on until it has joined once more without what it had, and nobody has that yet.
            Map<TopicIdPartition, Integer> revoking = new HashMap<>();
            ids(classic.assignmentBefore(member.id()), topics).stream()
                    .filter(taken::add)
                    .forEach(partition -> revoking.put(partition, classic.generation()));
            members.add(new MemberState(
                    member.id(),
                    Kind.CLASSIC,
                    new Client(
                            member.instanceId(),
                            wish.rack().orElse(""),
                            member.clientId(),
                            member.clientHost(),
                            member.rebalanceTimeoutMs(),
                            member.sessionTimeoutMs()),
                    new Subscription(wish.topics(), "", "", protocols.get(member.id())),
                    new Standing(
                            classic.generation(),
                            classic.generation(),
                            revoking.isEmpty() ? Phase.STABLE : Phase.UNREVOKED,
                            assigned,
                            revoking),
                    assigned.keySet()));
        }
        return members;
    }

    /** The partitions of an assignment that there are. */
    private static Set<TopicIdPartition> ids(byte[] assignment, Topics topics) {
        Set<TopicIdPartition> all = new HashSet<>();
        for (TopicPartition partition : assigned(assignment)) {
            topics.topic(partition.topic())
                    .filter(topic -> partition.partition() < topic.partitions())
                    .ifPresent(topic -> all.add(new TopicIdPartition(topic.id(), partition.partition())));
        }
        return all;
    }

    /** The partitions of an assignment of the classic protocol; none if nothing has been assigned. */
    static List<TopicPartition> assigned(byte[] assignment) {
        List<TopicPartition> all = new ArrayList<>();
        if (assignment.length > 0) {
            ConsumerProtocol.assignment(assignment)
                    .forEach((topic, partitions) ->
                            partitions.forEach(partition -> all.add(new TopicPartition(topic, partition))));
        }
        return all;
    }

    /** The members assign among themselves from now on, if they are there and none of them needs the broker for it. */
    static void toClassicIfPossible(Group group, Topics topics, Effects effects) {
        if (group.consumer().filter(ConsumerGroup::isAllClassic).isEmpty()) {
            return;
        }
        ConsumerGroup consumer = group.consumer().get();
        Map<String, MemberState> states = consumer.states();
        String protocol = inCommon(states);
        if (protocol.isEmpty()) {
            return;
        }
        int epoch = consumer.generation();
        List<SettledMember> members = new ArrayList<>();
        states.forEach((id, member) -> {
            members.add(new SettledMember(
                    id,
                    member.client().instanceId(),
                    member.client().clientId(),
                    member.client().clientHost(),
                    member.client().rebalanceTimeoutMs(),
                    member.client().sessionTimeoutMs(),
                    metadata(member, protocol),
                    assignment(member, topics)));
        });
        long bytes =
                members.stream().mapToLong(member -> member.assignment().length).sum();
        if (bytes > MAX_ASSIGNMENT_BYTES) {
            return;
        }
        endConsumer(group, effects);
        effects.record(new GroupEvent.Settled(
                group.id(),
                new Generation(epoch, CONSUMER, protocol, members.get(0).id(), members, effects.nowMs())));
        group.classic().orElseThrow().takeOver(effects);
    }

    /** Nobody needs the broker to assign: whoever joins next may do as the classic protocol says. */
    static void toClassicIfEmpty(Group group, Effects effects) {
        if (group.consumer().filter(ConsumerGroup::isEmpty).isPresent()) {
            int epoch = group.consumer().get().generation();
            endConsumer(group, effects);
            group.classic().orElseThrow().startAt(epoch);
        }
    }

    private static void endConsumer(Group group, Effects effects) {
        group.consumer().orElseThrow().end(effects);
        effects.record(new GroupEvent.EpochsEnded(group.id()));
    }

    private static String inCommon(Map<String, MemberState> members) {
        Map<String, Integer> known = new TreeMap<>();
        List<String> inOrder = new ArrayList<>();
        for (MemberState member : members.values()) {
            for (Protocol protocol : member.subscription().protocols()) {
                known.merge(protocol.name(), 1, Integer::sum);
                inOrder.add(protocol.name());
            }
        }
        return inOrder.stream()
                .filter(name -> known.get(name) == members.size())
                .findFirst()
                .orElse("");
    }

    private static byte[] metadata(MemberState member, String protocol) {
        return member.subscription().protocols().stream()
                .filter(one -> one.name().equals(protocol))
                .findFirst()
                .map(Protocol::metadata)
                .orElseThrow();
    }

    private static byte[] assignment(MemberState member, Topics topics) {
        Map<String, List<Integer>> named = new TreeMap<>();
        member.standing().assigned().keySet().stream()
                .sorted()
                .forEach(partition -> topics.topic(partition.topicId())
                        .ifPresent(topic -> named.computeIfAbsent(topic.name(), name -> new ArrayList<>())
                                .add(partition.partition())));
        return ConsumerProtocol.assignment(named, 0);
    }
}
