package io.sluice.groups;

import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.shard.Reply;
import java.util.Map;
import java.util.Set;

/** The members of a group, whatever protocol they speak: what members of the classic protocol ask of it. */
public interface Members {
    /** A member wants to be part of the next generation. The answer may take as long as the others need. */
    void join(Join.Request request, Reply<Join.Answer> reply, Effects effects);

    /** A member wants its assignment. */
    void sync(Sync.Request request, Reply<Sync.Answer> reply, Effects effects);

    /** A member says that it is alive. */
    GroupError heartbeat(String memberId, String instanceId, int generation, Effects effects);

    /**
     * A member leaves, or is sent away: a static one may be named by its instance alone.
     *
     * @param memberId its id, or empty
     * @param instanceId its name if it is a static member, else empty
     */
    GroupError leave(String memberId, String instanceId, Effects effects);

    /**
     * Whether somebody may move the group's positions.
     *
     * @param memberId the member, or empty for one who only keeps positions here
     * @param generation its generation or epoch, or -1
     */
    GroupError mayCommit(String memberId, String instanceId, int generation, Effects effects);

    /** Counts whatever may change what {@link #ids}, {@link #isSettled}, {@link #owing} and {@link #generation} tell. */
    long changes();

    /** The members' ids. */
    Set<String> ids();

    /** Whether every member has what it is to have, or there are none. */
    boolean isSettled();

    /** Who has to do something before the group is settled, and what. */
    Map<String, Rebalance.Owed> owing();

    /** How many members there are. */
    int size();

    /** Whether it has no members. */
    boolean isEmpty();

    /** Whether nobody is a member or about to become one. */
    boolean isDeserted();

    /**
     * How much the members say of themselves, as {@link MemberSize} measures it.
     *
     * @param memberId a member that is left out, or empty
     * @param instanceId its name if it is a static member, else empty
     */
    long bytesBeside(String memberId, String instanceId);

    /** How often the group has been rebalanced. */
    int generation();

    /** The group is in use from now on, after it has been read: its members' sessions begin anew. */
    void begin(Effects effects);

    /** The group is no more. */
    void end(Effects effects);
}
