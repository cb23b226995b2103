package io.sluice.core.partition;

import io.sluice.core.engine.LogRead;
import io.sluice.core.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The last batches that a worker appended, over all its partitions, so that readers who keep up never touch the disk. One
 * budget: the oldest batch of all goes first. The worker adds and removes; anybody reads through a {@link View}.
 *
 * <p>The buffers are the producers' own, kept instead of copied, unless most of one is something else.
 */
final class TailCache {
    private final long maxBytes;
    private final ArrayDeque<Entry> oldestFirst = new ArrayDeque<>();
    private long bytes;

    TailCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    private record Entry(View view, long baseOffset, long lastOffset, ByteBuffer batch, int retainedBytes) {}

    View view() {
        return new View();
    }

    /** Keeps a batch that is in the log; its buffer does not change any more. */
    void add(View view, RecordBatch batch) {
        // A batch out of a large request would keep all of it.
        boolean isSmallPart = batch.retainedBytes() / 2 > batch.sizeInBytes();
        int retained = isSmallPart ? batch.sizeInBytes() : batch.retainedBytes();
        if (retained > maxBytes / 4) {
            return;
        }
        ByteBuffer content = isSmallPart ? copy(batch) : batch.bytes();
        Entry entry = new Entry(view, batch.baseOffset(), batch.lastOffset(), content, retained);
        view.entries.put(entry.baseOffset(), entry);
        oldestFirst.add(entry);
        bytes += retained;
        while (bytes > maxBytes) {
            Entry oldest = oldestFirst.remove();
            bytes -= oldest.retainedBytes();
            oldest.view().entries.remove(oldest.baseOffset(), oldest);
        }
    }

    private static ByteBuffer copy(RecordBatch batch) {
        return ByteBuffer.allocate(batch.sizeInBytes())
                .put(batch.bytes())
                .flip()
                .asReadOnlyBuffer();
    }

    /** Forgets a partition that is closed. */
    void drop(View view) {
        dropBefore(view, Long.MAX_VALUE);
    }

    /** Forgets the batches of a partition that begin before an offset. */
    void dropBefore(View view, long offset) {
        Map<Long, Entry> dropped = view.entries.headMap(offset);
        if (dropped.isEmpty()) {
            return;
        }
        oldestFirst.removeIf(entry -> {
            if (entry.view() != view || entry.baseOffset() >= offset) {
                return false;
            }
            bytes -= entry.retainedBytes();
            return true;
        });
        dropped.clear();
    }

    /** The batches of one partition. */
    static final class View {
        private final ConcurrentSkipListMap<Long, Entry> entries = new ConcurrentSkipListMap<>();

        /** What is there from an offset on, as {@link io.sluice.core.engine.PartitionLog#read} returns it; empty if the batch is not here. */
        Optional<LogRead> read(long offset, int maxBytes, long highWatermark, long logStartOffset) {
            Map.Entry<Long, Entry> floor = entries.floorEntry(offset);
            if (floor == null
                    || floor.getValue().lastOffset() < offset
                    || floor.getValue().lastOffset() >= highWatermark) {
                return Optional.empty();
            }
            Entry first = floor.getValue();
            if (first.batch().remaining() > maxBytes) {
                return Optional.of(new LogRead(
                        List.of(),
                        Optional.of(new BatchInMemory(first.batch())),
                        first.lastOffset() + 1,
                        highWatermark,
                        logStartOffset));
            }
            List<ByteBuffer> batches = new ArrayList<>();
            long nextOffset = first.baseOffset();
            int size = 0;
            for (Entry entry : entries.tailMap(first.baseOffset()).values()) {
                size += entry.batch().remaining();
                if (entry.baseOffset() != nextOffset || entry.lastOffset() >= highWatermark || size > maxBytes) {
                    break;
                }
                batches.add(entry.batch().duplicate());
                nextOffset = entry.lastOffset() + 1;
            }
            return batches.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new LogRead(batches, Optional.empty(), nextOffset, highWatermark, logStartOffset));
        }

        /**
         * Committed bytes at or behind an offset, counted up to {@code enough}; that many if not all of it is here: what is
         * gone is much, and a batch that is too large to be kept is more.
         */
        int bytesBeyond(long offset, int enough, long highWatermark) {
            Map.Entry<Long, Entry> floor = entries.floorEntry(offset);
            if (floor == null || floor.getValue().lastOffset() < offset) {
                return enough;
            }
            int size = 0;
            long nextOffset = floor.getKey();
            for (Entry entry : entries.tailMap(floor.getKey()).values()) {
                if (entry.lastOffset() >= highWatermark) {
                    break;
                }
                size += entry.batch().remaining();
                if (size >= enough || entry.baseOffset() != nextOffset) {
                    return enough;
                }
                nextOffset = entry.lastOffset() + 1;
            }
            return nextOffset < highWatermark ? enough : size;
        }
    }
}
