package io.sluice.groups.queue;

import io.sluice.groups.Effects.Reply;
import io.sluice.groups.queue.Message.State;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Condemned;
import io.sluice.groups.queue.QueueEvent.Delayed;
import io.sluice.groups.queue.QueueEvent.Delivery;
import io.sluice.groups.queue.QueueEvent.Due;
import io.sluice.groups.queue.QueueEvent.Extended;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Gone;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Purged;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Received;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * One queue: a window of per-message states over the partitions of a topic. Requests are decided into events; {@link #apply} alone changes what is
 * durable. What lies in the log is told by {@link #feed}, and is in memory only as far as it may be delivered soon. For one thread.
 */
final class Queue {
    private final UUID id;
    private final String name;
    private final QueueLimits limits;
    private final Agenda agenda;
    private final Map<Integer, Window> windows = new HashMap<>();
    private final QueueCounters counters = new QueueCounters();
    private QueueConfig config;
    private boolean paused;
    private int heldCount;

    /** Lanes that may have something to deliver, in the order of their turns. */
    private final ArrayDeque<Lane> ring = new ArrayDeque<>();

    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    private final Map<MessageId, Message> condemned = new LinkedHashMap<>();
    private int loaded;
    /** Until the state has been replayed, nobody is told when anything is due. */
    private boolean running;

    private final Timed waking = new Timed() {
        @Override
        void due(QueueEffects effects) {
            windows.values().forEach(window -> window.unread.addAll(window.delayed.wake(effects.nowMs())));
            scheduleWaking();
        }
    };

    /** A receiver that waits. */
    private final class Waiter extends Timed {
        private final Receive.Request request;
        private final Reply<Receive.Answer> reply;

        Waiter(Receive.Request request, Reply<Receive.Answer> reply) {
            this.request = request;
            this.reply = reply;
        }

        @Override
        void due(QueueEffects effects) {
            waiters.remove(this);
            effects.answer(reply, new Receive.Answer(QueueError.NONE, List.of()));
        }
    }

    Queue(UUID id, String name, QueueConfig config, QueueLimits limits, Agenda agenda) {
        this.id = id;
        this.name = name;
        this.config = config;
        this.limits = limits;
        this.agenda = agenda;
    }

    UUID id() {
        return id;
    }

    String name() {
        return name;
    }

    QueueConfig config() {
        return config;
    }

    boolean isPaused() {
        return paused;
    }

    QueueCounters counters() {
        return counters;
    }

    int heldCount() {
        return heldCount;
    }

    Collection<Window> windows() {
        return windows.values();
    }

    private Window window(int partition) {
        return windows.computeIfAbsent(partition, Window::new);
    }

    // ---- what the log holds ----

    /** The state has been replayed. */
    void begin() {
        running = true;
        for (Window window : windows.values()) {
            window.begin();
            window.held.values().forEach(this::schedule);
        }
        scheduleWaking();
    }

    /**
     * What is to be read next of a partition; empty while enough is in memory. Everything from there on, up to wherever the reader stops, is to
     * be told by {@link #feed}.
     */
    OptionalLong nextToRead(int partition) {
        Window window = window(partition);
        if (loaded >= limits.loaded()) {
            if (!ring.isEmpty()) {
                return OptionalLong.empty();
            }
            shed();
        }
        return OptionalLong.of(window.unread.isEmpty() ? window.scanned : window.unread.first());
    }

    /** Memory is full of messages that cannot be delivered because others of their keys are under way: they give place. */
    private void shed() {
        for (Window window : windows.values()) {
            window.lanes.values().forEach(Lane::shed);
            window.loaded.clear();
        }
        loaded = 0;
    }

    /**
     * Messages that the log holds.
     *
     * @param from where was read from: as {@link #nextToRead} said
     * @param to up to where, exclusive
     * @param messages everything that lies there, by offset
     */
    void feed(int partition, long from, long to, List<Arrival> messages, QueueEffects effects) {
        Window window = window(partition);
        List<Due> asleep = new ArrayList<>();
        long at = from;
        for (Arrival message : messages) {
            long offset = message.offset();
            missing(window, at, offset, effects);
            boolean isWanted = offset >= window.scanned || window.unread.contains(offset);
            if (isWanted && window.isUndelivered(offset)) {
                arrived(window, message, asleep, effects.nowMs());
            }
            at = offset + 1;
        }
        missing(window, at, to, effects);
        window.unread.remove(from, to);
        if (from <= window.scanned) {
            window.scanned = Math.max(window.scanned, to);
        }
        if (!asleep.isEmpty()) {
            effects.record(
                    new Delayed(id, partition, asleep.get(asleep.size() - 1).offset() + 1, asleep));
            scheduleWaking();
        }
        dispatch(effects);
    }

    /** There is nothing in {@code [from, to)}: nobody must wait for it. */
    private void missing(Window window, long from, long to, QueueEffects effects) {
        if (from < to && (to > window.scanned || !window.unread.within(from, to).isEmpty())) {
            effects.record(new Gone(id, window.partition, from, to));
        }
    }

    private void arrived(Window window, Arrival message, List<Due> asleep, long nowMs) {
        if (message.deliverAtMs() > nowMs) {
            long wakeMs = DelayIndex.wakeMs(message.deliverAtMs(), nowMs);
            if (wakeMs == 0) {
                Window.Soon soon = window.new Soon(this, message);
                window.soon.put(message.offset(), soon);
                agenda.set(soon, message.deliverAtMs());
            } else {
                asleep.add(new Due(message.offset(), wakeMs));
            }
        } else {
            becameDue(window, message);
        }
    }

    /** The time of a message has come that was never delivered. */
    void due(Window window, Arrival message, QueueEffects effects) {
        becameDue(window, message);
        dispatch(effects);
    }

    /** A message may be delivered. */
    private void becameDue(Window window, Arrival message) {
        Lane lane = window.lane(message.key());
        lane.overflow.remove(message.offset());
        // What lies behind those that are not in memory waits with them.
        boolean behind = !lane.overflow.isEmpty() && message.offset() > lane.overflow.first();
        boolean isBlocked = loaded > limits.loaded() / 2 && lane.isBlocked(isStrict());
        if (behind || isBlocked || lane.freshCount() >= limits.loadedOfKey()) {
            lane.overflow.add(message.offset());
        } else {
            lane.load(message);
            window.loaded.put(message.offset(), lane);
            loaded++;
        }
        offer(lane);
    }

    private void scheduleWaking() {
        long nextMs = Long.MAX_VALUE;
        for (Window window : windows.values()) {
            nextMs = Math.min(nextMs, window.delayed.nextMs());
        }
        if (nextMs == Long.MAX_VALUE) {
            agenda.cancel(waking);
        } else {
            agenda.set(waking, nextMs);
        }
    }

    // ---- deliveries ----

    private boolean isStrict() {
        return config.order() == QueueConfig.Order.KEY;
    }

    /** A lane gets its turn if it has something to deliver. */
    private void offer(Lane lane) {
        if (!lane.inRing && lane.next(isStrict()) >= 0) {
            lane.inRing = true;
            ring.add(lane);
        }
    }

    void receive(Receive.Request request, Reply<Receive.Answer> reply, QueueEffects effects) {
        if (waiters.size() >= limits.waiters()) {
            effects.answer(reply, Receive.Answer.refused(QueueError.OVERLOADED));
            return;
        }
        Waiter waiter = new Waiter(request, reply);
        waiters.add(waiter);
        agenda.set(waiter, request.deadlineMs());
        dispatch(effects);
        if (request.deadlineMs() <= effects.nowMs() && waiters.remove(waiter)) {
            agenda.cancel(waiter);
            effects.answer(reply, new Receive.Answer(QueueError.NONE, List.of()));
        }
    }

    /** Whoever waits gets what there is. */
    private void dispatch(QueueEffects effects) {
        while (!waiters.isEmpty() && !paused) {
            Waiter waiter = waiters.peek();
            List<Delivery> deliveries = take(waiter.request, effects);
            if (deliveries.isEmpty()) {
                return;
            }
            waiters.remove();
            agenda.cancel(waiter);
            effects.record(new Leased(
                    id,
                    waiter.request.consumer(),
                    effects.nowMs(),
                    effects.nowMs() + waiter.request.visibilityMs(),
                    deliveries));
            List<Received> received = new ArrayList<>(deliveries.size());
            for (Delivery delivery : deliveries) {
                Message message =
                        window(delivery.id().partition()).held.get(delivery.id().offset());
                // Its lane had to wait for the delivery to be written down.
                offer(message.lane);
                received.add(new Received(
                        message.id,
                        new Lease(message.id, message.nonce),
                        message.untilMs,
                        message.deliveries,
                        message.arrival.enqueuedMs(),
                        message.firstReceivedMs));
            }
            effects.answer(waiter.reply, new Receive.Answer(QueueError.NONE, received));
        }
    }

    /** Chooses messages for a receiver, each lane in its turn. */
    private List<Delivery> take(Receive.Request request, QueueEffects effects) {
        List<Delivery> chosen = new ArrayList<>();
        List<MessageId> expired = new ArrayList<>();
        boolean strict = isStrict();
        while (chosen.size() < request.max() && heldCount + chosen.size() < config.maxInFlight() && !ring.isEmpty()) {
            Lane lane = ring.remove();
            lane.inRing = false;
            long offset = lane.next(strict);
            if (offset < 0) {
                refill(lane);
                lane.window.tidy(lane);
                continue;
            }
            MessageId message = new MessageId(lane.window.partition, offset);
            Message held = lane.held(offset);
            Arrival arrival = held == null ? lane.fresh(offset) : held.arrival;
            boolean isTooOld = isExpired(arrival, effects.nowMs());
            if (isTooOld) {
                expired.add(message);
            } else {
                chosen.add(new Delivery(lane.window.partition, arrival, effects.lot()));
            }
            takeOut(lane, offset, held);
            // A lane whose messages follow each other has its next turn when this delivery is known to it.
            if (isTooOld || !strict || lane.key == Arrival.NO_KEY) {
                offer(lane);
            }
        }
        if (!expired.isEmpty()) {
            finish(QueueEvent.Outcome.EXPIRED, expired, effects);
        }
        return chosen;
    }

    /** The time that a message was delayed does not make it older. */
    private boolean isExpired(Arrival message, long nowMs) {
        long sinceMs = Math.max(message.enqueuedMs(), message.deliverAtMs());
        return message.expiresAtMs() <= nowMs || (config.ttlMs() > 0 && sinceMs + config.ttlMs() <= nowMs);
    }

    /** A message is on its way to a receiver: nobody else gets it meanwhile. */
    private void takeOut(Lane lane, long offset, Message held) {
        if (held == null) {
            unload(lane, offset);
            refill(lane);
        } else {
            lane.hold(held);
        }
    }

    /** What is not in memory of a lane is read when little of it is left. */
    private void refill(Lane lane) {
        if (lane.overflow.isEmpty() || lane.freshCount() > limits.loadedOfKey() / 4 || lane.isBlocked(isStrict())) {
            return;
        }
        // They stay where they are until they have been read: what comes meanwhile lies behind them.
        for (long offset : lane.overflow.first(limits.loadedOfKey() - lane.freshCount())) {
            lane.window.unread.add(offset);
        }
    }

    // ---- what consumers say of their leases ----

    List<Receive.Outcome> acknowledge(List<Lease> leases, QueueEffects effects) {
        List<MessageId> done = new ArrayList<>();
        List<Receive.Outcome> outcomes = new ArrayList<>();
        for (Lease lease : leases) {
            Receive.Outcome outcome = check(lease, effects.nowMs());
            if (outcome.error() == QueueError.NONE && !done.contains(lease.id())) {
                done.add(lease.id());
            }
            outcomes.add(outcome);
        }
        if (!done.isEmpty()) {
            finish(QueueEvent.Outcome.ACKNOWLEDGED, done, effects);
            dispatch(effects);
        }
        return outcomes;
    }

    List<Receive.Outcome> extend(List<Lease> leases, long visibilityMs, QueueEffects effects) {
        List<MessageId> extended = new ArrayList<>();
        List<Receive.Outcome> outcomes = new ArrayList<>();
        for (Lease lease : leases) {
            Receive.Outcome outcome = check(lease, effects.nowMs());
            if (outcome.error() == QueueError.NONE) {
                extended.add(lease.id());
            }
            outcomes.add(outcome);
        }
        if (!extended.isEmpty()) {
            effects.record(new Extended(id, effects.nowMs() + visibilityMs, extended));
        }
        return outcomes;
    }

    /**
     * Deliveries failed.
     *
     * @param delayMs when the messages may be delivered again, in ms from now; empty for what the queue's backoff says
     * @param dead whether they are not to be delivered again
     */
    List<Receive.Outcome> reject(
            List<Lease> leases, OptionalLong delayMs, boolean dead, String reason, QueueEffects effects) {
        List<Message> failed = new ArrayList<>();
        List<Receive.Outcome> outcomes = new ArrayList<>();
        for (Lease lease : leases) {
            Receive.Outcome outcome = check(lease, effects.nowMs());
            if (outcome.error() == QueueError.NONE) {
                Message message =
                        window(lease.id().partition()).held.get(lease.id().offset());
                if (!failed.contains(message)) {
                    failed.add(message);
                }
            }
            outcomes.add(outcome);
        }
        fail(failed, delayMs, dead, reason, effects);
        dispatch(effects);
        return outcomes;
    }

    private void fail(List<Message> messages, OptionalLong delayMs, boolean dead, String reason, QueueEffects effects) {
        List<Return> again = new ArrayList<>();
        List<MessageId> noMore = new ArrayList<>();
        for (Message message : messages) {
            if (dead || message.deliveries >= config.maxDeliveries()) {
                noMore.add(message.id);
            } else {
                long wait = delayMs.orElseGet(() -> config.backoff().delayMs(message.deliveries, effects.lot()));
                again.add(new Return(message.id, effects.nowMs() + wait, reason));
            }
        }
        if (!again.isEmpty()) {
            effects.record(new Returned(id, effects.nowMs(), again));
        }
        if (!noMore.isEmpty()) {
            if (config.deadLetterQueue().isPresent()) {
                effects.record(new Condemned(id, effects.nowMs(), reason, noMore));
            } else {
                finish(QueueEvent.Outcome.DEAD, noMore, effects);
            }
        }
    }

    private Receive.Outcome check(Lease lease, long nowMs) {
        Window window = windows.get(lease.id().partition());
        Message message = window == null ? null : window.held.get(lease.id().offset());
        if (message != null && message.isLeasedAs(lease.nonce(), nowMs)) {
            return new Receive.Outcome(lease, QueueError.NONE, message.consumer, message.sinceMs);
        }
        boolean isHeldByOther = message != null && message.state == State.LEASED && nowMs < message.untilMs;
        return isHeldByOther
                ? new Receive.Outcome(lease, QueueError.STALE_LEASE, message.consumer, message.sinceMs)
                : new Receive.Outcome(lease, QueueError.STALE_LEASE, "", 0);
    }

    /** The time of a held message has come. */
    void due(Message message, QueueEffects effects) {
        if (message.state == State.LEASED) {
            fail(List.of(message), OptionalLong.empty(), false, "lease expired", effects);
        } else if (message.state == State.RETURNED) {
            message.lane.available(message);
            offer(message.lane);
        }
        dispatch(effects);
    }

    // ---- the dead ----

    /** Messages that are on their way to the dead letters, in the order in which they died. */
    Collection<Message> condemned() {
        return condemned.values();
    }

    /** A message is among the dead letters. */
    void buried(MessageId message, QueueEffects effects) {
        if (condemned.containsKey(message)) {
            finish(QueueEvent.Outcome.DEAD, List.of(message), effects);
            dispatch(effects);
        }
    }

    // ---- the whole queue ----

    void change(QueueConfig to, boolean pause, QueueEffects effects) {
        effects.record(new Changed(id, to, pause, effects.nowMs()));
        // Another order lets others go first.
        for (Window window : windows.values()) {
            List.copyOf(window.lanes.values()).forEach(this::letGo);
        }
        dispatch(effects);
    }

    /**
     * Finishes everything that nobody has at the moment.
     *
     * @param ends where the partitions end
     */
    void purge(Map<Integer, Long> ends, QueueEffects effects) {
        ends.forEach((partition, end) -> effects.record(new Purged(id, partition, end)));
        dispatch(effects);
    }

    /** Finishes one message, whoever has it. */
    QueueError delete(MessageId message, QueueEffects effects) {
        Window window = window(message.partition());
        if (!window.isUndelivered(message.offset()) && !window.held.containsKey(message.offset())) {
            return QueueError.UNKNOWN_MESSAGE;
        }
        finish(QueueEvent.Outcome.DROPPED, List.of(message), effects);
        // It may be one of those of its key that are not in memory.
        window.lanes.values().forEach(lane -> lane.overflow.remove(message.offset()));
        dispatch(effects);
        return QueueError.NONE;
    }

    /** Nobody gets anything any more. */
    void end(QueueEffects effects) {
        for (Waiter waiter : waiters) {
            agenda.cancel(waiter);
            effects.answer(waiter.reply, Receive.Answer.refused(QueueError.QUEUE_DELETED));
        }
        waiters.clear();
        agenda.cancel(waking);
        for (Window window : windows.values()) {
            window.held.values().forEach(agenda::cancel);
            window.soon.values().forEach(agenda::cancel);
        }
    }

    private void finish(QueueEvent.Outcome outcome, List<MessageId> messages, QueueEffects effects) {
        effects.record(new Finished(id, outcome, messages));
    }

    // ---- what has happened ----

    /** The only place where durable state changes. */
    void apply(QueueEvent event) {
        if (event instanceof Leased leased) {
            leased.messages().forEach(delivery -> applyLeased(leased, delivery));
        } else if (event instanceof Extended extended) {
            for (MessageId message : extended.messages()) {
                Message held = held(message);
                held.untilMs = extended.untilMs();
                schedule(held);
            }
        } else if (event instanceof Returned returned) {
            returned.messages().forEach(message -> applyReturned(returned.atMs(), message));
        } else if (event instanceof Condemned dead) {
            for (MessageId message : dead.messages()) {
                Message held = held(message);
                held.failed(State.CONDEMNED, dead.atMs(), Long.MAX_VALUE, dead.reason());
                agenda.cancel(held);
                condemned.put(message, held);
            }
        } else if (event instanceof Finished finished) {
            finished.messages().forEach(this::applyFinished);
            counters.finished(finished.outcome(), finished.messages().size());
        } else if (event instanceof Delayed delayed) {
            Window window = window(delayed.partition());
            window.advance(delayed.scannedTo());
            delayed.messages().forEach(message -> window.delayed.add(message.offset(), message.dueMs()));
        } else if (event instanceof Purged purged) {
            applyPurged(window(purged.partition()), purged.beforeOffset());
        } else if (event instanceof Gone gone) {
            applyGone(window(gone.partition()), gone.from(), gone.to());
        } else if (event instanceof Changed changed) {
            config = changed.config();
            paused = changed.paused();
        }
    }

    private Message held(MessageId message) {
        Message held = window(message.partition()).held.get(message.offset());
        if (held == null) {
            throw new IllegalStateException("message " + message + " of queue " + name + " is not held");
        }
        return held;
    }

    private void applyLeased(Leased leased, Delivery delivery) {
        MessageId message = delivery.id();
        Window window = window(message.partition());
        window.advance(message.offset() + 1);
        window.delayed.remove(message.offset());
        Message held = window.held.get(message.offset());
        if (held == null) {
            Lane lane = window.lane(delivery.arrival().key());
            held = new Message(this, message, lane, delivery.arrival(), leased.atMs());
            window.held.put(message.offset(), held);
            heldCount++;
        }
        held.leased(leased.consumer(), delivery.nonce(), leased.atMs(), leased.untilMs());
        held.lane.hold(held);
        schedule(held);
        counters.delivered++;
    }

    private void applyReturned(long atMs, Return message) {
        Message held = held(message.id());
        held.failed(State.RETURNED, atMs, message.dueMs(), message.reason());
        counters.returned++;
        schedule(held);
    }

    private void applyFinished(MessageId message) {
        Window window = window(message.partition());
        long offset = message.offset();
        window.advance(offset + 1);
        window.open.remove(offset);
        window.delayed.remove(offset);
        window.unread.remove(offset);
        Window.Soon soon = window.soon.remove(offset);
        if (soon != null) {
            agenda.cancel(soon);
        }
        Message held = window.held.remove(offset);
        if (held != null) {
            heldCount--;
            agenda.cancel(held);
            condemned.remove(message);
            held.lane.release(held);
            letGo(held.lane);
            return;
        }
        Lane lane = window.loaded.get(offset);
        if (lane != null) {
            unload(lane, offset);
            letGo(lane);
        }
    }

    private void unload(Lane lane, long offset) {
        lane.unload(offset);
        lane.window.loaded.remove(offset);
        loaded--;
    }

    /** Something is out of the way of a lane. */
    private void letGo(Lane lane) {
        refill(lane);
        offer(lane);
        lane.window.tidy(lane);
    }

    private void applyPurged(Window window, long beforeOffset) {
        window.advance(beforeOffset);
        List<Message> waiting = window.held.values().stream()
                .filter(message -> message.state == State.RETURNED && message.id.offset() < beforeOffset)
                .toList();
        waiting.forEach(message -> applyFinished(message.id));
        long before = window.open.count();
        window.open.removeBefore(beforeOffset);
        for (Message message : window.held.values()) {
            window.open.add(message.id.offset());
        }
        counters.dropped += waiting.size() + before - window.open.count();
        window.delayed.removeBefore(beforeOffset);
        window.unread.removeBefore(beforeOffset);
        window.soon.values().removeIf(soon -> {
            boolean gone = soon.message.offset() < beforeOffset;
            if (gone) {
                agenda.cancel(soon);
            }
            return gone;
        });
        window.scanned = Math.max(window.scanned, beforeOffset);
        window.loaded.keySet().removeIf(offset -> offset < beforeOffset);
        for (Lane lane : List.copyOf(window.lanes.values())) {
            loaded -= lane.unloadBefore(beforeOffset);
            letGo(lane);
        }
    }

    private void applyGone(Window window, long from, long to) {
        window.advance(to);
        OffsetSet gone = window.open.within(from, to);
        counters.gone += gone.count();
        // What was delivered of it cannot be delivered again.
        window.held.keySet().stream()
                .filter(gone::contains)
                .map(offset -> new MessageId(window.partition, offset))
                .toList()
                .forEach(this::applyFinished);
        window.open.removeAll(gone);
        window.unread.removeAll(gone);
        gone.forEach(window.delayed::remove);
    }

    private void schedule(Message message) {
        if (!running || message.state == State.CONDEMNED) {
            return;
        }
        agenda.set(message, message.untilMs);
    }
}
