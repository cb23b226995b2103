package io.sluice.core.log;

import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Where in a segment an offset lies, roughly: an entry about every {@code index.interval.bytes}.
 *
 * <pre>
 *  at  bytes  field
 *   0    4    last offset of a batch, relative to the segment's base offset
 *   4    4    position of that batch in the segment
 * </pre>
 *
 * <p>Kafka's format. Both numbers ascend from entry to entry.
 */
final class OffsetIndex implements AutoCloseable {
    static final int ENTRY_BYTES = 8;

    private final long baseOffset;
    private final IndexEntries entries;

    private OffsetIndex(long baseOffset, IndexEntries entries) {
        this.baseOffset = baseOffset;
        this.entries = entries;
    }

    static OffsetIndex growing(long baseOffset) {
        return new OffsetIndex(baseOffset, new IndexEntries.InMemory(ENTRY_BYTES));
    }

    /** The index of a sealed segment, whose file has been written or checked. */
    static OffsetIndex sealed(long baseOffset, LogDirectory directory, int count) throws IOException {
        String name = SegmentNames.of(baseOffset, SegmentNames.OFFSET_INDEX);
        return new OffsetIndex(baseOffset, new IndexEntries.InFile(ENTRY_BYTES, directory, name, count));
    }

    /**
     * Loads what the file of a segment that goes on growing holds about offsets before {@code endOffset}. What makes no
     * sense is left out: it will be found again by reading the segment.
     */
    static OffsetIndex load(long baseOffset, LogDirectory directory, long endOffset, long endPosition)
            throws IOException {
        String name = SegmentNames.of(baseOffset, SegmentNames.OFFSET_INDEX);
        byte[] content = CheckpointFile.read(directory, name).orElse(new byte[0]);
        ByteBuffer buffer = ByteBuffer.wrap(content);
        int count = 0;
        int offset = -1;
        int position = -1;
        while ((count + 1) * ENTRY_BYTES <= content.length) {
            int nextOffset = buffer.getInt(count * ENTRY_BYTES);
            int nextPosition = buffer.getInt(count * ENTRY_BYTES + 4);
            if (nextOffset <= offset
                    || nextPosition <= position
                    || baseOffset + nextOffset >= endOffset
                    || nextPosition >= endPosition) {
                break;
            }
            offset = nextOffset;
            position = nextPosition;
            count++;
        }
        return new OffsetIndex(baseOffset, IndexEntries.InMemory.load(ENTRY_BYTES, content, count));
    }

    int count() throws IOException {
        return entries.count();
    }

    void append(long lastOffset, int position) {
        ByteBuffer entry = ByteBuffer.allocate(ENTRY_BYTES);
        entry.putInt(0, Math.toIntExact(lastOffset - baseOffset)).putInt(4, position);
        ((IndexEntries.InMemory) entries).append(entry);
    }

    /** A position at or before the batch that holds {@code offset}: from there on it is found by walking. */
    int floorPosition(long offset) throws IOException {
        int index = entries.floor(offset - baseOffset, entry -> entry.getInt(0));
        return index < 0 ? 0 : entries.entry(index).getInt(4);
    }

    /** The same, but an entry earlier: from there on the batch at the entry itself is seen beside its neighbour. */
    int positionBefore(long offset) throws IOException {
        int index = entries.floor(offset - baseOffset, entry -> entry.getInt(0)) - 1;
        return index < 0 ? 0 : entries.entry(index).getInt(4);
    }

    /** Offset and position of the last entry; the segment's beginning if there is none. */
    Entry last() throws IOException {
        int count = entries.count();
        if (count == 0) {
            return new Entry(baseOffset, 0);
        }
        ByteBuffer entry = entries.entry(count - 1);
        return new Entry(baseOffset + entry.getInt(0), entry.getInt(4));
    }

    /** Writes what the file does not hold yet. Only for an index that grows. */
    void persist(LogDirectory directory) throws IOException {
        ((IndexEntries.InMemory) entries).persist(directory, SegmentNames.of(baseOffset, SegmentNames.OFFSET_INDEX));
    }

    @Override
    public void close() throws IOException {
        entries.close();
    }

    /**
     * An entry.
     *
     * @param lastOffset the last offset of a batch
     * @param position where the batch begins
     */
    record Entry(long lastOffset, int position) {}
}
