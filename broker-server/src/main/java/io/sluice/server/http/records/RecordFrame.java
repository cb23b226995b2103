package io.sluice.server.http.records;

/** What stands around each record of a pushed stream. Called by whichever thread writes the records, one at a time. */
public interface RecordFrame {
    /** What stands before a record. */
    byte[] before();

    /**
     * What stands behind it.
     *
     * @param offset the record's offset
     * @param eventType the bytes of its event type; empty if it has none
     */
    byte[] after(long offset, byte[] eventType);
}
