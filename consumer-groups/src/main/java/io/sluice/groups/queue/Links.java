package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Link;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Messages of a queue that have died, were sent again, and lie in its log once more: where, by what they are called. Only the last ones are
 * remembered; of others one sees that they died. For one thread.
 */
final class Links {
    private static final int MAX_COUNT = 10_000;

    private final Map<MessageId, MessageId> all = new LinkedHashMap<>();
    /** The other way round. */
    private final Map<MessageId, MessageId> names = new HashMap<>();

    void add(Link link) {
        // What was sent again later is what counts, and is remembered for longer.
        names.remove(all.remove(link.from()));
        all.put(link.from(), link.to());
        names.put(link.to(), link.from());
        Iterator<MessageId> eldest = all.values().iterator();
        while (all.size() > MAX_COUNT) {
            names.remove(eldest.next());
            eldest.remove();
        }
    }

    /** What a message is called that lies at a place: by that, unless it is known to have another name. */
    MessageId name(MessageId place) {
        return names.getOrDefault(place, place);
    }

    /** Where a message lies now; empty if it is where it was, or nobody knows. */
    Optional<MessageId> now(MessageId id) {
        return Optional.ofNullable(all.get(id));
    }

    /** Forgets what never was. */
    void forget(Predicate<MessageId> which) {
        all.entrySet().removeIf(link -> which.test(link.getKey()) || which.test(link.getValue()));
        names.entrySet().removeIf(link -> which.test(link.getKey()) || which.test(link.getValue()));
    }

    /** All that are remembered, the last one last. */
    List<Link> all() {
        return all.entrySet().stream()
                .map(link -> new Link(link.getKey(), link.getValue()))
                .toList();
    }
}
