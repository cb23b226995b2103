package io.sluice.groups.queue;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Headers;
import io.sluice.core.record.Murmur2;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.QueueEvent.Copied;
import io.sluice.groups.queue.QueueEvent.Copying;
import io.sluice.groups.queue.QueueEvent.Part;
import io.sluice.groups.queue.QueueEvent.TransferBegun;
import io.sluice.groups.queue.Transfer.Pending;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies messages of one queue into another, each exactly once, whatever fails meanwhile: it is written down what is to be appended, then it is
 * appended, then it is written down that it is there. After a failure, or a start of the broker, the log of the target says whether a
 * batch is there. Nothing is given up because it does not work at the moment: it is tried again after a pause.
 *
 * <p>Everything it does is done on the thread of the queues, and waits for nothing there.
 */
abstract class Conveyor {
    private static final Logger LOG = LoggerFactory.getLogger(Conveyor.class);
    /** How many bytes of messages a step takes. */
    static final int STEP_BYTES = 512 * 1024;

    /** What a batch has besides its records, and more. */
    private static final int BATCH_OVERHEAD = 128;

    private static final long FIRST_PAUSE_MS = 100;
    private static final long MAX_PAUSE_MS = 15_000;

    /**
     * What it works with.
     *
     * @param thread runs tasks on the thread of the queues
     */
    record Surroundings(LogEngine engine, MessageReader reader, Turns turns, Executor thread, InstantSource clock) {}

    final Surroundings with;
    final String name;
    final UUID id;
    private final long transfer;
    /** The messages of this step, as far as they have been read. */
    private final Map<MessageId, StoredMessage> read = new HashMap<>();
    /** Whether what is on its way may be there already. */
    private boolean unsure = true;

    private long pauseMs = FIRST_PAUSE_MS;
    private boolean ended;
    /** What went wrong since something was copied; empty if nothing did. */
    private Optional<String> failure = Optional.empty();

    /**
     * One that does nothing yet.
     *
     * @param name of the queue that the messages are in
     * @param id of that queue
     * @param transfer which of its transfers
     */
    Conveyor(Surroundings with, String name, UUID id, long transfer) {
        this.with = with;
        this.name = name;
        this.id = id;
        this.transfer = transfer;
    }

    // ---- what is copied ----

    /**
     * Nothing is on its way: finds what comes next, and has it written down by {@link QueueEvent.Copying}; then {@link #go}.
     *
     * @param anew whether something has failed: what is remembered of steps before may not be true
     */
    abstract void next(Transfer.View view, boolean anew);

    /** The records of a part, as {@link #builder} gives the batch; empty if they are not to be copied any more. For a turn. */
    abstract Optional<RecordBatchBuilder> records(Queue queue, Part part, Map<MessageId, StoredMessage> messages);

    /**
     * A part is not there and cannot be appended as it is.
     *
     * @param gone messages of it that are not in the log any more
     * @return those that are to be copied all the same, at once; for a turn
     */
    abstract List<MessageId> rest(Queue queue, Part part, Set<MessageId> gone);

    /**
     * A part is there, or will not be. For a turn, before that is written down.
     *
     * @param rest those that are copied all the same, if it will not be there
     */
    abstract void settled(Queue queue, Part part, boolean there, List<MessageId> rest, QueueEffects effects);

    /**
     * A part is there, for others who have to know that. It is written down when the future is complete, and told again if that fails.
     *
     * @param messages those of the part; some may be missing that are not in the log any more
     * @param baseOffset of the first one; empty if it was found there after a failure
     */
    CompletableFuture<?> arrived(Part part, Map<MessageId, StoredMessage> messages, OptionalLong baseOffset) {
        return CompletableFuture.completedFuture(null);
    }

    /** Nothing more is done: there is nothing to do, or the queue is not here any more. */
    abstract void onEnd();

    /** Nothing is done for some time. */
    void onPause() {}

    /** The pause is over: {@link #go}, now or later. */
    void resume() {
        go();
    }

    // ---- one step after the other ----

    /** Goes on with whatever there is to do. */
    final void go() {
        if (!ended) {
            then(turn((queue, effects) -> queue.transfer(transfer).view()), this::act);
        }
    }

    final void end() {
        if (!ended) {
            ended = true;
            onEnd();
        }
    }

    private void act(Transfer.View view) {
        if (view.pending().isEmpty()) {
            boolean anew = unsure;
            unsure = false;
            read.clear();
            next(view, anew);
            return;
        }
        Pending first = view.pending().get(0);
        if (unsure) {
            lookUp(view, first);
        } else {
            append(view, first);
        }
    }

    /** The messages that a step is about to copy have been read. */
    final void keep(Map<MessageId, StoredMessage> messages) {
        read.putAll(messages);
    }

    /** Asks the target whether a batch is there. */
    private void lookUp(Transfer.View view, Pending pending) {
        UUID target = view.target().orElseThrow();
        if (with.engine().topic(target).isEmpty()) {
            notThere(pending.part(), Set.of());
            return;
        }
        PartitionLog log = with.reader().log(target, pending.part().partition());
        CompletableFuture<Boolean> isThere = log.activeProducers()
                .thenCompose(producers -> producers.stream()
                        .filter(producer -> producer.producerId() == view.producerId())
                        .findFirst()
                        .map(producer ->
                                CompletableFuture.completedFuture(producer.lastSequence() == pending.lastSequence()))
                        // It has not written yet, or was forgotten: the log of a broker that was away for a day
                        // forgets.
                        .orElseGet(() -> with.reader()
                                .hasBatch(
                                        target,
                                        pending.part().partition(),
                                        pending.part().from(),
                                        view.producerId(),
                                        pending.firstSequence())));
        then(isThere, there -> {
            if (there) {
                read(pending.part(), gone -> there(pending.part(), OptionalLong.empty()));
            } else {
                append(view, pending);
            }
        });
    }

    private void append(Transfer.View view, Pending pending) {
        read(pending.part(), gone -> {
            if (gone.isEmpty()) {
                appendRead(view, pending);
            } else {
                notThere(pending.part(), gone);
            }
        });
    }

    /** Reads what has not been read of a part; then goes on with those that are not in the log any more, if there are any. */
    private void read(Part part, Consumer<Set<MessageId>> next) {
        read(part, Set.of(), next);
    }

    /** @param gone what the log was found not to have any more */
    private void read(Part part, Set<MessageId> gone, Consumer<Set<MessageId>> next) {
        List<MessageId> missing = part.messages().stream()
                .filter(message -> !read.containsKey(message) && !gone.contains(message))
                .toList();
        if (missing.isEmpty()) {
            next.accept(gone);
            return;
        }
        then(with.reader().find(id, missing, STEP_BYTES), found -> {
            keep(found.found());
            Set<MessageId> all = new HashSet<>(gone);
            all.addAll(found.gone());
            read(part, all, next);
        });
    }

    private void appendRead(Transfer.View view, Pending pending) {
        then(turn((queue, effects) -> records(queue, pending.part(), read)), records -> {
            if (records.isEmpty()) {
                notThere(pending.part(), Set.of());
                return;
            }
            RecordBatch batch = records.get()
                    .producer(view.producerId(), (short) 0, pending.firstSequence())
                    .build();
            PartitionLog log = with.reader()
                    .log(view.target().orElseThrow(), pending.part().partition());
            then(log.append(batch, Acks.COMMITTED), appended -> {
                pauseMs = FIRST_PAUSE_MS;
                failure = Optional.empty();
                there(pending.part(), OptionalLong.of(appended.baseOffset()));
            });
        });
    }

    private void there(Part part, OptionalLong baseOffset) {
        then(
                arrived(part, read, baseOffset),
                told -> settle(part, (queue, effects) -> {
                    settled(queue, part, true, List.of(), effects);
                    effects.record(new Copied(id, transfer, part.partition(), true));
                }));
    }

    private void notThere(Part part, Set<MessageId> gone) {
        settle(part, (queue, effects) -> {
            List<MessageId> rest = rest(queue, part, gone);
            settled(queue, part, false, rest, effects);
            effects.record(new Copied(id, transfer, part.partition(), false));
            if (!rest.isEmpty()) {
                Job job = queue.jobs().get(transfer);
                effects.record(new Copying(
                        id,
                        transfer,
                        List.of(new Part(part.partition(), part.from(), rest)),
                        job == null ? Progress.NONE : job.progress));
            }
        });
    }

    private void settle(Part part, BiConsumer<Queue, QueueEffects> how) {
        turn((queue, effects) -> {
            if (queue.transfer(transfer).pending(part.partition()).equals(Optional.of(part))) {
                how.accept(queue, effects);
            }
            return part;
        });
        // The next turn comes behind this one. Should this one fail, the log of the target knows the batch again.
        go();
    }

    /** Copies go to this topic from now on; then goes on. */
    final void bind(UUID target) {
        then(
                with.engine()
                        .newProducerId()
                        .thenCompose(producer -> turn((queue, effects) -> {
                            effects.record(new TransferBegun(id, transfer, target, producer));
                            return producer;
                        })),
                done -> go());
    }

    // ---- tools ----

    /** What went wrong since something was copied; empty if nothing did. */
    final Optional<String> failure() {
        return failure;
    }

    final <T> CompletableFuture<T> turn(BiFunction<Queue, QueueEffects, T> turn) {
        return with.turns().turn(name, id, turn);
    }

    /** Goes on when something has come about; if it does not, begins again after a pause. */
    final <T> void then(CompletableFuture<T> future, Consumer<T> next) {
        future.whenCompleteAsync(
                (value, failure) -> {
                    if (failure != null) {
                        again(Failures.cause(failure));
                        return;
                    }
                    try {
                        next.accept(value);
                    } catch (RuntimeException | Error e) {
                        again(e);
                    }
                },
                with.thread());
    }

    private void again(Throwable failure) {
        if (failure instanceof Turns.NoTurn none && none.isForEver()) {
            end();
            return;
        }
        boolean isStrange = !(failure instanceof Turns.NoTurn) && !(failure instanceof BrokerException);
        if (isStrange) {
            LOG.error("{} failed; it is tried again", this, failure);
        } else if (pauseMs == FIRST_PAUSE_MS) {
            LOG.warn("{} has to wait: {}", this, failure.getMessage());
        } else {
            LOG.debug("{} has to wait", this, failure);
        }
        unsure = true;
        this.failure = Optional.of(String.valueOf(failure.getMessage()));
        boolean isForgotten = Failures.code(failure)
                .filter(code -> code == ErrorCode.OUT_OF_ORDER_SEQUENCE || code == ErrorCode.INVALID_PRODUCER_EPOCH)
                .isPresent();
        if (isForgotten) {
            // The log remembers the producer otherwise than we do: by another one nothing can be mistaken.
            then(
                    turn((queue, effects) -> queue.transfer(transfer).view()),
                    view -> bind(view.target().orElseThrow()));
            return;
        }
        pause(pauseMs);
        pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs);
    }

    /** Goes on later. */
    final void pause(long ms) {
        onPause();
        CompletableFuture.delayedExecutor(ms, TimeUnit.MILLISECONDS, with.thread())
                .execute(this::resume);
    }

    /** Where the partitions of a topic end; throws if that cannot be told. */
    final List<Long> endsOf(Topic target) {
        List<Long> ends = new ArrayList<>();
        for (int i = 0; i < target.partitions(); i++) {
            ends.add(with.reader().log(target.id(), i).highWatermark());
        }
        return ends;
    }

    /** What is to be copied, by partition of the target, as parts. */
    static List<Part> parts(Map<Integer, List<MessageId>> messages, List<Long> ends) {
        List<Part> parts = new ArrayList<>();
        messages.forEach((partition, some) -> parts.add(new Part(partition, ends.get(partition), some)));
        return parts;
    }

    /** In which partition of a topic a copy belongs: a key decides as it did for its producer. */
    static int partitionOf(StoredMessage message, Topic target) {
        byte[] key = message.key().orElseGet(() -> message.id().toString().getBytes(StandardCharsets.US_ASCII));
        return Murmur2.partition(key, 0, key.length, target.partitions());
    }

    /** How large a copy is at most. */
    static long size(StoredMessage message, Headers headers) {
        return RecordBatchBuilder.maxSizeOf(
                message.key().map(bytes -> bytes.length).orElse(0),
                message.value().map(bytes -> bytes.length).orElse(0),
                headers);
    }

    /** How many bytes of records a batch for a topic may have. */
    static int maxRecordBytes(Topic target) {
        return Math.max(0, target.config().maxMessageBytes() - RecordBatch.HEADER_BYTES - BATCH_OVERHEAD);
    }

    @Override
    public String toString() {
        return "transfer " + transfer + " of queue " + name;
    }
}
