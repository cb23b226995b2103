package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Checkpoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * How much of the log a shard still needs: of each queue everything since its last checkpoint, or since it was created. What lies before the oldest of
 * these is needed by nobody; so the queue with the oldest one is the next to be written down anew. For one thread.
 */
final class Checkpoints {
    /** How many times as long as all checkpoints together the log may become: so at most every third byte is one of a checkpoint. */
    private static final int TIMES = 3;
    /** About what a record takes besides its value. */
    private static final int RECORD_BYTES = 20;

    private final long minBytes;
    /** By queue, the oldest first. */
    private final Map<UUID, Mark> marks = new LinkedHashMap<>();
    /** How many bytes there have been. */
    private long position;
    /** Where that begins which is needed, as bytes. */
    private long start;
    /** Where the last record lies at the earliest. */
    private long offset;
    /** The size of all checkpoints that are needed. */
    private long bytes;

    /** Pieces of a checkpoint of which some are still to come, and where the first of them lies. */
    private final List<byte[]> pieces = new ArrayList<>();

    private UUID ofPieces;
    private Mark first = new Mark(0, 0, 0);

    /**
     * From where on the log is needed for a queue.
     *
     * @param offset where that begins in the log, or before it
     * @param position the same, as bytes
     * @param bytes the size of the checkpoint
     */
    private record Mark(long offset, long position, long bytes) {}

    /** @param minBytes a log is not worth being made shorter that is not longer than this */
    Checkpoints(long minBytes) {
        this.minBytes = minBytes;
    }

    /**
     * Counts a record, before it is applied.
     *
     * @param at where it lies in the log at the earliest
     * @param length the size of its value
     */
    void logged(long at, int length) {
        offset = at;
        position += length + RECORD_BYTES;
    }

    /** The record that was logged last is where a queue begins. */
    void created(UUID queue) {
        mark(queue, new Mark(offset, position, RECORD_BYTES));
    }

    /** Nothing is needed of a queue any more. */
    void deleted(UUID queue) {
        Mark before = marks.remove(queue);
        bytes -= before == null ? 0 : before.bytes();
    }

    /**
     * The record that was logged last is a piece of a checkpoint.
     *
     * @return all pieces, if it is the last one; a checkpoint of which the first ones are missing is none
     */
    Optional<List<byte[]>> add(Checkpoint piece) {
        if (piece.part() == 0) {
            pieces.clear();
            ofPieces = piece.queue();
            first = new Mark(offset, position - piece.bytes().length, 0);
        } else if (!piece.queue().equals(ofPieces) || piece.part() != pieces.size()) {
            pieces.clear();
            return Optional.empty();
        }
        pieces.add(piece.bytes());
        if (pieces.size() < piece.parts()) {
            return Optional.empty();
        }
        List<byte[]> all = List.copyOf(pieces);
        pieces.clear();
        mark(piece.queue(), new Mark(first.offset(), first.position(), position - first.position()));
        return Optional.of(all);
    }

    private void mark(UUID queue, Mark mark) {
        deleted(queue);
        marks.put(queue, mark);
        bytes += mark.bytes();
    }

    /** Whether the log is too long. */
    boolean isDue() {
        return position - start > Math.max(minBytes, TIMES * bytes);
    }

    /** Everything in front of what is needed will be cut off. */
    void cut() {
        start = marks.isEmpty() ? position : oldest().position();
    }

    /** Nothing in front of this offset is needed. */
    long neededFrom() {
        return marks.isEmpty() ? offset : oldest().offset();
    }

    private Mark oldest() {
        return marks.values().iterator().next();
    }

    /** The queue that is next to be written down anew, if there is any. */
    Optional<UUID> next() {
        return marks.keySet().stream().findFirst();
    }
}
