package io.sluice.groups;

import java.util.List;

/**
 * One time that a group's partitions were assigned anew.
 *
 * @param generation the generation or epoch that came of it, so far
 * @param begunAtMs when it began, in ms since the epoch
 * @param settledAtMs when everybody had what it was to have, in ms since the epoch; -1 while that is not so
 * @param causes why, the first first; at most {@link #MAX_CAUSES}
 * @param waits who was waited for, the longest first; at most {@link #MAX_WAITS}
 */
public record Rebalance(int generation, long begunAtMs, long settledAtMs, List<Cause> causes, List<Wait> waits) {
    /** How many causes are kept of one. */
    public static final int MAX_CAUSES = 8;

    /** How many of those who were waited for are kept of one. */
    public static final int MAX_WAITS = 8;

    public Rebalance {
        causes = List.copyOf(causes);
        waits = List.copyOf(waits);
    }

    /** Whether it goes on. */
    public boolean isUnderWay() {
        return settledAtMs < 0;
    }

    /** Why a group is rebalanced. */
    public enum Reason {
        /** A member has come. */
        MEMBER_JOINED,
        /** A member has said that it goes, or was sent away. */
        MEMBER_LEFT,
        /** A member was silent for too long, or did not do in time what it had to. */
        MEMBER_EXPIRED,
        /** A member has asked for it: it wants other topics, or has seen that something has changed. */
        MEMBER_CHANGED,
        /** There are other topics, or more partitions. */
        TOPICS_CHANGED,
        /** Positions were moved: who read there was sent away or given the partitions anew. */
        POSITIONS_MOVED,
        /** It was under way when the broker began to serve the group. */
        UNFINISHED
    }

    /**
     * Why.
     *
     * @param member the member that it is about; empty if it is about none
     */
    public record Cause(Reason reason, String member, long atMs) {}

    /** What a member has to do before the others can go on. */
    public enum Owed {
        /** To join again. */
        JOIN,
        /** To assign the partitions: it is the leader. */
        ASSIGN,
        /** To give partitions back that others are to have. */
        GIVE_BACK,
        /** To come for what it is to have. */
        COME
    }

    /**
     * Somebody who was waited for.
     *
     * @param sinceMs since when, in ms since the epoch
     * @param untilMs until when, in ms since the epoch; -1 if it still is
     */
    public record Wait(String member, Owed owed, long sinceMs, long untilMs) {
        long durationMs(long nowMs) {
            return (untilMs < 0 ? nowMs : untilMs) - sinceMs;
        }
    }
}
