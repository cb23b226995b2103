package io.sluice.server.kafka;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * Answers the requests of one API, of every version that the table names.
 *
 * @param <Q> the request's message
 */
@FunctionalInterface
public interface ApiHandler<Q extends ApiMessage> {
    /** The answer to a request that wants none. */
    CompletableFuture<ApiMessage> NO_ANSWER = CompletableFuture.completedFuture(null);

    /**
     * Begins to answer. Called on the connection's event loop, in the order of the connection's requests.
     *
     * @return the response, completed on any thread; {@link #NO_ANSWER} if the client wants none. If it fails, the
     *     connection ends: errors that the protocol has are answers. It is cancelled when the client goes away.
     */
    CompletableFuture<? extends ApiMessage> handle(ApiRequest<Q> request);
}
