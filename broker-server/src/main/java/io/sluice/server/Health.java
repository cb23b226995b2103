package io.sluice.server;

import io.sluice.core.Broker;
import io.sluice.core.engine.EngineHealth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Says what keeps the broker from doing all of its work. Safe on any thread; answers from memory.
 */
public final class Health {
    /** So many offline partitions are named; a broker that has lost its disk would else list thousands. */
    private static final int MAX_NAMED = 100;

    /**
     * Something that is in the way.
     *
     * @param code its stable name in snake_case
     * @param detail a sentence for people
     */
    public record Obstacle(String code, String detail) {}

    /** The life of the server. */
    enum Phase {
        STARTING,
        SERVING,
        STOPPING
    }

    private final Broker broker;
    private volatile Phase phase = Phase.STARTING;

    /** The health of a server around this broker, which is starting. */
    public Health(Broker broker) {
        this.broker = broker;
    }

    /** The server has come to another phase of its life. */
    void enter(Phase next) {
        phase = next;
    }

    /** All that is in the way; empty if the broker is ready. */
    public List<Obstacle> obstacles() {
        if (phase == Phase.STARTING) {
            return List.of(new Obstacle("starting", "the broker is starting"));
        }
        if (phase == Phase.STOPPING) {
            return List.of(new Obstacle("stopping", "the broker is stopping"));
        }
        List<Obstacle> obstacles = new ArrayList<>();
        EngineHealth engine = broker.engine().health();
        if (!engine.running()) {
            obstacles.add(new Obstacle("log_closed", "the log does not serve"));
        }
        if (engine.diskLow()) {
            obstacles.add(new Obstacle(
                    "disk_low",
                    "writes are refused: " + engine.diskFreeBytes() + " bytes are free and the floor is "
                            + engine.diskFloorBytes()));
        }
        engine.offline().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .limit(MAX_NAMED)
                .forEach(offline ->
                        obstacles.add(new Obstacle("partition_offline", offline.getKey() + ": " + offline.getValue())));
        return obstacles;
    }
}
