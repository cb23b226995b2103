package io.sluice.groups.classic;

import io.sluice.groups.GroupError;
import java.util.List;

/** A member wants to be part of the next generation. */
public final class Join {
    private Join() {}

    /**
     * The request.
     *
     * @param memberId the member's id, or empty if it has none yet
     * @param newMemberId the id it gets if it has none
     * @param instanceId its name if it is a static member, else empty
     * @param clientId what its client calls itself
     * @param clientHost where it is
     * @param sessionTimeoutMs how long it may be silent
     * @param rebalanceTimeoutMs how long it may take to join again
     * @param protocolType what kind of group it wants
     * @param protocols the ways of assigning that it knows, the one it likes best first
     * @param needsMemberId whether it must join a second time, with the id that it gets the first time
     * @param skipsAssignment whether a leader that comes back understands that it need not assign again
     */
    public record Request(
            String memberId,
            String newMemberId,
            String instanceId,
            String clientId,
            String clientHost,
            int sessionTimeoutMs,
            int rebalanceTimeoutMs,
            String protocolType,
            List<Protocol> protocols,
            boolean needsMemberId,
            boolean skipsAssignment) {
        public Request {
            protocols = List.copyOf(protocols);
        }
    }

    /**
     * The answer.
     *
     * @param error NONE, or why not
     * @param memberId the member's id
     * @param generation the generation it is part of
     * @param protocolType what kind of group it is
     * @param protocol how partitions are assigned
     * @param leader who assigns them
     * @param skipAssignment whether the leader need not assign: what it is told of the members is for information
     * @param members for the leader: who they are and what they want; else empty
     */
    public record Answer(
            GroupError error,
            String memberId,
            int generation,
            String protocolType,
            String protocol,
            String leader,
            boolean skipAssignment,
            List<JoinedMember> members) {
        public Answer {
            members = List.copyOf(members);
        }

        /** An answer that says no. */
        public static Answer refused(GroupError error, String memberId) {
            return new Answer(error, memberId, -1, "", "", "", false, List.of());
        }
    }

    /**
     * What the leader is told of a member.
     *
     * @param id its id
     * @param instanceId its name if it is a static member, else empty
     * @param metadata what it wants, as its client wrote it
     */
    public record JoinedMember(String id, String instanceId, byte[] metadata) {}
}
