package io.sluice.core.partition;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.RecordFault;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.record.TimestampType;
import io.sluice.core.topic.TopicConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a topic asks of each record: a key if it is compacted, for compaction keeps the last record of each; and a time that
 * is not too far from the broker's clock. The records are walked only if the batch's header cannot tell.
 */
final class RecordCheck {
    private static final int MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
    /** Of so many bad records it is told what is wrong with them. */
    private static final int MAX_FAULTS = 1_000;

    private final TopicConfig config;
    private final String topic;
    private final long nowMs;
    private final List<RecordFault> faults = new ArrayList<>();
    private int faultCount;
    private boolean anyTimestamp;

    private RecordCheck(TopicConfig config, String topic, long nowMs) {
        this.config = config;
        this.topic = topic;
        this.nowMs = nowMs;
    }

    /**
     * Checks a batch that is validated. It takes long only if the batch is compressed and its topic asks for something that
     * the header does not tell: then it is decompressed.
     *
     * @param nowMs the broker's clock
     * @throws BrokerException INVALID_RECORD or INVALID_TIMESTAMP, with the records that are to blame; CORRUPT_BATCH
     */
    static void check(RecordBatch batch, String topic, TopicConfig config, Codecs codecs, long nowMs) {
        // The header knows the newest time, not the oldest.
        Optional<String> newest = config.timestampFault(batch.maxTimestamp(), nowMs);
        boolean boundsAge =
                config.timestampType() == TimestampType.CREATE_TIME && config.timestampBeforeMaxMs() < Long.MAX_VALUE;
        if (newest.isEmpty() && !boundsAge && !config.compacted()) {
            return;
        }
        if (codecs.supports(batch.compression())) {
            RecordCheck check = new RecordCheck(config, topic, nowMs);
            check.walk(batch, codecs);
            check.throwIfAny();
        }
        if (newest.isPresent()) {
            // The records do not bear it out, but it is the header that readers go by.
            throw new BrokerException(ErrorCode.INVALID_TIMESTAMP, newest.get());
        }
    }

    private void walk(RecordBatch batch, Codecs codecs) {
        try {
            RecordCursor cursor = RecordCursor.over(batch, codecs, MAX_DECOMPRESSED_BYTES);
            for (int index = 0; cursor.next(); index++) {
                // Nobody has looked into a compressed batch before. An offset far ahead would make compaction drop
                // every later record of the key.
                if (cursor.offset() != batch.baseOffset() + index) {
                    throw new BrokerException(
                            ErrorCode.INVALID_RECORD,
                            "the record batch is refused: offset deltas do not count up from 0");
                }
                look(index, cursor);
            }
        } catch (MalformedRecordException e) {
            throw new BrokerException(ErrorCode.CORRUPT_BATCH, "the record batch is damaged: " + e.getMessage());
        }
    }

    private void look(int index, RecordCursor record) {
        if (config.compacted() && !record.hasKey()) {
            note(index, "a record without a key cannot go to the compacted topic " + topic);
            return;
        }
        Optional<String> fault = config.timestampFault(record.timestamp(), nowMs);
        if (fault.isPresent()) {
            anyTimestamp = true;
            note(index, fault.get());
        }
    }

    private void note(int index, String why) {
        faultCount++;
        if (faults.size() < MAX_FAULTS) {
            faults.add(new RecordFault(index, why));
        }
    }

    private void throwIfAny() {
        if (faultCount > 0) {
            String more = faultCount == 1 ? "" : "; " + faultCount + " records of the batch are refused";
            throw new BrokerException(
                    anyTimestamp ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.INVALID_RECORD,
                    faults.get(0).why() + more,
                    faults);
        }
    }
}
