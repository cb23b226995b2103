package io.sluice.groups.assign;

import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What an assignor is told of a member.
 *
 * @param instanceId its name if it is a static member
 * @param subscribed the topics that it wants; those that do not exist are ignored
 * @param current what it was to have by the previous assignment; what it cannot have any more is ignored
 */
public record MemberInput(Optional<String> instanceId, Set<UUID> subscribed, Set<TopicIdPartition> current) {
    public MemberInput {
        subscribed = Set.copyOf(subscribed);
        current = Set.copyOf(current);
    }
}
