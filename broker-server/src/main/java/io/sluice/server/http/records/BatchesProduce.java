package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.record.BatchValidator;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.Query;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;

/**
 * Produces whole record batches, each checked and then appended as it came. A batch is received straight into the array
 * that the log will keep. Owned by the request's event loop; one instance per request.
 */
final class BatchesProduce extends StreamedProduce {
    private static final byte[] NOTHING = new byte[0];

    private final int maxBatchBytes;
    private long reservedBytes;

    /** The header of the batch at hand while it is not complete. */
    private final byte[] header = new byte[RecordBatch.HEADER_BYTES];

    /** The batch at hand, once its size is known; empty before. */
    private byte[] batch = NOTHING;

    /** How many bytes of the batch at hand are there. */
    private int filled;

    private long batches;
    private long bodyBytes;
    private Buffer chunk = Buffer.buffer();
    private int chunkAt;

    BatchesProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        super(loop, ctx, request, topic, expectedBytes(loop, request, topic), false, "batch");
        this.maxBatchBytes = topic.config().maxMessageBytes();
        this.reservedBytes = expectedBytes(loop, request, topic);
    }

    /** What the request will hold, if the broker takes it at all. */
    private static long expectedBytes(Loop loop, ProduceRequest request, Topic topic) {
        if (request.partition() < 0) {
            throw Query.invalid("partition", "is missing: record batches go to the partition that the query names");
        }
        if (request.contentLength() > loop.limits.maxBatchesBytes()) {
            throw tooLong(loop, request.contentLength());
        }
        request.requirePartitionOf(topic);
        long window = loop.limits.streamWindowBytes();
        return request.contentLength() < 0 ? window : Math.min(window, request.contentLength());
    }

    private static HttpProblem tooLong(Loop loop, long bytes) {
        return new HttpProblem(
                        413,
                        "body_too_large",
                        "a body of " + bytes + " bytes or more, " + loop.limits.maxBatchesBytes() + " is the limit")
                .with("max_body_bytes", loop.limits.maxBatchesBytes());
    }

    @Override
    void add(Buffer piece) {
        bodyBytes += piece.length();
        if (bodyBytes > loop.limits.maxBatchesBytes()) {
            fault = tooLong(loop, bodyBytes);
        }
        chunk = chunkAt == chunk.length()
                ? piece
                : Buffer.buffer()
                        .appendBuffer(chunk.slice(chunkAt, chunk.length()))
                        .appendBuffer(piece);
        chunkAt = 0;
    }

    @Override
    boolean hasUnread() {
        return chunkAt < chunk.length();
    }

    @Override
    long place() {
        return batches;
    }

    @Override
    void readRest() {
        if (filled > 0) {
            fault = new HttpProblem(
                    400, "corrupt_batch", "the body ends " + filled + " bytes after the beginning of a record batch");
        } else if (batches == 0) {
            fault = new HttpProblem(400, "corrupt_batch", "the body holds no record batch");
        }
    }

    @Override
    void afterReading(boolean complete) {
        // Each batch was handed on when its last byte was there.
    }

    /** Takes what the chunk has of the batch at hand. */
    @Override
    void readSome() {
        byte[] target = batch.length == 0 ? header : batch;
        int count = Math.min(target.length - filled, chunk.length() - chunkAt);
        chunk.getBytes(chunkAt, chunkAt + count, target, filled);
        chunkAt += count;
        filled += count;
        if (filled < target.length) {
            return;
        }
        try {
            if (batch.length == 0) {
                begin();
            }
            if (filled == batch.length) {
                complete();
            }
        } catch (RuntimeException e) {
            fault = HttpErrors.problem(e);
        }
    }

    /** The header is there: makes room for the batch, if it may be that large. */
    private void begin() {
        byte magic = header[RecordBatch.MAGIC_AT];
        if (magic != RecordBatch.MAGIC) {
            throw new BrokerException(
                    ErrorCode.UNSUPPORTED_FORMAT, "message format v" + magic + " is not taken, only v2");
        }
        int size;
        try {
            size = RecordBatches.sizeAt(ByteBuffer.wrap(header), 0);
        } catch (MalformedRecordException e) {
            throw new BrokerException(ErrorCode.CORRUPT_BATCH, e.getMessage(), e);
        }
        if (size > maxBatchBytes) {
            throw new BrokerException(
                    ErrorCode.RECORD_TOO_LARGE,
                    "a record batch of " + size + " bytes, max.message.bytes of topic " + topic.name() + " is "
                            + maxBatchBytes);
        }
        // The window is reserved from the beginning; what one large batch takes beyond it, the next has as well.
        if (size > reservedBytes) {
            memory.grow(size - reservedBytes);
            reservedBytes = size;
        }
        batch = new byte[size];
        System.arraycopy(header, 0, batch, 0, header.length);
    }

    private void complete() {
        ByteBuffer whole = ByteBuffer.wrap(batch);
        batch = NOTHING;
        filled = 0;
        if (whole.capacity() <= JsonProduce.MAX_BYTES_ON_LOOP) {
            append(validate(whole));
        } else {
            onWorker(() -> validate(whole), this::append);
        }
    }

    private RecordBatch validate(ByteBuffer whole) {
        RecordBatch valid = BatchValidator.validateOne(whole, maxBatchBytes);
        if (request.idempotencyKey().isPresent()) {
            if (valid.hasProducerId()) {
                throw Query.invalid(
                        "Idempotency-Key", "is given for a batch that carries a producer's own sequence numbers");
            }
            IdempotencyKey id = IdempotencyKey.of(request.idempotencyKey().get(), topic.name(), (int) batches);
            id.stamp(valid, (int) valid.crc());
        }
        return valid;
    }

    private void append(RecordBatch valid) {
        appends.append(request.partition(), () -> valid, valid.sizeInBytes(), valid.recordCount(), batches);
        batches++;
    }
}
