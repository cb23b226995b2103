package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Headers;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

/**
 * Finds one record, past what is not one: gaps that compaction left, and batches of the log's own. Used by one request; workers
 * read, and the request's event loop says how to go on.
 */
public final class RecordFinder {
    /** What a record takes besides its own bytes, while it is copied: into fields, and from there into a batch. */
    private static final int COPIES = 3;

    private final RecordAccess access;
    private final RoutingContext ctx;
    private final PartitionLog log;
    private Optional<RecordStream> records = Optional.empty();
    private Optional<OversizedBatch> large = Optional.empty();

    public RecordFinder(RecordAccess access, RoutingContext ctx, PartitionLog log) {
        this.access = access;
        this.ctx = ctx;
        this.log = log;
    }

    /**
     * Looks for the first record at or behind an offset, which must be in the log.
     *
     * @return its offset; empty if there is none yet
     */
    public Future<Optional<Long>> find(long offset) {
        return find(offset, offset).eventually(() -> onWorker(this::close));
    }

    /** The time of the record at an offset, which must be in the log, in ms since the epoch; empty if there is none just there. */
    public Future<OptionalLong> time(long offset) {
        return find(offset, offset)
                .map(found -> found.isPresent() && found.get() == offset
                        ? OptionalLong.of(records.orElseThrow().timestamp())
                        : OptionalLong.empty())
                .eventually(() -> onWorker(this::close));
    }

    /** As {@link #find}, but with all that the record has: its bytes are counted among those of requests. */
    public Future<Optional<FoundRecord>> read(long offset) {
        return find(offset, offset)
                .compose(found -> {
                    if (found.isEmpty()) {
                        return Future.succeededFuture(Optional.<FoundRecord>empty());
                    }
                    RecordStream at = records.orElseThrow();
                    access.budget.reserve(ctx, (long) COPIES * at.remaining());
                    return onWorker(() -> Optional.of(copy(at)));
                })
                .eventually(() -> onWorker(this::close));
    }

    private Future<Optional<Long>> find(long wanted, long from) {
        return Future.fromCompletionStage(log.read(from, Chunks.JSON_READ_BYTES), access.vertx.getOrCreateContext())
                .compose(read -> onWorker(() -> first(read, wanted)).compose(found -> {
                    if (found.isPresent() || read.nextOffset() <= from || read.nextOffset() >= log.highWatermark()) {
                        return Future.succeededFuture(found);
                    }
                    return find(wanted, read.nextOffset());
                }));
    }

    private Optional<Long> first(LogRead read, long wanted) throws IOException {
        if (read.oversized().isPresent()) {
            OversizedBatch batch = read.oversized().get();
            large = Optional.of(batch);
            batch.verify();
            if (enter(batch.header(), batch.sizeInBytes(), batch::read, wanted)) {
                return Optional.of(records.orElseThrow().offset());
            }
            close();
            return Optional.empty();
        }
        for (ByteBuffer buffer : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(buffer)) {
                ByteBuffer bytes = batch.bytes();
                PieceInput.Pieces pieces = (position, target) -> target.put(bytes.slice(position, target.remaining()));
                if (enter(batch, bytes.remaining(), pieces, wanted)) {
                    return Optional.of(records.orElseThrow().offset());
                }
            }
        }
        return Optional.empty();
    }

    private boolean enter(RecordBatch batch, int sizeInBytes, PieceInput.Pieces pieces, long wanted)
            throws IOException {
        if (batch.isControl() || batch.lastOffset() < wanted) {
            return false;
        }
        PieceInput stored = new PieceInput(pieces, RecordBatch.HEADER_BYTES, sizeInBytes);
        RecordStream stream = new RecordStream(batch, access.codecs.decompress(batch.compression(), stored));
        records = Optional.of(stream);
        while (stream.next()) {
            if (stream.offset() >= wanted) {
                return true;
            }
        }
        stream.close();
        records = Optional.empty();
        return false;
    }

    private static FoundRecord copy(RecordStream record) throws IOException {
        Optional<byte[]> key = field(record, "key");
        Optional<byte[]> value = field(record, "value");
        Headers headers = new Headers();
        int count = record.readCount("header count");
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[record.readCount("header name")];
            record.read(name, 0, name.length);
            byte[] content = field(record, "header value").orElse(null);
            headers.add(name, 0, name.length, content, 0, content == null ? -1 : content.length);
        }
        return new FoundRecord(record.offset(), record.timestamp(), key, value, headers);
    }

    private static Optional<byte[]> field(RecordStream record, String what) throws IOException {
        int length = record.readLength(what);
        if (length < 0) {
            return Optional.empty();
        }
        byte[] bytes = new byte[length];
        record.read(bytes, 0, length);
        return Optional.of(bytes);
    }

    private <T> Future<T> onWorker(Callable<T> work) {
        return access.vertx.executeBlocking(
                () -> {
                    try {
                        return work.call();
                    } catch (MalformedRecordException | IOException e) {
                        throw new BrokerException(
                                ErrorCode.DATA_CORRUPT,
                                "records of " + log.partition()
                                        + " cannot be read, they are damaged or were compressed badly: "
                                        + e.getMessage(),
                                e);
                    }
                },
                false);
    }

    private Void close() throws IOException {
        if (records.isPresent()) {
            records.get().close();
            records = Optional.empty();
        }
        large.ifPresent(OversizedBatch::close);
        large = Optional.empty();
        return null;
    }
}
