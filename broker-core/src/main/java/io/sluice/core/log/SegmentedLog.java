package io.sluice.core.log;

import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.ActiveProducer;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.TimestampType;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One partition's log on disk. Owned by one thread, the partition's worker: every method that changes something is for
 * that thread alone. What readers on other threads may use is published in volatile fields: the list of segments, log
 * start, log end, high watermark.
 *
 * <p>Appends come in three steps, so that one write and one sync serve many: {@link #stage} gives batches their offsets,
 * {@link #write} puts all staged ones into the file, {@link #flush} makes them durable. The high watermark is moved by
 * {@link #commit}, when the flush policy is met.
 *
 * <p>Invariant: log start &lt;= high watermark &lt;= log end; flushed offset &lt;= log end; every segment but the last is
 * sealed and durable; segments do not overlap and are in order.
 */
public final class SegmentedLog {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentedLog.class);
    /** How much may be appended before the state of the producers is saved again: a start reads that much at most. */
    private static final long SNAPSHOT_BYTES = 32L * 1024 * 1024;

    private final TopicPartition partition;
    private final LogDirectory directory;
    private final ProducerStates producers;
    private final LeaderEpochs epochs;
    private final Executor deleter;
    private final int epoch;

    // Owned by the worker.
    private final List<RecordBatch> staged = new ArrayList<>();
    private ActiveSegment active;
    private long stagedBytes;
    private boolean epochBegun;
    private long nextOffset;
    private long unflushedRecords;
    private long lastFlushMs;
    private long bytesSinceSnapshot;

    // Published for readers.
    private volatile TopicConfig config;
    private volatile Segment[] segments;
    private volatile long logStartOffset;
    private volatile long logEndOffset;
    private volatile long highWatermark;
    private volatile long flushedOffset;
    /** Set before the segments are let go of: a reader that finds one gone knows whether to look for it again. */
    private volatile boolean closed;

    /** What recovery found; see {@link LogRecovery}. */
    SegmentedLog(
            TopicPartition partition,
            LogDirectory directory,
            TopicConfig config,
            int epoch,
            List<Segment> segments,
            ProducerStates producers,
            LeaderEpochs epochs,
            long logStartOffset,
            long logEndOffset,
            Executor deleter) {
        this.partition = partition;
        this.directory = directory;
        this.config = config;
        this.epoch = epoch;
        this.segments = segments.toArray(new Segment[0]);
        this.active = (ActiveSegment) segments.get(segments.size() - 1);
        this.producers = producers;
        this.epochs = epochs;
        this.logStartOffset = logStartOffset;
        this.logEndOffset = logEndOffset;
        this.nextOffset = logEndOffset;
        this.highWatermark = logEndOffset;
        this.flushedOffset = logEndOffset;
        this.deleter = deleter;
    }

    // ---- what anybody may ask ----

    public TopicPartition partition() {
        return partition;
    }

    public String path() {
        return directory.path();
    }

    public int epoch() {
        return epoch;
    }

    public TopicConfig config() {
        return config;
    }

    /** The first offset that can be read. */
    public long logStartOffset() {
        return logStartOffset;
    }

    /** The offset after the last record that has been written. */
    public long logEndOffset() {
        return logEndOffset;
    }

    /** The first offset that may not be read yet. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Every record before this offset is durable. */
    public long flushedOffset() {
        return flushedOffset;
    }

    /** Whether the log has been closed: its segments cannot be opened any more. */
    boolean isClosed() {
        return closed;
    }

    /** Bytes of all segments. */
    public long sizeInBytes() {
        long bytes = 0;
        for (Segment segment : segments) {
            bytes += segment.size();
        }
        return bytes;
    }

    /** All segments in order; the last one is active. Not to be changed. */
    Segment[] segments() {
        return segments;
    }

    public int segmentCount() {
        return segments.length;
    }

    // ---- appending ----

    /**
     * Gives a batch its offsets. It is in the log after the next {@link #write}. If the active segment has no room for
     * it, what was staged before is written first and a new segment begins.
     *
     * @param batch validated; its base offset and epoch are written, and its timestamps if the topic uses append time
     * @param buffer for the writing
     * @return where it will be, or where it is already
     * @throws BrokerException OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH, IDEMPOTENCY_KEY_REUSED or INVALID_RECORD: this
     *     batch is not staged
     * @throws DiskFullException if there is no space: nothing is staged any more; batches before
     *     {@link #logEndOffset()} are in the log
     * @throws IOException if the file failed: the log must not be used any more
     */
    public Staged stage(RecordBatch batch, WriteBuffer buffer, long nowMs) throws IOException {
        Optional<Staged> there = find(batch);
        if (there.isPresent()) {
            return there.get();
        }
        long appendTimeMs = -1;
        if (config.timestampType() == TimestampType.LOG_APPEND_TIME) {
            batch.assignAppendTime(nowMs);
            appendTimeMs = nowMs;
        }
        batch.assign(nextOffset, epoch);
        if (active.isFullFor(batch, stagedBytes, nowMs, rollPolicy())) {
            write(buffer);
            if (active.isFullFor(batch, 0, nowMs, rollPolicy())) {
                roll(nowMs);
            }
        }
        producers.stage(batch, nowMs);
        staged.add(batch);
        stagedBytes += batch.sizeInBytes();
        nextOffset = batch.nextOffset();
        return new Staged(batch.baseOffset(), batch.lastOffset(), appendTimeMs, false);
    }

    /**
     * Where a batch is, if it has been appended before. For the worker.
     *
     * @throws BrokerException OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH or IDEMPOTENCY_KEY_REUSED
     */
    public Optional<Staged> find(RecordBatch batch) {
        return producers.check(batch).map(known -> new Staged(known.baseOffset(), known.lastOffset(), -1, true));
    }

    /**
     * What became of a batch.
     *
     * @param baseOffset its first offset
     * @param lastOffset its last offset
     * @param appendTimeMs the time that all its records got, or -1
     * @param duplicate whether it was in the log already
     */
    public record Staged(long baseOffset, long lastOffset, long appendTimeMs, boolean duplicate) {}

    /**
     * Puts all staged batches into the file.
     *
     * @throws DiskFullException if there is no space: the staged batches have been taken back, their offsets will be
     *     given again
     * @throws IOException if the file failed: the log must not be used any more
     */
    public void write(WriteBuffer buffer) throws IOException {
        if (staged.isEmpty()) {
            return;
        }
        boolean written = false;
        try {
            beginEpoch();
            List<ByteBuffer> sources = new ArrayList<>(staged.size());
            for (RecordBatch batch : staged) {
                sources.add(batch.ownedBytes());
            }
            if (config.flushMessages() == 1) {
                active.makeRoomFor(stagedBytes, config.segmentBytes());
            }
            long end = buffer.write(active.file().file(), active.size(), sources);
            for (RecordBatch batch : staged) {
                active.appended(batch, config.indexIntervalBytes());
                unflushedRecords += batch.recordCount();
            }
            assert active.size() == end : active.size() + " is not " + end;
            bytesSinceSnapshot += stagedBytes;
            logEndOffset = nextOffset;
            producers.commit();
            written = true;
        } catch (IOException e) {
            if (DiskFullException.isDiskFull(e)) {
                active.truncateToSize();
                // Synced before anybody hears of the refusal: a crash may bring back what was cut, whole batches among
                // it.
                active.sync();
                unflushedRecords = 0;
                flushedOffset = logEndOffset;
                throw new DiskFullException("no space for " + stagedBytes + " bytes in " + active.path(), e);
            }
            throw e;
        } finally {
            if (!written) {
                producers.rollback();
                nextOffset = logEndOffset;
            }
            staged.clear();
            stagedBytes = 0;
        }
    }

    /** Notes where this epoch begins, before its first record. */
    private void beginEpoch() throws IOException {
        if (!epochBegun) {
            epochs.begin(epoch, logEndOffset);
            epochBegun = true;
        }
    }

    private ActiveSegment.RollPolicy rollPolicy() {
        long jitterMs = config.segmentJitterMs() <= 0
                ? 0
                : Math.floorMod(partition.hashCode() * 0x9E3779B97F4A7C15L, config.segmentJitterMs());
        return ActiveSegment.RollPolicy.of(config, Math.max(1, config.segmentMs() - jitterMs));
    }

    /** Seals the active segment and begins another at the log end. What is written so far becomes durable. */
    private void roll(long nowMs) throws IOException {
        assert staged.isEmpty() : "what is staged belongs to the old segment";
        cutRoom();
        flush(nowMs);
        ActiveSegment next;
        try {
            active.completeTimeIndex();
            active.persistIndexes();
            saveProducers();
            TreeMap<Long, Long> sealed = SealedSegments.of(Arrays.asList(segments));
            sealed.put(active.baseOffset(), active.size());
            SealedSegments.write(directory, SealedSegments.text(sealed));
            next = ActiveSegment.create(directory, logEndOffset, nowMs);
            directory.sync();
        } catch (IOException e) {
            if (DiskFullException.isDiskFull(e)) {
                // The old segment goes on growing: a file of the next one would say at the next start that it must not.
                directory.delete(SegmentNames.of(logEndOffset, SegmentNames.LOG));
                directory.sync();
                throw new DiskFullException("no space for a new segment in " + directory.path(), e);
            }
            throw e;
        }
        Segment[] now = Arrays.copyOf(segments, segments.length + 1);
        now[segments.length - 1] = active.seal(logEndOffset);
        now[segments.length] = next;
        active = next;
        segments = now;
        LOG.debug("{}: rolled to a new segment at offset {}", partition, logEndOffset);
    }

    /** The segment is as large as what is in it, durably. */
    private void cutRoom() throws IOException {
        if (active.hasRoom()) {
            active.truncateToSize();
            active.sync();
            unflushedRecords = 0;
        }
    }

    /** Whether what has been written must be synced before it may be committed. */
    public boolean isFlushDue(long nowMs) {
        return unflushedRecords >= config.flushMessages() || (unflushedRecords > 0 && msUntilFlush(nowMs) <= 0);
    }

    /** How long what is unsynced may stay so, in ms; 0 or less if it is time. */
    public long msUntilFlush(long nowMs) {
        long ageMs = nowMs - lastFlushMs;
        return unflushedRecords == 0 || config.flushMs() - ageMs > Integer.MAX_VALUE
                ? Integer.MAX_VALUE
                : config.flushMs() - ageMs;
    }

    /** Whether anything written is not durable yet. */
    public boolean hasUnflushed() {
        return unflushedRecords > 0;
    }

    /**
     * Makes everything written durable.
     *
     * @throws IOException if the sync failed: nothing is known of what is durable, and the log must not be used any more
     */
    public void flush(long nowMs) throws IOException {
        if (unflushedRecords > 0) {
            active.sync();
            unflushedRecords = 0;
        }
        lastFlushMs = nowMs;
        flushedOffset = logEndOffset;
    }

    /** Lets readers see everything that has been written. The flush policy must be met, unless nobody reads or relies on it. */
    public void commit() {
        highWatermark = logEndOffset;
    }

    // ---- keeping house ----

    public void configure(TopicConfig newConfig) {
        config = newConfig;
    }

    /**
     * Makes a start cheap: indexes on disk, the producers' state if much was appended since it was saved.
     *
     * @return the recovery point: everything before it is durable and need not be looked at again
     */
    public long checkpoint() throws IOException {
        ifThereIsSpace("saving indexes and producers", () -> {
            active.persistIndexes();
            if (bytesSinceSnapshot > SNAPSHOT_BYTES && flushedOffset == logEndOffset) {
                saveProducers();
            }
        });
        return flushedOffset;
    }

    /** Something that writes. */
    private interface Writing {
        void run() throws IOException;
    }

    /** Does what is good to have and can wait: a full disk must not end a log that deletes to make space. */
    private void ifThereIsSpace(String what, Writing writing) throws IOException {
        try {
            writing.run();
        } catch (IOException e) {
            if (!DiskFullException.isDiskFull(e)) {
                throw e;
            }
            LOG.warn("{}: {} is put off, there is no space: {}", partition, what, e.getMessage());
        }
    }

    private void saveProducers() throws IOException {
        bytesSinceSnapshot = 0;
        // Also if there is none: else a start would look for them in the whole log.
        ProducerSnapshot.write(directory, logEndOffset, producers);
        // The last but one stays, in case the last is damaged.
        List<Long> offsets = ProducerSnapshot.offsets(directory);
        for (int i = 0; i < offsets.size() - 2; i++) {
            directory.delete(SegmentNames.of(offsets.get(i), SegmentNames.SNAPSHOT));
        }
    }

    public void expireProducers(long nowMs) {
        producers.expire(nowMs);
    }

    /**
     * Deletes what retention no longer keeps, from the old end on: by size and by age, whole segments only.
     *
     * @return the bytes that were deleted
     */
    public long applyRetention(long nowMs) throws IOException {
        if (!config.deleted()) {
            return 0;
        }
        boolean allExpired = active.size() > 0 && isExpired(active, nowMs);
        if (allExpired && logEndOffset == highWatermark) {
            ifThereIsSpace("a new segment", () -> roll(nowMs));
        }
        int count = 0;
        long excess = config.retentionBytes() < 0 ? -1 : sizeInBytes() - config.retentionBytes();
        while (count < segments.length - 1 && ((SealedSegment) segments[count]).endOffset() <= highWatermark) {
            Segment oldest = segments[count];
            boolean tooOld = isExpired(oldest, nowMs);
            boolean tooMuch = excess >= oldest.size() && oldest.size() > 0;
            if (!tooOld && !tooMuch && oldest.size() > 0) {
                break;
            }
            excess -= oldest.size();
            count++;
        }
        // Compaction may leave empty segments; they go with what lies behind them, not alone.
        while (count > 0 && segments[count - 1].size() == 0 && segments[0].size() == 0) {
            count--;
        }
        return deleteOldest(count, "retention", Level.INFO, nowMs);
    }

    /** Records without timestamps are as old as their file, as in Kafka. */
    private boolean isExpired(Segment segment, long nowMs) throws IOException {
        if (config.retentionMs() < 0) {
            return false;
        }
        long newestMs = segment.maxTimestamp() >= 0
                ? segment.maxTimestamp()
                : segment.file().file().lastModifiedMs();
        return nowMs - newestMs > config.retentionMs();
    }

    /**
     * Moves the log start offset up; segments that lie wholly before it are deleted. The caller makes the offset durable
     * first.
     *
     * @param offset at most the high watermark
     * @return the bytes that were deleted
     */
    public long trimBefore(long offset, long nowMs) throws IOException {
        assert offset <= highWatermark : offset + " is behind " + highWatermark;
        if (offset <= logStartOffset) {
            return 0;
        }
        logStartOffset = offset;
        if (offset == logEndOffset && active.size() > 0) {
            ifThereIsSpace("a new segment", () -> roll(nowMs));
        }
        int count = 0;
        while (count < segments.length - 1 && ((SealedSegment) segments[count]).endOffset() <= offset) {
            count++;
        }
        long bytes = deleteOldest(count, "delete-records", Level.DEBUG, nowMs);
        ifThereIsSpace("forgetting old epochs", () -> epochs.trimBefore(logStartOffset));
        return bytes;
    }

    /** @param level what a client asks for, as often as it likes, is nothing to tell everybody */
    private long deleteOldest(int count, String why, Level level, long nowMs) throws IOException {
        if (count == 0) {
            return 0;
        }
        // A producer that repeats itself must be known even when the records that tell of it are gone. A start does not
        // believe a snapshot that knows of more than is in the log, so that must be durable.
        flush(nowMs);
        ifThereIsSpace("saving producers", this::saveProducers);
        Segment[] before = segments;
        segments = Arrays.copyOfRange(before, count, before.length);
        logStartOffset = Math.max(logStartOffset, segments[0].baseOffset());
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += before[i].size();
            delete(before[i]);
        }
        ifThereIsSpace(
                "noting what is left",
                () -> SealedSegments.write(directory, SealedSegments.text(SealedSegments.of(Arrays.asList(segments)))));
        LOG.atLevel(level)
                .log(
                        "{}: {} segments, {} bytes, deleted by {}; the log starts at {}",
                        partition,
                        count,
                        bytes,
                        why,
                        logStartOffset);
        ifThereIsSpace("forgetting old epochs", () -> epochs.trimBefore(logStartOffset));
        return bytes;
    }

    /** Renames a segment's files out of the log at once; the space comes back when its last reader has gone. */
    void delete(Segment segment) throws IOException {
        List<String> doomed = new ArrayList<>();
        for (String suffix : List.of(SegmentNames.LOG, SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX)) {
            String name = SegmentNames.of(segment.baseOffset(), suffix);
            if (directory.exists(name)) {
                directory.rename(name, name + SegmentNames.DELETED);
                doomed.add(name + SegmentNames.DELETED);
            }
        }
        segment.close();
        deleter.execute(() -> {
            for (String name : doomed) {
                try {
                    directory.delete(name);
                } catch (IOException e) {
                    LOG.warn("{}: {} cannot be deleted; the next start tries again", partition, name, e);
                }
            }
        });
    }

    /** Closes what is open. Everything written is made durable first, unless the log has failed. */
    public void close(boolean failed) throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (!failed) {
                cutRoom();
                flush(lastFlushMs);
                active.completeTimeIndex();
                active.persistIndexes();
                saveProducers();
                directory.sync();
            }
        } finally {
            for (Segment segment : segments) {
                segment.close();
            }
        }
    }

    /** The idempotent producers that are remembered, by their ids. For the worker. */
    public List<ActiveProducer> activeProducers() {
        return producers.producers().stream()
                .map(entry -> new ActiveProducer(
                        entry.producerId(),
                        entry.epoch(),
                        entry.last().lastSequence(),
                        entry.last().timestampMs()))
                .sorted(Comparator.comparingLong(ActiveProducer::producerId))
                .toList();
    }

    /** Start offset by leader epoch, ascending. For the worker. */
    public Map<Integer, Long> epochStarts() {
        return epochs.starts();
    }

    LogDirectory directory() {
        return directory;
    }

    ActiveSegment active() {
        return active;
    }

    /** Replaces segments by what compaction made of them; its files are in place. */
    void replace(List<Segment> old, List<Segment> compacted) {
        List<Segment> now = new ArrayList<>(Arrays.asList(segments));
        now.removeAll(old);
        now.addAll(compacted);
        // Others may lie between the old ones.
        now.sort(Comparator.comparingLong(Segment::baseOffset));
        segments = now.toArray(new Segment[0]);
    }
}
