package io.sluice.loadtest.queues;

import java.util.OptionalLong;

/** A queue system as its client sees it. */
interface QueueSystem extends AutoCloseable {
    /** What tables call it. */
    String name();

    /** The process that serves it; empty if that is this one. */
    OptionalLong server();

    /**
     * A new queue for one run.
     *
     * @param name of letters, digits and dashes
     * @param callers how many turns, or workers, there are at a time
     * @param batch messages of a turn
     */
    TestQueue create(String name, int callers, int batch) throws Exception;

    @Override
    void close() throws Exception;
}
