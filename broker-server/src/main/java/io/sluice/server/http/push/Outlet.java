package io.sluice.server.http.push;

import io.sluice.core.TopicPartition;
import io.sluice.server.http.records.RecordChunks;
import io.vertx.core.Future;

/** Where a pump's records go. Called on the event loop. */
interface Outlet {
    /** Whether a piece may be written now. Who says no calls {@link Pump#resume()} later. */
    boolean isReady();

    /**
     * Sends a piece.
     *
     * @return completes when the socket has taken it
     */
    Future<Void> write(RecordChunks.Chunk chunk, boolean inRecord);

    /** Records from an offset on, up to another, are there no more; the stream goes on behind them. */
    void gap(TopicPartition partition, long from, long to);

    /** A topic is no more; its partitions are left out from now on. */
    void topicDeleted(String topic, boolean last);

    /** Nobody is there any more. */
    void gone();

    /** The stream cannot go on. */
    void failed(Throwable why);
}
