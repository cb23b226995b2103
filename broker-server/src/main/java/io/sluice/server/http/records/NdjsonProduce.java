package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.record.CompressionType;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;

/**
 * Produces a record per line of a body of any length, with bounded memory: lines gather in batches, and the connection
 * is paused while too many bytes wait for the log. Owned by the request's event loop; one instance per request.
 *
 * <p>Without an idempotency key, records are sent to the log whenever nothing is under way, so that a slow stream is
 * stored as it comes. With one, batches are cut by their bytes and records alone, so that a retry makes the same ones.
 */
final class NdjsonProduce {
    private static final int SMALL_LINE_BYTES = JsonProduce.MAX_BYTES_ON_LOOP;
    private static final byte[] NOTHING = new byte[0];

    private final Loop loop;
    private final RoutingContext ctx;
    private final HttpServerRequest http;
    private final ProduceRequest request;
    private final Topic topic;
    private final Partitioner partitioner;
    private final int[] parts;
    private final CompressionType compression;
    private final MemoryBudget.Reservation memory;
    private final AppendStream appends;

    private ProduceBatches batches;
    /** The number of the line at hand, from 1. */
    private long line = 1;

    /** The beginning of a line whose end is still to come. */
    private byte[] carry = NOTHING;

    private int carryLength;
    /** The piece of the body at hand, and how far it has been read. */
    private byte[] chunk = NOTHING;

    private int chunkAt;
    private boolean busy;
    private boolean ended;
    private boolean answered;
    private HttpProblem fault;

    NdjsonProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        this.loop = loop;
        this.ctx = ctx;
        this.http = ctx.request();
        this.request = request;
        this.topic = topic;
        this.partitioner = request.idempotencyKey()
                .map(key -> Partitioner.of(key, topic.partitions()))
                .orElseGet(() -> Partitioner.random(topic.partitions()));
        this.parts = new int[topic.partitions()];
        this.compression = JsonProduce.compressionOf(topic);
        this.memory = loop.budget.reserve(ctx, loop.limits.streamWindowBytes() + loop.limits.streamBatchBytes());
        this.appends = new AppendStream(
                loop, topic.name(), request.acks(), memory, compression != CompressionType.NONE, this::onProgress);
        this.batches = newBatches();
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

    private ProduceBatches newBatches() {
        return new ProduceBatches(
                topic,
                partitioner,
                parts,
                System.currentTimeMillis(),
                8 * 1024,
                request.idempotencyKey().isPresent(),
                (index, field) -> field.isEmpty() ? "the record" : field);
    }

    private void onChunk(Buffer buffer) {
        if (answered || fault != null || appends.hasFailed()) {
            return;
        }
        chunk = chunkAt == chunk.length ? buffer.getBytes() : joined(buffer);
        chunkAt = 0;
        pump();
    }

    /** A piece that comes while another is still being read, though the connection is paused. */
    private byte[] joined(Buffer buffer) {
        byte[] both = Arrays.copyOfRange(chunk, chunkAt, chunk.length + buffer.length());
        buffer.getBytes(both, chunk.length - chunkAt);
        return both;
    }

    private void onProgress() {
        if (!answered) {
            pump();
        }
    }

    /** Does what can be done now: read lines, send batches, pause or resume, answer. */
    private void pump() {
        if (busy || answered) {
            return;
        }
        readLines();
        if (busy) {
            return;
        }
        if (fault != null || ended || shouldFlush()) {
            flush();
        }
        if (appends.isIdle() && (ended || fault != null || appends.hasFailed())) {
            answer();
        } else if (!ended && fault == null && !appends.hasFailed()) {
            if (appends.heldBytes() >= loop.limits.streamWindowBytes()) {
                http.pause();
            } else {
                http.resume();
            }
        }
    }

    private boolean shouldFlush() {
        return request.idempotencyKey().isEmpty() && appends.isIdle();
    }

    private void readLines() {
        while (!busy && fault == null && !appends.hasFailed() && chunkAt < chunk.length) {
            int end = chunkAt;
            while (end < chunk.length && chunk[end] != '\n') {
                end++;
            }
            if (end == chunk.length) {
                keep(chunkAt, end);
                chunkAt = end;
                return;
            }
            int from = chunkAt;
            chunkAt = end + 1;
            if (carryLength == 0) {
                readLine(chunk, from, end);
            } else if (keep(from, end)) {
                readCarry();
            }
        }
        if (ended && !busy && fault == null && !appends.hasFailed() && carryLength > 0) {
            readCarry();
        }
    }

    private void readCarry() {
        int length = carryLength;
        carryLength = 0;
        readLine(carry, 0, length);
    }

    /** Keeps the beginning of a line; false if it has become too long. */
    private boolean keep(int from, int to) {
        int length = to - from;
        long total = (long) carryLength + length;
        if (total > loop.limits.maxBodyBytes()) {
            fault = new HttpProblem(
                            413,
                            "line_too_long",
                            "the line has " + total + " bytes or more, " + loop.limits.maxBodyBytes() + " is the limit")
                    .with("max_line_bytes", loop.limits.maxBodyBytes());
            return false;
        }
        if (total > carry.length) {
            int capacity = (int) Math.max(total, Math.min(loop.limits.maxBodyBytes(), carry.length * 2L));
            try {
                memory.grow(capacity - carry.length);
            } catch (HttpProblem overloaded) {
                fault = overloaded;
                return false;
            }
            carry = Arrays.copyOf(carry, capacity);
        }
        System.arraycopy(chunk, from, carry, carryLength, length);
        carryLength = (int) total;
        return true;
    }

    private void readLine(byte[] bytes, int from, int to) {
        if (isBlank(bytes, from, to)) {
            line++;
            return;
        }
        if (to - from <= SMALL_LINE_BYTES) {
            try {
                parse(loop.parser, bytes, from, to);
            } catch (RuntimeException e) {
                fault = HttpErrors.problem(e);
                return;
            }
            afterLine();
            return;
        }
        busy = true;
        http.pause();
        loop.vertx
                .executeBlocking(
                        () -> {
                            parse(new RecordParser(), bytes, from, to);
                            return true;
                        },
                        false)
                .onComplete(parsed -> {
                    busy = false;
                    if (parsed.failed()) {
                        fault = HttpErrors.problem(parsed.cause());
                    } else {
                        afterLine();
                    }
                    pump();
                });
    }

    private void parse(RecordParser parser, byte[] bytes, int from, int to) {
        parser.parseOne(bytes, from, to, line, batches);
    }

    private void afterLine() {
        line++;
        if (batches.sizeInBytes() >= loop.limits.streamBatchBytes()
                || batches.records() >= loop.limits.streamBatchRecords()) {
            flush();
        }
    }

    private static boolean isBlank(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] != ' ' && bytes[at] != '\t' && bytes[at] != '\r') {
                return false;
            }
        }
        return true;
    }

    /** Hands the lines read so far to the log. */
    private void flush() {
        if (batches.records() == 0 || appends.hasFailed()) {
            return;
        }
        ProduceBatches full = batches;
        batches = newBatches();
        for (BatchDraft draft : full.drafts()) {
            appends.append(
                    draft.partition(),
                    () -> draft.build(compression, loop.codecs, request.idempotencyKey(), topic.name()),
                    draft.sizeInBytes(),
                    draft.count(),
                    draft.firstRecord());
        }
    }

    private void answer() {
        answered = true;
        memory.close();
        loop.metrics.produced(appends.accepted());
        if (fault != null || appends.hasFailed()) {
            boolean refused = appends.hasFailed();
            HttpProblem problem = refused ? appends.failure() : fault;
            HttpErrors.respond(ctx, appends.withAccount(problem, "line", refused ? appends.failedPlace() : line));
        } else if (request.acks() == Acks.NONE) {
            Responses.accepted(ctx.response());
        } else {
            loop.output.clear();
            appends.answer(loop.output);
            Responses.json(ctx.response(), loop.output);
        }
    }

    /** The client has gone: what has been handed to the log stays there, the rest is forgotten. */
    private void abandon() {
        answered = true;
        memory.close();
    }
}
