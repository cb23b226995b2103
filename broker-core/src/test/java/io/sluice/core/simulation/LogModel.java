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

    /** By checksum, so that a batch is decoded only once: the offsets of its records within it, and their numbers. */
    private final Map<Long, long[][]> contents = new HashMap<>();

    private final SimulatedKeys keys;
    private int compactions;
    /** When each tombstone was first compacted at the earliest, in ms. */
    private final Map<Long, Long> tombstones = new HashMap<>();
    /** Tombstones that compaction may have dropped. */
    private final Set<Long> expired = new HashSet<>();

    private long logStart;
    /** What a trim was answered with: not even a crash brings back what lies before. */
    private long trimmedBefore;

    LogModel(SimulatedKeys keys) {
        this.keys = keys;
    }

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

    /** Compaction begins: from now on a record may be gone that a later one of its key replaces. */
    void compacting(long nowMs, long deleteRetentionMs) {
        compactions++;
        for (long id : seen.values()) {
            if (keys.isTombstone(id) && nowMs - tombstones.computeIfAbsent(id, first -> nowMs) >= deleteRetentionMs) {
                expired.add(id);
            }
        }
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
        Map<Integer, Long> last = lastOfEachKey(found);
        for (TreeMap<Long, Long> promised : java.util.List.of(committed, written, seen)) {
            String what = promised == seen ? "read" : promised == committed ? "acknowledged" : "written";
            promised.headMap(start).clear();
            promised.forEach((offset, id) -> check(
                    id.equals(found.get(offset)) || isCompactedAway(offset, id, found, last),
                    () -> "offset " + offset + " was " + what + " as " + id + ", now it is " + found.get(offset)
                            + (keys.areUsed() ? keys.describe(id) + ", last of its key " + last.get(keys.of(id)) : "")
                            + "; the log is [" + start + ", " + highWatermark + ")"));
        }
        seen.putAll(found);
        requireNothingComesBack(found, last);
    }

    /** The offset of the last record of each key that was ever there. */
    private Map<Integer, Long> lastOfEachKey(TreeMap<Long, Long> found) {
        Map<Integer, Long> last = new HashMap<>();
        if (keys.areUsed()) {
            for (TreeMap<Long, Long> known : java.util.List.of(committed, written, seen, found)) {
                known.forEach((offset, id) -> last.merge(keys.of(id), offset, Math::max));
            }
        }
        return last;
    }

    /** Whether a record may be missing: a later one of its key replaces it, or it is a tombstone whose time is over. */
    private boolean isCompactedAway(long offset, long id, TreeMap<Long, Long> found, Map<Integer, Long> last) {
        return compactions > 0
                && !found.containsKey(offset)
                && (offset < last.get(keys.of(id)) || expired.contains(id));
    }

    /** A tombstone goes after all that it deletes: else what was deleted would be there again. */
    private void requireNothingComesBack(TreeMap<Long, Long> found, Map<Integer, Long> last) {
        found.forEach((offset, id) -> {
            if (keys.areUsed()) {
                long end = last.get(keys.of(id));
                check(
                        found.containsKey(end),
                        () -> id + " at " + offset + " is there, and " + end + ", the last of its key, is not");
            }
        });
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
            check(
                    !read.isEmpty() || compactions > 0,
                    "nothing is read at " + next + " below " + partition.highWatermark());
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
                    compactions > 0 || found.lastKey() == read.nextOffset() - 1,
                    () -> "read up to " + found.lastKey() + ", to go on at " + read.nextOffset());
            next = read.nextOffset();
        }
        return found;
    }

    private void take(RecordBatch batch, long from, TreeMap<Long, Long> found) {
        check(batch.isCrcValid(), () -> "a batch with a wrong checksum was served: " + batch);
        long[][] content = contents.computeIfAbsent(batch.crc(), crc -> contentOf(batch));
        for (int i = 0; i < content[0].length; i++) {
            long offset = batch.baseOffset() + content[0][i];
            if (offset < from) {
                continue;
            }
            long id = content[1][i];
            long next = found.isEmpty() ? from : found.lastKey() + 1;
            check(
                    offset == next || compactions > 0 && offset > next,
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

    private long[][] contentOf(RecordBatch batch) {
        long[][] content = new long[2][batch.recordCount()];
        RecordCursor cursor = RecordCursor.over(batch, new KafkaCodecs(), 1 << 24);
        for (int i = 0; cursor.next(); i++) {
            check(compactions > 0 || cursor.offset() == batch.baseOffset() + i, () -> "a gap within " + batch);
            content[0][i] = cursor.offset() - batch.baseOffset();
            content[1][i] = keys.idOf(cursor);
        }
        return content;
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
