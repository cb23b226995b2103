package io.sluice.core.log;

import io.sluice.core.record.RecordBatch;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;

/**
 * The segment that grows. One thread writes; size, timestamps and indexes may be read by others.
 *
 * <p>Invariant: {@link #size()} counts whole batches only, and every index entry points to one of them.
 */
final class ActiveSegment extends Segment {
    private final LogDirectory directory;
    private final OffsetIndex offsetIndex;
    private final TimeIndex timeIndex;
    private final long createdAtMs;
    private volatile long size;
    private volatile long maxTimestamp = -1;
    private long offsetOfMaxTimestamp;
    private long firstTimestamp = -1;
    private int bytesSinceIndexEntry;
    /** Where the room ends that has been made behind the last batch; not beyond {@link #size} if there is none. */
    private long roomEnd;

    private ActiveSegment(
            LogDirectory directory,
            long baseOffset,
            SegmentFile file,
            OffsetIndex offsetIndex,
            TimeIndex timeIndex,
            long createdAtMs) {
        super(baseOffset, file);
        this.directory = directory;
        this.offsetIndex = offsetIndex;
        this.timeIndex = timeIndex;
        this.createdAtMs = createdAtMs;
    }

    /** Creates a segment's file. Its name is durable after the folder's sync, which is the caller's. */
    static ActiveSegment create(LogDirectory directory, long baseOffset, long nowMs) throws IOException {
        directory.delete(SegmentNames.of(baseOffset, SegmentNames.OFFSET_INDEX));
        directory.delete(SegmentNames.of(baseOffset, SegmentNames.TIME_INDEX));
        LogFile file = directory.open(SegmentNames.of(baseOffset, SegmentNames.LOG));
        if (file.size() > 0) {
            file.truncate(0);
        }
        return new ActiveSegment(
                directory,
                baseOffset,
                new SegmentFile(file),
                OffsetIndex.growing(baseOffset),
                TimeIndex.growing(baseOffset),
                nowMs);
    }

    /**
     * A segment that is there, of which the first {@code position} bytes are known to be sound; what follows is taken in with
     * {@link #recovered}.
     *
     * @param offset the offset after the last batch before {@code position}
     */
    static ActiveSegment resume(
            LogDirectory directory, long baseOffset, LogFile file, long position, long offset, long nowMs)
            throws IOException {
        OffsetIndex offsetIndex = OffsetIndex.load(baseOffset, directory, offset, position);
        TimeIndex timeIndex = TimeIndex.load(baseOffset, directory, offset);
        ActiveSegment segment =
                new ActiveSegment(directory, baseOffset, new SegmentFile(file), offsetIndex, timeIndex, nowMs);
        segment.size = position;
        segment.maxTimestamp = timeIndex.last().timestampMs();
        segment.offsetOfMaxTimestamp = timeIndex.last().offset();
        BatchScanner first = new BatchScanner(file, 0, position, RecordBatch.HEADER_BYTES);
        if (first.next()) {
            segment.firstTimestamp = first.header().maxTimestamp();
        }
        segment.bytesSinceIndexEntry = (int) (position - offsetIndex.last().position());
        return segment;
    }

    /** Notes a batch that has been written at the end of what was there. */
    void appended(RecordBatch batch, int indexIntervalBytes) throws IOException {
        long position = size;
        if (firstTimestamp < 0) {
            firstTimestamp = batch.maxTimestamp();
        }
        if (batch.maxTimestamp() > maxTimestamp) {
            offsetOfMaxTimestamp = batch.lastOffset();
            maxTimestamp = batch.maxTimestamp();
        }
        if (bytesSinceIndexEntry > indexIntervalBytes) {
            offsetIndex.append(batch.lastOffset(), (int) position);
            timeIndex.append(maxTimestamp, offsetOfMaxTimestamp);
            bytesSinceIndexEntry = 0;
        }
        bytesSinceIndexEntry += batch.sizeInBytes();
        size = position + batch.sizeInBytes();
    }

    /**
     * Whether a batch should go to a new segment instead.
     *
     * @param stagedBytes what will be written before it
     */
    boolean isFullFor(RecordBatch batch, long stagedBytes, long nowMs, RollPolicy policy) throws IOException {
        if (size + stagedBytes == 0) {
            return false;
        }
        long reached = firstTimestamp >= 0 && batch.maxTimestamp() >= 0
                ? batch.maxTimestamp() - firstTimestamp
                : nowMs - createdAtMs;
        return size + stagedBytes + batch.sizeInBytes() > policy.segmentBytes()
                || reached > policy.segmentMs()
                || batch.lastOffset() - baseOffset() > Integer.MAX_VALUE
                || (offsetIndex.count() + 2) * OffsetIndex.ENTRY_BYTES > policy.indexBytes()
                || (timeIndex.count() + 2) * TimeIndex.ENTRY_BYTES > policy.indexBytes();
    }

    /**
     * When a segment is full.
     *
     * @param segmentBytes of batches
     * @param segmentMs between its first record and the next
     * @param indexBytes of either index
     */
    record RollPolicy(long segmentBytes, long segmentMs, int indexBytes) {
        static RollPolicy of(TopicConfig config, long segmentMs) {
            // A start reads an index whole.
            int indexBytes = Math.min(config.segmentIndexBytes(), CheckpointFile.MAX_BYTES);
            return new RollPolicy(config.segmentBytes(), segmentMs, indexBytes);
        }
    }

    /**
     * Makes room for small writes that are synced one by one.
     *
     * @param bytes what is about to be written
     * @param maxBytes how large the segment may get
     */
    void makeRoomFor(long bytes, long maxBytes) throws IOException {
        long needed = size + bytes;
        if (bytes > Room.MAX_GROUP_BYTES || needed <= roomEnd) {
            return;
        }
        long end = Math.min(needed + Room.bytesFor(size), maxBytes);
        long begin = Math.max(needed, roomEnd);
        if (end <= begin) {
            return;
        }
        try {
            Room.make(file().file(), Math.max(size, roomEnd), end);
            roomEnd = end;
        } catch (IOException e) {
            if (!DiskFullException.isDiskFull(e)) {
                throw e;
            }
            // There may be space for what is to be written all the same.
            truncateToSize();
        }
    }

    /** Whether there is room behind the last batch, which a sealed segment must not have. */
    boolean hasRoom() {
        return roomEnd > size;
    }

    /** Cuts off the room, or what a failed write may have left behind the last whole batch. */
    void truncateToSize() throws IOException {
        file().file().truncate(size);
        roomEnd = 0;
    }

    /** Makes every byte written so far durable; a failure means that nothing is known and the segment is given up. */
    void sync() throws IOException {
        file().file().sync();
    }

    /** Makes the indexes durable as they are. */
    void persistIndexes() throws IOException {
        offsetIndex.persist(directory);
        timeIndex.persist(directory);
    }

    /** Adds the last entry of the time index, the segment's largest timestamp. Harmless if the segment grows on. */
    void completeTimeIndex() throws IOException {
        if (maxTimestamp >= 0) {
            timeIndex.append(maxTimestamp, offsetOfMaxTimestamp);
        }
    }

    /** This segment, which has been made durable with its indexes, as one that never changes again. */
    SealedSegment seal(long endOffset) throws IOException {
        return new SealedSegment(
                directory, baseOffset(), file(), size, endOffset, maxTimestamp, offsetIndex.count(), timeIndex.count());
    }

    @Override
    long size() {
        return size;
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
