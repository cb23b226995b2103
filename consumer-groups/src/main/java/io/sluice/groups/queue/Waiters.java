package io.sluice.groups.queue;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Receivers that wait, in the order in which they came, and by when their time is over. What is asked of them takes no longer if they are many. For
 * one thread.
 *
 * @param <W> the receivers
 */
final class Waiters<W> {
    private final Map<W, Place<W>> places = new LinkedHashMap<>();
    private final TreeSet<Place<W>> byDeadline = new TreeSet<>(
            Comparator.<Place<W>>comparingLong(place -> place.request().deadlineMs())
                    .thenComparingLong(Place::number));
    /** How many wait of each consumer that has a session. */
    private final Map<String, Integer> ofSessions = new HashMap<>();

    private long added;

    private record Place<W>(W waiter, long number, Receive.Request request) {}

    void add(W waiter, Receive.Request request) {
        Place<W> place = new Place<>(waiter, added++, request);
        places.put(waiter, place);
        byDeadline.add(place);
        if (request.sessionTimeoutMs() > 0) {
            ofSessions.merge(request.consumer(), 1, Integer::sum);
        }
    }

    /** Returns whether it has waited until now. */
    boolean remove(W waiter) {
        Place<W> place = places.remove(waiter);
        if (place == null) {
            return false;
        }
        byDeadline.remove(place);
        if (place.request().sessionTimeoutMs() > 0) {
            ofSessions.computeIfPresent(place.request().consumer(), (consumer, count) -> count == 1 ? null : count - 1);
        }
        return true;
    }

    boolean contains(W waiter) {
        return places.containsKey(waiter);
    }

    /** The one that came first; there must be one. */
    W first() {
        return places.keySet().iterator().next();
    }

    /** One whose time is over, if there is any. */
    Optional<W> over(long nowMs) {
        return byDeadline.isEmpty() || byDeadline.first().request().deadlineMs() > nowMs
                ? Optional.empty()
                : Optional.of(byDeadline.first().waiter());
    }

    /** Whether a consumer waits that has a session. */
    boolean hasSession(String consumer) {
        return ofSessions.containsKey(consumer);
    }

    Iterable<W> all() {
        return places.keySet();
    }

    boolean isEmpty() {
        return places.isEmpty();
    }

    int size() {
        return places.size();
    }

    void clear() {
        places.clear();
        byDeadline.clear();
        ofSessions.clear();
    }
}
