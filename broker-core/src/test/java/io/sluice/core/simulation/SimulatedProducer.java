package io.sluice.core.simulation;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.partition.Partition;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * A producer that sends again what it has no answer for. One of three kinds: it numbers its batches, it gives each an
 * idempotency key, or it does neither and so never repeats itself.
 */
final class SimulatedProducer {
    private static final Set<ErrorCode> REFUSALS = EnumSet.of(
            ErrorCode.DISK_LOW, ErrorCode.OVERLOADED, ErrorCode.OUT_OF_ORDER_SEQUENCE, ErrorCode.RECORD_TOO_LARGE);
    private static final int MAX_WAITING = 4;

    enum Kind {
        PLAIN,
        NUMBERED,
        KEYED
    }

    private final Kind kind;
    private final long id;
    private final LogModel model;
    private final SimulatedKeys keys;
    private final SplittableRandom random;
    private final LongSupplier ids;
    private final List<Attempt> inFlight = new ArrayList<>();
    private final Deque<Batch> waiting = new ArrayDeque<>();
    /** Batches that were answered; sent again now and then, they must come out as duplicates. */
    private final List<Batch> answered = new ArrayList<>();

    private int nextSequence;

    private static final class Batch {
        private final List<Long> values;
        private final int sequence;
        private final byte[] padding;
        private final CompressionType type;
        private final Acks acks;
        private long offset = -1;

        Batch(List<Long> values, int sequence, byte[] padding, CompressionType type, Acks acks) {
            this.values = values;
            this.sequence = sequence;
            this.padding = padding;
            this.type = type;
            this.acks = acks;
        }
    }

    private record Attempt(Batch batch, CompletableFuture<Appended> answer) {}

    SimulatedProducer(
            Kind kind, long id, LogModel model, SimulatedKeys keys, SplittableRandom random, LongSupplier ids) {
        this.keys = keys;
        this.kind = kind;
        this.id = id;
        this.model = model;
        this.random = random;
        this.ids = ids;
        // Near the end of the numbers, so that they begin again at 0.
        this.nextSequence = random.nextBoolean() ? 0 : Integer.MAX_VALUE - random.nextInt(20);
    }

    /** Sends what waits and a few new batches. */
    void send(Partition partition, long nowMs) {
        if (kind != Kind.PLAIN) {
            waiting.forEach(batch -> offer(batch, partition, nowMs));
        }
        for (int count = random.nextInt(4); count > 0 && waiting.size() < MAX_WAITING; count--) {
            List<Long> values = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                values.add(ids.getAsLong());
            }
            byte[] padding = new byte[random.nextInt(10) == 0 ? random.nextInt(3000) : random.nextInt(100)];
            random.nextBytes(padding);
            CompressionType type =
                    random.nextInt(4) == 0 ? CompressionType.values()[random.nextInt(5)] : CompressionType.NONE;
            Acks acks = kind == Kind.PLAIN ? Acks.values()[random.nextInt(3)] : Acks.COMMITTED;
            Batch batch = new Batch(values, nextSequence, padding, type, acks);
            nextSequence = RecordBatch.addToSequence(nextSequence, kind == Kind.KEYED ? 1 : values.size());
            values.forEach(model::issued);
            if (kind != Kind.PLAIN) {
                waiting.add(batch);
            }
            offer(batch, partition, nowMs);
        }
        if (!answered.isEmpty() && random.nextInt(4) == 0) {
            offer(answered.get(answered.size() - 1), partition, nowMs);
        }
    }

    private void offer(Batch batch, Partition partition, long nowMs) {
        RecordBatchBuilder builder = new RecordBatchBuilder(256);
        for (long value : batch.values) {
            builder.append(
                    nowMs - random.nextInt(50),
                    keys.keyOf(value),
                    keys.valueOf(value, batch.padding),
                    keys.headersOf(value));
        }
        if (kind == Kind.NUMBERED) {
            builder.producer(id, (short) 3, batch.sequence);
        }
        RecordBatch built = builder.build(batch.type, new KafkaCodecs());
        if (kind == Kind.KEYED) {
            IdempotencyKey.of(id + "/" + batch.sequence, "t", 0)
                    .stamp(built, batch.values.get(0).intValue());
        }
        inFlight.add(new Attempt(batch, partition.append(built, batch.acks)));
    }

    /** Takes the answers; whatever has none after a crash will be sent again. */
    void settle() {
        for (Attempt attempt : inFlight) {
            Batch batch = attempt.batch;
            if (!attempt.answer.isDone()) {
                continue;
            }
            if (!attempt.answer.isCompletedExceptionally()) {
                acknowledged(batch, attempt.answer.join());
            } else {
                Throwable failure = attempt.answer
                        .handle((appended, thrown) ->
                                thrown instanceof java.util.concurrent.CompletionException ? thrown.getCause() : thrown)
                        .join();
                refused(batch, failure);
            }
        }
        inFlight.clear();
    }

    private void refused(Batch batch, Throwable failure) {
        if (!(failure instanceof BrokerException broker)) {
            throw new AssertionError("an append failed with something else", failure);
        }
        boolean certain = REFUSALS.contains(broker.code());
        LogModel.check(
                certain || broker.code() == ErrorCode.PARTITION_OFFLINE || broker.code() == ErrorCode.SHUTTING_DOWN,
                "an append failed with " + broker.code() + ": " + broker.getMessage());
        LogModel.check(
                batch.offset < 0 || broker.code() != ErrorCode.OUT_OF_ORDER_SEQUENCE,
                "a batch that was acknowledged at " + batch.offset + " is out of order now");
        if (certain && kind == Kind.PLAIN) {
            batch.values.forEach(model::refused);
        }
    }

    private void acknowledged(Batch batch, Appended appended) {
        if (batch.acks == Acks.NONE) {
            return;
        }
        LogModel.check(
                appended.lastOffset() - appended.baseOffset() == batch.values.size() - 1,
                batch.values.size() + " records were acknowledged as " + appended);
        LogModel.check(
                batch.offset < 0 || (batch.offset == appended.baseOffset() && appended.duplicate()),
                "a batch at " + batch.offset + " was acknowledged again as " + appended);
        for (int i = 0; i < batch.values.size(); i++) {
            model.acknowledged(batch.values.get(i), appended.baseOffset() + i, batch.acks == Acks.COMMITTED);
        }
        if (batch.offset < 0 && kind != Kind.PLAIN) {
            answered.add(batch);
            waiting.remove(batch);
        }
        batch.offset = appended.baseOffset();
    }

    /** What was deleted while the disk was full may not be remembered: there was no space for that either. */
    void forgetDeleted(long logStartOffset) {
        answered.removeIf(batch -> batch.offset < logStartOffset);
    }

    /** Power was lost with a flush policy that allows for it: a producer of that time cannot go on. */
    void forget() {
        waiting.clear();
        answered.clear();
        inFlight.clear();
    }
}
