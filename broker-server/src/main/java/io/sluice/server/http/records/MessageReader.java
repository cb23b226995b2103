package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.groups.queue.MessageHeaders;
import io.sluice.groups.queue.MessageId;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

/**
 * Reads messages from where they lie, as they are shown: key, value and headers, in JSON. Owned by one event loop; what has to
 * be decompressed goes to a worker.
 */
public final class MessageReader {
    private static final int READ_BYTES = 128 * 1024;
    /** How large the records of a batch may become when it is decompressed. */
    private static final int MAX_BATCH_BYTES = 128 * 1024 * 1024;

    /** How large a key may be that is shown alone. */
    public static final int MAX_KEY_BYTES = 1_024;

    /** What is longer is no id. */
    private static final int MAX_ID_BYTES = 64;

    private static final ByteBuffer ID = ascii(MessageHeaders.ID);
    private static final ByteBuffer DELIVER_AT = ascii(MessageHeaders.DELIVER_AT);
    private static final ByteBuffer EXPIRES_AT = ascii(MessageHeaders.EXPIRES_AT);
    private static final ByteBuffer DIED_AT = ascii(MessageHeaders.DIED_AT);
    private static final byte[] NO_MEMBERS = {'}'};

    private final RecordAccess access;
    private final IntFunction<PartitionLog> logs;
    private final Values values;
    private final int maxBytes;
    private final MemoryBudget.Reservation memory;
    private final Context context;
    private final Map<MessageId, Body> found = new HashMap<>();
    private final Map<MessageId, String> unreadable = new HashMap<>();
    private final Promise<Map<MessageId, Body>> done = Promise.promise();
    private final JsonOutput out = new JsonOutput(1024);
    private List<MessageId> wanted = List.of();
    private int at;
    /** Of which the log is being read. */
    private int partition;

    private int bytes;
    /** How many of them have been counted among those of requests. */
    private int counted;

    private Content content = Content.ALL;
    private String ownId;
    private long deliverAtMs;
    private long expiresAtMs;
    private boolean isDead;

    /** What is shown of a message beside what the broker itself reads of it. */
    public enum Content {
        NONE,
        /** Its key; of one that has more than {@value #MAX_KEY_BYTES} bytes, {@code key_bytes} tells how many. */
        KEY,
        /** Key, value and headers. */
        ALL
    }

    /**
     * What a message carries.
     *
     * @param id what it is called
     * @param timestampMs when it was sent, in ms since the epoch
     * @param deliverAtMs when it says that it is to be delivered, in ms since the epoch; -1 if it does not
     * @param expiresAtMs from when on it says that it is not, in ms since the epoch; {@link Long#MAX_VALUE} if it does not
     * @param members its key, value and headers, as far as they are wanted: the last members of a JSON object, with the brace that ends it
     */
    public record Body(String id, long timestampMs, long deliverAtMs, long expiresAtMs, byte[] members) {}

    /**
     * @param memory where what is read is counted; the caller closes it
     * @param logs the log of a partition; fails with a BrokerException if it is not here
     * @param maxBytes how much is read at most, as JSON; one message is read whatever its size
     */
    public MessageReader(
            RecordAccess access,
            MemoryBudget.Reservation memory,
            IntFunction<PartitionLog> logs,
            Values values,
            int maxBytes) {
        this.access = access;
        this.logs = logs;
        this.values = values;
        this.maxBytes = maxBytes;
        this.memory = memory;
        this.context = access.vertx.getOrCreateContext();
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)).asReadOnlyBuffer();
    }

    /** Reads only so much of each message, rather than all of it. */
    public MessageReader only(Content wanted) {
        content = wanted;
        return this;
    }

    /**
     * Reads messages.
     *
     * @return those that could be read, as far as they fit: {@link #left()} tells which were not looked at, {@link #unreadable()}
     *     which cannot be read at all. Fails if nothing can be read at the moment, or with 503 overloaded
     */
    public Future<Map<MessageId, Body>> read(List<MessageId> ids) {
        List<MessageId> sorted = new ArrayList<>(ids);
        sorted.sort(Comparator.comparingInt(MessageId::partition).thenComparingLong(MessageId::offset));
        wanted = sorted;
        next();
        return done.future();
    }

    /** The messages that were not looked at, because those before them were too large together. */
    public List<MessageId> left() {
        return wanted.subList(at, wanted.size());
    }

    /** The messages whose bytes cannot be read, and why; others of their log may well be. */
    public Map<MessageId, String> unreadable() {
        return unreadable;
    }

    private void next() {
        if (at == wanted.size() || bytes >= maxBytes) {
            done.complete(found);
            return;
        }
        MessageId first = wanted.get(at);
        partition = first.partition();
        CompletableFuture<LogRead> reading;
        try {
            PartitionLog log = logs.apply(first.partition());
            if (first.offset() < log.logStartOffset()) {
                at++;
                next();
                return;
            }
            reading = log.read(first.offset(), READ_BYTES);
        } catch (RuntimeException e) {
            failed(e);
            return;
        }
        if (reading.isDone()) {
            complete(reading);
        } else {
            reading.whenComplete((read, failure) -> context.runOnContext(v -> complete(reading)));
        }
    }

    private void complete(CompletableFuture<LogRead> reading) {
        LogRead read;
        try {
            read = reading.getNow(null);
        } catch (RuntimeException e) {
            failed(e.getCause() == null ? e : e.getCause());
            return;
        }
        int before = at;
        try {
            if (isPlain(read)) {
                take(read);
                settle(before);
            } else {
                read.oversized().ifPresent(large -> memory.grow(2L * large.sizeInBytes()));
                access.vertx
                        .executeBlocking(
                                () -> {
                                    take(read);
                                    return Boolean.TRUE;
                                },
                                false)
                        .onSuccess(taken -> settle(before))
                        .onFailure(this::failed);
            }
        } catch (RuntimeException e) {
            read.oversized().ifPresent(OversizedBatch::close);
            failed(e);
        }
    }

    /** What is wrong with one message must not keep others away. */
    private void failed(Throwable failure) {
        // A disk that fails may work the next time, and says nothing of the message.
        if (failure instanceof BrokerException broken && broken.code() == ErrorCode.DATA_CORRUPT) {
            unreadable.put(wanted.get(at), broken.getMessage());
            at++;
            context.runOnContext(v -> next());
        } else if (found.isEmpty() && unreadable.isEmpty()) {
            done.fail(failure);
        } else {
            // The others are left for another time.
            done.complete(found);
        }
    }

    /** Goes on behind what was found. What was wanted first and is not there is not there at all. */
    private void settle(int before) {
        if (at == before) {
            at++;
        }
        try {
            memory.grow(bytes - counted);
        } catch (RuntimeException overloaded) {
            done.fail(overloaded);
            return;
        }
        counted = bytes;
        // A loop of events rather than of calls: a log of many small batches must not take the stack.
        if (at < wanted.size()) {
            context.runOnContext(v -> next());
        } else {
            next();
        }
    }

    private static boolean isPlain(LogRead read) {
        if (read.oversized().isPresent()) {
            return false;
        }
        for (ByteBuffer buffer : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(buffer)) {
                if (batch.compression() != CompressionType.NONE) {
                    return false;
                }
            }
        }
        return true;
    }

    private void take(LogRead read) {
        try {
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    if (!isWanted()) {
                        return;
                    }
                    take(batch);
                }
            }
            if (read.oversized().isPresent()) {
                try (OversizedBatch large = read.oversized().get()) {
                    ByteBuffer whole = ByteBuffer.allocate(large.sizeInBytes());
                    large.read(0, whole);
                    take(RecordBatch.at(whole.flip(), 0));
                }
            }
        } catch (MalformedRecordException e) {
            throw new BrokerException(
                    ErrorCode.DATA_CORRUPT, "message " + wanted.get(at) + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Whether there is room for more, and more is to be found in the partition that is being read. */
    private boolean isWanted() {
        return at < wanted.size() && wanted.get(at).partition() == partition && bytes < maxBytes;
    }

    private void take(RecordBatch batch) {
        if (batch.lastOffset() < wanted.get(at).offset()) {
            return;
        }
        RecordCursor record = RecordCursor.over(batch, access.codecs, MAX_BATCH_BYTES);
        // What follows the last that is wanted of a batch is not looked at: if it is malformed, none of them is to
        // blame.
        while (isWanted() && wanted.get(at).offset() <= batch.lastOffset() && record.next()) {
            // Those that are not there any more are passed over.
            while (isWanted() && wanted.get(at).offset() < record.offset()) {
                at++;
            }
            if (isWanted() && wanted.get(at).offset() == record.offset()) {
                found.put(wanted.get(at), body(record, wanted.get(at)));
                at++;
            }
        }
    }

    private Body body(RecordCursor record, MessageId place) {
        byte[] members = NO_MEMBERS;
        if (content != Content.NONE) {
            RecordJson json = new RecordJson(0, values, false);
            out.clear();
            if (content == Content.KEY) {
                json.key(out, record, MAX_KEY_BYTES);
            } else {
                json.members(out, record);
            }
            members = out.toByteArray();
        }
        bytes += members.length;
        ownId = null;
        deliverAtMs = -1;
        expiresAtMs = Long.MAX_VALUE;
        isDead = false;
        if (record.headerCount() > 0) {
            record.forEachHeader((name, hasValue, value) -> {
                if (hasValue) {
                    header(name, value);
                }
            });
        }
        return new Body(
                ownId == null ? place.toString() : ownId,
                MessageHeaders.time(record.timestamp()),
                // The times of a dead letter are those of its life, and do not hold any more.
                isDead ? -1 : deliverAtMs,
                isDead ? Long.MAX_VALUE : expiresAtMs,
                members);
    }

    private void header(ByteBuffer name, ByteBuffer value) {
        if (name.equals(ID)) {
            byte[] text = new byte[Math.min(MAX_ID_BYTES, value.remaining())];
            value.get(value.position(), text);
            ownId = MessageId.parse(new String(text, StandardCharsets.UTF_8))
                    .map(MessageId::toString)
                    .orElse(null);
        } else if (name.equals(DELIVER_AT)) {
            deliverAtMs = MessageHeaders.number(value, deliverAtMs);
        } else if (name.equals(EXPIRES_AT)) {
            expiresAtMs = MessageHeaders.number(value, expiresAtMs);
        } else if (name.equals(DIED_AT)) {
            isDead = true;
        }
    }
}
