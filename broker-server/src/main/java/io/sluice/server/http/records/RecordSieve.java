package io.sluice.server.http.records;

import io.sluice.server.http.filter.RecordFilter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Judges the records of a batch that is read as a stream, before they are read for good. A small record is read and read
 * again; for a large one a second stream goes ahead, because its headers lie behind its value. For use by one thread at a
 * time.
 */
final class RecordSieve implements Closeable {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Opening opening;
    /** Goes ahead; null as long as no record was large. */
    private RecordStream ahead;

    /** Opens one more stream over the same batch. */
    @FunctionalInterface
    interface Opening {
        RecordStream open() throws IOException;
    }

    RecordSieve(Opening opening) {
        this.opening = opening;
    }

    /** Whether the record that a stream has just entered passes; the stream stands where it stood. */
    boolean passes(RecordStream record, RecordFilter filter, RecordFilter.Trial trial) throws IOException {
        if (record.tryHold()) {
            try {
                return judge(record, filter, trial);
            } finally {
                record.rewind();
            }
        }
        if (ahead == null) {
            ahead = opening.open();
        }
        // It has to enter the record as well, to know where that ends.
        do {
            if (!ahead.next()) {
                throw new IllegalStateException("no record at " + record.offset());
            }
        } while (ahead.offset() < record.offset());
        return judge(ahead, filter, trial);
    }

    private static boolean judge(RecordStream record, RecordFilter filter, RecordFilter.Trial trial)
            throws IOException {
        int keyLength = record.readLength("key");
        boolean isComparable = keyLength >= 0 && keyLength <= RecordFilter.MAX_FIELD_BYTES;
        trial.begin(isComparable, isComparable ? read(record, keyLength) : pass(record, keyLength));
        if (!filter.needsHeaders() || !trial.canPass()) {
            return trial.passes();
        }
        pass(record, record.readLength("value"));
        int count = record.readCount("header count");
        for (int i = 0; i < count && !trial.passes(); i++) {
            int nameLength = record.readCount("header name");
            ByteBuffer name = nameLength <= RecordFilter.MAX_CONDITION_BYTES
                    ? read(record, nameLength)
                    : pass(record, nameLength);
            int length = record.readLength("header value");
            if (length <= RecordFilter.MAX_FIELD_BYTES && trial.asksFor(name)) {
                trial.header(name, length >= 0, read(record, Math.max(0, length)));
            } else {
                pass(record, length);
            }
        }
        return trial.passes();
    }

    private static ByteBuffer read(RecordStream record, int length) throws IOException {
        byte[] bytes = new byte[length];
        record.read(bytes, 0, length);
        return ByteBuffer.wrap(bytes);
    }

    private static ByteBuffer pass(RecordStream record, int length) throws IOException {
        record.skipTo(record.position() + Math.max(0, length));
        return NOTHING;
    }

    @Override
    public void close() throws IOException {
        if (ahead != null) {
            ahead.close();
        }
    }
}
