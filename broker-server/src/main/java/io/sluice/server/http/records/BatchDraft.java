package io.sluice.server.http.records;

import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Headers;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.util.Optional;

/** One batch of a request while it is put together. For use by one thread. */
final class BatchDraft {
    private final int ordinal;
    private final Sign sign;
    private final long firstRecord;
    private final RecordBatchBuilder builder;
    private int count;

    /**
     * @param ordinal which batch of the request this is, from 0
     * @param part which batch of the request for its partition, from 0
     * @param firstRecord the place of its first record in the request
     * @param expectedBytes a guess at the size of its records
     * @param fingerprinted whether {@link #build} will be given an idempotency key
     */
    BatchDraft(int ordinal, int partition, int part, long firstRecord, int expectedBytes, boolean fingerprinted) {
        this(
                ordinal,
                new Sign(partition, part, fingerprinted ? Optional.of(new Fingerprint()) : Optional.empty()),
                firstRecord,
                expectedBytes);
    }

    /** As another one was, of the same request. */
    BatchDraft(int ordinal, Sign sign, long firstRecord, int expectedBytes) {
        this.ordinal = ordinal;
        this.sign = sign;
        this.firstRecord = firstRecord;
        this.builder = new RecordBatchBuilder(expectedBytes);
    }

    /**
     * By what a batch of a request is known.
     *
     * @param part which batch of the request for its partition, from 0
     * @param fingerprint of what the request said, if it has an idempotency key
     */
    record Sign(int partition, int part, Optional<Fingerprint> fingerprint) {}

    Sign sign() {
        return sign;
    }

    /** Which batch of the request this is, from 0. */
    int ordinal() {
        return ordinal;
    }

    int partition() {
        return sign.partition();
    }

    /** The place in the request of the batch's first record. */
    long firstRecord() {
        return firstRecord;
    }

    int count() {
        return count;
    }

    /** The size that the batch has now, in bytes, not compressed. */
    int sizeInBytes() {
        return builder.sizeInBytes();
    }

    /** Whether one more record is sure to leave the batch within {@code maxBytes}. */
    boolean hasRoomFor(RecordDraft record, int maxBytes) {
        return builder.sizeInBytes()
                        + RecordBatchBuilder.maxSizeOf(record.keyLength, record.valueLength, record.headers)
                <= maxBytes;
    }

    void add(RecordDraft record, long nowMs) {
        addAgain(record, nowMs);
        sign.fingerprint()
                .ifPresent(contents -> contents.add(
                        record.wishes == null ? record.timestampMs : record.wishes.hashCode(),
                        record.key,
                        record.keyFrom,
                        record.keyLength,
                        record.value,
                        record.valueFrom,
                        record.valueLength,
                        record.headers,
                        record.givenHeaderBytes < 0 ? record.headers.sizeInBytes() : record.givenHeaderBytes));
    }

    /** Adds a record that the fingerprint knows already. */
    void addAgain(RecordDraft record, long nowMs) {
        boolean timed = record.timestampMs >= 0;
        builder.append(
                timed ? record.timestampMs : nowMs,
                record.key,
                record.keyFrom,
                record.keyLength,
                record.value,
                record.valueFrom,
                record.valueLength,
                record.headers.count() == 0 ? Headers.NONE : record.headers);
        count++;
    }

    /** The finished batch; ends the draft. */
    RecordBatch build(CompressionType compression, Codecs codecs, Optional<String> idempotencyKey, String topic) {
        idempotencyKey.ifPresent(key -> {
            IdempotencyKey id = IdempotencyKey.of(key, topic, sign.part());
            short epoch = sign.fingerprint().orElseThrow().producerEpoch();
            builder.producer(id.producerId(), epoch, id.baseSequence());
        });
        return compression == CompressionType.NONE ? builder.build() : builder.build(compression, codecs);
    }
}
