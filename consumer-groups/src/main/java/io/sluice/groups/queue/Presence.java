package io.sluice.groups.queue;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Which consumers have open connections that stand for them. Nobody writes that down. Owned by the thread of the queues. */
final class Presence {
    private final Map<Who, Integer> connections = new HashMap<>();

    private record Who(UUID queue, String consumer) {}

    /** A consumer has a connection more. */
    void connected(UUID queue, String consumer) {
        connections.merge(new Who(queue, consumer), 1, Integer::sum);
    }

    /** It has one less. */
    void disconnected(UUID queue, String consumer) {
        connections.computeIfPresent(new Who(queue, consumer), (who, count) -> count == 1 ? null : count - 1);
    }

    boolean has(UUID queue, String consumer) {
        return connections.containsKey(new Who(queue, consumer));
    }
}
