package io.sluice.groups.queue;

import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueView.Counts;
import io.sluice.groups.queue.QueueView.SessionView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Looks at a queue without touching it. For the thread that runs the queues. */
public final class QueueViews {
    /** How many messages one look passes over at most. */
    private static final int MAX_LOOKED_AT = 20_000;

    private QueueViews() {}

    static QueueView of(Queue queue, Feeding feeding, long nowMs) {
        long sent = 0;
        long unfinished = 0;
        long asleep = 0;
        long leased = 0;
        long again = 0;
        long dying = 0;
        long nextDueMs = Long.MAX_VALUE;
        long pinnedBytes = 0;
        Map<Integer, MessageId> oldest = new HashMap<>();
        int partitions = feeding.partitions(queue);
        for (int i = 0; i < partitions; i++) {
            Window window = queue.window(i);
            long end = Math.max(feeding.end(queue, i), window.frontier);
            sent += end - window.begin;
            unfinished += end - window.frontier + window.open.count();
            pinnedBytes += window.pinnedBytes;
            asleep += window.delayed.count() + window.later.count() + window.soon.size();
            nextDueMs = Math.min(nextDueMs, Math.min(window.delayed.nextMs(), window.later.nextMs()));
            for (Window.Soon soon : window.soon.values()) {
                nextDueMs = Math.min(nextDueMs, soon.message.deliverAtMs());
            }
            for (Message message : window.held.values()) {
                if (message.state == Message.State.LEASED) {
                    leased++;
                } else if (message.state == Message.State.CONDEMNED) {
                    dying++;
                } else if (message.untilMs > nowMs) {
                    again++;
                    nextDueMs = Math.min(nextDueMs, message.untilMs);
                }
            }
            if (window.low() < end) {
                oldest.put(i, new MessageId(i, window.low()));
            }
        }
        QueueCounters counters = queue.counters();
        return new QueueView(
                QueueError.NONE,
                queue.id(),
                queue.name(),
                queue.config(),
                queue.isPaused(),
                queue.createdMs(),
                queue.changedMs(),
                sent,
                new Counts(
                        counters.delivered,
                        counters.acknowledged,
                        counters.returned,
                        counters.dead,
                        counters.expired,
                        counters.dropped,
                        counters.gone),
                Math.max(0, unfinished - asleep - leased - again - dying),
                leased,
                asleep + again,
                dying,
                queue.waiterCount(),
                queue.sessions().stream()
                        .map(session -> new SessionView(
                                session.consumer, session.messages.size(), session.timeoutMs, session.atMs))
                        .toList(),
                oldest,
                nextDueMs,
                pinnedBytes);
    }

    /** One message. */
    static MessageView message(Queue queue, Feeding feeding, MessageId id, long nowMs) {
        boolean exists = id.partition() >= 0
                && id.partition() < feeding.partitions(queue)
                && id.offset() >= queue.window(id.partition()).begin
                && id.offset() < feeding.end(queue, id.partition());
        if (!exists) {
            return MessageView.plain(id, State.UNKNOWN, Optional.empty());
        }
        Window window = queue.window(id.partition());
        Message held = window.held.get(id.offset());
        if (held != null) {
            return MessageView.held(held, stateOf(held, nowMs));
        }
        if (window.isUndelivered(id.offset())) {
            State state = stateOfUndelivered(window, id.offset());
            return MessageView.plain(id, state, state == State.WAITING ? blocker(queue, window, id) : Optional.empty());
        }
        // It is remembered for some time after its record has been deleted.
        return queue.done()
                .find(id)
                .map(done -> MessageView.done(done, stateOf(done.outcome())))
                .orElseGet(() -> MessageView.plain(
                        id,
                        id.offset() < window.logStart ? State.UNKNOWN : stateOf(window.outcome(id.offset())),
                        Optional.empty()));
    }

    private static State stateOf(Message message, long nowMs) {
        return switch (message.state) {
            case LEASED -> State.LEASED;
            case CONDEMNED -> State.DYING;
            case RETURNED -> message.untilMs > nowMs ? State.DELAYED : State.WAITING;
        };
    }

    private static State stateOfUndelivered(Window window, long offset) {
        return window.delayed.asleep().contains(offset)
                        || window.later.asleep().contains(offset)
                        || window.soon.containsKey(offset)
                ? State.DELAYED
                : State.WAITING;
    }

    private static State stateOf(Outcome outcome) {
        return switch (outcome) {
            case ACKNOWLEDGED -> State.ACKNOWLEDGED;
            case DEAD -> State.DEAD;
            case EXPIRED -> State.EXPIRED;
            case DROPPED -> State.DROPPED;
        };
    }

    /** Which message has to be finished before one that waits, as far as memory tells. */
    private static Optional<MessageId> blocker(Queue queue, Window window, MessageId id) {
        if (queue.config().order() != QueueConfig.Order.KEY) {
            return Optional.empty();
        }
        for (Lane lane : window.lanes.values()) {
            boolean isOfLane = lane.fresh(id.offset()) != null || lane.overflow.contains(id.offset());
            if (isOfLane) {
                return lane.isBlocked(true)
                        ? Optional.of(new MessageId(window.partition, lane.firstHeld()))
                        : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /**
     * Messages in one state, in their order.
     *
     * @param from where to begin
     * @param limit how many at most
     */
    static Browsed browse(Queue queue, Feeding feeding, State state, MessageId from, int limit, long nowMs) {
        List<MessageView> found = new ArrayList<>();
        int left = MAX_LOOKED_AT;
        int partitions = feeding.partitions(queue);
        for (int partition = from.partition(); partition < partitions; partition++) {
            Window window = queue.window(partition);
            long end = feeding.end(queue, partition);
            long offset = Math.max(window.logStart, partition == from.partition() ? from.offset() : 0);
            for (offset = next(window, state, offset); offset < end; offset = next(window, state, offset + 1)) {
                if (found.size() == limit || left-- == 0) {
                    return new Browsed(QueueError.NONE, found, Optional.of(new MessageId(partition, offset)));
                }
                MessageView view = message(queue, feeding, new MessageId(partition, offset), nowMs);
                if (view.state() == state) {
                    found.add(view);
                }
            }
        }
        return new Browsed(QueueError.NONE, found, Optional.empty());
    }

    /** The next offset at which there may be a message in a state. */
    private static long next(Window window, State state, long offset) {
        return switch (state) {
            case LEASED, DYING -> {
                // Of all that are open only these can be.
                long next = Long.MAX_VALUE;
                for (long held : window.held.keySet()) {
                    next = held >= offset ? Math.min(next, held) : next;
                }
                yield next;
            }
            case WAITING, DELAYED ->
                offset >= window.frontier ? offset : Math.min(window.open.next(offset), window.frontier);
            case DEAD -> window.outcomes(Outcome.DEAD).next(offset);
            case EXPIRED -> window.outcomes(Outcome.EXPIRED).next(offset);
            case DROPPED -> window.outcomes(Outcome.DROPPED).next(offset);
            case ACKNOWLEDGED -> offset >= window.frontier ? Long.MAX_VALUE : offset;
            case UNKNOWN -> Long.MAX_VALUE;
        };
    }

    /**
     * Some messages of a queue.
     *
     * @param next where to go on; empty if there are no more
     */
    public record Browsed(QueueError error, List<MessageView> messages, Optional<MessageId> next) {}
}
