package io.sluice.groups.queue;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The messages of a queue that were finished last: who asks what became of one is told more of these than of others. For one thread. */
final class DoneRing {
    private static final int MAX_COUNT = 1_000;
    private static final int MAX_BYTES = 1024 * 1024;

    private final Map<MessageId, Done> all = new LinkedHashMap<>();
    private int bytes;

    void add(Done done) {
        Done before = all.remove(done.id());
        bytes += done.sizeInBytes() - (before == null ? 0 : before.sizeInBytes());
        all.put(done.id(), done);
        for (Iterator<Done> eldest = all.values().iterator();
                all.size() > 1 && (all.size() > MAX_COUNT || bytes > MAX_BYTES); ) {
            bytes -= eldest.next().sizeInBytes();
            eldest.remove();
        }
    }

    Optional<Done> find(MessageId id) {
        return Optional.ofNullable(all.get(id));
    }

    /** All that are remembered, the last one last. */
    Collection<Done> all() {
        return all.values();
    }
}
