package io.sluice.server.why;

import java.util.Optional;

/**
 * What holds up everything alike.
 *
 * @param diskLow whether writes are refused because the disk is low
 * @param freeBytes free bytes as far as is known
 * @param floorBytes below how many the disk is low
 * @param overload what was refused lately because a queue was full
 */
public record BrokerSnapshot(boolean diskLow, long freeBytes, long floorBytes, Optional<Overload> overload) {
    /**
     * Refusals because a queue was full.
     *
     * @param lastMs when the last was, in ms since the epoch
     * @param firstMs when they began, in ms since the epoch
     * @param count how many
     * @param client the address of the client that met the last; empty if that is not known
     * @param where the request that met it, or empty
     * @param message what the client was told, or empty
     */
    public record Overload(long firstMs, long lastMs, long count, String client, String where, String message) {}
}
