package io.sluice.core.record;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.nio.ByteBuffer;

/**
 * Checks a batch that came from outside, once, before it goes near the log. Lengths are compared with the bytes that
 * are there before anything is read or allocated by them.
 *
 * <p>Records that are not compressed are walked: their lengths must fill the batch, their offset deltas must count up
 * from 0 and their number must be the header's. Compressed records pass as they are under their checksum: the broker
 * does not decompress what it does not need.
 */
public final class BatchValidator {
    private BatchValidator() {}

    /**
     * The one batch between a buffer's position and its limit.
     *
     * @param buffer holds exactly one batch; its position does not move
     * @param maxBytes how large a batch may be
     * @throws BrokerException CORRUPT_BATCH, RECORD_TOO_LARGE, UNSUPPORTED_FORMAT or INVALID_RECORD
     */
    public static RecordBatch validateOne(ByteBuffer buffer, int maxBytes) {
        int size = sizeOf(buffer, buffer.position(), maxBytes);
        if (size != buffer.remaining()) {
            throw corrupt("a batch of " + size + " bytes in " + buffer.remaining());
        }
        return validate(RecordBatch.at(buffer, buffer.position()));
    }

    /**
     * The size of the batch at an index, checked against the limit and what is there.
     *
     * @throws BrokerException CORRUPT_BATCH, RECORD_TOO_LARGE or UNSUPPORTED_FORMAT
     */
    public static int sizeOf(ByteBuffer buffer, int index, int maxBytes) {
        int available = buffer.limit() - index;
        if (available > RecordBatch.MAGIC_AT) {
            byte magic = buffer.get(index + RecordBatch.MAGIC_AT);
            if (magic == 0 || magic == 1) {
                throw new BrokerException(
                        ErrorCode.UNSUPPORTED_FORMAT, "message format v" + magic + " is not taken, only v2");
            }
        }
        if (available < RecordBatch.HEADER_BYTES) {
            throw corrupt(available + " bytes are fewer than a batch header has");
        }
        int size;
        try {
            size = RecordBatches.sizeAt(buffer, index);
        } catch (MalformedRecordException e) {
            throw corrupt(e.getMessage());
        }
        if (size > maxBytes) {
            throw new BrokerException(
                    ErrorCode.RECORD_TOO_LARGE, "a batch of " + size + " bytes, " + maxBytes + " is the limit");
        }
        if (size > available) {
            throw corrupt("a batch of " + size + " bytes, " + available + " are there");
        }
        return size;
    }

    /**
     * Checks everything but the size, which {@link #sizeOf} has.
     *
     * @return the batch
     */
    public static RecordBatch validate(RecordBatch batch) {
        if (batch.magic() != RecordBatch.MAGIC) {
            throw new BrokerException(
                    ErrorCode.UNSUPPORTED_FORMAT, "record batch format " + batch.magic() + " is not taken, only v2");
        }
        if (!batch.isCrcValid()) {
            throw corrupt("the checksum is " + Long.toHexString(batch.crc()) + ", the bytes have "
                    + Long.toHexString(batch.computeCrc()));
        }
        int attributes = batch.attributes();
        if (CompressionType.forId(attributes & RecordBatch.COMPRESSION_MASK).isEmpty()) {
            throw new BrokerException(
                    ErrorCode.UNSUPPORTED_FORMAT,
                    "compression type " + (attributes & RecordBatch.COMPRESSION_MASK) + " is unknown");
        }
        if (batch.isControl()) {
            throw invalid("control batches are the broker's own");
        }
        if (batch.hasDeleteHorizon()) {
            throw invalid("a delete horizon is the broker's own");
        }
        if (batch.timestampType() == TimestampType.LOG_APPEND_TIME) {
            throw invalid("append time is the broker's own");
        }
        int count = batch.recordCount();
        if (count <= 0 || batch.lastOffsetDelta() != count - 1) {
            throw invalid("a record count of " + count + " with a last offset delta of " + batch.lastOffsetDelta());
        }
        validateProducer(batch);
        if (batch.compression() == CompressionType.NONE) {
            validateRecords(batch);
        }
        return batch;
    }

    private static void validateProducer(RecordBatch batch) {
        boolean idempotent = batch.hasProducerId();
        if (idempotent && (batch.producerId() < 0 || batch.producerEpoch() < 0 || batch.baseSequence() < 0)) {
            throw invalid("producer id " + batch.producerId() + " with epoch " + batch.producerEpoch()
                    + " and sequence " + batch.baseSequence());
        }
        if (IdempotencyKey.isKey(batch.producerId())) {
            throw invalid("producer id " + batch.producerId() + " is in the range of idempotency keys");
        }
        if (!idempotent && batch.isTransactional()) {
            throw invalid("a transactional batch without a producer id");
        }
    }

    private static void validateRecords(RecordBatch batch) {
        RecordCursor cursor = RecordCursor.over(batch);
        long maxTimestamp = RecordBatch.NONE;
        try {
            for (long offset = batch.baseOffset(); cursor.next(); offset++) {
                if (cursor.offset() != offset) {
                    throw invalid("offset deltas do not count up from 0");
                }
                if (cursor.timestamp() < RecordBatch.NONE) {
                    throw invalid("a timestamp of " + cursor.timestamp());
                }
                maxTimestamp = Math.max(maxTimestamp, cursor.timestamp());
            }
        } catch (MalformedRecordException e) {
            throw corrupt(e.getMessage());
        }
        if (maxTimestamp != batch.maxTimestamp()) {
            throw invalid("a max timestamp of " + batch.maxTimestamp() + ", the records' is " + maxTimestamp);
        }
    }

    private static BrokerException corrupt(String what) {
        return new BrokerException(ErrorCode.CORRUPT_BATCH, "the record batch is damaged: " + what);
    }

    private static BrokerException invalid(String what) {
        return new BrokerException(ErrorCode.INVALID_RECORD, "the record batch is refused: " + what);
    }
}
