package io.sluice.groups.queue;

import java.util.Optional;

/**
 * What a queue was created with. Checked by whoever takes it from a client; times in ms.
 *
 * @param visibilityTimeoutMs how long a delivered message is hidden from others, unless the receiver says otherwise
 * @param maxDeliveries how often a message is delivered at most; after that it is dead
 * @param backoff how long a message waits after a failure
 * @param deadLetterQueue where dead messages go; empty if they are dropped
 * @param ttlMs how old a message may become before it is dropped; 0 for any age
 * @param order what is said of the order of deliveries
 * @param maxInFlight how many messages may be delivered and not finished at a time
 */
public record QueueConfig(
        long visibilityTimeoutMs,
        int maxDeliveries,
        Backoff backoff,
        Optional<String> deadLetterQueue,
        long ttlMs,
        Order order,
        int maxInFlight) {
    /** What is said of the order of deliveries. */
    public enum Order {
        /** Oldest first, as far as possible. */
        NONE,
        /** Messages of a key strictly one after the other. */
        KEY
    }
}
