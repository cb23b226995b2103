package io.sluice.groups.queue;

import io.sluice.core.record.RecordBatch;
import io.sluice.groups.EventInput;
import io.sluice.groups.EventOutput;
import io.sluice.groups.queue.QueueEvent.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What is known of copies that go out of a queue into another one, each exactly once: before a batch is appended it is written down what it
 * will hold, and its sequence number tells whether it is there. Changed by events only. For one thread.
 */
final class Transfer {
    private static final UUID NOWHERE = new UUID(0, 0);

    /** The topic that the copies go to; empty before the first one. */
    private Optional<UUID> target = Optional.empty();

    private long producerId = RecordBatch.NONE;
    /** The next one of each partition of the target. */
    private final Map<Integer, Integer> sequences = new HashMap<>();
    /** What is on its way into each partition of the target: one batch. */
    private final Map<Integer, Part> pending = new TreeMap<>();

    /**
     * One that is on its way.
     *
     * @param firstSequence that of its first record
     */
    record Pending(Part part, int firstSequence) {
        int lastSequence() {
            return RecordBatch.addToSequence(firstSequence, part.messages().size() - 1);
        }
    }

    /** A transfer as it stands. */
    record View(Optional<UUID> target, long producerId, List<Pending> pending) {}

    View view() {
        List<Pending> all = new ArrayList<>();
        pending.values().forEach(part -> all.add(new Pending(part, sequences.getOrDefault(part.partition(), 0))));
        return new View(target, producerId, all);
    }

    /** Whether anything is on its way. */
    boolean isBusy() {
        return !pending.isEmpty();
    }

    /** What is on its way into a partition of the target. */
    Optional<Part> pending(int partition) {
        return Optional.ofNullable(pending.get(partition));
    }

    void begun(UUID to, long byProducerId) {
        target = Optional.of(to);
        producerId = byProducerId;
        sequences.clear();
    }

    void copying(List<Part> parts) {
        parts.forEach(part -> pending.put(part.partition(), part));
    }

    void copied(int partition, boolean there) {
        Part part = pending.remove(partition);
        if (part != null && there) {
            sequences.merge(
                    partition, part.messages().size(), (before, count) -> RecordBatch.addToSequence(before, count));
        }
    }

    // ---- as bytes ----

    /** All of it: 1 whether there is a target, 16 its id, 8 producer id, the next sequences, and what is on its way. */
    void write(EventOutput out) {
        UUID to = target.orElse(NOWHERE);
        out.putByte(target.isPresent() ? 1 : 0)
                .putLong(to.getMostSignificantBits())
                .putLong(to.getLeastSignificantBits())
                .putLong(producerId);
        out.putAll(sequences.entrySet(), next -> out.putInt(next.getKey()).putInt(next.getValue()));
        out.putAll(
                pending.values(),
                part -> out.putInt(part.partition())
                        .putLong(part.from())
                        .putAll(part.messages(), message -> QueueEvents.message(out, message)));
    }

    /** Takes over what {@link #write} wrote. */
    void read(EventInput in) {
        boolean hasTarget = in.getByte() != 0;
        UUID to = new UUID(in.getLong(), in.getLong());
        target = hasTarget ? Optional.of(to) : Optional.empty();
        producerId = in.getLong();
        in.getAll(2 * Integer.BYTES, () -> sequences.put(in.getInt(), in.getInt()));
        copying(in.getAll(
                2 * Integer.BYTES,
                () -> new Part(
                        in.getInt(),
                        in.getLong(),
                        in.getAll(Integer.BYTES + Long.BYTES, () -> QueueEvents.message(in)))));
    }
}
