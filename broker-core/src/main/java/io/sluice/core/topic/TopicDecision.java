package io.sluice.core.topic;

import java.util.List;

/**
 * What the catalog decided on a request. Nothing has changed yet: the events change the catalog when they are durable
 * and {@link TopicCatalog#replay replayed}, and only then the answer is true.
 *
 * @param events to be appended together, in this order; empty if there is nothing to change
 * @param answer the topic as it is after them; in a deletion, as it was
 */
public record TopicDecision(List<TopicEvent> events, Topic answer) {
    public TopicDecision {
        events = List.copyOf(events);
    }
}
