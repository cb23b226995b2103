package io.sluice.server.kafka;

/**
 * What the Kafka listener takes and gives at most.
 *
 * @param maxConnections how many connections may be open; one more is closed at once
 * @param maxFrameBytes how large a request may be: {@code socket.request.max.bytes}
 * @param maxPlainFrameBytes how large a request may be that brings no records: its message takes many times its bytes
 * @param memoryBytes how many bytes of requests may be in memory at once, over all connections: further ones wait in
 *     their sockets
 * @param responseBytes how many bytes of fetched records may be in memory at once, over all connections
 * @param maxInFlight how many requests of one connection may be under way
 * @param maxFetchBytes how many bytes one fetch may return: {@code fetch.max.bytes}
 * @param maxWaitMs how long a fetch may wait
 * @param requestTimeoutMs how long a request may take to come, beyond what {@code minBytesPerSecond} grants
 * @param minBytesPerSecond the rate at which a request must come at least, once {@code requestTimeoutMs} is over
 * @param idleTimeoutMs after how long a connection is closed on which nothing moves: {@code connections.max.idle.ms}
 * @param shutdownTimeoutMs how long requests in flight may take when the broker stops
 */
public record KafkaLimits(
        int maxConnections,
        int maxFrameBytes,
        int maxPlainFrameBytes,
        long memoryBytes,
        long responseBytes,
        int maxInFlight,
        int maxFetchBytes,
        int maxWaitMs,
        long requestTimeoutMs,
        long minBytesPerSecond,
        long idleTimeoutMs,
        long shutdownTimeoutMs) {}
