package io.sluice.groups.classic;

import io.sluice.groups.GroupError;
import java.util.Map;

/** A member wants its assignment; the leader brings everybody's. */
public final class Sync {
    static final byte[] NOTHING = new byte[0];

    private Sync() {}

    /**
     * The request.
     *
     * @param memberId the member
     * @param instanceId its name if it is a static member, else empty
     * @param generation the generation that it takes part in
     * @param protocolType what kind of group it takes it for; empty if it does not say
     * @param protocol how it thinks that partitions are assigned; empty if it does not say
     * @param assignments from the leader: what each member gets
     */
    public record Request(
            String memberId,
            String instanceId,
            int generation,
            String protocolType,
            String protocol,
            Map<String, byte[]> assignments) {
        public Request {
            assignments = Map.copyOf(assignments);
        }
    }

    /**
     * The answer.
     *
     * @param error NONE, or why not
     * @param protocolType what kind of group it is
     * @param protocol how partitions are assigned
     * @param assignment what the member has, as the leader wrote it
     */
    public record Answer(GroupError error, String protocolType, String protocol, byte[] assignment) {
        /** An answer that says no. */
        public static Answer refused(GroupError error) {
            return new Answer(error, "", "", NOTHING);
        }
    }
}
