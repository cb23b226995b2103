package io.sluice.server.proof;

import java.net.URI;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Where the broker is to be found just now. For any thread. */
final class Serving {
    private static final long DEADLINE_S = 180;
    private static final long PAUSE_MS = 5;

    private Optional<URI> address = Optional.empty();

    synchronized void up(URI now) {
        address = Optional.of(now);
        notifyAll();
    }

    synchronized void down() {
        address = Optional.empty();
    }

    /** The address, as soon as there is one. */
    synchronized URI await() throws InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
        while (address.isEmpty()) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                throw new AssertionError("no broker for " + DEADLINE_S + " s");
            }
            wait(leftMs);
        }
        return address.get();
    }

    /** The address to try after one failed: the same for a moment, until it is noticed that its broker is dead. */
    synchronized URI awaitAfterFailure() throws InterruptedException {
        wait(PAUSE_MS);
        return await();
    }
}
