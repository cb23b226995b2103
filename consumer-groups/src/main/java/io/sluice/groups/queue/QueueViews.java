package io.sluice.groups.queue;

import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Parked;
import io.sluice.groups.queue.QueueView.Counts;
import io.sluice.groups.queue.QueueView.Held;
import io.sluice.groups.queue.QueueView.SessionView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Looks at a queue without touching it. For the thread that runs the queues. */
public final class QueueViews {
    /** How many messages one look passes over at most. */
    private static final int MAX_LOOKED_AT = 5_000;

    private QueueViews() {}

    /**
     * How full a queue is.
     *
     * @param error NONE, or why nothing is told of it
     * @param messages how many are not finished
     * @param bytes about how large they are, as they lie in the log
     */
    public record Filling(QueueError error, QueueConfig config, long messages, long bytes) {
        static Filling refused(QueueError error) {
            return new Filling(error, QueueConfig.DEFAULTS, 0, 0);
        }
    }

    static Filling filling(Queue queue, Feeding feeding) {
        long messages = 0;
        long bytes = 0;
        int partitions = feeding.partitions(queue);
        for (int i = 0; i < partitions; i++) {
            Window window = queue.window(i);
            long open = Math.max(0, feeding.end(queue, i) - window.frontier) + window.open.count();
            messages += open;
            bytes += feeding.bytes(queue, i, open);
        }
        return new Filling(QueueError.NONE, queue.config(), messages, bytes);
    }

    static QueueView of(Queue queue, Feeding feeding, long nowMs) {
        Filling filling = filling(queue, feeding);
        long sent = 0;
        long asleep = 0;
        long dueAgain = 0;
        long pinnedBytes = 0;
        Map<Integer, MessageId> oldest = new HashMap<>();
        int partitions = feeding.partitions(queue);
        for (int i = 0; i < partitions; i++) {
            Window window = queue.window(i);
            long end = Math.max(feeding.end(queue, i), window.frontier);
            sent += end - window.begin;
            pinnedBytes += window.pinnedBytes;
            asleep += window.delayed.count() + window.later.count() + window.soon.size();
            dueAgain += window.returned;
            if (window.low() < end) {
                oldest.put(i, new MessageId(i, window.low()));
            }
        }
        long leased = queue.heldCount(Message.State.LEASED);
        long dying = queue.heldCount(Message.State.CONDEMNED);
        long again = queue.heldCount(Message.State.RETURNED) - dueAgain;
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
                Math.max(0, filling.messages() - asleep - leased - again - dying),
                leased,
                asleep + again,
                dying,
                new Held(
                        queue.heldCount(),
                        queue.memory().heldBytes(),
                        !queue.memory().hasRoomForHeld()),
                queue.waiterCount(),
                queue.askedMs(),
                queue.sessions().stream()
                        .map(session -> new SessionView(
                                session.consumer, session.messages.size(), session.timeoutMs, session.atMs))
                        .toList(),
                oldest,
                nextDueMs(queue, nowMs),
                filling.bytes(),
                pinnedBytes,
                isStill(queue, feeding),
                feeding.unreadable(queue));
    }

    private static boolean isStill(Queue queue, Feeding feeding) {
        for (int i = 0; i < feeding.partitions(queue); i++) {
            Window window = queue.window(i);
            if (!window.unread.isEmpty() || window.scanned < feeding.end(queue, i)) {
                return false;
            }
        }
        return !queue.hasReady();
    }

    /** When the next of those is due that are known and not too many to be looked through. */
    private static long nextDueMs(Queue queue, long nowMs) {
        long nextMs = Long.MAX_VALUE;
        for (Window window : queue.windows()) {
            nextMs = Math.min(nextMs, Math.min(window.delayed.nextMs(), window.later.nextMs()));
            for (Window.Soon soon : first(window.soon.values())) {
                nextMs = Math.min(nextMs, soon.message.deliverAtMs());
            }
            if (queue.heldCount(Message.State.RETURNED) > 0) {
                for (Message message : first(window.held.values())) {
                    if (message.state() == Message.State.RETURNED && message.untilMs > nowMs) {
                        nextMs = Math.min(nextMs, message.untilMs);
                    }
                }
            }
        }
        return nextMs;
    }

    private static <T> Iterable<T> first(Collection<T> all) {
        return () -> all.stream().limit(MAX_LOOKED_AT).iterator();
    }

    /** One message, by what it is called: that it died is not all if it was sent again. */
    static MessageView message(Queue queue, Feeding feeding, MessageId id, long nowMs) {
        return at(queue, feeding, queue.links().now(id).orElse(id), nowMs);
    }

    private static MessageView at(Queue queue, Feeding feeding, MessageId id, long nowMs) {
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
            return MessageView.held(held, stateOf(held, nowMs)).parked(window.parked(held.lane));
        }
        if (window.isUndelivered(id.offset())) {
            boolean isAsleep = window.delayed.asleep().contains(id.offset())
                    || window.later.asleep().contains(id.offset())
                    || window.soon.containsKey(id.offset());
            if (isAsleep) {
                return MessageView.plain(id, State.DELAYED, Optional.empty());
            }
            Lane lane = window.loaded.get(id.offset());
            return lane == null
                    ? MessageView.uncertain(id)
                    : MessageView.plain(id, State.WAITING, blocker(queue, lane, nowMs))
                            .parked(window.parked(lane));
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
        return switch (message.state()) {
            case LEASED -> State.LEASED;
            case CONDEMNED -> State.DYING;
            case RETURNED -> message.untilMs > nowMs ? State.DELAYED : State.WAITING;
        };
    }

    private static State stateOf(Outcome outcome) {
        return switch (outcome) {
            case ACKNOWLEDGED -> State.ACKNOWLEDGED;
            case DEAD -> State.DEAD;
            case EXPIRED -> State.EXPIRED;
            case DROPPED -> State.DROPPED;
        };
    }

    /** Which message has to be finished before one that waits in a lane. */
    private static Optional<MessageView> blocker(Queue queue, Lane lane, long nowMs) {
        return lane.isBehind(queue.config().order() == QueueConfig.Order.KEY)
                ? Optional.of(lane.held(lane.firstHeld()))
                        .map(message -> MessageView.held(message, stateOf(message, nowMs)))
                : Optional.empty();
    }

    /** As {@link #message}, and of what is not in memory, what keeps it from being delivered. */
    static MessageView explained(Queue queue, Feeding feeding, MessageId called, long nowMs) {
        MessageView view = message(queue, feeding, called, nowMs);
        if (view.isCertain()) {
            return view;
        }
        MessageId id = view.id();
        for (Lane lane : queue.window(id.partition()).lanes.values()) {
            if (lane.overflow.contains(id.offset())) {
                return MessageView.plain(id, State.WAITING, blocker(queue, lane, nowMs))
                        .parked(lane.window.parked(lane));
            }
        }
        return view;
    }

    /**
     * Keys of which messages wait for others or because they are parked, those that stand still for the longest time first.
     *
     * @param limit how many at most
     */
    static Keys keys(Queue queue, int limit, long nowMs) {
        boolean strict = queue.config().order() == QueueConfig.Order.KEY;
        List<KeyView> found = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        for (Window window : queue.windows()) {
            for (Lane lane : window.lanes.values()) {
                Optional<Parked> parked = queue.parked().find(lane.key);
                boolean isBehind = lane.isBehind(strict) && lane.behind() > 0;
                if (isBehind || parked.isPresent()) {
                    seen.add(lane.key);
                    Optional<MessageView> first = lane.hasHeld()
                            ? Optional.of(lane.held(lane.firstHeld()))
                                    .map(message -> MessageView.held(message, stateOf(message, nowMs)))
                            : Optional.empty();
                    found.add(new KeyView(first, lane.behind(), parked));
                }
            }
        }
        for (Parked parked : queue.parked().all()) {
            if (!seen.contains(parked.key())) {
                found.add(new KeyView(Optional.empty(), 0, Optional.of(parked)));
            }
        }
        found.sort(Comparator.comparingLong(KeyView::sinceMs));
        return new Keys(QueueError.NONE, found.size(), List.copyOf(found.subList(0, Math.min(limit, found.size()))));
    }

    /**
     * Keys that stand still.
     *
     * @param count how many there are
     * @param keys some of them
     */
    public record Keys(QueueError error, int count, List<KeyView> keys) {}

    /**
     * Messages in some states, in their order.
     *
     * @param after where to begin: behind this message, or with the first
     * @param limit how many at most
     */
    static Browsed browse(
            Queue queue, Feeding feeding, Set<State> states, Optional<MessageId> after, int limit, long nowMs) {
        List<MessageView> found = new ArrayList<>();
        int left = MAX_LOOKED_AT;
        Optional<MessageId> last = after;
        int partitions = feeding.partitions(queue);
        for (int partition = after.map(MessageId::partition).orElse(0); partition < partitions; partition++) {
            Window window = queue.window(partition);
            Candidates candidates = new Candidates(window, states);
            long end = feeding.end(queue, partition);
            boolean isFirst = after.isPresent() && after.get().partition() == partition;
            long from = Math.max(window.logStart, isFirst ? after.get().offset() + 1 : 0);
            for (long offset = candidates.next(from); offset < end; offset = candidates.next(offset + 1)) {
                if (found.size() == limit || left-- == 0) {
                    return new Browsed(QueueError.NONE, found, last);
                }
                MessageId id = new MessageId(partition, offset);
                MessageView view = at(queue, feeding, id, nowMs);
                // What nobody has looked at may be due or not.
                boolean isWanted =
                        states.contains(view.state()) || (!view.isCertain() && states.contains(State.DELAYED));
                if (isWanted) {
                    found.add(view);
                }
                last = Optional.of(id);
            }
        }
        return new Browsed(QueueError.NONE, found, Optional.empty());
    }

    /** Where in a partition there may be messages in some states. */
    private static final class Candidates {
        private final Window window;
        private final Set<State> states;
        /** Only these can be leased or dying. */
        private final NavigableSet<Long> held;

        Candidates(Window window, Set<State> states) {
            this.window = window;
            this.states = states;
            boolean asksForHeld = states.contains(State.LEASED) || states.contains(State.DYING);
            this.held = asksForHeld ? new TreeSet<>(window.held.keySet()) : Collections.emptyNavigableSet();
        }

        /** The first one from an offset on. */
        long next(long offset) {
            long next = Long.MAX_VALUE;
            for (State state : states) {
                next = Math.min(next, next(state, offset));
            }
            return next;
        }

        private long next(State state, long offset) {
            return switch (state) {
                case LEASED, DYING -> {
                    Long next = held.ceiling(offset);
                    yield next == null ? Long.MAX_VALUE : next;
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
    }

    /**
     * Some messages of a queue.
     *
     * @param next the message behind which to go on; empty if there are no more
     */
    public record Browsed(QueueError error, List<MessageView> messages, Optional<MessageId> next) {}
}
