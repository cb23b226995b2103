package io.sluice.core.topic;

import java.util.UUID;

/**
 * A change of the catalog. The latest event of a topic is all that is known of it, so older ones may be compacted
 * away. {@link TopicEvents} has the bytes.
 */
public sealed interface TopicEvent {
    /** The topic that changed. */
    UUID id();

    /**
     * The topic is like this from now on.
     *
     * @param entry the whole of it
     */
    record Put(TopicEntry entry) implements TopicEvent {
        @Override
        public UUID id() {
            return entry.id();
        }
    }

    /**
     * The topic's deletion is finished: nothing of it is left.
     *
     * @param id the topic
     */
    record Removed(UUID id) implements TopicEvent {}
}
