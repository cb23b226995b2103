package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Parked;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Keys of a queue whose messages nobody gets until they are taken up again. For one thread. */
final class ParkedKeys {
    /** How many there may be. */
    static final int MAX_COUNT = 1_000;

    private final Map<Long, Parked> all = new LinkedHashMap<>();

    /** As {@link Arrival#key()} says it. */
    boolean contains(long key) {
        return !all.isEmpty() && all.containsKey(key);
    }

    Optional<Parked> find(long key) {
        return Optional.ofNullable(all.get(key));
    }

    boolean isFull() {
        return all.size() >= MAX_COUNT;
    }

    void add(Parked key) {
        all.put(key.key(), key);
    }

    void remove(long key) {
        all.remove(key);
    }

    /** All of them, the one that was parked first first. */
    Collection<Parked> all() {
        return all.values();
    }
}
