package io.sluice.groups;

import io.sluice.core.TopicPartition;
import java.util.Map;

/**
 * Where a group stood, kept by a name.
 *
 * @param takenAtMs when, in ms since the epoch
 * @param positions its positions
 */
public record Snapshot(long takenAtMs, Map<TopicPartition, CommittedOffset> positions) {
    public Snapshot {
        positions = Map.copyOf(positions);
    }
}
