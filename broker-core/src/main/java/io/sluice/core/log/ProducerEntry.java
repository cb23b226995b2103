package io.sluice.core.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the log knows of one idempotent producer: its last batches, the oldest first, at most
 * {@value #MAX_BATCHES}, which is how many an idempotent producer has in flight. Immutable.
 *
 * @param producerId who
 * @param epoch which incarnation of it
 * @param batches at least one
 */
record ProducerEntry(long producerId, short epoch, List<Batch> batches) {
    static final int MAX_BATCHES = 5;

    ProducerEntry {
        batches = List.copyOf(batches);
    }

    /**
     * A batch that is in the log.
     *
     * @param firstSequence the first record's sequence number
     * @param lastSequence the last record's
     * @param baseOffset the first record's offset
     * @param lastOffset the last record's
     * @param timestampMs when it was seen, in ms since the epoch
     */
    record Batch(int firstSequence, int lastSequence, long baseOffset, long lastOffset, long timestampMs) {}

    Batch last() {
        return batches.get(batches.size() - 1);
    }

    /** The batch of exactly these sequence numbers, if it is one of the last. */
    Optional<Batch> find(int firstSequence, int lastSequence) {
        for (Batch batch : batches) {
            if (batch.firstSequence() == firstSequence && batch.lastSequence() == lastSequence) {
                return Optional.of(batch);
            }
        }
        return Optional.empty();
    }

    /** This entry with one more batch, of the same epoch. */
    ProducerEntry with(Batch batch) {
        List<Batch> all = new ArrayList<>(batches);
        all.add(batch);
        return new ProducerEntry(producerId, epoch, all.subList(Math.max(0, all.size() - MAX_BATCHES), all.size()));
    }
}
