package io.sluice.groups.classic;

import java.util.List;

/**
 * What a group agreed on: who its members are, and which partitions each of them has. It is what survives a restart.
 *
 * @param number counts up with every rebalance
 * @param protocolType what kind of group it is, for example {@code consumer}; empty if it has none
 * @param protocol how the partitions were assigned; empty if there are no members
 * @param leader the member that assigned them; empty if there are no members
 * @param members all of them
 * @param sinceMs since when, in ms since the epoch
 */
public record Generation(
        int number, String protocolType, String protocol, String leader, List<SettledMember> members, long sinceMs) {
    public Generation {
        members = List.copyOf(members);
    }

    /** Of a group that has not had any. */
    public static final Generation NONE = new Generation(0, "", "", "", List.of(), 0);

    /**
     * A member as it was when the generation began.
     *
     * @param id its id
     * @param instanceId its name if it is a static member, else empty
     * @param clientId what its client calls itself
     * @param clientHost where it is
     * @param rebalanceTimeoutMs how long it may take to join again
     * @param sessionTimeoutMs how long it may be silent
     * @param subscription what it wants, as its client wrote it
     * @param assignment what it has, as the leader wrote it
     */
    public record SettledMember(
            String id,
            String instanceId,
            String clientId,
            String clientHost,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            byte[] subscription,
            byte[] assignment) {}
}
