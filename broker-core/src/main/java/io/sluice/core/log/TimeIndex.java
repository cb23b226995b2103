package io.sluice.core.log;

import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Which offset a time lies at, roughly.
 *
 * <pre>
 *  at  bytes  field
 *   0    8    the largest timestamp so far, in ms since the epoch
 *   8    4    last offset of the batch that brought it, relative to the segment's base offset
 * </pre>
 *
 * <p>Kafka's format. Timestamps ascend from entry to entry; the last entry of a sealed segment holds its largest
 * timestamp.
 */
final class TimeIndex implements AutoCloseable {
    static final int ENTRY_BYTES = 12;

    private final long baseOffset;
    private final IndexEntries entries;

    private TimeIndex(long baseOffset, IndexEntries entries) {
        this.baseOffset = baseOffset;
        this.entries = entries;
    }

    static TimeIndex growing(long baseOffset) {
        return new TimeIndex(baseOffset, new IndexEntries.InMemory(ENTRY_BYTES));
    }

    /** The index of a sealed segment, whose file has been written or checked. */
    static TimeIndex sealed(long baseOffset, LogDirectory directory, int count) throws IOException {
        String name = SegmentNames.of(baseOffset, SegmentNames.TIME_INDEX);
        return new TimeIndex(baseOffset, new IndexEntries.InFile(ENTRY_BYTES, directory, name, count));
    }

    /** Loads what the file of a segment that goes on growing holds about offsets before {@code endOffset}. */
    static TimeIndex load(long baseOffset, LogDirectory directory, long endOffset) throws IOException {
        String name = SegmentNames.of(baseOffset, SegmentNames.TIME_INDEX);
        byte[] content = CheckpointFile.read(directory, name).orElse(new byte[0]);
        ByteBuffer buffer = ByteBuffer.wrap(content);
        int count = 0;
        long timestamp = -1;
        int offset = -1;
        while ((count + 1) * ENTRY_BYTES <= content.length) {
            long nextTimestamp = buffer.getLong(count * ENTRY_BYTES);
            int nextOffset = buffer.getInt(count * ENTRY_BYTES + 8);
            if (nextTimestamp <= timestamp || nextOffset <= offset || baseOffset + nextOffset >= endOffset) {
                break;
            }
            timestamp = nextTimestamp;
            offset = nextOffset;
            count++;
        }
        return new TimeIndex(baseOffset, IndexEntries.InMemory.load(ENTRY_BYTES, content, count));
    }

    int count() throws IOException {
        return entries.count();
    }

    /** Adds an entry if it is later than the last one; an index must ascend. */
    void append(long timestampMs, long offset) throws IOException {
        if (timestampMs <= last().timestampMs()) {
            return;
        }
        ByteBuffer entry = ByteBuffer.allocate(ENTRY_BYTES);
        entry.putLong(0, timestampMs).putInt(8, Math.toIntExact(offset - baseOffset));
        ((IndexEntries.InMemory) entries).append(entry);
    }

    /** An offset before which every record is older than {@code timestampMs}. */
    long floorOffset(long timestampMs) throws IOException {
        // One less: the entry of the very time names the last offset of the batch that brought it.
        int index = entries.floor(timestampMs - 1, entry -> entry.getLong(0));
        return index < 0 ? baseOffset : baseOffset + entries.entry(index).getInt(8);
    }

    /** The last entry; a timestamp of -1 if there is none. */
    Entry last() throws IOException {
        int count = entries.count();
        if (count == 0) {
            return new Entry(-1, baseOffset);
        }
        ByteBuffer entry = entries.entry(count - 1);
        return new Entry(entry.getLong(0), baseOffset + entry.getInt(8));
    }

    /** Writes what the file does not hold yet. Only for an index that grows. */
    void persist(LogDirectory directory) throws IOException {
        ((IndexEntries.InMemory) entries).persist(directory, SegmentNames.of(baseOffset, SegmentNames.TIME_INDEX));
    }

    @Override
    public void close() throws IOException {
        entries.close();
    }

    /**
     * An entry.
     *
     * @param timestampMs the largest timestamp so far
     * @param offset the last offset of the batch that brought it
     */
    record Entry(long timestampMs, long offset) {}
}
