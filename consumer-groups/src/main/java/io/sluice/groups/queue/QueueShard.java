package io.sluice.groups.queue;

import io.sluice.core.record.RecordCursor;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Created;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.shard.Reply;
import io.sluice.groups.shard.Shard;
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
    private final QueueLimits limits;
    private final Feeding feeding;
    private final Map<String, QueueOutline> outlines;
    private final Agenda agenda = new Agenda();
    private final NavigableMap<String, Queue> byName = new TreeMap<>();
    private final Map<UUID, Queue> byId = new HashMap<>();

    /** @param outlines kept up to date, for readers on any thread */
    QueueShard(QueueLimits limits, Feeding feeding, Map<String, QueueOutline> outlines) {
        this.limits = limits;
        this.feeding = feeding;
        this.outlines = outlines;
    }

    // ---- what survives ----

    @Override
    public void replay(RecordCursor record) {
        apply(QueueEvents.decode(record.value()));
    }

    void apply(QueueEvent event) {
        if (event instanceof Created created) {
            Queue queue = new Queue(created.queue(), created.name(), created.config(), limits, agenda, feeding);
            byId.put(created.queue(), queue);
            byName.put(created.name(), queue);
        } else if (event instanceof Deleted deleted) {
            Queue queue = byId.remove(deleted.queue());
            if (queue != null && byName.remove(queue.name(), queue)) {
                outlines.remove(queue.name());
            }
            return;
        }
        Queue queue = byId.get(event.queue());
        if (queue != null) {
            queue.apply(event);
            if (event instanceof Created || event instanceof Changed) {
                outlines.put(queue.name(), new QueueOutline(queue.id(), queue.config(), queue.isPaused()));
            }
        }
    }

    @Override
    public void begin(QueueEffects effects) {
        for (Queue queue : List.copyOf(byId.values())) {
            queue.begin(effects.nowMs());
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
        byId.get(id).begin(effects.nowMs());
        effects.answer(reply, QueueViews.of(byId.get(id), feeding, effects.nowMs()));
    }

    /** A queue is no more: its topic is being deleted, or has been. */
    void end(Queue queue, QueueEffects effects) {
        queue.end(effects);
        effects.record(new Deleted(queue.id()));
    }
}
