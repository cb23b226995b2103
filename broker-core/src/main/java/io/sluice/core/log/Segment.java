package io.sluice.core.log;

import java.io.IOException;

/**
 * A stretch of a partition's log: one file of record batches and its two indexes. Either the one that grows, or one that
 * never changes again. What is here is safe on any thread, as long as the file is held open.
 */
abstract sealed class Segment permits ActiveSegment, SealedSegment {
    private static final int SEARCH_BYTES = 4 * 1024 + 128;

    private final long baseOffset;
    private final SegmentFile file;

    Segment(long baseOffset, SegmentFile file) {
        this.baseOffset = baseOffset;
        this.file = file;
    }

    final long baseOffset() {
        return baseOffset;
    }

    final SegmentFile file() {
        return file;
    }

    final String path() {
        return file.file().path();
    }

    /** Bytes of whole batches in the file. */
    abstract long size();

    /** The largest timestamp of its records, in ms since the epoch; -1 if there is none. */
    abstract long maxTimestamp();

    abstract OffsetIndex offsetIndex();

    abstract TimeIndex timeIndex();

    /** The first batch whose last offset is at least {@code offset}; stands at the end if there is none. */
    final BatchScanner seek(long offset) throws IOException {
        return seekFrom(offsetIndex().floorPosition(offset), offset);
    }

    /** Like {@link #seek}, from a position at which a batch is known to begin. */
    final BatchScanner seekFrom(long position, long offset) throws IOException {
        BatchScanner scanner = new BatchScanner(file.file(), position, size(), SEARCH_BYTES);
        while (scanner.next()) {
            if (scanner.header().lastOffset() >= offset) {
                break;
            }
        }
        return scanner;
    }

    /** Lets go of the files, which close when the last reader has gone. */
    final void close() {
        file.release();
    }
}
