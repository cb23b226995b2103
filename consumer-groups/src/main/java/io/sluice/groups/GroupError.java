package io.sluice.groups;

import io.sluice.groups.shard.Refusal;

/** Why the coordinator refuses. Every face has its own words for these, in one place. */
public enum GroupError {
    /** It does not refuse. */
    NONE,
    /** The group's name is empty or too long. */
    INVALID_GROUP,
    /** There is no group of that name. */
    UNKNOWN_GROUP,
    /** The group has members, and what was asked can be done only to one that has none. */
    GROUP_NOT_EMPTY,
    /** The group's members are subscribed to the topic. */
    SUBSCRIBED_TO_TOPIC,
    /** The group has as many members as it may have. */
    GROUP_FULL,
    /** The group has no such member. */
    UNKNOWN_MEMBER,
    /** A new member must join again with the id that it gets with this. */
    MEMBER_ID_REQUIRED,
    /** Another member has taken the place of this static one. */
    FENCED_INSTANCE,
    /** The member is of another generation. */
    ILLEGAL_GENERATION,
    /** The group is changing: the member must join again. */
    REBALANCE_IN_PROGRESS,
    /** The member and the group have no way of assigning partitions in common. */
    INCONSISTENT_PROTOCOL,
    /** The session timeout is not between the bounds of the settings. */
    INVALID_SESSION_TIMEOUT,
    /** The text that comes with an offset is too long. */
    METADATA_TOO_LARGE,
    /** The member's epoch is not the one that the coordinator knows: it must give up its partitions and join again. */
    FENCED_MEMBER_EPOCH,
    /** The member's epoch is an older one: it must learn the present one first. */
    STALE_MEMBER_EPOCH,
    /** Another member has the name of this static one, and has not left. */
    UNRELEASED_INSTANCE,
    /** There is no such assignor. */
    UNSUPPORTED_ASSIGNOR,
    /** The pattern of topics cannot be read. */
    INVALID_REGULAR_EXPRESSION,
    /** The name is that of a member that speaks another protocol. */
    MEMBER_OF_OTHER_PROTOCOL,
    /** Another poll of the same member has come since. */
    SUPERSEDED,
    /** A position is not where it was said to be. */
    POSITION_HAS_MOVED,
    /** There is no snapshot of that name. */
    UNKNOWN_SNAPSHOT,
    /** The group has as many snapshots as it may have. */
    TOO_MANY_SNAPSHOTS,
    /** What had to be written down as one is more than may be. */
    TOO_LARGE,
    /** There is no such topic or partition. */
    UNKNOWN_PARTITION,
    /** The coordinator of this group is not here. */
    NOT_COORDINATOR,
    /** The coordinator is reading what it has to know: ask again. */
    LOADING,
    /** The coordinator cannot write at the moment: ask again. */
    UNAVAILABLE;

    /** What a request is answered that cannot be carried out. */
    static GroupError of(Refusal why) {
        return switch (why) {
            case NOT_HERE -> NOT_COORDINATOR;
            case LOADING -> LOADING;
            case UNAVAILABLE -> UNAVAILABLE;
        };
    }
}
