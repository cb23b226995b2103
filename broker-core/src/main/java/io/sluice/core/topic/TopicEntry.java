package io.sluice.core.topic;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What the catalog keeps of one topic. Immutable: a change makes another one.
 *
 * @param id its identity, for ever
 * @param name its name, for ever
 * @param partitions how many partitions it has; only ever more
 * @param overrides what is set on it, as canonical text by name, in the order of the names
 * @param createdAtMs when it was created, in ms since the epoch
 * @param state whether it may be used
 */
public record TopicEntry(
        UUID id, String name, int partitions, Map<String, String> overrides, long createdAtMs, State state) {
    public TopicEntry {
        overrides = Collections.unmodifiableMap(new TreeMap<>(overrides));
        if (partitions < 1) {
            throw new IllegalArgumentException("topic " + name + " has " + partitions + " partitions");
        }
    }

    /** Whether a topic may be used. */
    public enum State {
        /** It may. */
        ACTIVE(0),
        /** Its deletion is decided; its files may be there still. Nothing leads back. */
        DELETING(1);

        private final int code;

        State(int code) {
            this.code = code;
        }

        /** The number in the topic's record. */
        int code() {
            return code;
        }
    }

    TopicEntry withPartitions(int total) {
        return new TopicEntry(id, name, total, overrides, createdAtMs, state);
    }

    TopicEntry withOverrides(Map<String, String> changed) {
        return new TopicEntry(id, name, partitions, changed, createdAtMs, state);
    }

    TopicEntry deleting() {
        return new TopicEntry(id, name, partitions, overrides, createdAtMs, State.DELETING);
    }
}
