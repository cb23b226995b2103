package io.sluice.server.cli.log;

import io.sluice.core.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the two indexes of a segment against its batches, while those pass by in order. An index that is missing is no
 * fault: the broker makes it again from the segment.
 */
final class IndexCheck {
    private static final int OFFSET_ENTRY_BYTES = 8;
    private static final int TIME_ENTRY_BYTES = 12;
    private static final int MAX_FAULTS = 20;

    private final SegmentPath segment;
    private final ByteBuffer offsets;
    private final ByteBuffer times;
    private final List<String> faults = new ArrayList<>();
    private long maxTimestampBefore = Long.MIN_VALUE;
    private int lastOffsetEntry = -1;
    private long lastTimeEntry = Long.MIN_VALUE;

    private IndexCheck(SegmentPath segment, ByteBuffer offsets, ByteBuffer times) {
        this.segment = segment;
        this.offsets = offsets;
        this.times = times;
    }

    static IndexCheck of(SegmentPath segment) throws IOException {
        IndexCheck check = new IndexCheck(segment, map(segment.offsetIndex()), map(segment.timeIndex()));
        check.partialEntry(segment.offsetIndex(), check.offsets, OFFSET_ENTRY_BYTES);
        check.partialEntry(segment.timeIndex(), check.times, TIME_ENTRY_BYTES);
        return check;
    }

    private static ByteBuffer map(Path index) throws IOException {
        if (!Files.exists(index)) {
            return ByteBuffer.allocate(0);
        }
        try (FileChannel channel = FileChannel.open(index, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
        }
    }

    private void partialEntry(Path index, ByteBuffer buffer, int entryBytes) {
        int rest = buffer.limit() % entryBytes;
        if (rest != 0) {
            fault(index, "ends with " + rest + " bytes of an entry of " + entryBytes);
            buffer.limit(buffer.limit() - rest);
        }
    }

    /** The next sound batch of the segment. */
    void batch(int position, RecordBatch batch) {
        checkOffsets(position, batch);
        checkTimes(batch);
        maxTimestampBefore = Math.max(maxTimestampBefore, batch.maxTimestamp());
    }

    private void checkOffsets(int position, RecordBatch batch) {
        while (hasEntry(offsets) && offsets.getInt(offsets.position() + 4) <= position) {
            int relative = offsets.getInt();
            int target = offsets.getInt();
            if (relative <= lastOffsetEntry) {
                fault(segment.offsetIndex(), "entries do not ascend at offset " + (segment.baseOffset() + relative));
            }
            lastOffsetEntry = Math.max(lastOffsetEntry, relative);
            long offset = segment.baseOffset() + relative;
            if (target != position || offset != batch.lastOffset()) {
                fault(
                        segment.offsetIndex(),
                        "offset " + offset + " is said to end the batch at position " + target
                                + ", where no such batch begins");
            }
        }
    }

    private void checkTimes(RecordBatch batch) {
        while (hasEntry(times) && segment.baseOffset() + times.getInt(times.position() + 8) <= batch.lastOffset()) {
            long timestamp = times.getLong();
            long offset = segment.baseOffset() + times.getInt();
            if (timestamp <= lastTimeEntry) {
                fault(segment.timeIndex(), "entries do not ascend at timestamp " + timestamp);
            }
            lastTimeEntry = Math.max(lastTimeEntry, timestamp);
            boolean inBatch = offset >= batch.baseOffset();
            boolean isMax = timestamp == Math.max(maxTimestampBefore, batch.maxTimestamp());
            if (!inBatch || !isMax) {
                fault(
                        segment.timeIndex(),
                        "timestamp " + timestamp + " is said to be the largest up to offset " + offset
                                + ", which it is not");
            }
        }
    }

    /** Kafka fills indexes up with zeros while they grow; those are no entries. */
    private static boolean hasEntry(ByteBuffer index) {
        if (!index.hasRemaining()) {
            return false;
        }
        if (index.get(index.position() + index.remaining() - 1) != 0 || index.getInt(index.position()) != 0) {
            return true;
        }
        for (int at = index.position(); at < index.limit(); at++) {
            if (index.get(at) != 0) {
                return true;
            }
        }
        index.position(index.limit());
        return false;
    }

    /** All batches have passed: what is wrong, a sentence each. Only the first faults are named. */
    List<String> finish() {
        if (hasEntry(offsets)) {
            fault(segment.offsetIndex(), "has entries behind the last batch");
        }
        if (hasEntry(times)) {
            fault(segment.timeIndex(), "has entries behind the last batch");
        }
        return List.copyOf(faults);
    }

    private void fault(Path index, String what) {
        if (faults.size() < MAX_FAULTS) {
            faults.add(index.getFileName() + ": " + what);
        }
    }
}
