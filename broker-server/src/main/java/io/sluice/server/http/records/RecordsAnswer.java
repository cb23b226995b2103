package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.filter.RecordFilter;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One JSON answer with records of several partitions: {@code {"records":[…],…}}. Rounds over the partitions, with waits between
 * them, until somebody ends it. As long as a round has found nothing, nothing has been sent and nothing is held in memory. What
 * is found goes out in chunks as fast as the client takes them. Owned by the request's event loop; while a worker writes, the
 * loop keeps off.
 */
public final class RecordsAnswer {
    private static final byte[] BEGIN = JsonOutput.ascii("{\"records\":[");
    private static final byte[] LIST = {'['};
    private static final int OUTPUT_BYTES = Chunks.WRITE_BYTES + Chunks.WRITE_BYTES / 4;
    /** After so many partitions others of this loop have their turn, and the stack is flat again. */
    private static final int PARTITIONS_AT_ONCE = 32;

    private final RecordAccess access;
    private final RoutingContext ctx;
    private final HttpServerResponse response;
    private final LogReader reader;
    private final RecordJson json;
    private final FetchProgress progress;
    private final byte[] opening;
    private final CharSequence mediaType;

    private List<ReadPlace> places = List.of();
    private int at;
    private int inARow;
    private Runnable then = () -> {};
    private Runnable onTaken = () -> {};

    /** What is being written; null between reads. */
    private RecordSource source;
    /** Whether a worker has the source and the output. */
    private boolean busy;
    /** What has been written and not sent; null as long as nothing was found. */
    private JsonOutput output;

    private long recordsBefore;
    private boolean streaming;

    /**
     * @param maxRecords how many records there may be
     * @param maxBytes how many bytes they may have; a first record larger than that comes whole
     * @param values how keys, values and headers are shown
     * @param filter which records are wanted
     * @param waitMs how long records that are not wanted may be looked at, and a moment more
     */
    public RecordsAnswer(
            RecordAccess access,
            RoutingContext ctx,
            int maxRecords,
            int maxBytes,
            Values values,
            RecordFilter filter,
            long waitMs) {
        this(
                access,
                ctx,
                new RecordJson(0, values, false),
                new FetchProgress(
                        0,
                        maxRecords,
                        maxBytes,
                        filter,
                        System.nanoTime() + FetchProgress.SCAN_NS + TimeUnit.MILLISECONDS.toNanos(waitMs)),
                BEGIN,
                Responses.JSON);
    }

    private RecordsAnswer(
            RecordAccess access,
            RoutingContext ctx,
            RecordJson json,
            FetchProgress progress,
            byte[] opening,
            CharSequence mediaType) {
        this.access = access;
        this.ctx = ctx;
        this.response = ctx.response();
        this.reader = new LogReader(access.vertx, ctx);
        this.json = json;
        this.progress = progress;
        this.opening = opening;
        this.mediaType = mediaType;
        reader.onGone(this::release);
        reader.onFailure(this::skip);
    }

    /**
     * An answer of the REST v2 face: a list of records and nothing else.
     *
     * @param maxBytes how many bytes of keys and values they may have
     * @param firstAlwaysFits whether a first record larger than that comes whole, or nothing comes
     */
    public static RecordsAnswer list(
            RecordAccess access,
            RoutingContext ctx,
            EmbeddedFormat format,
            int maxRecords,
            int maxBytes,
            boolean firstAlwaysFits) {
        return new RecordsAnswer(
                access,
                ctx,
                new RestRecordJson(format),
                new FetchProgress(0, maxRecords, maxBytes, firstAlwaysFits),
                LIST,
                format.mediaType());
    }

    /** Whether it ended with a record that is larger than all that it may have. */
    public boolean isTooSmall() {
        return progress.stop().filter(FetchProgress.Stop.TOO_LARGE::equals).isPresent();
    }

    /** Whether it ended with a record that cannot be shown in the form of this answer. */
    public boolean hasOtherForm() {
        return progress.stop().filter(FetchProgress.Stop.OTHER_FORM::equals).isPresent();
    }

    /** The partition in which the last round ended before it was through. */
    public ReadPlace last() {
        return places.get(at);
    }

    /** Whether nobody takes an answer any more. */
    public boolean isGone() {
        return reader.isGone();
    }

    /** What to do when the client goes away. */
    public void onGone(Runnable action) {
        reader.onGone(() -> {
            release();
            action.run();
        });
    }

    /** What to do whenever the client has taken a piece of a long answer. */
    public void onTaken(Runnable action) {
        onTaken = action;
    }

    /** How many records it has. */
    public long records() {
        return progress.records();
    }

    /**
     * Writes what there is, from one partition after the other, as far as the limits allow.
     *
     * @param then runs when that is done, unless the client has gone or the request was answered with a failure
     */
    public void round(List<ReadPlace> over, Runnable then) {
        this.places = over;
        this.then = then;
        at = 0;
        next();
    }

    private void next() {
        while (at < places.size() && !progress.isFull()) {
            ReadPlace place = places.get(at);
            if (!place.hasMore()) {
                at++;
                continue;
            }
            if (++inARow > PARTITIONS_AT_ONCE) {
                inARow = 0;
                reader.context().runOnContext(v -> proceed());
                return;
            }
            read(place);
            return;
        }
        then.run();
    }

    private void read(ReadPlace place) {
        json.turnTo(place.partition());
        progress.turnTo(place.offset());
        recordsBefore = progress.records();
        reader.turnTo(place.log());
        try {
            reader.read(place.offset(), Chunks.JSON_READ_BYTES, this::onRead);
        } catch (RuntimeException e) {
            skip(e);
        }
    }

    /** A partition that cannot be read does not keep the others from being read. */
    private void skip(Throwable failure) {
        places.get(at).fail(failure);
        at++;
        next();
    }

    private void onRead(LogRead read, boolean inMemory) {
        if (read.isEmpty()) {
            ReadPlace place = places.get(at);
            boolean stands = read.nextOffset() <= place.offset();
            place.advance(read.nextOffset(), 0);
            if (stands) {
                at++;
            }
            next();
            return;
        }
        if (output == null) {
            output = begun(read);
            if (output == null) {
                return;
            }
        }
        if (read.oversized().isPresent()) {
            OversizedBatch batch = read.oversized().get();
            source = new StreamSource(batch.header(), batch.sizeInBytes(), batch::read, access.codecs, batch::close);
            fillOnWorker(batch::verify);
        } else {
            source = new MemorySource(read, access.codecs);
            if (inMemory && !MemorySource.isCompressed(read)) {
                fillOnLoop();
            } else {
                fillOnWorker(() -> {});
            }
        }
    }

    /** Makes the output, which is counted like the bodies of requests; null if there is no room for it. */
    private JsonOutput begun(LogRead read) {
        try {
            access.budget.reserve(ctx, OUTPUT_BYTES);
        } catch (RuntimeException overloaded) {
            read.oversized().ifPresent(OversizedBatch::close);
            HttpErrors.respond(ctx, overloaded);
            return null;
        }
        JsonOutput begun = new JsonOutput(OUTPUT_BYTES);
        begun.put(opening);
        return begun;
    }

    private void fillOnLoop() {
        boolean exhausted;
        try {
            exhausted = source.fill(output, json, progress, Chunks.WRITE_BYTES);
        } catch (IOException | RuntimeException e) {
            fail(e);
            return;
        }
        afterFill(exhausted);
    }

    private void fillOnWorker(Runnable first) {
        busy = true;
        access.vertx
                .executeBlocking(
                        () -> {
                            first.run();
                            return source.fill(output, json, progress, Chunks.WRITE_BYTES);
                        },
                        false)
                .onComplete(filled -> {
                    busy = false;
                    if (reader.isGone()) {
                        release();
                    } else if (filled.failed()) {
                        fail(filled.cause());
                    } else {
                        afterFill(filled.result());
                    }
                });
    }

    private void afterFill(boolean exhausted) {
        if (exhausted) {
            release();
            places.get(at).advance(progress.offset(), progress.records() - recordsBefore);
        }
        if (output.size() < Chunks.WRITE_BYTES) {
            proceed();
            return;
        }
        if (!streaming) {
            streaming = true;
            head();
            response.setChunked(true);
        }
        byte[] piece = output.toByteArray();
        output.clear();
        // Not when there is room in a queue, but when the socket has taken this piece: queues would hold several.
        response.write(Responses.buffer(piece)).onComplete(written -> {
            if (written.succeeded()) {
                reader.context().runOnContext(v -> {
                    onTaken.run();
                    proceed();
                });
            } else {
                release();
            }
        });
    }

    private void proceed() {
        if (reader.isGone()) {
            release();
        } else if (source == null) {
            next();
        } else {
            fillOnWorker(() -> {});
        }
    }

    private void head() {
        response.putHeader(HttpHeaders.CONTENT_TYPE, mediaType);
    }

    /** Ends the answer with what else there is to be said. */
    public void end(JsonObject rest) {
        if (reader.isGone()) {
            return;
        }
        closeList();
        byte[] tail = rest.toBuffer().getBytes();
        if (!rest.isEmpty()) {
            output.put(',').put(tail, 1, tail.length - 1);
        } else {
            output.put('}');
        }
        send();
    }

    /** Ends an answer that is a list and nothing else. */
    public void end() {
        if (!reader.isGone()) {
            closeList();
            send();
        }
    }

    private void closeList() {
        if (output == null) {
            output = new JsonOutput(opening.length + 1);
            output.put(opening);
        }
        output.put(']');
    }

    private void send() {
        if (!streaming) {
            head();
        }
        response.end(Responses.buffer(output.toByteArray()));
    }

    private void fail(Throwable failure) {
        release();
        boolean damaged = failure instanceof MalformedRecordException || failure instanceof IOException;
        HttpErrors.respond(
                ctx,
                damaged
                        ? new BrokerException(
                                ErrorCode.DATA_CORRUPT,
                                "the records of " + places.get(at).partition() + " at offset " + progress.offset()
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
