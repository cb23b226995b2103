package io.sluice.server.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.server.clients.ClientRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The HTTP listener: the same routes on several event loops, behind one address. Safe on any thread. */
public final class HttpApi {
    /** Names the free port that the system picks, so that all loops share it. */
    private static final int ANY_FREE_PORT = 1;

    private final Vertx vertx;
    private final HttpLimits limits;
    private final Cors cors;
    private final List<RouteGroup> groups;
    private final ClientRegistry clients;
    private final MemoryBudget memory;
    private final HttpMetrics metrics;
    private final AtomicInteger openConnections = new AtomicInteger();
    private Optional<Future<Void>> stopped = Optional.empty();
    /** Empty until the listener listens. */
    private volatile String deploymentId = "";

    private final List<HttpLoop> loops = Collections.synchronizedList(new ArrayList<>());

    /**
     * A listener that does not listen yet.
     *
     * @param cors which pages of other origins may read what it answers
     * @param clients where connections are entered
     * @param memory what requests may take together
     */
    public HttpApi(
            Vertx vertx,
            HttpLimits limits,
            Cors cors,
            List<RouteGroup> groups,
            ClientRegistry clients,
            MemoryBudget memory,
            MeterRegistry registry) {
        this.vertx = vertx;
        this.limits = limits;
        this.cors = cors;
        this.groups = List.copyOf(groups);
        this.clients = clients;
        this.memory = memory;
        this.metrics = new HttpMetrics(registry, openConnections, limits.maxConnections());
    }

    /**
     * Listens.
     *
     * @param port the port, or 0 for any that is free
     * @param loopCount on how many event loops
     * @return the port
     */
    public Future<Integer> listen(String host, int port, int loopCount) {
        HttpServerOptions options = new HttpServerOptions()
                .setMaxHeaderSize(limits.maxHeaderBytes())
                .setMaxInitialLineLength(limits.maxInitialLineBytes())
                .setHandle100ContinueAutomatically(true)
                .setHttp2ClearTextEnabled(false)
                .setMaxWebSocketFrameSize(limits.maxMessageBytes())
                .setMaxWebSocketMessageSize(limits.maxMessageBytes())
                // A compressor would hold its window for every connection, idle ones included.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setAcceptBacklog(1_024)
                .setTcpNoDelay(true);
        SocketAddress address = port == 0
                ? SocketAddress.sharedRandomPort(ANY_FREE_PORT, host)
                : SocketAddress.inetSocketAddress(port, host);
        return vertx.deployVerticle(
                        () -> {
                            HttpLoop loop = new HttpLoop(
                                    address, options, limits, cors, groups, metrics, openConnections, clients, memory);
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
     * Stops accepting, lets requests in flight finish for as long as the limits say, and closes all connections. Asking
     * again gives the same answer.
     */
    public synchronized Future<Void> stop() {
        if (stopped.isEmpty()) {
            stopped = Optional.of(deploymentId.isEmpty() ? Future.succeededFuture() : vertx.undeploy(deploymentId));
        }
        return stopped.get();
    }
}
