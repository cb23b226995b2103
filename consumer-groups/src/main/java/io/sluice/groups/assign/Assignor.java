package io.sluice.groups.assign;

import java.util.Map;
import java.util.Set;

/** A way of sharing partitions among the members of a group. */
public interface Assignor {
    /** By which members ask for it. */
    String name();

    /**
     * Every partition of a topic that somebody is subscribed to gets exactly one owner among the subscribers; every member has an
     * entry. The same input has the same answer, whatever the order of its maps and sets.
     *
     * @return by member id, in the order of the ids or of the assignor's own; the caller's to keep and to change
     */
    Map<String, Set<TopicIdPartition>> assign(AssignmentInput input);
}
