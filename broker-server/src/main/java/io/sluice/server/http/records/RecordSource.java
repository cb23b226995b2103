package io.sluice.server.http.records;

import java.io.IOException;

/** Records that a read found, to be written as JSON piece by piece. For use by one thread at a time. */
interface RecordSource extends AutoCloseable {
    /**
     * Writes records until the output holds {@code limitBytes} or a little more.
     *
     * @return whether nothing more is to come from here: the end is reached, or the fetch is full
     * @throws IOException if compressed data is damaged
     * @throws io.sluice.core.record.MalformedRecordException if records are damaged
     */
    boolean fill(JsonOutput out, RecordJson json, FetchProgress progress, int limitBytes) throws IOException;

    @Override
    default void close() {}
}
