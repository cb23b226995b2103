package io.sluice.server.cli.consume;

import io.sluice.core.record.RecordCursor;
import java.io.IOException;

/** Writes one record to the output. */
interface RecordPrinter {
    /** @param record stands on the record to be printed */
    void print(String topic, int partition, RecordCursor record) throws IOException;

    /** Writes all that is held back. */
    void flush() throws IOException;
}
