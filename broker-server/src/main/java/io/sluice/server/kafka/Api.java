package io.sluice.server.kafka;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * One API that is served.
 *
 * @param key which
 * @param oldest the oldest version served
 * @param newest the newest version served
 * @param pipelined whether requests of a connection that follow each other are all begun at once; else each waits for the
 *     answer to the one before
 * @param handler answers
 */
public record Api(ApiKeys key, short oldest, short newest, boolean pipelined, ApiHandler<ApiMessage> handler) {
    /** Every version that the library reads and that is stable, one request after the other. */
    @SuppressWarnings("unchecked")
    public static <Q extends ApiMessage> Api of(ApiKeys key, ApiHandler<Q> handler) {
        // The table gives a handler the message class that belongs to the key.
        return new Api(key, key.oldestVersion(), key.latestVersion(false), false, (ApiHandler<ApiMessage>) handler);
    }

    /** The same, with the next request begun before this one is answered. */
    public Api inPipeline() {
        return new Api(key, oldest, newest, true, handler);
    }

    boolean serves(short version) {
        return version >= oldest && version <= newest;
    }
}
