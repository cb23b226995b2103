package io.sluice.core.log;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a partition's folder and makes a {@link SegmentedLog} of what is there.
 *
 * <p>Sealed segments were synced before the next one began, so they are taken as they are; if an index is missing or
 * makes no sense it is built again from the segment. The active segment is read from the recovery point on and cut at the
 * first batch that is not whole: what lies behind it was never acknowledged as durable. After a clean shutdown nothing is
 * checked at all. Damage in a sealed segment is never cut: the log stays closed and the repair command is named.
 */
public final class LogRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(LogRecovery.class);
    private static final int SCAN_BYTES = 256 * 1024;
    /** Where a tail goes that was cut although sound batches lay in it. */
    private static final String CUT = ".cut";

    private final TopicPartition partition;
    private final LogDirectory directory;
    private final Start start;

    private LogRecovery(TopicPartition partition, LogDirectory directory, Start start) {
        this.partition = partition;
        this.directory = directory;
        this.start = start;
    }

    /**
     * What is known before a log is opened.
     *
     * @param config the topic's settings
     * @param limits of the producers' state
     * @param epoch the epoch from now on
     * @param recoveryPoint everything before this offset is durable; 0 if nothing is known
     * @param logStartOffset records before it have been deleted; 0 if nothing is known
     * @param cleanShutdown whether the last owner closed the log in order
     * @param nowMs the time
     * @param deleter deletes files
     */
    public record Start(
            TopicConfig config,
            ProducerLimits limits,
            int epoch,
            long recoveryPoint,
            long logStartOffset,
            boolean cleanShutdown,
            long nowMs,
            Executor deleter) {}

    /**
     * How much is remembered about producers.
     *
     * @param maxProducers a partition, at most {@link #MOST}
     * @param producerExpirationMs how long a producer that writes nothing is remembered
     * @param maxKeys idempotency keys a partition, at most {@link #MOST}
     * @param keyRetentionMs how long a key is remembered
     */
    public record ProducerLimits(int maxProducers, long producerExpirationMs, int maxKeys, long keyRetentionMs) {
        /** So many of both fit into one snapshot. */
        public static final int MOST = 1_000_000;

        public ProducerLimits {
            if (maxProducers > MOST || maxKeys > MOST) {
                throw new IllegalArgumentException(
                        maxProducers + " producers and " + maxKeys + " keys, " + MOST + " of each is the limit");
            }
        }
    }

    /**
     * A log that is open.
     *
     * @param log the log
     * @param cutBytes how many bytes were cut off its end
     * @param scannedBytes how many bytes were read and checked
     */
    public record Recovered(SegmentedLog log, long cutBytes, long scannedBytes) {}

    /**
     * Opens the log, which is created if the folder is empty.
     *
     * @throws BrokerException DATA_CORRUPT if a sealed segment is damaged
     */
    public static Recovered open(TopicPartition partition, LogDirectory directory, Start start) throws IOException {
        return new LogRecovery(partition, directory, start).open();
    }

    private Recovered open() throws IOException {
        List<Long> bases = tidy();
        requireAllThere();
        deleteLeftIndexes(Set.copyOf(bases));
        List<Segment> segments = new ArrayList<>();
        boolean opened = false;
        try {
            for (int i = 0; i < bases.size() - 1; i++) {
                segments.add(openSealed(bases.get(i), bases.get(i + 1)));
            }
            Tail tail = bases.isEmpty() ? createFirst() : openActive(bases.get(bases.size() - 1));
            segments.add(tail.segment());
            if (start.logStartOffset() > tail.endOffset()) {
                tail = beginAtLogStart(segments, tail.endOffset());
            }
            long logStart = Math.max(start.logStartOffset(), segments.get(0).baseOffset());
            ProducerStates producers = recoverProducers(segments, tail.endOffset());
            LeaderEpochs epochs = LeaderEpochs.load(directory, tail.endOffset());
            SegmentedLog log = new SegmentedLog(
                    partition,
                    directory,
                    start.config(),
                    start.epoch(),
                    segments,
                    producers,
                    epochs,
                    logStart,
                    tail.endOffset(),
                    start.deleter());
            noteSealed(segments);
            opened = true;
            return new Recovered(log, tail.cutBytes(), tail.scannedBytes());
        } finally {
            if (!opened) {
                for (Segment segment : segments) {
                    segment.close();
                }
            }
        }
    }

    /** Finishes or forgets what was under way, and returns the base offsets of all segments, ascending. */
    private List<Long> tidy() throws IOException {
        CompactionSwap.recover(directory);
        TreeSet<Long> bases = new TreeSet<>();
        for (String name : directory.files()) {
            if (name.endsWith(SegmentNames.DELETED) || name.endsWith(SegmentNames.CLEANED) || name.endsWith(".tmp")) {
                directory.delete(name);
            } else {
                OptionalLong base = SegmentNames.baseOffset(name, SegmentNames.LOG);
                if (base.isPresent()) {
                    bases.add(base.getAsLong());
                }
            }
        }
        return new ArrayList<>(bases);
    }

    /** A segment's log goes before its indexes, and a crash may come in between. */
    private void deleteLeftIndexes(Set<Long> bases) throws IOException {
        for (String name : directory.files()) {
            for (String suffix : List.of(SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX)) {
                OptionalLong base = SegmentNames.baseOffset(name, suffix);
                if (base.isPresent() && !bases.contains(base.getAsLong())) {
                    directory.delete(name);
                }
            }
        }
    }

    // ---- sealed segments ----

    /** Refuses a log of which a sealed segment is missing, or shorter than it was. */
    private void requireAllThere() {
        List<String> faults = List.of();
        try {
            faults = SealedSegments.faults(directory);
        } catch (IOException e) {
            LOG.warn("{}: {}; the segments are taken as they are", partition, e.getMessage());
        }
        if (!faults.isEmpty()) {
            throw new BrokerException(
                    ErrorCode.DATA_CORRUPT,
                    "sealed segments of " + directory.path() + " are not what they were: " + String.join("; ", faults)
                            + ". Put the files back, or stop the broker and run: sluice log repair "
                            + directory.path());
        }
    }

    /** Writes down what is sealed, where that is not known yet. */
    private void noteSealed(List<Segment> segments) throws IOException {
        TreeMap<Long, Long> sizes = SealedSegments.of(segments);
        try {
            if (SealedSegments.isNoted(directory, sizes)) {
                return;
            }
            SealedSegments.write(directory, SealedSegments.text(sizes));
        } catch (IOException e) {
            if (!DiskFullException.isDiskFull(e)) {
                throw e;
            }
            LOG.warn("{}: {} is put off, there is no space", partition, SealedSegments.FILE);
        }
    }

    private SealedSegment openSealed(long base, long nextBase) throws IOException {
        LogFile file = directory.open(SegmentNames.of(base, SegmentNames.LOG));
        boolean opened = false;
        try {
            long size = file.size();
            OffsetIndex offsets = OffsetIndex.load(base, directory, nextBase, size);
            TimeIndex times = TimeIndex.load(base, directory, nextBase);
            if (!isWhole(base, offsets, times) || !leadsToTheEnd(file, offsets, size)) {
                LOG.warn(
                        "{}: the indexes of {} are missing or make no sense; building them again",
                        partition,
                        file.path());
                ActiveSegment rebuilt = rebuild(base, nextBase, file, size);
                rebuilt.completeTimeIndex();
                rebuilt.persistIndexes();
                offsets = rebuilt.offsetIndex();
                times = rebuilt.timeIndex();
            }
            SealedSegment segment = new SealedSegment(
                    directory,
                    base,
                    new SegmentFile(file),
                    size,
                    nextBase,
                    times.last().timestampMs(),
                    offsets.count(),
                    times.count());
            opened = true;
            return segment;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    /** Whether both indexes are there and every entry of them was taken. */
    private boolean isWhole(long base, OffsetIndex offsets, TimeIndex times) throws IOException {
        String offsetName = SegmentNames.of(base, SegmentNames.OFFSET_INDEX);
        String timeName = SegmentNames.of(base, SegmentNames.TIME_INDEX);
        return directory.exists(offsetName)
                && directory.exists(timeName)
                && sizeOf(offsetName) == (long) offsets.count() * OffsetIndex.ENTRY_BYTES
                && sizeOf(timeName) == (long) times.count() * TimeIndex.ENTRY_BYTES;
    }

    private long sizeOf(String name) throws IOException {
        try (LogFile file = directory.open(name)) {
            return file.size();
        }
    }

    /** Whether the last entry points to the batch it names, and headers lead from there to the end of the file. */
    private static boolean leadsToTheEnd(LogFile file, OffsetIndex offsets, long size) throws IOException {
        OffsetIndex.Entry last = offsets.last();
        BatchScanner scanner = new BatchScanner(file, last.position(), size, 8 * 1024);
        boolean first = true;
        while (scanner.next()) {
            if (first && offsets.count() > 0 && scanner.header().lastOffset() != last.lastOffset()) {
                return false;
            }
            first = false;
        }
        return scanner.fault().isEmpty();
    }

    private ActiveSegment rebuild(long base, long nextBase, LogFile file, long size) throws IOException {
        directory.delete(SegmentNames.of(base, SegmentNames.OFFSET_INDEX));
        directory.delete(SegmentNames.of(base, SegmentNames.TIME_INDEX));
        ActiveSegment segment = ActiveSegment.resume(directory, base, file, 0, base, start.nowMs());
        BatchScanner scanner = new BatchScanner(file, 0, size, SCAN_BYTES);
        while (scanner.next()) {
            RecordBatch header = RecordBatch.headerAt(copyOf(scanner), 0);
            // The checksum does not cover the base offset: it must at least lie within the segment.
            if (header.baseOffset() < base || header.lastOffset() >= nextBase) {
                throw damaged(
                        file,
                        scanner.position(),
                        "offsets " + header.baseOffset() + " to " + header.lastOffset() + " are not this segment's");
            }
            if (!scanner.isCrcValid()) {
                throw damaged(file, scanner.position(), "the checksum of a batch does not match");
            }
            segment.appended(header, start.config().indexIntervalBytes());
        }
        if (!scanner.fault().isEmpty()) {
            throw damaged(file, scanner.position(), scanner.fault());
        }
        return segment;
    }

    private BrokerException damaged(LogFile file, long position, String what) {
        return new BrokerException(
                ErrorCode.DATA_CORRUPT,
                "segment " + file.path() + " is damaged at position " + position + ": " + what
                        + ". Stop the broker and run: sluice log repair " + directory.path());
    }

    // ---- the active segment ----

    /**
     * The active segment as it is to be used.
     *
     * @param endOffset the offset after its last record
     */
    private record Tail(ActiveSegment segment, long endOffset, long cutBytes, long scannedBytes) {}

    private Tail createFirst() throws IOException {
        if (start.recoveryPoint() > start.logStartOffset()) {
            throw new BrokerException(
                    ErrorCode.DATA_CORRUPT,
                    "all segments of " + directory.path() + " are gone; records from offset " + start.logStartOffset()
                            + " to " + start.recoveryPoint()
                            + " were durable. Put the files back, or stop the broker and run: sluice log repair "
                            + directory.path());
        }
        long base = start.logStartOffset();
        ActiveSegment segment = ActiveSegment.create(directory, base, start.nowMs());
        directory.sync();
        return new Tail(segment, base, 0, 0);
    }

    /**
     * Records that were deleted, durably, had not been durable themselves and are gone with others after them. Their
     * offsets must not be given again: the recorded start would hide the new records.
     */
    private Tail beginAtLogStart(List<Segment> segments, long endOffset) throws IOException {
        LOG.warn(
                "{}: the log ends at {}, before its recorded start {}; it goes on there",
                partition,
                endOffset,
                start.logStartOffset());
        for (Segment segment : segments) {
            segment.close();
            for (String suffix : List.of(SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX, SegmentNames.LOG)) {
                directory.delete(SegmentNames.of(segment.baseOffset(), suffix));
            }
        }
        directory.sync();
        segments.clear();
        Tail first = createFirst();
        segments.add(first.segment());
        return first;
    }

    private Tail openActive(long base) throws IOException {
        LogFile file = directory.open(SegmentNames.of(base, SegmentNames.LOG));
        boolean opened = false;
        try {
            Tail tail = readTail(base, file);
            opened = true;
            return tail;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    private Tail readTail(long base, LogFile file) throws IOException {
        long size = file.size();
        long trusted = start.cleanShutdown() ? Long.MAX_VALUE : start.recoveryPoint();
        BatchScanner scanner = new BatchScanner(file, trustedPosition(base, file, size, trusted), size, SCAN_BYTES);
        long from = -1;
        long firstChecked = -1;
        ActiveSegment segment = null;
        long endOffset = base;
        boolean sound = true;
        while (sound && scanner.next()) {
            if (segment == null) {
                from = scanner.position();
                segment = ActiveSegment.resume(
                        directory, base, file, from, scanner.header().baseOffset(), start.nowMs());
            }
            long lastOffset = scanner.header().lastOffset();
            boolean check = lastOffset >= trusted;
            if (check && firstChecked < 0) {
                firstChecked = scanner.position();
            }
            ByteBuffer header = copyOf(scanner);
            // The checksum does not cover the base offset; but an active segment has no gaps.
            boolean inPlace = scanner.header().baseOffset() == (segment.size() == 0 ? base : endOffset);
            sound = (inPlace || (scanner.position() == from && from > 0)) && (!check || scanner.isCrcValid());
            if (sound) {
                segment.appended(RecordBatch.headerAt(header, 0), start.config().indexIntervalBytes());
                endOffset = lastOffset + 1;
            }
        }
        if (segment == null) {
            segment = ActiveSegment.resume(directory, base, file, 0, base, start.nowMs());
            from = 0;
        }
        long end = segment.size();
        String fault = sound ? scanner.fault() : "the checksum or the offsets of a batch do not match";
        if (endOffset < start.recoveryPoint()) {
            throw damaged(
                    file,
                    end,
                    "records up to offset " + start.recoveryPoint() + " were durable, sound ones end at " + endOffset
                            + (fault.isEmpty() ? "" : " (" + fault + ")"));
        }
        long dataEnd = Room.begin(file, end, size);
        if (dataEnd > end) {
            tellOfCut(file, end, dataEnd, endOffset, fault);
        }
        if (end < size) {
            file.truncate(end);
            file.sync();
        }
        if (!start.cleanShutdown()) {
            harden(file, firstChecked < 0 ? end : Math.min(firstChecked, end), end);
        }
        return new Tail(segment, endOffset, dataEnd - end, end - from);
    }

    /**
     * Makes durable what was found behind the recovery point, before anybody reads it: a broker that was killed may have
     * left it in the machine's memory only. It is written once more, because after a sync that failed the machine takes
     * pages for clean that never reached the disk, and syncing them again would do nothing.
     */
    private void harden(LogFile file, long from, long end) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(SCAN_BYTES, end - from));
        for (long at = from; at < end; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), end - at));
            file.read(at, chunk);
            file.write(at, chunk.flip());
        }
        hardenEnd(file, end);
        file.sync();
        directory.sync();
    }

    /** As with bytes, so with a cut: after a sync that failed the disk may have the longer file that was before it. */
    private static void hardenEnd(LogFile file, long end) throws IOException {
        try {
            file.write(end, ByteBuffer.allocate(1));
        } catch (IOException e) {
            if (!DiskFullException.isDiskFull(e)) {
                throw e;
            }
        }
        file.truncate(end);
    }

    private static ByteBuffer copyOf(BatchScanner scanner) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(RecordBatch.HEADER_BYTES);
        scanner.copyHeader(header);
        return header;
    }

    /** Where the scan may begin: at a batch that the index names, before the recovery point. */
    private long trustedPosition(long base, LogFile file, long size, long trusted) throws IOException {
        OffsetIndex offsets = OffsetIndex.load(base, directory, trusted, size);
        OffsetIndex.Entry last = offsets.last();
        if (last.position() == 0) {
            return 0;
        }
        BatchScanner scanner = new BatchScanner(file, last.position(), size, 4 * 1024);
        boolean sound = scanner.next() && scanner.header().lastOffset() == last.lastOffset();
        return sound ? last.position() : 0;
    }

    /** Tells what is about to be cut, and keeps a copy if there is anything in it. */
    private void tellOfCut(LogFile file, long from, long size, long offset, String why) throws IOException {
        int soundBatches = countSoundBatches(file, from, size);
        if (soundBatches > 0) {
            String aside = SegmentNames.of(offset, CUT);
            copy(file, from, size, aside);
            LOG.error(
                    "{}: {} bytes from offset {} on are cut, with {} sound batches behind the damage ({}). They were written"
                            + " but not known to be durable. A copy of what was cut is in {}/{}",
                    partition,
                    size - from,
                    offset,
                    soundBatches,
                    why,
                    directory.path(),
                    aside);
        } else {
            LOG.warn("{}: a torn tail of {} bytes is cut from offset {} on ({})", partition, size - from, offset, why);
        }
    }

    /** How many sound batches lie behind one whose length can still be believed. */
    private static int countSoundBatches(LogFile file, long from, long size) throws IOException {
        BatchScanner scanner = new BatchScanner(file, from, size, SCAN_BYTES);
        int sound = 0;
        while (scanner.next()) {
            if (scanner.isCrcValid()) {
                sound++;
            }
        }
        return sound;
    }

    private void copy(LogFile file, long from, long size, String name) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(SCAN_BYTES);
        try (LogFile target = directory.open(name)) {
            target.truncate(0);
            for (long at = from; at < size; at += chunk.limit()) {
                chunk.clear().limit((int) Math.min(chunk.capacity(), size - at));
                file.read(at, chunk);
                target.write(at - from, chunk.flip());
            }
            target.sync();
        }
        directory.sync();
    }

    // ---- producers ----

    private ProducerStates recoverProducers(List<Segment> segments, long endOffset) throws IOException {
        ProducerLimits limits = start.limits();
        ProducerStates states = new ProducerStates(new ProducerStates.Limits(
                limits.maxProducers(), limits.producerExpirationMs(), limits.maxKeys(), limits.keyRetentionMs()));
        long from = ProducerSnapshot.load(directory, endOffset, states)
                .orElse(segments.get(0).baseOffset());
        for (Segment segment : segments) {
            boolean before = segment instanceof SealedSegment sealed && sealed.endOffset() <= from;
            if (before || from >= endOffset) {
                continue;
            }
            BatchScanner scanner = segment.seek(from);
            if (scanner.position() < segment.size() && scanner.fault().isEmpty()) {
                do {
                    if (scanner.header().lastOffset() >= from) {
                        // A damaged header would make a producer's next batch a stranger or, worse, a duplicate.
                        ByteBuffer header = copyOf(scanner);
                        if (!scanner.isCrcValid()) {
                            throw damaged(
                                    segment.file().file(),
                                    scanner.position(),
                                    "the checksum of a batch does not match");
                        }
                        states.replay(RecordBatch.headerAt(header, 0), start.nowMs());
                    }
                } while (scanner.next());
            }
            if (!scanner.fault().isEmpty()) {
                throw damaged(segment.file().file(), scanner.position(), scanner.fault());
            }
        }
        states.trimToLimits();
        states.expire(start.nowMs());
        return states;
    }
}
