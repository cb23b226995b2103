package io.sluice.server.http.records;

/** How far a fetch has come, and how much it may still return. For use by one thread at a time. */
final class FetchProgress {
    private long offset;
    private int recordsLeft;
    private long bytesLeft;
    private long records;
    private boolean full;

    /**
     * @param offset the first offset wanted
     * @param maxRecords how many records to return at most
     * @param maxBytes how many bytes of keys, values and headers to return at most
     */
    FetchProgress(long offset, int maxRecords, long maxBytes) {
        this.offset = offset;
        this.recordsLeft = maxRecords;
        this.bytesLeft = maxBytes;
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
        return full || recordsLeft == 0;
    }

    /**
     * Counts a record in that is about to be returned, or says that it does not fit any more. The first one always
     * fits.
     */
    boolean admit(long recordOffset, long bytes) {
        if (recordsLeft == 0 || records > 0 && bytes > bytesLeft) {
            full = true;
            return false;
        }
        recordsLeft--;
        bytesLeft -= bytes;
        records++;
        offset = recordOffset + 1;
        return true;
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
