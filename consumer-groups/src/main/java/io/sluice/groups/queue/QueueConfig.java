package io.sluice.groups.queue;

import java.util.Optional;

/**
 * How a queue is set. Checked by whoever takes it from a client; times in ms.
 *
 * @param visibilityTimeoutMs how long a delivered message is hidden from others, unless the receiver says otherwise
 * @param maxDeliveries how often a message is delivered at most; after that it is dead. 0 for any number
 * @param backoff how long a message waits that was rejected, unless its consumer says so
 * @param deadLetterQueue where dead messages go; empty if they are dropped
 * @param delayMs how long a message waits before its first delivery if it does not say so itself
 * @param ttlMs how old a message may become before it is dropped; 0 for any age
 * @param order what is said of the order of deliveries
 * @param maxInFlight how many messages consumers may have at a time
 * @param maxMessages how many messages may be unfinished before more are refused; 0 for any number
 * @param maxBytes how large the queue's log may become before more is refused; 0 for any size
 * @param dedupWindowMs for how long a message with the same deduplication id is the same message
 * @param retentionMs for how long finished messages can be replayed; -1 for ever
 */
public record QueueConfig(
        long visibilityTimeoutMs,
        int maxDeliveries,
        Backoff backoff,
        Optional<String> deadLetterQueue,
        long delayMs,
        long ttlMs,
        Order order,
        int maxInFlight,
        long maxMessages,
        long maxBytes,
        long dedupWindowMs,
        long retentionMs) {
    /** What holds unless somebody says otherwise, but for the dead letter queue, which is named after the queue. */
    public static final QueueConfig DEFAULTS = new QueueConfig(
            30_000,
            10,
            new Backoff(1_000, 2, 300_000, 0.2),
            Optional.empty(),
            0,
            0,
            Order.NONE,
            20_000,
            0,
            0,
            300_000,
            604_800_000);

    /** What a queue of dead letters is set to: they stay until somebody has looked after them. */
    public static final QueueConfig DEAD_LETTERS = new QueueConfig(
            30_000, 0, DEFAULTS.backoff(), Optional.empty(), 0, 0, Order.NONE, 20_000, 0, 0, 300_000, -1);

    /** The same with another place for dead messages. */
    public QueueConfig withDeadLetterQueue(Optional<String> other) {
        return new QueueConfig(
                visibilityTimeoutMs,
                maxDeliveries,
                backoff,
                other,
                delayMs,
                ttlMs,
                order,
                maxInFlight,
                maxMessages,
                maxBytes,
                dedupWindowMs,
                retentionMs);
    }

    /** What is said of the order of deliveries. */
    public enum Order {
        /** Oldest first, as far as possible. */
        NONE,
        /** Messages of a key strictly one after the other. */
        KEY
    }

    /** Whether this many deliveries are all that a message gets. */
    boolean isEnough(int deliveries) {
        return maxDeliveries > 0 && deliveries >= maxDeliveries;
    }
}
