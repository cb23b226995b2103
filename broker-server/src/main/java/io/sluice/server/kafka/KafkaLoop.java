package io.sluice.server.kafka;

import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Kafka listener of one event loop, and the connections it serves. Owned by that loop. */
final class KafkaLoop implements Deployable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaLoop.class);
    private static final long TICK_MS = 500;

    private final SocketAddress address;
    private final NetServerOptions options;
    private final KafkaLimits limits;
    private final FrameMemory memory;
    private final KafkaMetrics metrics;
    private final ApiTable apis;
    private final ClientRegistry clients;
    private final Set<KafkaConnection> connections = new LinkedHashSet<>();
    private Context context;
    private NetServer server;

    KafkaLoop(
            SocketAddress address,
            NetServerOptions options,
            KafkaLimits limits,
            FrameMemory memory,
            KafkaMetrics metrics,
            ApiTable apis,
            ClientRegistry clients) {
        this.address = address;
        this.options = options;
        this.limits = limits;
        this.memory = memory;
        this.metrics = metrics;
        this.apis = apis;
        this.clients = clients;
    }

    @Override
    public Future<?> deploy(Context loopContext) {
        context = loopContext;
        server = context.owner().createNetServer(options).connectHandler(this::connected);
        context.owner().setPeriodic(Math.min(TICK_MS, limits.idleTimeoutMs()), timer -> tick());
        return server.listen(address);
    }

    @Override
    public Future<?> undeploy(Context loopContext) {
        new ArrayList<>(connections).forEach(KafkaConnection::stop);
        return server.shutdown(Duration.ofMillis(limits.shutdownTimeoutMs()));
    }

    /** The port that is listened on, once deployed. */
    int port() {
        return server.actualPort();
    }

    private void connected(NetSocket socket) {
        if (metrics.connections().incrementAndGet() > limits.maxConnections()) {
            metrics.connections().decrementAndGet();
            LOG.warn(
                    "the kafka connection of {} is closed: the broker has all the {} connections it may have",
                    socket.remoteAddress(),
                    limits.maxConnections());
            socket.close();
            return;
        }
        Client client = clients.connected(
                Client.Protocol.KAFKA,
                socket.remoteAddress().toString(),
                socket.localAddress().toString(),
                () -> context.runOnContext(v -> socket.close()));
        KafkaConnection connection =
                new KafkaConnection((NetSocketInternal) socket, context, apis, limits, memory, metrics, client);
        connections.add(connection);
        socket.closeHandler(closed -> {
            connections.remove(connection);
            metrics.connections().decrementAndGet();
            connection.ended();
            client.closed();
        });
        // What is being answered when the server shuts down gets its answer.
        socket.shutdownHandler(timeout -> connection.stop());
        connection.start();
    }

    private void tick() {
        long nowNs = System.nanoTime();
        List<KafkaConnection> all = new ArrayList<>(connections);
        all.forEach(connection -> connection.tick(nowNs));
    }
}
