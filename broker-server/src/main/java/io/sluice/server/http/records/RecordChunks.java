package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.server.http.filter.RecordFilter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * The records of one pushed stream, as pieces of text that are made one by one. Between two pieces hardly anything is held, unless
 * a record is larger than a piece. Owned by an event loop; while a worker writes a piece, the loop keeps off.
 */
public final class RecordChunks {
    /** What making a piece may hold in memory, besides the piece. */
    public static final int READ_BYTES = Chunks.JSON_READ_BYTES;

    private final RecordAccess access;
    private final Context context;
    private final Scratch scratch;
    private final RecordFilter filter;
    private final RecordJson json;
    private final boolean named;

    /** What is being written; null between reads. */
    private RecordSource source;

    private boolean compressed;
    private FetchProgress progress;
    private ReadPlace place;
    private boolean busy;
    private boolean closed;

    /** What the streams of one event loop write into, one after the other. */
    public static final class Scratch {
        private static final int BYTES = 16 * 1024;

        private final JsonOutput output = new JsonOutput(BYTES);
    }

    /**
     * A piece.
     *
     * @param text what is to be sent, possibly nothing
     * @param ends where in it records end; behind the last of them a record has begun if there is more
     * @param records how many records have been begun
     */
    public record Chunk(Buffer text, int[] ends, long records) {}

    /**
     * @param context the event loop
     * @param named whether records name their topics
     * @param frame what stands around each record
     */
    public RecordChunks(
            RecordAccess access,
            Context context,
            Scratch scratch,
            Values values,
            RecordFilter filter,
            boolean named,
            RecordFrame frame) {
        this.access = access;
        this.context = context;
        this.scratch = scratch;
        this.filter = filter;
        this.named = named;
        this.json = new RecordJson(values, frame);
    }

    /** Whether a record has been begun: what comes next is the rest of it. */
    public boolean isInRecord() {
        return json.isInRecord();
    }

    /**
     * Makes the next piece and moves the place on. A record that has been begun goes on, wherever it is from.
     *
     * @param limitBytes how large the piece should be; it may be larger by a small record
     * @return fails with what {@link io.sluice.core.engine.PartitionLog#read} fails with, or DATA_CORRUPT
     */
    public Future<Chunk> next(ReadPlace from, int limitBytes) {
        assert !busy && !closed;
        if (source != null && (from == place || json.isInRecord())) {
            return source instanceof MemorySource && !compressed ? onLoop(limitBytes) : onWorker(limitBytes, () -> {});
        }
        release();
        place = from;
        if (named) {
            json.turnTo(from.partition());
        } else {
            json.turnTo(from.partition().partition());
        }
        CompletableFuture<LogRead> read;
        try {
            read = from.log().read(from.offset(), READ_BYTES);
        } catch (BrokerException e) {
            return Future.failedFuture(e);
        }
        boolean inMemory = read.isDone();
        if (inMemory) {
            return read.isCompletedExceptionally()
                    ? Future.fromCompletionStage(read, context).map(none -> null)
                    : found(read.getNow(null), true, limitBytes);
        }
        busy = true;
        return Future.fromCompletionStage(read, context)
                .onComplete(done -> busy = false)
                .compose(found -> found(found, false, limitBytes));
    }

    private Future<Chunk> found(LogRead read, boolean inMemory, int limitBytes) {
        if (closed) {
            read.oversized().ifPresent(OversizedBatch::close);
            return Future.succeededFuture(nothing());
        }
        if (read.isEmpty()) {
            place.advance(read.nextOffset(), 0);
            return Future.succeededFuture(nothing());
        }
        progress = new FetchProgress(place.offset(), Integer.MAX_VALUE, Long.MAX_VALUE, filter, FetchProgress.NEVER);
        if (read.oversized().isPresent()) {
            OversizedBatch batch = read.oversized().get();
            source = new StreamSource(batch.header(), batch.sizeInBytes(), batch::read, access.codecs, batch::close);
            return onWorker(limitBytes, batch::verify);
        }
        source = new MemorySource(read, access.codecs);
        compressed = MemorySource.isCompressed(read);
        return inMemory && !compressed ? onLoop(limitBytes) : onWorker(limitBytes, () -> {});
    }

    private static Chunk nothing() {
        return new Chunk(Buffer.buffer(), new int[0], 0);
    }

    private Future<Chunk> onLoop(int limitBytes) {
        scratch.output.clear();
        try {
            long before = progress.records();
            boolean exhausted = source.fill(scratch.output, json, progress, limitBytes);
            return Future.succeededFuture(filled(scratch.output, exhausted, before));
        } catch (IOException | RuntimeException e) {
            return Future.failedFuture(explained(e));
        }
    }

    /** What a worker wrote. */
    private record Filled(JsonOutput output, boolean exhausted) {}

    private Future<Chunk> onWorker(int limitBytes, Runnable first) {
        busy = true;
        long before = progress.records();
        return access.vertx
                .executeBlocking(
                        () -> {
                            first.run();
                            JsonOutput output = new JsonOutput(limitBytes + limitBytes / 4);
                            return new Filled(output, source.fill(output, json, progress, limitBytes));
                        },
                        false)
                .transform(done -> {
                    busy = false;
                    if (closed) {
                        release();
                        return Future.succeededFuture(nothing());
                    }
                    return done.failed()
                            ? Future.failedFuture(explained(done.cause()))
                            : Future.succeededFuture(
                                    filled(done.result().output(), done.result().exhausted(), before));
                });
    }

    private Chunk filled(JsonOutput output, boolean exhausted, long recordsBefore) {
        if (!json.isInRecord()) {
            place.advance(progress.offset(), progress.records() - recordsBefore);
        }
        if (exhausted) {
            release();
        }
        return new Chunk(Responses.buffer(output.toByteArray()), json.takeEnds(), progress.records() - recordsBefore);
    }

    /** Lets go of what has been read and not been written yet; it is read again. Not in the midst of a record. */
    public void drop() {
        if (!busy && !json.isInRecord()) {
            release();
        }
    }

    /** Ends it. */
    public void close() {
        closed = true;
        if (!busy) {
            release();
        }
    }

    private void release() {
        if (source != null) {
            source.close();
            source = null;
        }
    }

    private Throwable explained(Throwable failure) {
        boolean damaged = failure instanceof MalformedRecordException || failure instanceof IOException;
        return damaged
                ? new BrokerException(
                        ErrorCode.DATA_CORRUPT,
                        "the records of " + place.partition() + " at offset " + progress.offset() + " are damaged: "
                                + failure.getMessage(),
                        failure)
                : failure;
    }
}
