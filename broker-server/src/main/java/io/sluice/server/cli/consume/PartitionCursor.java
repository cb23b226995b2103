package io.sluice.server.cli.consume;

/** How far the reading of one partition has come. For the printing thread. */
final class PartitionCursor {
    private static final long NOT_KNOWN = -1;

    private final int partition;
    /** Where to read on; not known as long as the broker has not found the time asked for. */
    private long nextOffset;
    /** Records before this time are skipped until the first that is not. */
    private final long fromTimeMs;

    private boolean reachedTime;
    /** Where the reading ends; {@link Long#MAX_VALUE} if it does not. */
    private final long endOffset;
    /** Tries in a row that brought nothing because they failed. */
    private int failures;
    /** Whether the place is one that a person named, and not one that we came to. */
    private boolean exact;

    private PartitionCursor(int partition, long nextOffset, long fromTimeMs, long endOffset, boolean exact) {
        this.partition = partition;
        this.nextOffset = nextOffset;
        this.fromTimeMs = fromTimeMs;
        this.reachedTime = nextOffset != NOT_KNOWN;
        this.endOffset = endOffset;
        this.exact = exact;
    }

    /** From an offset that a person named: it must be there. */
    static PartitionCursor exactlyFrom(int partition, long offset, long endOffset) {
        return new PartitionCursor(partition, offset, 0, endOffset, true);
    }

    /** From an offset that the broker named. */
    static PartitionCursor fromOffset(int partition, long offset, long endOffset) {
        return new PartitionCursor(partition, offset, 0, endOffset, false);
    }

    static PartitionCursor fromTime(int partition, long timeMs, long endOffset) {
        return new PartitionCursor(partition, NOT_KNOWN, timeMs, endOffset, false);
    }

    int partition() {
        return partition;
    }

    /** The query that names the place to read from. */
    String query() {
        return nextOffset == NOT_KNOWN ? "timestamp=" + fromTimeMs : "offset=" + nextOffset;
    }

    /** The offset after the last one seen. */
    long nextOffset() {
        return nextOffset;
    }

    /** Whether a record is to be shown: a batch that was fetched may begin before the place asked for. */
    boolean wants(long offset, long timestampMs) {
        if (offset >= endOffset || (nextOffset != NOT_KNOWN && offset < nextOffset)) {
            return false;
        }
        reachedTime |= timestampMs >= fromTimeMs;
        return reachedTime;
    }

    /** All before this offset has been seen. */
    void moveTo(long offset) {
        nextOffset = Math.max(nextOffset, offset);
        failures = 0;
        exact = false;
    }

    /** Whether reading may go on at the log start if what comes next has been deleted meanwhile. */
    boolean maySkipDeleted(long logStartOffset) {
        return !exact && nextOffset != NOT_KNOWN && nextOffset < logStartOffset;
    }

    /** Whether there is nothing more to read. */
    boolean isAtEnd() {
        return nextOffset != NOT_KNOWN && nextOffset >= endOffset;
    }

    /** Counts a try that failed, and returns how many did in a row. */
    int failed() {
        return ++failures;
    }
}
