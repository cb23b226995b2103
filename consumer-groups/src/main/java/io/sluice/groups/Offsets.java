package io.sluice.groups;

import io.sluice.core.TopicPartition;
import java.util.Map;

/** Requests and answers about positions. */
public final class Offsets {
    private Offsets() {}

    /**
     * A wish to move positions.
     *
     * @param group the group
     * @param memberId the member that moves them, or empty for one who only keeps positions here
     * @param instanceId the member's name if it is static, else empty
     * @param generation the member's generation, or -1
     * @param positions where to; each is answered on its own
     */
    public record Commit(
            String group,
            String memberId,
            String instanceId,
            int generation,
            Map<TopicPartition, CommittedOffset> positions) {
        public Commit {
            positions = Map.copyOf(positions);
        }
    }

    /**
     * A wish to know positions.
     *
     * @param error NONE, or why none can be told
     * @param positions those that there are
     */
    public record Fetched(GroupError error, Map<TopicPartition, CommittedOffset> positions) {
        public Fetched {
            positions = Map.copyOf(positions);
        }
    }

    /**
     * What came of a wish to forget positions.
     *
     * @param error NONE, or why none was forgotten
     * @param partitions the outcome of each
     */
    public record Deleted(GroupError error, Map<TopicPartition, GroupError> partitions) {
        public Deleted {
            partitions = Map.copyOf(partitions);
        }
    }
}
