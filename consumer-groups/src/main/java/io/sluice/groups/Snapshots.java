package io.sluice.groups;

import java.util.Map;

/**
 * The snapshots of a group.
 *
 * @param error NONE, or why they cannot be told
 * @param byName the snapshots
 */
public record Snapshots(GroupError error, Map<String, Snapshot> byName) {
    public Snapshots {
        byName = Map.copyOf(byName);
    }
}
