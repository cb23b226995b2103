package io.sluice.groups.consumer;

import io.sluice.groups.MemberSize;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.Protocol;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What survives of a member of a group whose partitions the broker assigns.
 *
 * @param id the member's id
 * @param kind how it speaks to the broker
 * @param client who it is
 * @param subscription what it wants
 * @param standing what it has
 * @param target what it is to have
 */
public record MemberState(
        String id,
        Kind kind,
        Client client,
        Subscription subscription,
        Standing standing,
        Set<TopicIdPartition> target) {
    public MemberState {
        target = Set.copyOf(target);
    }

    /** How a member speaks to the broker. */
    public enum Kind {
        /** By the consumer protocol of KIP-848. */
        CONSUMER,
        /** By Kafka's classic protocol; it takes what the broker assigns for the leader's doing. */
        CLASSIC,
        /** By polls over HTTP, without a connection of its own. */
        HTTP
    }

    /**
     * Who a member is.
     *
     * @param instanceId its name if it is a static member, else empty
     * @param rackId where it says it is, or empty
     * @param clientId what its client calls itself
     * @param clientHost where its client is
     * @param rebalanceTimeoutMs how long it may take to give partitions back
     * @param sessionTimeoutMs how long it may be silent
     */
    public record Client(
            String instanceId,
            String rackId,
            String clientId,
            String clientHost,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs) {}

    /**
     * What a member wants.
     *
     * @param topics names of topics, which need not exist
     * @param regex a pattern in RE2's syntax of names of topics, or empty
     * @param assignor the assignor it would like, or empty
     * @param protocols of a classic member: the ways of assigning that it knows, to be used if the group moves back
     */
    public record Subscription(List<String> topics, String regex, String assignor, List<Protocol> protocols) {
        public Subscription {
            topics = topics.stream().distinct().sorted().toList();
            protocols = List.copyOf(protocols);
        }

        /** Whether the same partitions would be assigned for it. */
        boolean wantsTheSame(Subscription other) {
            return topics.equals(other.topics) && regex.equals(other.regex) && assignor.equals(other.assignor);
        }
    }

    /** Where a member is on its way from one assignment to the next. */
    public enum Phase {
        /** It has what it was to have at its epoch. */
        STABLE,
        /** It must give partitions back before it goes on. */
        UNREVOKED,
        /** Others must give partitions back before it has all that it is to have. */
        UNRELEASED
    }

    /**
     * What a member has.
     *
     * @param epoch the assignment that it has been brought to; {@link #AWAY} for a static member that will be back
     * @param previousEpoch the one before: its client may not know of the present one yet
     * @param phase where it is between the two
     * @param assigned what it may read, with the epoch since when
     * @param revoking what it was told to give back, with the epoch since when it has had it
     */
    public record Standing(
            int epoch,
            int previousEpoch,
            Phase phase,
            Map<TopicIdPartition, Integer> assigned,
            Map<TopicIdPartition, Integer> revoking) {
        /** A static member that has left for a while. */
        public static final int AWAY = -2;

        /** Of a member that has just come. */
        public static final Standing NEW = new Standing(0, 0, Phase.STABLE, Map.of(), Map.of());

        public Standing {
            assigned = Map.copyOf(assigned);
            revoking = Map.copyOf(revoking);
        }
    }

    MemberState with(Client changed) {
        return new MemberState(id, kind, changed, subscription, standing, target);
    }

    MemberState with(Subscription changed) {
        return new MemberState(id, kind, client, changed, standing, target);
    }

    MemberState with(Standing changed) {
        return new MemberState(id, kind, client, subscription, changed, target);
    }

    MemberState withTarget(Set<TopicIdPartition> changed) {
        return new MemberState(id, kind, client, subscription, standing, changed);
    }

    /** How much it says of itself. */
    long sizeInBytes() {
        return MemberSize.of(
                subscription.protocols(),
                subscription.topics(),
                id,
                subscription.regex(),
                subscription.assignor(),
                client.instanceId(),
                client.rackId(),
                client.clientId(),
                client.clientHost());
    }

    boolean isStatic() {
        return !client.instanceId().isEmpty();
    }
}
