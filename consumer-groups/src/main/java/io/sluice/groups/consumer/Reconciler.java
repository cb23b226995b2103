package io.sluice.groups.consumer;

import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.MemberState.Phase;
import io.sluice.groups.consumer.MemberState.Standing;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Brings one member to its target, as <a href="https://cwiki.apache.org/confluence/display/KAFKA/KIP-848">KIP-848</a> says:
 * first it gives back what it is not to have, then it gets what it is to have, as far as others have given it back.
 */
final class Reconciler {
    private Reconciler() {}

    /**
     * What the member has next.
     *
     * @param owned what its client has, if that is known
     * @param epoch the epoch of its target
     * @param isFree whether nobody else has a partition
     */
    static Standing next(
            MemberState member, Optional<Set<TopicIdPartition>> owned, int epoch, Predicate<TopicIdPartition> isFree) {
        Standing standing = member.standing();
        if (standing.epoch() == Standing.AWAY) {
            return standing;
        }
        switch (standing.phase()) {
            case STABLE -> {
                if (standing.epoch() == epoch && standing.assigned().keySet().equals(member.target())) {
                    return standing;
                }
            }
            case UNREVOKED -> {
                boolean givenBack = owned.isPresent()
                        && Collections.disjoint(owned.get(), standing.revoking().keySet());
                if (!givenBack) {
                    return standing;
                }
            }
            case UNRELEASED -> {
                // Something may have been given back, or the target may be another.
            }
        }
        Map<TopicIdPartition, Integer> kept = new HashMap<>();
        Map<TopicIdPartition, Integer> leftOver = new HashMap<>();
        standing.assigned()
                .forEach((partition, since) ->
                        (member.target().contains(partition) ? kept : leftOver).put(partition, since));
        owned.ifPresent(has -> leftOver.keySet().retainAll(has));
        if (!leftOver.isEmpty()) {
            return new Standing(standing.epoch(), standing.previousEpoch(), Phase.UNREVOKED, kept, leftOver);
        }
        Set<TopicIdPartition> missing = new HashSet<>(member.target());
        missing.removeAll(kept.keySet());
        boolean all = true;
        for (TopicIdPartition partition : missing) {
            if (isFree.test(partition)) {
                kept.put(partition, epoch);
            } else {
                all = false;
            }
        }
        int previous = standing.epoch() == epoch ? standing.previousEpoch() : standing.epoch();
        return new Standing(epoch, previous, all ? Phase.STABLE : Phase.UNRELEASED, kept, Map.of());
    }
}
