package io.sluice.core.log;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.RecordBatch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who wrote what last in one partition: idempotent producers and idempotency keys. It is a function of the log:
 * replaying the batches gives it again. Owned by the partition's worker.
 *
 * <p>Invariant: no more entries of either kind than their limits; the ones unused for longest go first.
 */
final class ProducerStates {
    private final Limits limits;
    /** By producer id, the one that wrote longest ago first. */
    private final LinkedHashMap<Long, ProducerEntry> producers = new LinkedHashMap<>(16, 0.75f, false);
    /** The oldest first. */
    private final LinkedHashMap<IdempotencyKey, KeyEntry> keys = new LinkedHashMap<>();
    /** How to take back what was staged since {@link #commit()}. */
    private final List<Runnable> undo = new ArrayList<>();

    ProducerStates(Limits limits) {
        this.limits = limits;
    }

    /**
     * How much is remembered.
     *
     * @param maxProducers producers a partition
     * @param producerExpirationMs how long a producer that writes nothing is remembered
     * @param maxKeys idempotency keys a partition
     * @param keyRetentionMs how long a key is remembered
     */
    record Limits(int maxProducers, long producerExpirationMs, int maxKeys, long keyRetentionMs) {}

    /**
     * An idempotency key that was used.
     *
     * @param fingerprint of the request that used it
     * @param baseOffset where its batch went
     * @param lastOffset the batch's last offset
     * @param timestampMs when it was seen last, in ms since the epoch
     */
    record KeyEntry(short fingerprint, long baseOffset, long lastOffset, long timestampMs) {}

    /** Where a batch stands in the log already. */
    record Duplicate(long baseOffset, long lastOffset) {}

    /**
     * Looks at a batch before it is appended.
     *
     * @return where it is, if it has been appended before
     * @throws BrokerException OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH or IDEMPOTENCY_KEY_REUSED
     */
    Optional<Duplicate> check(RecordBatch batch) {
        if (!batch.hasProducerId()) {
            return Optional.empty();
        }
        return IdempotencyKey.isKey(batch.producerId()) ? checkKey(batch) : checkProducer(batch);
    }

    private Optional<Duplicate> checkKey(RecordBatch batch) {
        KeyEntry entry = keys.get(new IdempotencyKey(batch.producerId(), batch.baseSequence()));
        if (entry == null) {
            return Optional.empty();
        }
        // The fingerprint is of all that the request said. Less of it may be sent again: what the broker knows already
        // is left out.
        boolean same = entry.fingerprint() == batch.producerEpoch()
                && batch.lastOffsetDelta() <= entry.lastOffset() - entry.baseOffset();
        if (!same) {
            throw new BrokerException(
                    ErrorCode.IDEMPOTENCY_KEY_REUSED,
                    "the idempotency key was used before for another request, whose records have the offsets "
                            + entry.baseOffset() + " to " + entry.lastOffset());
        }
        return Optional.of(new Duplicate(entry.baseOffset(), entry.lastOffset()));
    }

    private Optional<Duplicate> checkProducer(RecordBatch batch) {
        ProducerEntry entry = producers.get(batch.producerId());
        if (entry == null) {
            return Optional.empty();
        }
        if (batch.producerEpoch() < entry.epoch()) {
            throw new BrokerException(
                    ErrorCode.INVALID_PRODUCER_EPOCH,
                    "producer " + batch.producerId() + " sent epoch " + batch.producerEpoch() + ", its epoch is "
                            + entry.epoch());
        }
        if (batch.producerEpoch() > entry.epoch()) {
            if (batch.baseSequence() != 0) {
                throw outOfOrder(batch, "a new epoch begins with 0");
            }
            return Optional.empty();
        }
        Optional<ProducerEntry.Batch> known = entry.find(batch.baseSequence(), batch.lastSequence());
        if (known.isPresent()) {
            return known.map(found -> new Duplicate(found.baseOffset(), found.lastOffset()));
        }
        int expected = RecordBatch.addToSequence(entry.last().lastSequence(), 1);
        if (batch.baseSequence() != expected) {
            throw outOfOrder(batch, "the next is " + expected);
        }
        return Optional.empty();
    }

    private static BrokerException outOfOrder(RecordBatch batch, String expected) {
        return new BrokerException(
                ErrorCode.OUT_OF_ORDER_SEQUENCE,
                "producer " + batch.producerId() + " with epoch " + batch.producerEpoch() + " sent sequence "
                        + batch.baseSequence() + ", " + expected);
    }

    /** Takes in a batch that has its offsets and passed {@link #check}; {@link #rollback()} can take it back. */
    void stage(RecordBatch batch, long nowMs) {
        if (!batch.hasProducerId()) {
            return;
        }
        if (IdempotencyKey.isKey(batch.producerId())) {
            IdempotencyKey key = new IdempotencyKey(batch.producerId(), batch.baseSequence());
            undo.add(() -> keys.remove(key));
        } else {
            long id = batch.producerId();
            ProducerEntry before = producers.get(id);
            undo.add(() -> {
                producers.remove(id);
                if (before != null) {
                    producers.put(id, before);
                }
            });
        }
        replay(batch, nowMs);
    }

    /** What was staged is in the log now. */
    void commit() {
        undo.clear();
        trim(keys, limits.maxKeys());
        trim(producers, limits.maxProducers());
    }

    /** What was staged is not in the log. */
    void rollback() {
        for (int i = undo.size() - 1; i >= 0; i--) {
            undo.get(i).run();
        }
        undo.clear();
    }

    /**
     * Takes in a batch that is in the log, in the order of the log.
     *
     * @param nowMs when it was seen. Not the batch's own time: producers may write of the past, and would be forgotten at once.
     */
    void replay(RecordBatch batch, long nowMs) {
        if (!batch.hasProducerId() || batch.isControl()) {
            return;
        }
        long id = batch.producerId();
        if (IdempotencyKey.isKey(id)) {
            keys.put(
                    new IdempotencyKey(id, batch.baseSequence()),
                    new KeyEntry(batch.producerEpoch(), batch.baseOffset(), batch.lastOffset(), nowMs));
            return;
        }
        ProducerEntry.Batch added = new ProducerEntry.Batch(
                batch.baseSequence(), batch.lastSequence(), batch.baseOffset(), batch.lastOffset(), nowMs);
        ProducerEntry before = producers.remove(id);
        boolean goesOn = before != null && before.epoch() == batch.producerEpoch();
        producers.put(id, goesOn ? before.with(added) : new ProducerEntry(id, batch.producerEpoch(), List.of(added)));
    }

    /** Ends a replay: nothing to take back, limits hold again. */
    void trimToLimits() {
        commit();
    }

    private static void trim(Map<?, ?> entries, int limit) {
        int over = entries.size() - limit;
        for (Iterator<?> oldest = entries.entrySet().iterator(); over > 0; over--) {
            oldest.next();
            oldest.remove();
        }
    }

    /** Forgets producers and keys that have been silent for longer than the limits. */
    void expire(long nowMs) {
        producers.values().removeIf(entry -> entry.last().timestampMs() < nowMs - limits.producerExpirationMs());
        keys.values().removeIf(entry -> entry.timestampMs() < nowMs - limits.keyRetentionMs());
    }

    Collection<ProducerEntry> producers() {
        return producers.values();
    }

    Map<IdempotencyKey, KeyEntry> keys() {
        return keys;
    }

    /** Puts back a producer from a snapshot. */
    void restore(ProducerEntry entry) {
        producers.put(entry.producerId(), entry);
    }

    /** Puts back a key from a snapshot. */
    void restore(IdempotencyKey key, KeyEntry entry) {
        keys.put(key, entry);
    }
}
