package io.sluice.server.http;

import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** An answer that goes on for as long as its client listens, and has to be told when the broker stops. */
public interface OpenStream {
    /** Ends it in order, on its event loop: the broker stops. */
    void stop();

    /**
     * So many bytes have come from the client now that its request is complete. On its event loop.
     *
     * @return whether they are to be read; else they are dropped
     */
    default boolean received(int bytes) {
        return true;
    }

    /** Makes it the answer of a request. */
    static void answer(RoutingContext ctx, OpenStream stream) {
        ctx.put(OpenStream.class.getName(), stream);
    }

    /** The stream that a request is answered with, if it is. */
    static Optional<OpenStream> of(RoutingContext ctx) {
        return Optional.ofNullable(ctx.get(OpenStream.class.getName()));
    }
}
