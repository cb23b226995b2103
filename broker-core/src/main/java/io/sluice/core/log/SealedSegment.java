package io.sluice.core.log;

import io.sluice.core.storage.LogDirectory;
import java.io.IOException;

/** A segment that never changes again. Its file and indexes are durable. */
final class SealedSegment extends Segment {
    private final long size;
    private final long endOffset;
    private final long maxTimestamp;
    private final OffsetIndex offsetIndex;
    private final TimeIndex timeIndex;

    /**
     * @param endOffset the offset after its last record, or the next segment's base offset
     * @param indexEntries how many entries its offset index has
     * @param timeEntries how many entries its time index has
     */
    SealedSegment(
            LogDirectory directory,
            long baseOffset,
            SegmentFile file,
            long size,
            long endOffset,
            long maxTimestamp,
            int indexEntries,
            int timeEntries)
            throws IOException {
        super(baseOffset, file);
        this.size = size;
        this.endOffset = endOffset;
        this.maxTimestamp = maxTimestamp;
        this.offsetIndex = OffsetIndex.sealed(baseOffset, directory, indexEntries);
        this.timeIndex = TimeIndex.sealed(baseOffset, directory, timeEntries);
        file.alsoClose(offsetIndex, timeIndex);
    }

    @Override
    long size() {
        return size;
    }

    long endOffset() {
        return endOffset;
    }

    @Override
    long maxTimestamp() {
        return maxTimestamp;
    }

    @Override
    OffsetIndex offsetIndex() {
        return offsetIndex;
    }

    @Override
    TimeIndex timeIndex() {
        return timeIndex;
    }
}
