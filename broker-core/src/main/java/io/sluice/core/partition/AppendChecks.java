package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.TopicConfig;

/**
 * What a batch must be to be appended to one partition, besides being valid: what its topic asks for, and space on the disk.
 * Twice: {@link #onArrival} for what is quickly seen, on the caller's thread, and {@link #onWorker} for the rest.
 */
final class AppendChecks {
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
     * @throws BrokerException RECORD_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP, CORRUPT_BATCH or DISK_LOW
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
        if (batch.compression() == CompressionType.NONE) {
            checkRecords(batch);
        }
        checkSpace();
    }

    /**
     * Refuses what could not be seen on arrival, or has changed since.
     *
     * @throws BrokerException INVALID_RECORD, INVALID_TIMESTAMP, CORRUPT_BATCH or DISK_LOW
     */
    void onWorker(RecordBatch batch) {
        checkSpace();
        if (batch.compression() != CompressionType.NONE) {
            checkRecords(batch);
        }
    }

    private void checkRecords(RecordBatch batch) {
        RecordCheck.check(
                batch,
                log.partition().topic(),
                log.config(),
                codecs,
                worker.clock().millis());
    }

    private void checkSpace() {
        if (worker.diskSpace().isLow() && !internal) {
            worker.metrics().refusedDiskLow().increment();
            throw diskLow();
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
