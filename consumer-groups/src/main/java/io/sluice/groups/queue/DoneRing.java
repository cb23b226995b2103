package io.sluice.groups.queue;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The messages of a queue that were finished last: who asks what became of one is told more of these than of others. Of many queues together only so
 * much is remembered, see {@link QueueMemory}. For one thread.
 */
final class DoneRing {
    private static final int MAX_COUNT = 10_000;
    private static final int MAX_BYTES = 4 * 1024 * 1024;

    private final QueueMemory memory;
    private final Map<MessageId, Done> all = new LinkedHashMap<>();
    private int bytes;

    DoneRing(QueueMemory memory) {
        this.memory = memory;
    }

    void add(Done done) {
        Done before = all.remove(done.id());
        if (before != null) {
            bytes -= before.sizeInBytes();
            memory.forgot(before.sizeInBytes());
        }
        all.put(done.id(), done);
        bytes += done.sizeInBytes();
        while (all.size() > 1 && (all.size() > MAX_COUNT || bytes > MAX_BYTES)) {
            memory.forgot(forgetEldest());
        }
        memory.remembered(this, done.sizeInBytes());
    }

    /** Forgets the one that was finished first. There must be one. Returns how much memory it took. */
    int forgetEldest() {
        Iterator<Done> eldest = all.values().iterator();
        int size = eldest.next().sizeInBytes();
        eldest.remove();
        bytes -= size;
        return size;
    }

    /** Forgets what never was. */
    void forget(Predicate<MessageId> which) {
        all.values().removeIf(done -> {
            boolean isOne = which.test(done.id());
            if (isOne) {
                bytes -= done.sizeInBytes();
                memory.forgot(done.sizeInBytes());
            }
            return isOne;
        });
    }

    Optional<Done> find(MessageId id) {
        return Optional.ofNullable(all.get(id));
    }

    /** All that are remembered, the last one last. */
    Collection<Done> all() {
        return all.values();
    }
}
