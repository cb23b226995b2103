package io.sluice.core.log;

import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Compacts one log once: of every key only the last record stays. Reads and writes on a thread of its own, since sealed
 * segments never change; {@link #apply} then puts the result in place on the partition's worker.
 *
 * <p>A tombstone stays for {@code delete.retention.ms} after it was first compacted, so that readers who are not far behind
 * see it; the end of that time is kept in the batch as its delete horizon. Offsets never change, so gaps appear. A log whose
 * dirty part has more keys than fit in memory is compacted as far as they fit; the next time goes on there. A sound batch
 * whose records cannot be read stays where it is, as it is.
 */
public final class Compaction {
    private static final int MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
    private static final int SCAN_BYTES = 256 * 1024;

    private final SegmentedLog log;
    /** As it was when the run began: two looks at a record must not differ. */
    private final long logStartOffset;

    private final TopicConfig config;
    private final Codecs codecs;
    private final long nowMs;
    private final KeyOffsets lastOffsets;
    private final List<Group> groups = new ArrayList<>();
    private final WriteBuffer buffer = new WriteBuffer(SCAN_BYTES);
    private long cleanedTo;
    private long nextHorizonMs = Long.MAX_VALUE;
    private int unreadableBatches;
    private String firstUnreadable = "";

    private Compaction(SegmentedLog log, Codecs codecs, long nowMs, KeyOffsets lastOffsets) {
        this.log = log;
        this.logStartOffset = log.logStartOffset();
        this.config = log.config();
        this.codecs = codecs;
        this.nowMs = nowMs;
        this.lastOffsets = lastOffsets;
    }

    /**
     * Old segments, and those that take their place.
     *
     * @param old consecutive
     * @param cleaned in order, at least one
     */
    private record Group(List<SealedSegment> old, List<Cleaned> cleaned) {}

    /**
     * A segment that compaction has written.
     *
     * @param size in bytes
     */
    private record Cleaned(long base, long size, long maxTimestamp, int indexEntries, int timeEntries) {}

    /**
     * Whether a log is worth compacting.
     *
     * @param dirtyBytes bytes of sealed segments that have not been compacted and may be
     * @param ratio their part in all that would be read
     * @param overdue whether something has stayed uncompacted for longer than {@code max.compaction.lag.ms}
     */
    public record Need(long dirtyBytes, double ratio, boolean overdue) {}

    /** Looks whether a log is worth compacting. */
    public static Need need(SegmentedLog log, long firstDirtyOffset, long nowMs) {
        TopicConfig config = log.config();
        long clean = 0;
        long dirty = 0;
        boolean overdue = false;
        for (SealedSegment segment : cleanable(log, nowMs)) {
            if (segment.endOffset() <= firstDirtyOffset) {
                clean += segment.size();
            } else {
                dirty += segment.size();
                overdue |= segment.maxTimestamp() >= 0 && nowMs - segment.maxTimestamp() > config.maxCompactionLagMs();
            }
        }
        return new Need(dirty, dirty == 0 ? 0 : (double) dirty / (clean + dirty), overdue);
    }

    /** The segments that may be compacted: sealed, committed, and older than {@code min.compaction.lag.ms}. */
    private static List<SealedSegment> cleanable(SegmentedLog log, long nowMs) {
        List<SealedSegment> cleanable = new ArrayList<>();
        for (Segment segment : log.segments()) {
            if (!(segment instanceof SealedSegment sealed) || sealed.endOffset() > log.highWatermark()) {
                break;
            }
            boolean tooYoung = log.config().minCompactionLagMs() > 0
                    && nowMs - sealed.maxTimestamp() < log.config().minCompactionLagMs();
            if (tooYoung) {
                break;
            }
            cleanable.add(sealed);
        }
        return cleanable;
    }

    /**
     * Reads the dirty part, and writes compacted segments beside the old ones. If nothing is dirty, only what holds
     * tombstones whose time is over is written anew. May block for long.
     *
     * @param firstDirtyOffset where the last compaction ended
     * @param dedupeBytes memory for remembering keys
     * @return empty if a segment is gone; one that changes nothing if there was nothing to do
     * @throws DamagedSegmentException if a segment is damaged; nothing has changed
     * @throws IOException if reading or writing failed, or the log was closed meanwhile; nothing has changed
     */
    public static Optional<Compaction> run(
            SegmentedLog log, Codecs codecs, long firstDirtyOffset, long dedupeBytes, long nowMs) throws IOException {
        List<SealedSegment> segments = cleanable(log, nowMs);
        List<SealedSegment> held = new ArrayList<>();
        try {
            for (SealedSegment segment : segments) {
                if (!segment.file().acquire()) {
                    return Optional.empty();
                }
                held.add(segment);
            }
            List<SealedSegment> dirty = segments.stream()
                    .filter(s -> s.endOffset() > firstDirtyOffset)
                    .toList();
            KeyOffsets keys = new KeyOffsets(dirty.isEmpty() ? 0 : dedupeBytes);
            Compaction compaction = new Compaction(log, codecs, nowMs, keys);
            compaction.compact(segments, dirty, firstDirtyOffset);
            return Optional.of(compaction);
        } finally {
            held.forEach(segment -> segment.file().release());
        }
    }

    /** Everything before this offset is compacted once {@link #apply} has succeeded. */
    public long cleanedTo() {
        return cleanedTo;
    }

    /** When the first of the tombstones that stay may go, in ms since the epoch; {@link Long#MAX_VALUE} if none stays. */
    public long nextHorizonMs() {
        return nextHorizonMs;
    }

    /** Batches of the dirty part whose records cannot be read: they stay as they are, and replace nothing. */
    public int unreadableBatches() {
        return unreadableBatches;
    }

    /** Where the first of them is and what is wrong with it; empty if there is none. */
    public String firstUnreadable() {
        return firstUnreadable;
    }

    /** Whether there is anything to put in place. */
    public boolean changesAnything() {
        return !groups.isEmpty();
    }

    private void compact(List<SealedSegment> segments, List<SealedSegment> dirty, long firstDirtyOffset)
            throws IOException {
        cleanedTo = Math.max(firstDirtyOffset, logStartOffset);
        long from = cleanedTo;
        for (SealedSegment segment : dirty) {
            if (!remember(segment, from)) {
                break;
            }
            cleanedTo = segment.endOffset();
        }
        List<SealedSegment> cleaned =
                segments.stream().filter(s -> s.baseOffset() < cleanedTo).toList();
        for (List<SealedSegment> group : group(cleaned)) {
            long horizonMs = dirty.isEmpty() ? firstHorizonMs(group) : nowMs;
            if (horizonMs <= nowMs) {
                rewrite(group);
            } else {
                nextHorizonMs = Math.min(nextHorizonMs, horizonMs);
            }
        }
    }

    private long firstHorizonMs(List<SealedSegment> group) throws IOException {
        long horizonMs = Long.MAX_VALUE;
        for (SealedSegment segment : group) {
            BatchScanner scanner = scan(segment);
            while (next(scanner)) {
                if (scanner.header().hasDeleteHorizon()) {
                    horizonMs = Math.min(horizonMs, scanner.header().baseTimestamp());
                }
            }
            requireSound(segment, scanner);
        }
        return horizonMs;
    }

    /**
     * Notes the last offset of each key from an offset on: what lies before it has been noted by an earlier run. False if
     * memory ended within the segment: what was noted holds up to there.
     */
    private boolean remember(SealedSegment segment, long from) throws IOException {
        BatchScanner scanner = scan(segment);
        while (next(scanner)) {
            if (scanner.header().lastOffset() < from) {
                continue;
            }
            RecordBatch batch = load(segment, scanner);
            if (batch.isControl() || !isReadable(batch)) {
                continue;
            }
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            while (cursor.next()) {
                // A compressed batch that came before the topic was compacted may say any offset.
                boolean inPlace = cursor.offset() >= batch.baseOffset() && cursor.offset() <= batch.lastOffset();
                if (cursor.hasKey() && inPlace && cursor.offset() >= from) {
                    if (lastOffsets.isFull() && lastOffsets.get(cursor.key()) < 0) {
                        cleanedTo = Math.max(cleanedTo, cursor.offset());
                        return false;
                    }
                    lastOffsets.put(cursor.key(), cursor.offset());
                }
            }
        }
        requireSound(segment, scanner);
        return true;
    }

    /**
     * Whether all records of a batch can be read. One that came before the topic was compacted has perhaps never been
     * looked into. Not one of its keys may count then: the record that would take the place of earlier ones cannot be read.
     */
    private boolean isReadable(RecordBatch batch) {
        try {
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            while (cursor.next()) {
                // On to the end.
            }
            return true;
        } catch (MalformedRecordException e) {
            unreadableBatches++;
            if (unreadableBatches == 1) {
                firstUnreadable = "offsets " + batch.baseOffset() + " to " + batch.lastOffset() + ", " + e.getMessage();
            }
            return false;
        }
    }

    /** Moves on, unless the log has been closed: it may be long until the end, and nobody will use what is written. */
    private boolean next(BatchScanner scanner) throws IOException {
        if (log.isClosed()) {
            throw new IOException("the log of " + log.partition() + " was closed while it was compacted");
        }
        return scanner.next();
    }

    private static BatchScanner scan(SealedSegment segment) {
        return new BatchScanner(segment.file().file(), 0, segment.size(), SCAN_BYTES);
    }

    private static void requireSound(SealedSegment segment, BatchScanner scanner) throws IOException {
        if (!scanner.fault().isEmpty()) {
            throw new DamagedSegmentException(segment, scanner.position(), scanner.fault());
        }
    }

    private RecordBatch load(SealedSegment segment, BatchScanner scanner) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(scanner.header().sizeInBytes());
        segment.file().file().read(scanner.position(), bytes);
        RecordBatch batch = RecordBatch.at(bytes, 0);
        if (bytes.hasRemaining() || !batch.isCrcValid()) {
            throw new DamagedSegmentException(segment, scanner.position(), "the checksum of a batch does not match");
        }
        return batch;
    }

    /** Joins small neighbours, so that compacted logs do not consist of crumbs. */
    private List<List<SealedSegment>> group(List<SealedSegment> segments) {
        List<List<SealedSegment>> all = new ArrayList<>();
        long bytes = 0;
        for (SealedSegment segment : segments) {
            List<SealedSegment> last = all.isEmpty() ? List.of() : all.get(all.size() - 1);
            boolean joins = !last.isEmpty()
                    && bytes + segment.size() <= config.segmentBytes()
                    && segment.endOffset() - last.get(0).baseOffset() < Integer.MAX_VALUE;
            if (joins) {
                last.add(segment);
                bytes += segment.size();
            } else {
                all.add(new ArrayList<>(List.of(segment)));
                bytes = segment.size();
            }
        }
        return all;
    }

    private void rewrite(List<SealedSegment> group) throws IOException {
        List<Cleaned> cleaned = new ArrayList<>();
        ActiveSegment.RollPolicy full = ActiveSegment.RollPolicy.of(config, Long.MAX_VALUE);
        ActiveSegment target = createTarget(group.get(0).baseOffset());
        boolean written = false;
        try {
            for (SealedSegment segment : group) {
                BatchScanner scanner = scan(segment);
                while (next(scanner)) {
                    Optional<RecordBatch> kept = retain(load(segment, scanner));
                    if (kept.isPresent()) {
                        // Compressed anew a batch may be larger than it was, and so the segment.
                        if (target.isFullFor(kept.get(), 0, nowMs, full)) {
                            cleaned.add(finish(target));
                            target = createTarget(kept.get().baseOffset());
                        }
                        write(kept.get(), target);
                    }
                }
                requireSound(segment, scanner);
            }
            cleaned.add(finish(target));
            groups.add(new Group(group, cleaned));
            written = true;
        } finally {
            if (!written) {
                target.close();
                discard();
            }
        }
    }

    private ActiveSegment createTarget(long base) throws IOException {
        return ActiveSegment.create(new CleanedNames(log.directory()), base, nowMs);
    }

    private void write(RecordBatch batch, ActiveSegment target) throws IOException {
        buffer.write(target.file().file(), target.size(), List.of(batch.ownedBytes()));
        target.appended(batch, config.indexIntervalBytes());
    }

    private static Cleaned finish(ActiveSegment target) throws IOException {
        target.completeTimeIndex();
        target.persistIndexes();
        target.sync();
        Cleaned cleaned = new Cleaned(
                target.baseOffset(),
                target.size(),
                target.maxTimestamp(),
                target.offsetIndex().count(),
                target.timeIndex().count());
        target.close();
        return cleaned;
    }

    /** The batch without the records that later ones replace; empty if none is left. */
    private Optional<RecordBatch> retain(RecordBatch batch) {
        if (batch.isControl()) {
            return Optional.of(batch);
        }
        boolean horizonPassed = batch.hasDeleteHorizon() && batch.baseTimestamp() <= nowMs;
        int kept = 0;
        boolean tombstones = false;
        try {
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            while (cursor.next()) {
                if (isKept(cursor, horizonPassed)) {
                    kept++;
                    tombstones |= !cursor.hasValue();
                }
            }
        } catch (MalformedRecordException e) {
            // Who knows what is in it: it stays as it is.
            return Optional.of(batch);
        }
        if (kept == 0) {
            return Optional.empty();
        }
        long horizonMs = tombstones ? horizonMs(batch) : -1;
        if (horizonMs >= 0) {
            nextHorizonMs = Math.min(nextHorizonMs, horizonMs);
        }
        if (kept == batch.recordCount() && batch.hasDeleteHorizon() == horizonMs >= 0) {
            return Optional.of(batch);
        }
        return Optional.of(rewritten(batch, horizonPassed, horizonMs));
    }

    /**
     * When tombstones of this batch may go; -1 if that is not known yet: what they delete is still there if memory for keys
     * ended before them.
     */
    private long horizonMs(RecordBatch batch) {
        if (batch.hasDeleteHorizon()) {
            return batch.baseTimestamp();
        }
        return batch.lastOffset() < cleanedTo ? nowMs + config.deleteRetentionMs() : -1;
    }

    private RecordBatch rewritten(RecordBatch batch, boolean horizonPassed, long horizonMs) {
        RecordBatchBuilder builder = new RecordBatchBuilder(batch.sizeInBytes()).like(batch, horizonMs);
        RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
        while (cursor.next()) {
            if (isKept(cursor, horizonPassed)) {
                builder.appendFrom(cursor);
            }
        }
        CompressionType type = batch.compression();
        return builder.build(type, codecs, batch.lastOffset());
    }

    private boolean isKept(RecordCursor record, boolean horizonPassed) {
        if (!record.hasKey() || record.offset() < logStartOffset) {
            return false;
        }
        if (lastOffsets.get(record.key()) > record.offset()) {
            return false;
        }
        return record.hasValue() || !horizonPassed;
    }

    /**
     * Puts the compacted segments in the place of the old ones. On the partition's worker.
     *
     * @return false if the log has changed meanwhile or there is no space, so that the work is thrown away
     * @throws IOException if the files could not be put in place: the log must be opened anew
     */
    public boolean apply() throws IOException {
        if (groups.isEmpty()) {
            return true;
        }
        List<Segment> now = Arrays.asList(log.segments());
        List<Segment> old = new ArrayList<>();
        groups.forEach(group -> old.addAll(group.old()));
        if (!now.containsAll(old)) {
            discard();
            return false;
        }
        List<Long> oldBases = old.stream().map(Segment::baseOffset).toList();
        List<Cleaned> cleaned =
                groups.stream().flatMap(group -> group.cleaned().stream()).toList();
        List<Long> newBases = cleaned.stream().map(Cleaned::base).toList();
        TreeMap<Long, Long> sizes = SealedSegments.of(now);
        sizes.keySet().removeAll(oldBases);
        cleaned.forEach(one -> sizes.put(one.base(), one.size()));
        String sealed = SealedSegments.text(sizes);
        try {
            CompactionSwap.begin(log.directory(), oldBases, newBases, sealed);
        } catch (IOException e) {
            log.directory().delete(CompactionSwap.FILE);
            // Before the cleaned files go: a start that finds the note without them deletes old segments for nothing.
            log.directory().sync();
            discard();
            if (DiskFullException.isDiskFull(e)) {
                return false;
            }
            throw e;
        }
        CompactionSwap.finish(log.directory(), oldBases, newBases);
        List<Segment> compacted = new ArrayList<>();
        for (Group group : groups) {
            long endOffset = group.old().get(group.old().size() - 1).endOffset();
            for (int i = 0; i < group.cleaned().size(); i++) {
                boolean last = i == group.cleaned().size() - 1;
                compacted.add(open(
                        group.cleaned().get(i),
                        last ? endOffset : group.cleaned().get(i + 1).base()));
            }
        }
        log.replace(old, compacted);
        old.forEach(Segment::close);
        return true;
    }

    private SealedSegment open(Cleaned cleaned, long endOffset) throws IOException {
        return new SealedSegment(
                log.directory(),
                cleaned.base(),
                new SegmentFile(log.directory().open(SegmentNames.of(cleaned.base(), SegmentNames.LOG))),
                cleaned.size(),
                endOffset,
                cleaned.maxTimestamp(),
                cleaned.indexEntries(),
                cleaned.timeEntries());
    }

    /** Deletes what was written. */
    public void discard() throws IOException {
        CleanedNames names = new CleanedNames(log.directory());
        for (String name : names.files()) {
            names.delete(name);
        }
    }
}
