package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.record.TimestampType;
import io.sluice.core.topic.TopicConfig;

/**
 * What a batch must be to be appended to one partition, besides being valid: what its topic asks for, and space on the disk.
 * Twice: {@link #onArrival} for what is quickly seen, on the caller's thread, and {@link #onWorker} for the rest.
 */
final class AppendChecks {
    private static final int MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;

    private final SegmentedLog log;
    private final Codecs codecs;
    private final PartitionWorker worker;
    private final boolean internal;

    /**
     * @param log for the settings of its topic
     * @param codecs for looking into compressed batches
     * @param worker for its clock and its view of the disk
     * @param internal whether a low disk is no reason to refuse
     */
    AppendChecks(SegmentedLog log, Codecs codecs, PartitionWorker worker, boolean internal) {
        this.log = log;
        this.codecs = codecs;
        this.worker = worker;
        this.internal = internal;
    }

    /**
     * Refuses what need not be queued. May be an event loop.
     *
     * @throws BrokerException RECORD_TOO_LARGE, INVALID_RECORD, CORRUPT_BATCH or DISK_LOW
     */
    void onArrival(RecordBatch batch) {
        TopicConfig config = log.config();
        if (batch.sizeInBytes() > config.maxMessageBytes()) {
            throw new BrokerException(
                    ErrorCode.RECORD_TOO_LARGE,
                    "a record batch of " + batch.sizeInBytes() + " bytes, max.message.bytes of "
                            + log.partition().topic() + " is " + config.maxMessageBytes());
        }
        // A compressed one waits for the worker: what it grows to may take long, and this is an event loop.
        if (asksOfEachRecord(config) && batch.compression() == CompressionType.NONE) {
            checkRecords(batch, config);
        }
        checkSpace();
    }

    /**
     * Refuses what could not be seen on arrival, or has changed since.
     *
     * @throws BrokerException INVALID_RECORD, CORRUPT_BATCH or DISK_LOW
     */
    void onWorker(RecordBatch batch) {
        checkSpace();
        TopicConfig config = log.config();
        if (asksOfEachRecord(config) && batch.compression() != CompressionType.NONE) {
            checkRecords(batch, config);
        }
    }

    private void checkSpace() {
        if (worker.diskSpace().isLow() && !internal) {
            worker.metrics().refusedDiskLow().increment();
            throw diskLow();
        }
    }

    /** Whether the topic's settings ask for something that a batch's header does not tell. */
    private static boolean asksOfEachRecord(TopicConfig config) {
        return config.compacted() || config.timestampBeforeMaxMs() < Long.MAX_VALUE;
    }

    /**
     * Looks at each record. Compaction keeps the last one of each key: a record without one has no place in it. And the
     * header knows the newest time only, not the oldest.
     */
    private void checkRecords(RecordBatch batch, TopicConfig config) {
        if (!codecs.supports(batch.compression())) {
            return;
        }
        try {
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            for (long offset = batch.baseOffset(); cursor.next(); offset++) {
                // Nobody has looked into a compressed batch before. An offset far ahead would make compaction drop
                // every later record of the key.
                if (cursor.offset() != offset) {
                    throw new BrokerException(
                            ErrorCode.INVALID_RECORD,
                            "the record batch is refused: offset deltas do not count up from 0");
                }
                checkAge(cursor.timestamp(), config);
                if (config.compacted() && !cursor.hasKey()) {
                    throw new BrokerException(
                            ErrorCode.INVALID_RECORD,
                            "a record without a key cannot go to the compacted topic "
                                    + log.partition().topic());
                }
            }
        } catch (MalformedRecordException e) {
            throw new BrokerException(ErrorCode.CORRUPT_BATCH, "the record batch is damaged: " + e.getMessage());
        }
    }

    private void checkAge(long timestampMs, TopicConfig config) {
        long nowMs = worker.clock().millis();
        boolean counts = timestampMs >= 0 && config.timestampType() == TimestampType.CREATE_TIME;
        if (counts && nowMs - timestampMs > config.timestampBeforeMaxMs()) {
            throw new BrokerException(
                    ErrorCode.INVALID_RECORD,
                    "a timestamp of " + timestampMs + " lies more than message.timestamp.before.max.ms="
                            + config.timestampBeforeMaxMs() + " behind the broker's clock, " + nowMs);
        }
    }

    /** What an append is told that finds no space. */
    BrokerException diskLow() {
        return new BrokerException(
                ErrorCode.DISK_LOW,
                "the disk is full, or has less free space than the floor of "
                        + worker.diskSpace().floorBytes() + " bytes; writes are refused until space returns");
    }
}
