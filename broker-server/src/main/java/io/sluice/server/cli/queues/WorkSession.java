package io.sluice.server.cli.queues;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The commands whose messages were given to this worker by one name. Safe for use by several threads. */
final class WorkSession {
    private final String consumer;
    private final Set<RunningCommand> commands = ConcurrentHashMap.newKeySet();

    WorkSession(String consumer) {
        this.consumer = consumer;
    }

    String consumer() {
        return consumer;
    }

    List<RunningCommand> commands() {
        return List.copyOf(commands);
    }

    void add(RunningCommand command) {
        commands.add(command);
    }

    void remove(RunningCommand command) {
        commands.remove(command);
    }
}
