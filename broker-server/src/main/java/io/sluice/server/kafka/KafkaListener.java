package io.sluice.server.kafka;

import io.sluice.server.clients.ClientRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The listener of Kafka's protocol: the same APIs on several event loops, behind one address. Safe on any thread. */
public final class KafkaListener {
    /** Names the free port that the system picks, so that all loops share it. */
    private static final int ANY_FREE_PORT = 2;

    private final Vertx vertx;
    private final KafkaLimits limits;
    private final FrameMemory memory;
    private final KafkaMetrics metrics;
    private final ApiTable apis;
    private final ClientRegistry clients;
    private final List<KafkaLoop> loops = Collections.synchronizedList(new ArrayList<>());
    private Optional<Future<Void>> stopped = Optional.empty();
    private volatile String deploymentId = "";

    /**
     * A listener that does not listen yet.
     *
     * @param apis what is served
     * @param clients where connections are entered
     */
    public KafkaListener(
            Vertx vertx,
            KafkaLimits limits,
            FrameMemory memory,
            KafkaMetrics metrics,
            ApiTable apis,
            ClientRegistry clients) {
        this.vertx = vertx;
        this.limits = limits;
        this.memory = memory;
        this.metrics = metrics;
        this.apis = apis;
        this.clients = clients;
    }

    /**
     * Listens.
     *
     * @param port the port, or 0 for any that is free
     * @param loopCount on how many event loops
     * @return the port
     */
    public Future<Integer> listen(String host, int port, int loopCount) {
        NetServerOptions options =
                new NetServerOptions().setAcceptBacklog(1_024).setTcpNoDelay(true);
        SocketAddress address = port == 0
                ? SocketAddress.sharedRandomPort(ANY_FREE_PORT, host)
                : SocketAddress.inetSocketAddress(port, host);
        return vertx.deployVerticle(
                        () -> {
                            KafkaLoop loop = new KafkaLoop(address, options, limits, memory, metrics, apis, clients);
                            loops.add(loop);
                            return loop;
                        },
                        new DeploymentOptions().setInstances(loopCount))
                .map(id -> {
                    deploymentId = id;
                    return loops.get(0).port();
                });
    }

    /**
     * Stops accepting, answers the requests in flight for as long as the limits say, and closes all connections. Asking
     * again gives the same answer.
     */
    public synchronized Future<Void> stop() {
        if (stopped.isEmpty()) {
            stopped = Optional.of(deploymentId.isEmpty() ? Future.succeededFuture() : vertx.undeploy(deploymentId));
        }
        return stopped.get();
    }
}
