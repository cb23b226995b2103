package io.sluice.groups.queue;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/** Lets queues do something, on the thread that runs them. */
interface Turns {
    /**
     * A turn of a queue.
     *
     * @return what came of it, when all that it has written down is written, or synced if it needs that; fails with {@link NoTurn}
     */
    <T> CompletableFuture<T> turn(String name, UUID queue, BiFunction<Queue, QueueEffects, T> turn);

    /** As {@link #turn(String, UUID, BiFunction)}, of the queue that has the name now. */
    <T> CompletableFuture<T> turn(String name, BiFunction<Queue, QueueEffects, T> turn);

    /** A queue cannot have a turn now, or nobody knows what came of it. */
    final class NoTurn extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final QueueError why;

        NoTurn(QueueError why, String queue) {
            super("queue " + queue + " cannot have a turn: " + why, null, false, false);
            this.why = why;
        }

        QueueError why() {
            return why;
        }

        /** Whether it is not worth trying again here. */
        boolean isForEver() {
            return why == QueueError.UNKNOWN_QUEUE || why == QueueError.NOT_COORDINATOR;
        }
    }
}
