package io.sluice.groups.queue;

import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds messages in what was read of a log. Safe on any thread; it decompresses, which takes its time. */
final class Arrivals {
    private static final Logger LOG = LoggerFactory.getLogger(Arrivals.class);
    private static final byte[] DELIVER_AT = MessageHeaders.DELIVER_AT.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EXPIRES_AT = MessageHeaders.EXPIRES_AT.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DIED_AT = MessageHeaders.DIED_AT.getBytes(StandardCharsets.US_ASCII);

    /** Behind the batch with which the records of a reading have become so large, it ends. */
    static final int MAX_BYTES = 1024 * 1024;
    /** So many messages are found in one reading at most. */
    static final int MAX_MESSAGES = 50_000;

    private final Codecs codecs;
    private final int maxBatchBytes;

    /** @param maxBatchBytes how large a batch may become when it is decompressed */
    Arrivals(Codecs codecs, int maxBatchBytes) {
        this.codecs = codecs;
        this.maxBatchBytes = maxBatchBytes;
    }

    /**
     * Messages by offset.
     *
     * @param to up to where it was looked, exclusive
     */
    record Found(List<Arrival> messages, long to) {}

    /**
     * Finds messages. Of a reading that is large when it is decompressed, those of its beginning.
     *
     * @param from those before it are not wanted
     * @param delayMs how late they are delivered that do not say when
     */
    Found in(LogRead read, long from, long delayMs) {
        Search search = new Search(from, delayMs);
        for (ByteBuffer bytes : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(bytes)) {
                search.add(batch);
                if (search.isFull(batch)) {
                    return new Found(search.all, search.to);
                }
            }
        }
        if (read.oversized().isPresent()) {
            try (OversizedBatch large = read.oversized().get()) {
                ByteBuffer bytes = ByteBuffer.allocate(large.sizeInBytes());
                large.read(0, bytes);
                RecordBatch batch = RecordBatch.at(bytes.flip(), 0);
                search.add(batch);
                if (search.isFull(batch)) {
                    return new Found(search.all, search.to);
                }
            }
        }
        return new Found(search.all, read.nextOffset());
    }

    /** Whether messages are found in a reading as fast as it can be gone through. */
    static boolean isPlain(LogRead read) {
        if (read.oversized().isPresent()) {
            return false;
        }
        for (ByteBuffer bytes : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(bytes)) {
                if (batch.compression() != CompressionType.NONE) {
                    return false;
                }
            }
        }
        return true;
    }

    private final class Search {
        private final long from;
        private final long delayMs;
        private final List<Arrival> all = new ArrayList<>();
        private long to;
        private long bytes;
        private long deliverAtMs;
        private long expiresAtMs;
        private boolean isDead;

        Search(long from, long delayMs) {
            this.from = from;
            this.delayMs = delayMs;
            this.to = from;
        }

        /** Whether nothing more is to be found behind the batch that was added last, or behind a part of it. */
        private boolean isFull(RecordBatch last) {
            return to < last.nextOffset() || bytes >= MAX_BYTES || all.size() >= MAX_MESSAGES;
        }

        private void add(RecordBatch batch) {
            int before = all.size();
            to = Math.max(from, batch.nextOffset());
            try {
                RecordCursor record = RecordCursor.over(batch, codecs, maxBatchBytes);
                bytes += record.sizeInBytes();
                while (record.next()) {
                    if (record.offset() >= from && all.size() == MAX_MESSAGES) {
                        to = record.offset();
                        return;
                    }
                    if (record.offset() >= from) {
                        all.add(arrival(record));
                    }
                }
            } catch (MalformedRecordException e) {
                // Nobody can read it, a consumer no more than we: it must not hold up what lies behind it.
                LOG.error(
                        "messages at offset {} cannot be read and are passed over: {}",
                        batch.baseOffset(),
                        e.getMessage());
                all.subList(before, all.size()).clear();
            }
        }

        private Arrival arrival(RecordCursor record) {
            deliverAtMs = -1;
            expiresAtMs = Long.MAX_VALUE;
            isDead = false;
            if (record.headerCount() > 0) {
                record.forEachHeader((name, hasValue, value) -> {
                    if (hasValue && isNamed(name, DELIVER_AT)) {
                        deliverAtMs = MessageHeaders.number(value, deliverAtMs);
                    } else if (hasValue && isNamed(name, EXPIRES_AT)) {
                        expiresAtMs = MessageHeaders.number(value, expiresAtMs);
                    } else if (isNamed(name, DIED_AT)) {
                        isDead = true;
                    }
                });
            }
            if (isDead) {
                // A dead letter has the times that it had when it lived, which do not hold any more.
                deliverAtMs = -1;
                expiresAtMs = Long.MAX_VALUE;
            }
            long enqueuedMs = MessageHeaders.time(record.timestamp());
            long dueMs = deliverAtMs >= 0 ? deliverAtMs : delayMs > 0 ? enqueuedMs + delayMs : 0;
            long key = record.hasKey() ? keyOf(record.key()) : Arrival.NO_KEY;
            int size = record.hasValue() ? record.value().remaining() : 0;
            return new Arrival(record.offset(), key, enqueuedMs, dueMs, expiresAtMs, size);
        }
    }

    private static boolean isNamed(ByteBuffer name, byte[] wanted) {
        if (name.remaining() != wanted.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (name.get(name.position() + i) != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Stands for a key: FNV-1a of 64 bits with its bits mixed. Two keys in one queue that have the same would take turns
     * as one, and nothing worse.
     */
    static long keyOf(ByteBuffer key) {
        long hash = 0xcbf29ce484222325L;
        for (int i = key.position(); i < key.limit(); i++) {
            hash = (hash ^ (key.get(i) & 0xff)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 32)) * 0x9e3779b97f4a7c15L;
        hash ^= hash >>> 29;
        return hash == Arrival.NO_KEY ? 1 : hash;
    }
}
