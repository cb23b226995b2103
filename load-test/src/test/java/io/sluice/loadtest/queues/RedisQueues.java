package io.sluice.loadtest.queues;

import io.lettuce.core.RedisClient;
import io.sluice.loadtest.machine.ServerProcess;
import java.time.Duration;
import java.util.OptionalLong;

/** Queues in a Redis on this machine. */
abstract class RedisQueues implements QueueSystem {
    final RedisClient client;
    private final String name;
    private final int port;

    RedisQueues(String name, int port) {
        this.name = name;
        this.port = port;
        this.client = RedisClient.create("redis://127.0.0.1:" + port);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final OptionalLong server() {
        return ServerProcess.listeningOn(port);
    }

    @Override
    public final void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
    }
}
