package io.sluice.server.http;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of requests may be in memory at once, over all event loops. Full means refused at once, not waiting.
 * A request that alone is larger than the budget is admitted if nothing else is there. Safe on any thread.
 */
public final class MemoryBudget {
    private static final AttributeKey<MemoryBudget> BUDGET = AttributeKey.valueOf("sluice.memory");

    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    /** @param limitBytes how many bytes requests may have reserved together */
    public MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** The one that a request's connection shares. */
    public static MemoryBudget of(HttpServerRequest request) {
        var connection = (HttpServerConnection) request.connection();
        return connection.channelHandlerContext().channel().attr(BUDGET).get();
    }

    /** What a connection sends is counted here. */
    void count(Channel channel) {
        channel.attr(BUDGET).set(this);
    }

    /** Bytes that are reserved now. */
    public long usedBytes() {
        return usedBytes.get();
    }

    /**
     * Reserves bytes for a request. They are given back when it has been answered or its client has gone, if the one who
     * reserved them does not do so before: others may answer a request as well, for example when its body does not come.
     *
     * @throws HttpProblem 503 overloaded
     */
    public Reservation reserve(RoutingContext ctx, long bytes) {
        Reservation reservation = reserve(bytes);
        ctx.addEndHandler(ended -> reservation.close());
        return reservation;
    }

    /**
     * Reserves bytes.
     *
     * @throws HttpProblem 503 overloaded
     */
    public Reservation reserve(long bytes) {
        Reservation reservation = new Reservation();
        reservation.grow(bytes);
        return reservation;
    }

    private boolean tryTake(long bytes, long held) {
        if (bytes == 0) {
            // Somebody alone may hold more than the limit: whoever wants nothing, or no more, is not refused for that.
            return true;
        }
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

    /**
     * Bytes held by one request. They go back when the request has closed this and the log has let go of every batch that
     * was made of them: a client that waits for less than a sync, or goes away, would else make room that is not there.
     * For the request's thread, but for {@link #letGo()}.
     */
    public final class Reservation implements AutoCloseable {
        private final AtomicInteger holders = new AtomicInteger(1);
        private volatile long heldBytes;
        private boolean closed;

        /**
         * Takes more.
         *
         * @throws HttpProblem 503 overloaded; what was held before stays held
         */
        public void grow(long bytes) {
            if (!tryGrow(bytes)) {
                throw new HttpProblem(
                                503,
                                "overloaded",
                                "requests in flight hold " + usedBytes.get() + " bytes, " + limitBytes
                                        + " is the limit, this one wants " + bytes + " more")
                        .retryAfterMs(1_000);
            }
        }

        /** Takes more if there is room; whether there was. */
        public boolean tryGrow(long bytes) {
            if (closed) {
                return false;
            }
            long held = heldBytes;
            boolean taken = tryTake(bytes, held);
            if (taken) {
                heldBytes = held + bytes;
            }
            return taken;
        }

        /** Gives back all but so many bytes. */
        public void shrink(long bytes) {
            long more = heldBytes - bytes;
            if (more > 0 && !closed) {
                heldBytes = bytes;
                usedBytes.addAndGet(-more);
            }
        }

        /** A batch made of these bytes goes to the log. */
        public void hold() {
            holders.incrementAndGet();
        }

        /** The log has let go of it. On any thread. */
        public void letGo() {
            if (holders.decrementAndGet() == 0) {
                usedBytes.addAndGet(-heldBytes);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                letGo();
            }
        }
    }
}
