package io.sluice.server.http.records;

import io.sluice.server.http.HttpProblem;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of requests may be in memory at once, over all event loops. Full means refused at once, not waiting.
 * A request that alone is larger than the budget is admitted if nothing else is there. Safe on any thread.
 */
final class MemoryBudget {
    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Bytes that are reserved now. */
    long usedBytes() {
        return usedBytes.get();
    }

    /**
     * Reserves bytes for a request. They are given back when it has been answered or its client has gone, if the one who
     * reserved them does not do so before: others may answer a request as well, for example when its body does not come.
     *
     * @throws HttpProblem 503 overloaded
     */
    Reservation reserve(RoutingContext ctx, long bytes) {
        Reservation reservation = reserve(bytes);
        ctx.addEndHandler(ended -> reservation.close());
        return reservation;
    }

    /**
     * Reserves bytes.
     *
     * @throws HttpProblem 503 overloaded
     */
    Reservation reserve(long bytes) {
        Reservation reservation = new Reservation();
        reservation.grow(bytes);
        return reservation;
    }

    private boolean tryTake(long bytes, long held) {
        while (true) {
            long used = usedBytes.get();
            boolean alone = used == held;
            if (used + bytes > limitBytes && !alone) {
                return false;
            }
            if (usedBytes.compareAndSet(used, used + bytes)) {
                return true;
            }
        }
    }

    /** Bytes held by one request. Closing gives them back, once. For use by one thread at a time. */
    final class Reservation implements AutoCloseable {
        private long heldBytes;

        /**
         * Takes more.
         *
         * @throws HttpProblem 503 overloaded; what was held before stays held
         */
        void grow(long bytes) {
            if (!tryGrow(bytes)) {
                throw new HttpProblem(
                                503,
                                "overloaded",
                                "requests in flight hold " + usedBytes.get() + " bytes, " + limitBytes
                                        + " is the limit, this one wants " + bytes + " more")
                        .retryAfterMs(1_000);
            }
        }

        /** Takes more if there is room. */
        boolean tryGrow(long bytes) {
            boolean taken = tryTake(bytes, heldBytes);
            if (taken) {
                heldBytes += bytes;
            }
            return taken;
        }

        @Override
        public void close() {
            usedBytes.addAndGet(-heldBytes);
            heldBytes = 0;
        }
    }
}
