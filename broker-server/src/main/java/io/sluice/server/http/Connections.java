package io.sluice.server.http;

import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.RoutingContext;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections of one event loop, which owns this. One tick looks at all of them, so that a connection costs an
 * object and no timer. Their number is counted over all loops.
 */
final class Connections {
    /** How many connections beyond the limit are kept for the second it takes to tell them so. */
    private static final int REFUSED_AT_ONCE = 256;

    private final HttpLimits limits;
    private final AtomicInteger openCount;
    private final ClientRegistry clients;
    private final MemoryBudget memory;
    private final Map<HttpConnection, WatchedConnection> open = new IdentityHashMap<>();
    private final long tickMs;

    /**
     * Starts to watch.
     *
     * @param openCount the number of open connections, shared by all loops
     * @param memory what requests take together, over all loops
     */
    Connections(Vertx vertx, HttpLimits limits, AtomicInteger openCount, ClientRegistry clients, MemoryBudget memory) {
        this.limits = limits;
        this.openCount = openCount;
        this.clients = clients;
        this.memory = memory;
        this.tickMs = Math.max(10, Math.min(1_000, limits.requestTimeoutMs() / 4));
        vertx.setPeriodic(tickMs, timer -> tick());
    }

    /** A connection has been accepted. */
    void opened(HttpConnection connection) {
        int count = openCount.incrementAndGet();
        var channel =
                ((HttpServerConnection) connection).channelHandlerContext().channel();
        // The channel's end and not the connection's, which ends for Vert.x when it becomes a WebSocket.
        channel.closeFuture().addListener(closed -> {
            openCount.decrementAndGet();
            WatchedConnection watched = open.remove(connection);
            if (watched != null) {
                watched.client().closed();
            }
        });
        if (count > limits.maxConnections() + REFUSED_AT_ONCE) {
            connection.close();
            return;
        }
        Client client = clients.connected(
                Client.Protocol.HTTP,
                connection.remoteAddress().toString(),
                connection.localAddress().toString(),
                () -> WatchedConnection.cut(channel));
        var watched =
                new WatchedConnection(channel, limits, client, count > limits.maxConnections(), System.nanoTime());
        Caller.is(client, channel);
        memory.count(channel);
        channel.pipeline().addFirst("watch", watched);
        open.put(connection, watched);
    }

    /**
     * A request has begun: its head is complete.
     *
     * @return whether the connection may have requests
     */
    boolean began(RoutingContext ctx) {
        WatchedConnection watched = open.get(ctx.request().connection());
        if (watched == null) {
            return false;
        }
        watched.requestBegan(ctx);
        ctx.addEndHandler(ended -> watched.requestEnded(ctx.request()));
        return !watched.refused();
    }

    /** The broker stops: requests that only wait for something to happen are answered now, and can be made again. */
    void endWaiting() {
        for (WatchedConnection watched : open.values().toArray(new WatchedConnection[0])) {
            watched.endWaiting();
        }
    }

    private void tick() {
        long nowNs = System.nanoTime();
        long tickNs = TimeUnit.MILLISECONDS.toNanos(tickMs);
        // A copy, because ending a connection takes it out of the map at once.
        for (WatchedConnection watched : open.values().toArray(new WatchedConnection[0])) {
            watched.tick(nowNs, tickNs);
        }
    }
}
