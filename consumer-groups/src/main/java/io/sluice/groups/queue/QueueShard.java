package io.sluice.groups.queue;

import io.sluice.core.record.RecordCursor;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Checkpoint;
import io.sluice.groups.queue.QueueEvent.Created;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.shard.Reply;
import io.sluice.groups.shard.Shard;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The queues of one partition of the internal topic: a state machine with time as an argument. What survives is changed by what is replayed
 * alone. For one thread.
 */
final class QueueShard implements Shard<QueueEffects> {
    /** How much of checkpoints is written at once, but for the last one of them. */
    private static final int CHECKPOINT_BYTES = 1024 * 1024;

    private final QueueMemory memory;
    private final Feeding feeding;
    private final Map<String, QueueOutline> outlines;
    private final Agenda agenda = new Agenda();
    private final NavigableMap<String, Queue> byName = new TreeMap<>();
    private final Map<UUID, Queue> byId = new HashMap<>();
    private final Checkpoints checkpoints;
    /** The queue that was looked after last. */
    private String turnOf = "";

    /**
     * @param outlines kept up to date, for readers on any thread
     * @param checkpointBytes a log that is not longer than this is not made shorter
     */
    QueueShard(QueueMemory memory, Feeding feeding, Map<String, QueueOutline> outlines, long checkpointBytes) {
        this.memory = memory;
        this.feeding = feeding;
        this.outlines = outlines;
        this.checkpoints = new Checkpoints(checkpointBytes);
    }

    // ---- what survives ----

    @Override
    public void replay(RecordCursor record) {
        ByteBuffer value = record.value();
        apply(QueueEvents.decode(value), record.offset(), value.remaining());
    }

    /**
     * Something happens, or has happened.
     *
     * @param offset where it lies in the log at the earliest
     * @param bytes its size there
     */
    void apply(QueueEvent event, long offset, int bytes) {
        checkpoints.logged(offset, bytes);
        if (event instanceof Checkpoint piece) {
            checkpoints.add(piece).ifPresent(pieces -> restore(piece.queue(), pieces));
            return;
        }
        if (event instanceof Created created) {
            put(make(created.queue(), created.name(), created.config()));
            checkpoints.created(created.queue());
        } else if (event instanceof Deleted deleted) {
            Queue queue = byId.remove(deleted.queue());
            if (queue != null) {
                if (byName.remove(queue.name(), queue)) {
                    outlines.remove(queue.name());
                }
                memory.forget(queue);
            }
            checkpoints.deleted(deleted.queue());
            return;
        }
        // Of one that is not known the beginning has been cut off: its checkpoint is still to come.
        Queue queue = byId.get(event.queue());
        if (queue != null) {
            queue.apply(event);
            if (event instanceof Created || event instanceof Changed) {
                outline(queue);
            }
        }
    }

    /** What a message of a queue is called that lies at a place. */
    MessageId name(UUID id, MessageId place) {
        Queue queue = byId.get(id);
        return queue == null ? place : queue.links().name(place);
    }

    private Queue make(UUID id, String name, QueueConfig config) {
        return new Queue(id, name, config, memory, agenda, feeding);
    }

    private void put(Queue queue) {
        Queue before = byId.put(queue.id(), queue);
        if (before != null) {
            memory.forget(before);
        }
        byName.put(queue.name(), queue);
    }

    private void outline(Queue queue) {
        outlines.put(queue.name(), new QueueOutline(queue.id(), queue.config(), queue.isPaused()));
    }

    private void restore(UUID id, List<byte[]> pieces) {
        Queue before = byId.get(id);
        // One that lives is what its checkpoint says.
        if (before == null || !before.isRunning()) {
            Queue queue = QueueState.read(id, pieces, this::make);
            put(queue);
            outline(queue);
        }
    }

    // ---- making the log shorter ----

    @Override
    public boolean isCheckpointDue() {
        return checkpoints.isDue();
    }

    /**
     * The queues with the oldest checkpoints are written down anew, as many as are small, or one. One that holds 100,000 messages takes about
     * 12 MB, which are put together in some 15 ms; what is asked meanwhile is answered when they have been written.
     */
    @Override
    public void checkpoint(QueueEffects effects) {
        checkpoints.cut();
        for (long left = CHECKPOINT_BYTES; left > 0 && checkpoints.isDue(); checkpoints.cut()) {
            left -= checkpoint(byId.get(checkpoints.next().orElseThrow()), effects);
        }
    }

    /** Writes one queue down anew. Returns how many bytes that were. */
    long checkpoint(Queue queue, QueueEffects effects) {
        long bytes = 0;
        for (Checkpoint piece : QueueState.of(queue)) {
            bytes += piece.bytes().length;
            effects.record(piece);
        }
        return bytes;
    }

    @Override
    public long neededFrom() {
        return checkpoints.neededFrom();
    }

    @Override
    public void discard() {
        for (Queue queue : byId.values()) {
            queue.abandon();
            feeding.forget(queue);
            memory.forget(queue);
        }
    }

    @Override
    public void begin(QueueEffects effects) {
        for (Queue queue : List.copyOf(byId.values())) {
            queue.join(effects);
            queue.begin(effects.nowMs());
            if (endIfGone(queue, effects)) {
                continue;
            }
            if (!queue.condemned().isEmpty() || queue.transfer(0).isBusy()) {
                feeding.condemned(queue);
            }
            if (queue.isAtWork()) {
                feeding.jobs(queue);
            }
        }
    }

    @Override
    public void tick(QueueEffects effects) {
        agenda.run(effects);
    }

    @Override
    public long nextTimerMs() {
        return agenda.nextMs();
    }

    // ---- queues ----

    /** Some of the queues, each time others: in so many rounds each has its turn. */
    List<Queue> nextOf(int rounds) {
        int count = (byName.size() + rounds - 1) / rounds;
        List<Queue> some =
                byName.tailMap(turnOf, false).values().stream().limit(count).toList();
        turnOf =
                some.isEmpty() || some.size() < count ? "" : some.get(count - 1).name();
        return some;
    }

    Optional<Queue> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Optional<Queue> find(UUID id) {
        return Optional.ofNullable(byId.get(id));
    }

    /** All queues, by name. */
    NavigableMap<String, Queue> queues() {
        return byName;
    }

    /**
     * A queue over a topic, unless there is one. One of that name over another topic, which is not there any more, ends.
     *
     * @param begins where its partitions begin
     */
    void create(
            UUID id, String name, QueueConfig config, List<Long> begins, Reply<QueueView> reply, QueueEffects effects) {
        Queue before = byName.get(name);
        if (before != null && before.id().equals(id)) {
            QueueView view = QueueViews.of(before, feeding, effects.nowMs());
            effects.answer(reply, before.config().equals(config) ? view : view.as(QueueError.QUEUE_DIFFERS));
            return;
        }
        if (before != null) {
            end(before, effects);
        }
        effects.record(new Created(id, name, config, begins, effects.nowMs()));
        for (int partition = 0; partition < begins.size(); partition++) {
            feeding.joined(id, partition);
        }
        byId.get(id).begin(effects.nowMs());
        effects.answer(reply, QueueViews.of(byId.get(id), feeding, effects.nowMs()));
    }

    /** A queue ends with its topic, whoever deleted that. Returns whether it has ended. */
    boolean endIfGone(Queue queue, QueueEffects effects) {
        boolean isGone = feeding.partitions(queue) == 0;
        if (isGone) {
            end(queue, effects);
        }
        return isGone;
    }

    private void end(Queue queue, QueueEffects effects) {
        feeding.forget(queue);
        queue.end(effects);
        effects.record(new Deleted(queue.id()));
    }
}
