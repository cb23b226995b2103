package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.Acks;
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
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;

/**
 * Produces a body of whole record batches, each checked and then appended as it came. A batch is received straight into
 * the array that the log will keep, and only so many are in memory as may wait for the log. Owned by the request's event
 * loop; one instance per request.
 */
final class BatchesProduce {
    private static final byte[] NOTHING = new byte[0];

    private final Loop loop;
    private final RoutingContext ctx;
    private final HttpServerRequest http;
    private final ProduceRequest request;
    private final Topic topic;
    private final int maxBatchBytes;
    private final MemoryBudget.Reservation memory;
    private final AppendStream appends;
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
    private boolean busy;
    private boolean ended;
    private boolean answered;
    private HttpProblem fault;

    BatchesProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        this.loop = loop;
        this.ctx = ctx;
        this.http = ctx.request();
        this.request = request;
        this.topic = topic;
        this.maxBatchBytes = topic.config().maxMessageBytes();
        if (request.partition() < 0) {
            throw Query.invalid("partition", "is missing: record batches go to the partition that the query names");
        }
        if (request.contentLength() > loop.limits.maxBatchesBytes()) {
            throw tooLong(request.contentLength());
        }
        request.requirePartitionOf(topic);
        long window = loop.limits.streamWindowBytes();
        long expected = request.contentLength() < 0 ? window : Math.min(window, request.contentLength());
        this.memory = loop.budget.reserve(ctx, expected);
        this.reservedBytes = expected;
        this.appends = new AppendStream(loop, topic.name(), request.acks(), memory, false, this::onProgress);
    }

    void start() {
        http.handler(this::onChunk);
        http.endHandler(end -> {
            ended = true;
            pump();
        });
        http.exceptionHandler(failure -> {
            abandon();
            HttpErrors.respond(ctx, HttpErrors.bodyFailure(failure));
        });
        http.resume();
    }

    private HttpProblem tooLong(long bytes) {
        return new HttpProblem(
                        413,
                        "body_too_large",
                        "a body of " + bytes + " bytes or more, " + loop.limits.maxBatchesBytes() + " is the limit")
                .with("max_body_bytes", loop.limits.maxBatchesBytes());
    }

    private void onChunk(Buffer buffer) {
        if (answered || fault != null || appends.hasFailed()) {
            return;
        }
        bodyBytes += buffer.length();
        if (bodyBytes > loop.limits.maxBatchesBytes()) {
            fault = tooLong(bodyBytes);
        }
        chunk = chunkAt == chunk.length()
                ? buffer
                : Buffer.buffer()
                        .appendBuffer(chunk.slice(chunkAt, chunk.length()))
                        .appendBuffer(buffer);
        chunkAt = 0;
        pump();
    }

    private void onProgress() {
        if (!answered) {
            pump();
        }
    }

    private void pump() {
        if (busy || answered) {
            return;
        }
        // What is held by the log is in memory already: the next large batch is begun only when there is room.
        while (!busy
                && fault == null
                && !appends.hasFailed()
                && chunkAt < chunk.length()
                && appends.heldBytes() < loop.limits.streamWindowBytes()) {
            readBatch();
        }
        if (busy) {
            return;
        }
        boolean stopped = fault != null || appends.hasFailed();
        boolean complete = ended && chunkAt == chunk.length();
        if (complete && !stopped && filled > 0) {
            fault = new HttpProblem(
                    400, "corrupt_batch", "the body ends " + filled + " bytes after the beginning of a record batch");
            stopped = true;
        }
        if (complete && !stopped && batches == 0) {
            fault = new HttpProblem(400, "corrupt_batch", "the body holds no record batch");
            stopped = true;
        }
        if (appends.isIdle() && (complete || stopped)) {
            answer();
        } else if (!ended && !stopped) {
            if (appends.heldBytes() >= loop.limits.streamWindowBytes()) {
                http.pause();
            } else {
                http.resume();
            }
        }
    }

    /** Takes what the chunk has of the batch at hand. */
    private void readBatch() {
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
            return;
        }
        busy = true;
        http.pause();
        loop.vertx.executeBlocking(() -> validate(whole), false).onComplete(validated -> {
            busy = false;
            if (validated.succeeded()) {
                append(validated.result());
            } else {
                fault = HttpErrors.problem(validated.cause());
            }
            pump();
        });
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

    private void answer() {
        answered = true;
        memory.close();
        loop.metrics.produced(appends.accepted());
        if (fault != null || appends.hasFailed()) {
            boolean refused = appends.hasFailed();
            HttpProblem problem = refused ? appends.failure() : fault;
            HttpErrors.respond(ctx, appends.withAccount(problem, "batch", refused ? appends.failedPlace() : batches));
        } else if (request.acks() == Acks.NONE) {
            Responses.accepted(ctx.response());
        } else {
            loop.output.clear();
            appends.answer(loop.output);
            Responses.json(ctx.response(), loop.output);
        }
    }

    private void abandon() {
        answered = true;
        memory.close();
    }
}
