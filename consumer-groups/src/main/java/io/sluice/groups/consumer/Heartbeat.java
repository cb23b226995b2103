package io.sluice.groups.consumer;

import io.sluice.groups.GroupError;
import io.sluice.groups.assign.TopicIdPartition;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The consumer protocol of <a href="https://cwiki.apache.org/confluence/display/KAFKA/KIP-848">KIP-848</a>: a member says what
 * it wants and has, and is told what it is to have.
 */
public final class Heartbeat {
    /** The epoch of a member that joins. */
    public static final int JOIN = 0;
    /** The epoch of a member that leaves for good. */
    public static final int LEAVE = -1;
    /** The epoch of a static member that leaves and will be back. */
    public static final int LEAVE_FOR_A_WHILE = -2;

    private Heartbeat() {}

    /**
     * The request. What is empty has not changed since the member said it last.
     *
     * @param memberId the member's id
     * @param epoch the assignment that it has, or {@link #JOIN}, {@link #LEAVE} or {@link #LEAVE_FOR_A_WHILE}
     * @param instanceId its name if it is a static member, else empty
     * @param rackId where it is
     * @param rebalanceTimeoutMs how long it may take to give partitions back
     * @param topics the topics it wants
     * @param regex the pattern of the topics it wants
     * @param assignor the assignor it would like
     * @param owned the partitions it has
     * @param clientId what its client calls itself
     * @param clientHost where it is
     */
    public record Request(
            String memberId,
            int epoch,
            String instanceId,
            Optional<String> rackId,
            Optional<Integer> rebalanceTimeoutMs,
            Optional<List<String>> topics,
            Optional<String> regex,
            Optional<String> assignor,
            Optional<Set<TopicIdPartition>> owned,
            String clientId,
            String clientHost) {
        /** Whether the member says everything that there is to say, because it does not know what was heard. */
        boolean isWhole() {
            return rebalanceTimeoutMs.isPresent() && (topics.isPresent() || regex.isPresent()) && owned.isPresent();
        }
    }

    /**
     * The answer.
     *
     * @param error NONE, or why not
     * @param message what is wrong, for people; empty if the error says enough
     * @param memberId the member's id
     * @param epoch the assignment that it has been brought to
     * @param intervalMs when the next heartbeat is expected
     * @param assignment what it is to have; empty if that has not changed
     */
    public record Answer(
            GroupError error,
            String message,
            String memberId,
            int epoch,
            int intervalMs,
            Optional<Set<TopicIdPartition>> assignment) {
        public static Answer refused(GroupError error, String message) {
            return new Answer(error, message, "", 0, 0, Optional.empty());
        }
    }
}
