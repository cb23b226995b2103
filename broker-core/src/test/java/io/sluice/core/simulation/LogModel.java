package io.sluice.core.simulation;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.partition.Partition;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.function.IntSupplier;

/**
 * What must be in the log. Every record's value is a number that no other record has, so everything can be said of
 * numbers at offsets.
 */
final class LogModel {
    /** What readers have seen; none of it may ever be another or be gone, but for the log start moving up. */
    private final TreeMap<Long, Long> seen = new TreeMap<>();

    private final TreeMap<Long, Long> committed = new TreeMap<>();
    private final TreeMap<Long, Long> written = new TreeMap<>();
    private final Set<Long> refused = new HashSet<>();
    private final Set<Long> issued = new HashSet<>();
    /** Where each record was first met. */
    private final Map<Long, Long> offsets = new HashMap<>();

    /** By checksum, so that a batch is decoded only once. */
    private final Map<Long, long[]> contents = new HashMap<>();

    private long logStart;
    /** What a trim was answered with: not even a crash brings back what lies before. */
    private long trimmedBefore;

    void issued(long id) {
        issued.add(id);
    }

    void refused(long id) {
        refused.add(id);
    }

    void acknowledged(long id, long offset, boolean durable) {
        Long before = committed.get(offset);
        check(before == null || before == id, "offset " + offset + " was acknowledged for " + before + " and " + id);
        refused.remove(id);
        (durable ? committed : written).put(offset, id);
    }

    void trimmed(long offset) {
        trimmedBefore = Math.max(trimmedBefore, offset);
    }

    /** Power was lost: what was only written may be gone, what retention deleted may be back. */
    void machineCrashed(boolean flushPolicyIsRelaxed) {
        written.clear();
        logStart = trimmedBefore;
        if (flushPolicyIsRelaxed) {
            committed.clear();
            seen.clear();
            offsets.clear();
        }
    }

    /**
     * Reads everything and holds it against what is known.
     *
     * @param damaged whether damage was done on purpose: then what must hold is that no lie is told
     */
    void compare(Partition partition, IntSupplier maxBytes, boolean damaged) {
        long start = partition.logStartOffset();
        long highWatermark = partition.highWatermark();
        check(start >= logStart, "the log start went back from " + logStart + " to " + start);
        check(start <= highWatermark, "the log start " + start + " is behind the high watermark " + highWatermark);
        logStart = start;
        TreeMap<Long, Long> found = read(partition, maxBytes, damaged);
        if (found == null) {
            return;
        }
        for (TreeMap<Long, Long> promised : java.util.List.of(committed, written, seen)) {
            String what = promised == seen ? "read" : promised == committed ? "acknowledged" : "written";
            promised.headMap(start).clear();
            promised.forEach((offset, id) -> check(
                    id.equals(found.get(offset)),
                    "offset " + offset + " was " + what + " as " + id + ", now it is " + found.get(offset)
                            + "; the log is [" + start + ", " + highWatermark + ")"));
        }
        seen.putAll(found);
    }

    /** All records, or null if damage ended the reading, which only damage may. */
    private TreeMap<Long, Long> read(Partition partition, IntSupplier maxBytes, boolean damaged) {
        TreeMap<Long, Long> found = new TreeMap<>();
        long next = partition.logStartOffset();
        while (next < partition.highWatermark()) {
            LogRead read;
            try {
                read = partition.read(next, maxBytes.getAsInt()).join();
            } catch (CompletionException e) {
                boolean allowed = damaged
                        && e.getCause() instanceof BrokerException broker
                        && broker.code() == ErrorCode.DATA_CORRUPT;
                if (allowed) {
                    return null;
                }
                throw new AssertionError("reading at " + next + " failed", e.getCause());
            }
            check(!read.isEmpty(), "nothing is read at " + next + " below " + partition.highWatermark());
            check(read.nextOffset() > next, "a read at " + next + " goes on at " + read.nextOffset());
            if (read.oversized().isPresent()) {
                try (OversizedBatch oversized = read.oversized().get()) {
                    ByteBuffer bytes = ByteBuffer.allocate(oversized.sizeInBytes());
                    oversized.verify();
                    oversized.read(0, bytes);
                    take(RecordBatch.at(bytes, 0), next, found);
                } catch (BrokerException e) {
                    check(damaged && e.code() == ErrorCode.DATA_CORRUPT, "a large batch cannot be read: " + e);
                    return null;
                }
            }
            for (ByteBuffer batches : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(batches)) {
                    take(batch, next, found);
                }
            }
            check(
                    found.lastKey() == read.nextOffset() - 1,
                    "read up to " + found.lastKey() + ", to go on at " + read.nextOffset());
            next = read.nextOffset();
        }
        return found;
    }

    private void take(RecordBatch batch, long from, TreeMap<Long, Long> found) {
        check(batch.isCrcValid(), () -> "a batch with a wrong checksum was served: " + batch);
        long[] ids = contents.computeIfAbsent(batch.crc(), crc -> idsOf(batch));
        for (int i = 0; i < ids.length; i++) {
            long offset = batch.baseOffset() + i;
            if (offset < from) {
                continue;
            }
            long id = ids[i];
            check(
                    found.isEmpty() ? offset == from : offset == found.lastKey() + 1,
                    () -> "offset " + offset + " after " + (found.isEmpty() ? from - 1 : found.lastKey()));
            check(issued.contains(id), () -> "offset " + offset + " holds " + id + ", which nobody sent");
            check(!refused.contains(id), () -> "offset " + offset + " holds " + id + ", which was refused");
            Long earlier = offsets.putIfAbsent(id, offset);
            check(earlier == null || earlier == offset, () -> id + " is at " + earlier + " and again at " + offset);
            Long other = seen.get(offset);
            check(other == null || other == id, () -> "offset " + offset + " was read as " + other + ", now as " + id);
            found.put(offset, id);
        }
    }

    private static long[] idsOf(RecordBatch batch) {
        long[] ids = new long[batch.recordCount()];
        RecordCursor cursor = RecordCursor.over(batch, new KafkaCodecs(), 1 << 24);
        for (int i = 0; cursor.next(); i++) {
            check(cursor.offset() == batch.baseOffset() + i, "a gap within " + batch);
            ids[i] = cursor.value().getLong(0);
        }
        return ids;
    }

    private static void check(boolean holds, java.util.function.Supplier<String> otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise.get());
        }
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
