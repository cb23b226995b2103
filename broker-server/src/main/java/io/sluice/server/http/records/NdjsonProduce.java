package io.sluice.server.http.records;

import io.sluice.core.record.CompressionType;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;

/**
 * Produces a record per line. Lines gather in batches. Owned by the request's event loop; one instance per request.
 *
 * <p>Without an idempotency key, records are sent to the log whenever nothing is under way, so that a slow stream is
 * stored as it comes. With one, batches are cut by their bytes and records alone, so that a retry makes the same ones.
 */
final class NdjsonProduce extends StreamedProduce {
    private static final int SMALL_LINE_BYTES = JsonProduce.MAX_BYTES_ON_LOOP;
    private static final byte[] NOTHING = new byte[0];

    private final Partitioner partitioner;
    private final int[] parts;
    private final CompressionType compression;

    private ProduceBatches batches;
    /** The number of the line at hand, from 1. */
    private long line = 1;

    /** The beginning of a line whose end is still to come. */
    private byte[] carry = NOTHING;

    private int carryLength;
    /** The piece of the body at hand, and how far it has been read. */
    private byte[] chunk = NOTHING;

    private int chunkAt;

    NdjsonProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        super(
                loop,
                ctx,
                request,
                topic,
                loop.limits.streamWindowBytes() + loop.limits.streamBatchBytes(),
                JsonProduce.compressionOf(topic) != CompressionType.NONE,
                "line");
        this.partitioner = request.idempotencyKey()
                .map(key -> Partitioner.of(key, topic.partitions()))
                .orElseGet(() -> Partitioner.random(topic.partitions()));
        this.parts = new int[topic.partitions()];
        this.compression = JsonProduce.compressionOf(topic);
        this.batches = newBatches();
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

    @Override
    void add(Buffer piece) {
        if (chunkAt == chunk.length) {
            chunk = piece.getBytes();
        } else {
            // A piece that comes while another is still being read, though the connection is paused.
            byte[] both = Arrays.copyOfRange(chunk, chunkAt, chunk.length + piece.length());
            piece.getBytes(both, chunk.length - chunkAt);
            chunk = both;
        }
        chunkAt = 0;
    }

    @Override
    boolean hasUnread() {
        return chunkAt < chunk.length;
    }

    @Override
    long place() {
        return line;
    }

    /** Reads to the end of the line at hand, or of what is there of it. */
    @Override
    void readSome() {
        int from = chunkAt;
        int end = from;
        while (end < chunk.length && chunk[end] != '\n') {
            end++;
        }
        boolean whole = end < chunk.length;
        chunkAt = whole ? end + 1 : end;
        if (whole && carryLength == 0) {
            readLine(chunk, from, end);
        } else if (keep(from, end) && whole) {
            readCarry();
        }
    }

    @Override
    void readRest() {
        if (carryLength > 0) {
            readCarry();
        }
    }

    @Override
    void afterReading(boolean complete) {
        if (fault != null || complete || request.idempotencyKey().isEmpty() && appends.isIdle()) {
            flush();
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
        onWorker(
                () -> {
                    parse(new RecordParser(), bytes, from, to);
                    return true;
                },
                parsed -> afterLine());
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
}
