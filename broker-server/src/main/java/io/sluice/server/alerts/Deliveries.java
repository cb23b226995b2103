package io.sluice.server.alerts;

import java.util.concurrent.atomic.AtomicLong;

/** What has become of events for the webhook. Safe on any thread. */
public final class Deliveries {
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong failedTries = new AtomicLong();

    /** How many the receiver took. */
    public long delivered() {
        return delivered.get();
    }

    /** How many were given up: too many waited, or no try went well. */
    public long dropped() {
        return dropped.get();
    }

    /** How many tries did not go well. */
    public long failedTries() {
        return failedTries.get();
    }

    void wasDelivered() {
        delivered.incrementAndGet();
    }

    void wasDropped() {
        dropped.incrementAndGet();
    }

    void tryFailed() {
        failedTries.incrementAndGet();
    }
}
