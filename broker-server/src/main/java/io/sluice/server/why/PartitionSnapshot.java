package io.sluice.server.why;

import io.sluice.core.TopicPartition;
import java.util.Optional;

/**
 * A partition as it is now.
 *
 * @param partition which
 * @param unavailable why it cannot be read; empty if it can, else the numbers are 0
 * @param missing whether that is because there is no such topic or partition
 * @param logStartOffset the first offset that can be read
 * @param highWatermark the first that cannot be read yet
 */
public record PartitionSnapshot(
        TopicPartition partition,
        Optional<String> unavailable,
        boolean missing,
        long logStartOffset,
        long highWatermark) {
    /** A partition that can be read. */
    public static PartitionSnapshot readable(TopicPartition partition, long logStartOffset, long highWatermark) {
        return new PartitionSnapshot(partition, Optional.empty(), false, logStartOffset, highWatermark);
    }

    boolean isReadable() {
        return unavailable.isEmpty();
    }
}
