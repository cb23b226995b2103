package io.sluice.server.http.records;

import io.netty.buffer.Unpooled;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.server.http.HttpErrors;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Answers one fetch with whole record batches as they are stored. The head of the answer names the next offset, so an
 * answer holds what one read found, or one batch too large for that, which is streamed. Owned by the request's event
 * loop.
 */
final class BatchesFetch {
    private final Loop loop;
    private final RoutingContext ctx;
    private final HttpServerResponse response;
    private final FetchRequest request;
    private final LogReader reader;
    private final long offset;
    private boolean waited;
    private OversizedBatch oversized;
    private boolean busy;
    private int position;

    BatchesFetch(Loop loop, RoutingContext ctx, FetchRequest request, PartitionLog log, long offset) {
        this.loop = loop;
        this.ctx = ctx;
        this.response = ctx.response();
        this.request = request;
        this.reader = new LogReader(loop, ctx, log);
        this.offset = offset;
    }

    void start() {
        reader.onGone(this::release);
        read();
    }

    private void read() {
        try {
            reader.read(
                    offset, Math.min(Chunks.BATCHES_READ_BYTES, request.maxBytes()), (read, inMemory) -> onRead(read));
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }

    private void onRead(LogRead read) {
        if (read.isEmpty() && request.waitMs() > 0 && !waited && read.nextOffset() >= read.highWatermark()) {
            waited = true;
            reader.await(offset, request.waitMs(), this::read);
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, request.format().mediaType());
        response.putHeader("Sluice-High-Watermark", Long.toString(read.highWatermark()));
        response.putHeader("Sluice-Log-Start-Offset", Long.toString(read.logStartOffset()));
        if (read.oversized().isEmpty()) {
            response.putHeader("Sluice-Next-Offset", Long.toString(read.nextOffset()));
            loop.metrics.fetched(0, read.sizeInBytes());
            ByteBuffer[] batches = read.batches().toArray(ByteBuffer[]::new);
            response.end(BufferInternal.buffer(Unpooled.wrappedBuffer(batches)));
            return;
        }
        oversized = read.oversized().get();
        int size = oversized.sizeInBytes();
        String nextOffset = Long.toString(oversized.header().nextOffset());
        onWorker(
                () -> {
                    oversized.verify();
                    return piece();
                },
                first -> {
                    response.putHeader("Sluice-Next-Offset", nextOffset);
                    response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(size));
                    loop.metrics.fetched(0, size);
                    send(first);
                });
    }

    private Buffer piece() {
        byte[] bytes = new byte[Math.min(Chunks.WRITE_BYTES, oversized.sizeInBytes() - position)];
        oversized.read(position, ByteBuffer.wrap(bytes));
        position += bytes.length;
        return Responses.buffer(bytes);
    }

    private void send(Buffer piece) {
        if (position == oversized.sizeInBytes()) {
            release();
            response.end(piece);
            return;
        }
        response.write(piece).onComplete(written -> {
            if (written.succeeded()) {
                // Others of this loop have their turn first, and the stack stays flat.
                reader.context().runOnContext(v -> proceed());
            } else {
                release();
            }
        });
    }

    private void proceed() {
        if (reader.isGone()) {
            release();
        } else {
            onWorker(this::piece, this::send);
        }
    }

    private void onWorker(Callable<Buffer> work, Consumer<Buffer> then) {
        busy = true;
        loop.vertx.executeBlocking(work, false).onComplete(done -> {
            busy = false;
            if (reader.isGone()) {
                release();
            } else if (done.failed()) {
                release();
                response.headers().clear();
                HttpErrors.respond(ctx, done.cause());
            } else {
                then.accept(done.result());
            }
        });
    }

    /** Lets go of the batch, unless a worker is using it and will do so. */
    private void release() {
        if (oversized != null && !busy) {
            oversized.close();
            oversized = null;
        }
    }
}
