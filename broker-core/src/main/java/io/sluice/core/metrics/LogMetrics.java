package io.sluice.core.metrics;

import java.util.concurrent.atomic.LongAdder;

/** What the log has done since its start. All but two only go up; every thread may add and read. */
public final class LogMetrics {
    private final LongAdder appendedBatches = new LongAdder();
    private final LongAdder appendedRecords = new LongAdder();
    private final LongAdder appendedBytes = new LongAdder();
    private final LongAdder duplicateBatches = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder flushNs = new LongAdder();
    private final LongAdder refusedOverloaded = new LongAdder();
    private final LongAdder refusedDiskLow = new LongAdder();
    private final LongAdder readsFromMemory = new LongAdder();
    private final LongAdder readsFromDisk = new LongAdder();
    private final LongAdder readBytes = new LongAdder();
    private final LongAdder deletedBytes = new LongAdder();
    private final LongAdder compactions = new LongAdder();
    private final LongAdder unreadableBatches = new LongAdder();
    private final LongAdder uncompactableLogs = new LongAdder();
    private final LongAdder damagedReads = new LongAdder();
    private final LongAdder waiters = new LongAdder();

    /** Batches appended. */
    public LongAdder appendedBatches() {
        return appendedBatches;
    }

    /** Records appended. */
    public LongAdder appendedRecords() {
        return appendedRecords;
    }

    /** Bytes of batches appended. */
    public LongAdder appendedBytes() {
        return appendedBytes;
    }

    /** Batches that came again and were answered with their first offsets. */
    public LongAdder duplicateBatches() {
        return duplicateBatches;
    }

    /** Syncs of log files. */
    public LongAdder flushes() {
        return flushes;
    }

    /** Time spent in syncs of log files, in ns. */
    public LongAdder flushNs() {
        return flushNs;
    }

    /** Appends refused because a queue was full. */
    public LongAdder refusedOverloaded() {
        return refusedOverloaded;
    }

    /** Appends refused because the disk was low. */
    public LongAdder refusedDiskLow() {
        return refusedDiskLow;
    }

    /** Reads answered from the tail cache. */
    public LongAdder readsFromMemory() {
        return readsFromMemory;
    }

    /** Reads answered from segment files. */
    public LongAdder readsFromDisk() {
        return readsFromDisk;
    }

    /** Bytes of batches handed to readers. */
    public LongAdder readBytes() {
        return readBytes;
    }

    /** Bytes of segments deleted by retention, delete-records and topic deletion. */
    public LongAdder deletedBytes() {
        return deletedBytes;
    }

    /** Compactions finished. */
    public LongAdder compactions() {
        return compactions;
    }

    /** Batches that compaction left as they are because their records cannot be read. */
    public LongAdder unreadableBatches() {
        return unreadableBatches;
    }

    /** Logs that are not compacted now because a segment of theirs is damaged: goes up and down. */
    public LongAdder uncompactableLogs() {
        return uncompactableLogs;
    }

    /** Reads refused because the bytes on the disk are damaged. */
    public LongAdder damagedReads() {
        return damagedReads;
    }

    /** Readers that wait for records now: goes up and down. */
    public LongAdder waiters() {
        return waiters;
    }
}
