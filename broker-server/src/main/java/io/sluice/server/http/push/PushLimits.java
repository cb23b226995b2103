package io.sluice.server.http.push;

/**
 * What pushed streams may take.
 *
 * @param memoryBytes how many bytes pieces on their way may hold, over all streams
 * @param connectionBytes how large a piece on its way to one connection may be
 * @param heartbeatMs how long a stream is silent before a sign of life is sent
 * @param maxSubscriptions how many subscriptions one WebSocket may have
 * @param maxPublishes how many records and acknowledgements of one WebSocket may be on their way into a log
 */
public record PushLimits(
        long memoryBytes, int connectionBytes, long heartbeatMs, int maxSubscriptions, int maxPublishes) {
    /** How many partitions one subscription may read: its cursor names them all, and has to fit into a header. */
    static final int MAX_PARTITIONS = 1_000;

    /** The bounds of what a client may ask for. */
    public static final long MIN_HEARTBEAT_MS = 100;

    public static final long MAX_HEARTBEAT_MS = 300_000;
}
