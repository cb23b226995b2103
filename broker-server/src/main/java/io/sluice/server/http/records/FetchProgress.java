package io.sluice.server.http.records;

import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.filter.RecordFilter;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** How far a fetch has come, what it wants, and how much it may still return. For use by one thread at a time. */
final class FetchProgress {
    /** How long records that are not wanted are looked at before an answer says how far that went. */
    static final long SCAN_NS = TimeUnit.SECONDS.toNanos(1);

    /** As long as it takes. */
    static final long NEVER = Long.MAX_VALUE;

    private final RecordFilter filter;
    private final RecordFilter.Trial trial;
    private final long scanUntilNs;
    private long offset;
    private int recordsLeft;
    private long bytesLeft;
    private final boolean firstAlwaysFits;
    private long records;
    private boolean full;
    private Optional<Stop> stop = Optional.empty();

    /** Why nothing more is returned, though the limits would allow it. */
    enum Stop {
        /** The first record of all is larger than everything that may be returned. */
        TOO_LARGE,
        /** A record cannot be shown in the form that was asked for. */
        OTHER_FORM
    }

    /**
     * @param offset the first offset wanted
     * @param maxRecords how many records to return at most
     * @param maxBytes how many bytes of keys, values and headers to return at most, but one record always
     */
    FetchProgress(long offset, int maxRecords, long maxBytes) {
        this(offset, maxRecords, maxBytes, true, RecordFilter.ALL, NEVER);
    }

    /** @param firstAlwaysFits whether the first record is returned even if it is larger than that */
    FetchProgress(long offset, int maxRecords, long maxBytes, boolean firstAlwaysFits) {
        this(offset, maxRecords, maxBytes, firstAlwaysFits, RecordFilter.ALL, NEVER);
    }

    /**
     * @param filter which records are wanted
     * @param scanUntilNs until when records that are not wanted may be looked at, by {@link System#nanoTime()}, or {@link #NEVER}
     */
    FetchProgress(long offset, int maxRecords, long maxBytes, RecordFilter filter, long scanUntilNs) {
        this(offset, maxRecords, maxBytes, true, filter, scanUntilNs);
    }

    private FetchProgress(
            long offset,
            int maxRecords,
            long maxBytes,
            boolean firstAlwaysFits,
            RecordFilter filter,
            long scanUntilNs) {
        this.filter = filter;
        this.trial = filter.trial();
        this.scanUntilNs = scanUntilNs;
        this.offset = offset;
        this.recordsLeft = maxRecords;
        this.bytesLeft = maxBytes;
        this.firstAlwaysFits = firstAlwaysFits;
    }

    /** The next offset to look at. */
    long offset() {
        return offset;
    }

    /** Records returned. */
    long records() {
        return records;
    }

    /** Whether a limit has been reached: nothing more is to be returned. */
    boolean isFull() {
        return full
                || recordsLeft == 0
                || !filter.isAll() && scanUntilNs != NEVER && System.nanoTime() - scanUntilNs > 0;
    }

    /** Whether the record that a cursor stands on is wanted; one that is not is passed. */
    boolean wants(RecordCursor record) {
        if (trial.passes(record)) {
            return true;
        }
        skipTo(record.offset() + 1);
        return false;
    }

    /** Whether the record that a stream has entered is wanted; see {@link RecordSieve}. */
    boolean wants(RecordStream record, RecordSieve sieve) throws IOException {
        if (filter.isAll() || sieve.passes(record, filter, trial)) {
            return true;
        }
        skipTo(record.offset() + 1);
        return false;
    }

    /** Why a record was not returned, if it was not for the sake of the limits alone. */
    Optional<Stop> stop() {
        return stop;
    }

    /**
     * Counts a record in that is about to be returned, or says that it does not fit any more. The first one fits as said at
     * the beginning.
     */
    boolean admit(long recordOffset, long bytes) {
        if (recordsLeft == 0 || bytes > bytesLeft && (records > 0 || !firstAlwaysFits)) {
            if (records == 0) {
                stop = Optional.of(Stop.TOO_LARGE);
                offset = recordOffset;
            }
            full = true;
            return false;
        }
        recordsLeft--;
        bytesLeft -= bytes;
        records++;
        offset = recordOffset + 1;
        return true;
    }

    /** The record that was admitted last is not returned after all, and none after it. */
    void refuse(long recordOffset) {
        records--;
        offset = recordOffset;
        stop = Optional.of(Stop.OTHER_FORM);
        full = true;
    }

    /** Goes on in another partition, with what is left of the limits. */
    void turnTo(long nextOffset) {
        offset = nextOffset;
    }

    /** Everything before this offset has been looked at. */
    void skipTo(long nextOffset) {
        offset = Math.max(offset, nextOffset);
    }
}
