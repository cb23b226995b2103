package io.sluice.core.log;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

/**
 * Reads a {@link SegmentedLog} below its high watermark, on any thread that may block. Bytes are compared with their
 * checksums before they are handed out: damage is never served as data.
 */
public final class LogReader {
    private static final int HINTS = 64;
    private static final int GAP_BYTES = 64 * 1024;
    /** How large the records of a batch may become when one is looked for by its time. */
    private static final int MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;

    private final SegmentedLog log;
    private final Codecs codecs;
    /** Where readers left off: whoever reads on needs no search. Wrong or lost hints cost a search, nothing else. */
    private final AtomicReferenceArray<Hint> hints = new AtomicReferenceArray<>(HINTS);

    public LogReader(SegmentedLog log, Codecs codecs) {
        this.log = log;
        this.codecs = codecs;
    }

    /** The batch with {@code offset} as its first begins at {@code position} of the segment. */
    private record Hint(long offset, long segmentBase, long position) {}

    /** How far a read may go, and where to. */
    private record Bounds(int maxBytes, long highWatermark, IntFunction<ByteBuffer> memory) {}

    /**
     * Reads committed batches.
     *
     * @param offset the first offset wanted
     * @param maxBytes how much to return at most; a larger first batch comes as an {@link OversizedBatch}
     * @param memory gives the buffer that the batches are read into; asked once at most
     * @throws BrokerException OFFSET_OUT_OF_RANGE, DATA_CORRUPT, STORAGE_FAILED, or PARTITION_OFFLINE if the log is closed
     */
    public LogRead read(long offset, int maxBytes, IntFunction<ByteBuffer> memory) {
        while (true) {
            long highWatermark = log.highWatermark();
            checkRange(offset, highWatermark);
            Bounds bounds = new Bounds(maxBytes, highWatermark, memory);
            Segment[] segments = log.segments();
            int index = indexOf(segments, offset);
            if (index >= 0 && segments[index].file().acquire()) {
                boolean keepOpen = false;
                try {
                    LogRead read = readFrom(segments, index, offset, bounds);
                    keepOpen = read.oversized().isPresent();
                    return read;
                } catch (IOException e) {
                    throw new BrokerException(
                            ErrorCode.STORAGE_FAILED,
                            "reading " + segments[index].path() + " failed: " + e.getMessage(),
                            e);
                } finally {
                    if (!keepOpen) {
                        segments[index].file().release();
                    }
                }
            }
            // The segment was deleted between the look at the list and the use of it: look again.
            requireOpen();
        }
    }

    private void requireOpen() {
        if (log.isClosed()) {
            throw new BrokerException(ErrorCode.PARTITION_OFFLINE, "the log of " + log.partition() + " is closed");
        }
    }

    private void checkRange(long offset, long highWatermark) {
        long logStart = log.logStartOffset();
        if (offset < logStart || offset > highWatermark) {
            throw new BrokerException(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "offset " + offset + " of " + log.partition() + " is outside of [" + logStart + ", " + highWatermark
                            + "]");
        }
    }

    /** The last segment that begins at or before an offset; the first one if all begin behind it. */
    private static int indexOf(Segment[] segments, long offset) {
        int low = 0;
        int high = segments.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments[middle].baseOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private LogRead readFrom(Segment[] segments, int index, long offset, Bounds bounds) throws IOException {
        long highWatermark = bounds.highWatermark();
        Segment segment = segments[index];
        BatchScanner first = seek(segment, offset);
        boolean atEnd = first.position() >= segment.size();
        if (!atEnd && !first.fault().isEmpty()) {
            throw damaged(segment, first.position(), first.fault());
        }
        if (atEnd) {
            // Compaction may leave nothing at the end of a segment: the next one goes on.
            if (offset < highWatermark) {
                checkPassedBy(segment, offset, segment.size());
            }
            boolean more = index + 1 < segments.length && segments[index + 1].baseOffset() < highWatermark;
            return more
                    ? readNext(segments, index + 1, offset, bounds)
                    : nothing(Math.max(offset, index + 1 < segments.length ? highWatermark : offset), highWatermark);
        }
        if (offset >= highWatermark) {
            return nothing(offset, highWatermark);
        }
        checkPlace(segments, index, first, offset, highWatermark);
        int size = first.header().sizeInBytes();
        if (size > bounds.maxBytes()) {
            ByteBuffer header = ByteBuffer.allocate(RecordBatch.HEADER_BYTES);
            first.copyHeader(header);
            RecordBatch batch = RecordBatch.headerAt(header, 0);
            noteHint(segment, batch.nextOffset(), first.nextPosition());
            OversizedBatch oversized = new BatchInSegment(segment, first.position(), batch, this);
            return new LogRead(
                    List.of(), Optional.of(oversized), batch.nextOffset(), highWatermark, log.logStartOffset());
        }
        return readBatches(segment, first.position(), offset, bounds);
    }

    /**
     * Base offsets lie outside of the checksums, and a batch that is passed by on the way is not checked at all: one flipped
     * bit makes offset 5 offset 13. So unless a batch follows on the one before it, all that is needed to tell damage from
     * the gaps that compaction leaves is looked at: the batches passed by, and where the next one begins.
     */
    private void checkPlace(Segment[] segments, int index, BatchScanner found, long offset, long highWatermark)
            throws IOException {
        Segment segment = segments[index];
        RecordBatch batch = found.header();
        if (batch.baseOffset() < segment.baseOffset() || batch.lastOffset() >= highWatermark) {
            throw damaged(segment, found.position(), "offsets " + batch.baseOffset() + " to " + batch.lastOffset());
        }
        if (batch.baseOffset() <= offset && (found.followsOn() || isHinted(segment, found))) {
            return;
        }
        long lastOffset = batch.lastOffset();
        checkPassedBy(segment, offset, found.position());
        if (index + 1 < segments.length && lastOffset >= segments[index + 1].baseOffset()) {
            throw damaged(segment, found.position(), "offset " + lastOffset + " belongs to the next segment");
        }
    }

    /** Checks the batches that a search for {@code offset} passed by, up to and with the one at a position. */
    private void checkPassedBy(Segment segment, long offset, long position) throws IOException {
        BatchScanner walk = new BatchScanner(
                segment.file().file(), segment.offsetIndex().positionBefore(offset), segment.size(), GAP_BYTES);
        while (walk.next() && walk.position() <= position) {
            if (walk.header().baseOffset() < segment.baseOffset() || !walk.isCrcValid()) {
                throw damaged(segment, walk.position(), "the checksum or the offsets of a batch do not match");
            }
        }
        if (!walk.fault().isEmpty()) {
            throw damaged(segment, walk.position(), walk.fault());
        }
    }

    private LogRead readNext(Segment[] segments, int index, long offset, Bounds bounds) throws IOException {
        if (!segments[index].file().acquire()) {
            return nothing(offset, bounds.highWatermark());
        }
        boolean keepOpen = false;
        try {
            LogRead read = readFrom(segments, index, Math.max(offset, segments[index].baseOffset()), bounds);
            keepOpen = read.oversized().isPresent();
            return read;
        } finally {
            if (!keepOpen) {
                segments[index].file().release();
            }
        }
    }

    private BatchScanner seek(Segment segment, long offset) throws IOException {
        Hint hint = hints.get(Math.floorMod(offset, HINTS));
        boolean known = hint != null && hint.offset() == offset && hint.segmentBase() == segment.baseOffset();
        if (known && hint.position() <= segment.size()) {
            BatchScanner scanner = segment.seekFrom(hint.position(), offset);
            // Compaction may have put other bytes there: then what is there is not a batch, or not this one.
            boolean there = scanner.position() == hint.position()
                    && scanner.fault().isEmpty()
                    && scanner.position() < segment.size()
                    && scanner.header().baseOffset() == offset;
            if (there) {
                return scanner;
            }
        }
        return segment.seek(offset);
    }

    /** Whether the last read ended where this batch begins, in the file and in offsets. */
    private boolean isHinted(Segment segment, BatchScanner found) {
        long offset = found.header().baseOffset();
        Hint hint = hints.get(Math.floorMod(offset, HINTS));
        return hint != null
                && hint.offset() == offset
                && hint.segmentBase() == segment.baseOffset()
                && hint.position() == found.position();
    }

    private void noteHint(Segment segment, long nextOffset, long nextPosition) {
        hints.set(Math.floorMod(nextOffset, HINTS), new Hint(nextOffset, segment.baseOffset(), nextPosition));
    }

    private LogRead readBatches(Segment segment, long position, long offset, Bounds bounds) throws IOException {
        long highWatermark = bounds.highWatermark();
        ByteBuffer bytes = bounds.memory().apply((int) Math.min(bounds.maxBytes(), segment.size() - position));
        segment.file().file().read(position, bytes);
        bytes.flip();
        int end = 0;
        long nextOffset = offset;
        try {
            for (RecordBatch batch : RecordBatches.in(bytes)) {
                if (batch.lastOffset() >= highWatermark) {
                    break;
                }
                if (end > 0 && batch.baseOffset() != nextOffset) {
                    // A gap of compaction, or damage: the next read begins here and finds out.
                    break;
                }
                if (!batch.isCrcValid()) {
                    if (end > 0) {
                        break;
                    }
                    throw damaged(segment, position, "the checksum of a batch does not match");
                }
                end += batch.sizeInBytes();
                nextOffset = batch.nextOffset();
            }
        } catch (MalformedRecordException e) {
            if (end == 0) {
                throw damaged(segment, position, e.getMessage());
            }
        }
        noteHint(segment, nextOffset, position + end);
        return new LogRead(
                List.of(bytes.slice(0, end).asReadOnlyBuffer()),
                Optional.empty(),
                nextOffset,
                highWatermark,
                log.logStartOffset());
    }

    private LogRead nothing(long offset, long highWatermark) {
        return new LogRead(List.of(), Optional.empty(), offset, highWatermark, log.logStartOffset());
    }

    BrokerException damaged(Segment segment, long position, String what) {
        return new BrokerException(
                ErrorCode.DATA_CORRUPT,
                "segment " + segment.path() + " is damaged at position " + position + ": " + what
                        + ". The bytes are not served. Stop the broker and run: sluice log repair " + log.path());
    }

    /**
     * The first committed record whose timestamp is at least {@code timestampMs}.
     *
     * @throws BrokerException DATA_CORRUPT, STORAGE_FAILED, or PARTITION_OFFLINE if the log is closed
     */
    public Optional<TimestampedOffset> offsetForTimestamp(long timestampMs) {
        Segment[] segments = log.segments();
        for (int i = 0; i < segments.length; i++) {
            Segment segment = segments[i];
            if (segment.maxTimestamp() < timestampMs) {
                continue;
            }
            if (!segment.file().acquire()) {
                // Deleted, or replaced by what compaction made of it: to pass it by would be to miss its records.
                requireOpen();
                segments = log.segments();
                i = -1;
                continue;
            }
            try {
                Optional<TimestampedOffset> found = search(segment, timestampMs);
                if (found.isPresent()) {
                    return found;
                }
            } catch (IOException e) {
                throw new BrokerException(
                        ErrorCode.STORAGE_FAILED, "reading " + segment.path() + " failed: " + e.getMessage(), e);
            } finally {
                segment.file().release();
            }
        }
        return Optional.empty();
    }

    /**
     * The committed record with the largest timestamp, the first of several. What is not committed yet or has been deleted
     * does not count, as in Kafka.
     *
     * @throws BrokerException DATA_CORRUPT, STORAGE_FAILED, or PARTITION_OFFLINE if the log is closed
     */
    public Optional<TimestampedOffset> offsetOfMaxTimestamp() {
        Optional<TimestampedOffset> best = Optional.empty();
        Deque<Bound> left = largestFirst();
        while (!left.isEmpty()) {
            Bound bound = left.remove();
            if (best.isPresent() && bound.timestampMs() < best.get().timestampMs()) {
                break;
            }
            Segment segment = bound.segment();
            if (!segment.file().acquire()) {
                // Deleted, or replaced by what compaction made of it: what was found may be gone as well.
                requireOpen();
                best = Optional.empty();
                left = largestFirst();
                continue;
            }
            try {
                best = later(best, largestIn(bound));
            } catch (IOException e) {
                throw new BrokerException(
                        ErrorCode.STORAGE_FAILED, "reading " + segment.path() + " failed: " + e.getMessage(), e);
            } finally {
                segment.file().release();
            }
        }
        return best;
    }

    /** No record of the segment is later than this; the one that is as late may be out of sight. */
    private record Bound(Segment segment, long timestampMs) {}

    private Deque<Bound> largestFirst() {
        List<Bound> bounds = new ArrayList<>();
        for (Segment segment : log.segments()) {
            if (segment.maxTimestamp() >= 0) {
                bounds.add(new Bound(segment, segment.maxTimestamp()));
            }
        }
        bounds.sort(Comparator.comparingLong(Bound::timestampMs).reversed());
        return new ArrayDeque<>(bounds);
    }

    private static Optional<TimestampedOffset> later(Optional<TimestampedOffset> a, Optional<TimestampedOffset> b) {
        if (a.isEmpty() || b.isEmpty()) {
            return a.isEmpty() ? b : a;
        }
        long difference = a.get().timestampMs() - b.get().timestampMs();
        return difference > 0 || (difference == 0 && a.get().offset() <= b.get().offset()) ? a : b;
    }

    private Optional<TimestampedOffset> largestIn(Bound bound) throws IOException {
        Segment segment = bound.segment();
        Optional<TimestampedOffset> found =
                largestFrom(bound, segment.timeIndex().floorOffset(bound.timestampMs()));
        boolean largest = found.isPresent() && found.get().timestampMs() >= bound.timestampMs();
        return largest ? found : largestFrom(bound, segment.baseOffset());
    }

    /** Goes by the headers of batches, and looks into the one that has the largest timestamp. */
    private Optional<TimestampedOffset> largestFrom(Bound bound, long offset) throws IOException {
        Segment segment = bound.segment();
        long highWatermark = log.highWatermark();
        long logStart = log.logStartOffset();
        BatchScanner scanner = segment.seek(Math.max(offset, logStart));
        if (scanner.position() >= segment.size()) {
            return Optional.empty();
        }
        Optional<TimestampedOffset> found = Optional.empty();
        long largest = -1;
        long position = -1;
        int size = 0;
        do {
            if (!scanner.fault().isEmpty()) {
                throw damaged(segment, scanner.position(), scanner.fault());
            }
            RecordBatch header = scanner.header();
            if (header.lastOffset() >= highWatermark) {
                break;
            }
            if (header.baseOffset() < logStart) {
                // Its header speaks of deleted records, too.
                found = largestInBatch(segment, scanner.position(), header.sizeInBytes(), logStart);
                largest = found.map(TimestampedOffset::timestampMs).orElse(-1L);
            } else if (header.maxTimestamp() > largest) {
                largest = header.maxTimestamp();
                position = scanner.position();
                size = header.sizeInBytes();
            }
        } while (largest < bound.timestampMs() && scanner.next());
        if (!scanner.fault().isEmpty()) {
            throw damaged(segment, scanner.position(), scanner.fault());
        }
        return position < 0 ? found : largestInBatch(segment, position, size, logStart);
    }

    private Optional<TimestampedOffset> largestInBatch(Segment segment, long position, int size, long logStart)
            throws IOException {
        RecordBatch batch = load(segment, position, size);
        if (!codecs.supports(batch.compression())) {
            return Optional.of(asExactAsItGets(batch, logStart));
        }
        Optional<TimestampedOffset> largest = Optional.empty();
        try {
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            while (cursor.next()) {
                if (cursor.offset() >= logStart && cursor.timestamp() >= 0) {
                    largest = later(
                            largest,
                            Optional.of(
                                    new TimestampedOffset(cursor.offset(), cursor.timestamp(), batch.leaderEpoch())));
                }
            }
        } catch (MalformedRecordException e) {
            return Optional.of(asExactAsItGets(batch, logStart));
        }
        return largest;
    }

    private RecordBatch load(Segment segment, long position, int size) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(size);
        segment.file().file().read(position, bytes);
        RecordBatch batch = RecordBatch.at(bytes, 0);
        if (!batch.isCrcValid()) {
            throw damaged(segment, position, "the checksum of a batch does not match");
        }
        return batch;
    }

    /**
     * A batch that cannot be looked into: there is no codec for it, or it is as it came and its producer compressed it badly.
     */
    private static TimestampedOffset asExactAsItGets(RecordBatch batch, long logStart) {
        return new TimestampedOffset(Math.max(logStart, batch.baseOffset()), batch.maxTimestamp(), batch.leaderEpoch());
    }

    private Optional<TimestampedOffset> search(Segment segment, long timestampMs) throws IOException {
        BatchScanner scanner = segment.seek(segment.timeIndex().floorOffset(timestampMs));
        if (scanner.position() >= segment.size()) {
            return Optional.empty();
        }
        long highWatermark = log.highWatermark();
        long logStart = log.logStartOffset();
        do {
            if (!scanner.fault().isEmpty()) {
                throw damaged(segment, scanner.position(), scanner.fault());
            }
            RecordBatch header = scanner.header();
            if (header.lastOffset() >= highWatermark) {
                return Optional.empty();
            }
            if (header.maxTimestamp() >= timestampMs && header.lastOffset() >= logStart) {
                Optional<TimestampedOffset> found = searchBatch(segment, scanner, timestampMs, logStart);
                if (found.isPresent()) {
                    return found;
                }
            }
        } while (scanner.next());
        if (!scanner.fault().isEmpty()) {
            throw damaged(segment, scanner.position(), scanner.fault());
        }
        return Optional.empty();
    }

    private Optional<TimestampedOffset> searchBatch(
            Segment segment, BatchScanner scanner, long timestampMs, long logStart) throws IOException {
        RecordBatch batch = load(segment, scanner.position(), scanner.header().sizeInBytes());
        if (!codecs.supports(batch.compression())) {
            return Optional.of(asExactAsItGets(batch, logStart));
        }
        try {
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            while (cursor.next()) {
                if (cursor.timestamp() >= timestampMs && cursor.offset() >= logStart) {
                    return Optional.of(new TimestampedOffset(cursor.offset(), cursor.timestamp(), batch.leaderEpoch()));
                }
            }
        } catch (MalformedRecordException e) {
            return Optional.of(asExactAsItGets(batch, logStart));
        }
        return Optional.empty();
    }
}
