package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.server.http.HttpErrors;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Answers one fetch with records as JSON, as lines or as CloudEvents. A small answer from memory is written at once, on the event loop.
 * Any other is streamed: read a piece, write a chunk, wait for the client to take it, so that a slow reader costs one
 * chunk whatever it asked for. Owned by the request's event loop; while a worker writes a chunk, the loop keeps off.
 */
final class JsonFetch {
    private static final byte[] BEGIN = JsonOutput.ascii("{\"records\":[");
    private static final byte[] BEGIN_EVENTS = JsonOutput.ascii("[");
    private static final byte[] NOTHING = new byte[0];
    private static final byte[] NEXT_OFFSET = JsonOutput.ascii("],\"next_offset\":");
    private static final byte[] HIGH_WATERMARK = JsonOutput.ascii(",\"high_watermark\":");
    private static final byte[] LOG_START_OFFSET = JsonOutput.ascii(",\"log_start_offset\":");

    private final Loop loop;
    private final RoutingContext ctx;
    private final HttpServerResponse response;
    private final FetchRequest request;
    private final LogReader reader;
    private final RecordJson json;
    private final FetchProgress progress;
    /** What an answer begins with. */
    private final byte[] begin;
    /** Whether the answer has places beside its records; else they are in headers. */
    private final boolean document;

    /** What is being written; null between reads. */
    private RecordSource source;
    /** Whether a worker has the source. */
    private boolean busy;

    private boolean waited;
    private boolean streaming;
    private long sentBytes;
    private long highWatermark;
    private long logStartOffset;

    JsonFetch(Loop loop, RoutingContext ctx, FetchRequest request, PartitionLog log, long offset) {
        this.loop = loop;
        this.ctx = ctx;
        this.response = ctx.response();
        this.request = request;
        this.reader = new LogReader(loop, ctx, log);
        this.document = request.format() == FetchRequest.Format.JSON;
        boolean events = request.format() == FetchRequest.Format.EVENTS;
        boolean lines = request.format() == FetchRequest.Format.LINES;
        this.begin = document ? BEGIN : events ? BEGIN_EVENTS : NOTHING;
        this.json = events
                ? new EventJson(request.topic(), request.partition())
                : new RecordJson(request.partition(), request.values(), lines);
        this.progress = new FetchProgress(
                offset,
                request.maxRecords(),
                request.maxBytes(),
                request.filter(),
                System.nanoTime() + FetchProgress.SCAN_NS + TimeUnit.MILLISECONDS.toNanos(request.waitMs()));
    }

    void start() {
        reader.onGone(this::release);
        read();
    }

    private void read() {
        try {
            reader.read(progress.offset(), Chunks.JSON_READ_BYTES, this::onRead);
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void onRead(LogRead read, boolean inMemory) {
        highWatermark = read.highWatermark();
        logStartOffset = read.logStartOffset();
        if (read.isEmpty()) {
            boolean nothingYet = progress.records() == 0 && !streaming && read.nextOffset() >= highWatermark;
            if (nothingYet && request.waitMs() > 0 && !waited) {
                waited = true;
                reader.await(progress.offset(), request.waitMs(), this::read);
            } else {
                long before = progress.offset();
                progress.skipTo(read.nextOffset());
                if (progress.offset() > before && progress.offset() < highWatermark) {
                    read();
                } else {
                    end(shared());
                }
            }
            return;
        }
        if (read.oversized().isPresent()) {
            OversizedBatch batch = read.oversized().get();
            source = new StreamSource(batch.header(), batch.sizeInBytes(), batch::read, loop.codecs, batch::close);
            fillOnWorker(batch::verify);
        } else if (inMemory && !MemorySource.isCompressed(read)) {
            source = new MemorySource(read, loop.codecs);
            fillOnLoop();
        } else {
            source = new MemorySource(read, loop.codecs);
            fillOnWorker(() -> {});
        }
    }

    /** The output of the event loop, for an answer that is sent before the loop turns to anything else. */
    private JsonOutput shared() {
        loop.output.clear();
        if (!streaming) {
            loop.output.put(begin);
        }
        return loop.output;
    }

    private void fillOnLoop() {
        JsonOutput out = shared();
        boolean exhausted;
        try {
            exhausted = source.fill(out, json, progress, Chunks.WRITE_BYTES);
        } catch (IOException | RuntimeException e) {
            fail(e);
            return;
        }
        afterFill(out, exhausted);
    }

    private void fillOnWorker(Runnable first) {
        busy = true;
        loop.vertx
                .executeBlocking(
                        () -> {
                            first.run();
                            return fillAlone();
                        },
                        false)
                .onComplete(filled -> {
                    busy = false;
                    if (reader.isGone()) {
                        release();
                    } else if (filled.failed()) {
                        fail(filled.cause());
                    } else {
                        afterFill(filled.result().out(), filled.result().exhausted());
                    }
                });
    }

    /** What a worker wrote, and whether its source has more. */
    private record Filled(JsonOutput out, boolean exhausted) {}

    /** On a worker. The output is made here and not before: many fetches may wait for a worker. */
    private Filled fillAlone() throws IOException {
        JsonOutput out = new JsonOutput(Chunks.WRITE_BYTES + Chunks.WRITE_BYTES / 4);
        if (!streaming) {
            out.put(begin);
        }
        return new Filled(out, source.fill(out, json, progress, Chunks.WRITE_BYTES));
    }

    private void afterFill(JsonOutput out, boolean exhausted) {
        if (exhausted) {
            release();
            boolean nothingYet = progress.records() == 0 && !streaming;
            if (nothingYet && !progress.isFull()) {
                // Only what is not wanted was found. What was begun to be written is begun again, on a flat stack.
                reader.context().runOnContext(v -> proceed());
                return;
            }
            if (progress.isFull() || progress.offset() >= highWatermark) {
                end(out);
                return;
            }
        }
        send(out);
    }

    /** Sends a piece of a long answer, and goes on once there is room for the next. */
    private void send(JsonOutput out) {
        if (!streaming) {
            streaming = true;
            head();
            response.setChunked(true);
        }
        if (out.size() == 0) {
            reader.context().runOnContext(v -> proceed());
            return;
        }
        // Not when there is room in a queue, but when the socket has taken this piece: queues would hold several.
        response.write(buffer(out)).onComplete(written -> {
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
        } else if (source == null) {
            read();
        } else {
            fillOnWorker(() -> {});
        }
    }

    private void head() {
        response.putHeader(HttpHeaders.CONTENT_TYPE, request.format().mediaType());
        if (!document) {
            response.putHeader("Sluice-High-Watermark", Long.toString(highWatermark));
            response.putHeader("Sluice-Log-Start-Offset", Long.toString(logStartOffset));
        }
    }

    private void end(JsonOutput out) {
        if (request.format() == FetchRequest.Format.EVENTS) {
            out.put(']');
        } else if (document) {
            out.put(NEXT_OFFSET).number(progress.offset());
            out.put(HIGH_WATERMARK).number(highWatermark);
            out.put(LOG_START_OFFSET).number(logStartOffset);
            out.put('}');
        }
        String nextOffset = Long.toString(progress.offset());
        if (streaming) {
            if (!document) {
                response.putTrailer("Sluice-Next-Offset", nextOffset);
            }
            response.end(buffer(out));
        } else {
            head();
            if (!document) {
                response.putHeader("Sluice-Next-Offset", nextOffset);
            }
            response.end(buffer(out));
        }
        loop.metrics.fetched(progress.records(), sentBytes);
    }

    private Buffer buffer(JsonOutput out) {
        sentBytes += out.size();
        return Responses.buffer(out.toByteArray());
    }

    private void fail(Throwable failure) {
        release();
        boolean damaged = failure instanceof MalformedRecordException || failure instanceof IOException;
        HttpErrors.respond(
                ctx,
                damaged
                        ? new BrokerException(
                                ErrorCode.DATA_CORRUPT,
                                "the records of " + request.topic() + "-" + request.partition() + " at offset "
                                        + progress.offset()
                                        + " cannot be read, they are damaged or were compressed badly: "
                                        + failure.getMessage(),
                                failure)
                        : failure);
    }

    /** Lets go of what was read, unless a worker is using it and will do so. */
    private void release() {
        if (source != null && !busy) {
            source.close();
            source = null;
        }
    }
}
