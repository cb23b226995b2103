package io.sluice.server.http;

/**
 * The limits of the HTTP listener.
 *
 * @param maxConnections how many connections may be open; one more is answered 503 and closed
 * @param maxHeaderBytes how large the headers of a request may be, together
 * @param maxInitialLineBytes how long the line with the method and the address may be
 * @param maxBodyBytes how large the body of a request may be that manages something
 * @param requestTimeoutMs how long the head of a request may take, and its body beyond the time that
 *     {@code minBodyBytesPerSecond} grants
 * @param minBodyBytesPerSecond the rate at which a body must come at least, once {@code requestTimeoutMs} is over
 * @param idleTimeoutMs how long a connection may stay open without a request, or without its client taking any byte of
 *     a response
 * @param shutdownTimeoutMs how long requests in flight have to finish when the broker stops
 * @param maxMessageBytes how large a message from a WebSocket may be
 */
public record HttpLimits(
        int maxConnections,
        int maxHeaderBytes,
        int maxInitialLineBytes,
        int maxBodyBytes,
        long requestTimeoutMs,
        long minBodyBytesPerSecond,
        long idleTimeoutMs,
        long shutdownTimeoutMs,
        int maxMessageBytes) {}
