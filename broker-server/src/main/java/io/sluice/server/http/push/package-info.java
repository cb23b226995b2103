/**
 * Records pushed to whoever listens, as Server-Sent Events and over WebSockets. Each event loop has its streams, its bells at the
 * ends of partitions and a queue of streams that have something to read; what they have in common is a bound on memory.
 */
package io.sluice.server.http.push;
