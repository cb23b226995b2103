package io.sluice.groups.queue;

import io.sluice.groups.queue.Message.State;
import io.sluice.groups.queue.QueueEvent.Delivery;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Received;
import io.sluice.groups.shard.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Those who wait for messages of a queue, and what each of them gets: in the order in which they came, of each lane in its turn. For one thread.
 */
final class Receivers {
    /** How long somebody who does not wait may have to wait until the log has been read. */
    private static final long READ_MS = 5_000;
    /** How often the log is read for one receiver before it gets what there is: the first reading may have begun before it came. */
    private static final int MAX_LOOKS = 3;
    /** How soon it is tried again when memory was full. */
    private static final long FULL_MS = 100;
    /** How many consumers of a queue may be heard of at a time: each is remembered for as long as it said. */
    static final int MAX_SESSIONS = 10_000;

    private final UUID queue;
    private final QueueLimits limits;
    private final QueueMemory.Share memory;
    private final Agenda agenda;
    private final Source source;
    private final Supply supply;
    private final Facts facts;
    private final Waiters<Waiter> waiters = new Waiters<>();
    /** When somebody asked for messages last; 0 if nobody has. Nobody writes that down. */
    private long askedMs;
    /** Whether none of those that have been delivered before can be delivered now: nobody need look again until something happens. */
    private boolean noneAgain;
    /** What other queues have in flight takes all the memory there is for that: it is tried again whether there is room. */
    private final Timed tryAgain = new Timed() {
        @Override
        void due(QueueEffects effects) {
            dispatch(effects);
        }
    };

    /** A receiver that waits. */
    private final class Waiter extends Timed {
        private final Receive.Request request;
        private final Reply<Receive.Answer> reply;
        private boolean hadTime;
        /** How often the log has been read since it came: it gets what there is then, and not only what was in memory before. */
        private int looks;

        Waiter(Receive.Request request, Reply<Receive.Answer> reply) {
            this.request = request;
            this.reply = reply;
        }

        @Override
        void due(QueueEffects effects) {
            // Who does not wait gets what the log holds all the same, which may have to be read first.
            if (!hadTime && !facts.isPaused() && (supply.isEmpty() || looks < MAX_LOOKS) && hasMore()) {
                hadTime = true;
                agenda.set(this, effects.nowMs() + READ_MS);
                return;
            }
            looks = MAX_LOOKS;
            dispatch(effects);
            if (!waiters.remove(this)) {
                return;
            }
            answerNothing(effects);
        }

        boolean isOf(Session session) {
            return request.sessionTimeoutMs() > 0 && request.consumer().equals(session.consumer);
        }

        /** It has waited for nothing, and was there until now. */
        void answerNothing(QueueEffects effects) {
            agenda.cancel(this);
            Session session = facts.sessions().get(request.consumer());
            if (session != null && isOf(session)) {
                agenda.set(session, effects.nowMs() + session.timeoutMs);
            }
            effects.answer(reply, new Receive.Answer(QueueError.NONE, List.of()));
        }
    }

    Receivers(
            UUID queue,
            QueueLimits limits,
            QueueMemory.Share memory,
            Agenda agenda,
            Source source,
            Supply supply,
            Facts facts) {
        this.queue = queue;
        this.limits = limits;
        this.memory = memory;
        this.agenda = agenda;
        this.source = source;
        this.supply = supply;
        this.facts = facts;
    }

    /** When somebody asked for messages last, in ms since the epoch; 0 if nobody has. */
    long askedMs() {
        return askedMs;
    }

    int count() {
        return waiters.size();
    }

    /** Whether a consumer waits that has a session. */
    boolean hasSession(String consumer) {
        return waiters.hasSession(consumer);
    }

    /** Something has happened: some that have been delivered before may be delivered now. */
    void lookAgain() {
        noneAgain = false;
    }

    /** The log was looked at: who waits first need not wait for that again. */
    void looked() {
        if (!waiters.isEmpty()) {
            waiters.first().looks++;
        }
    }

    /** As {@link Queue#receive} says. */
    Consumer<QueueEffects> receive(Receive.Request request, Reply<Receive.Answer> reply, QueueEffects effects) {
        askedMs = effects.nowMs();
        if (waiters.size() >= limits.waiters()) {
            effects.answer(reply, Receive.Answer.refused(QueueError.OVERLOADED));
            return absent -> {};
        }
        if (request.sessionTimeoutMs() > 0) {
            if (facts.sessions().size() >= MAX_SESSIONS && !facts.sessions().containsKey(request.consumer())) {
                effects.answer(reply, Receive.Answer.refused(QueueError.TOO_MANY_SESSIONS));
                return absent -> {};
            }
            Session session =
                    facts.sessions().computeIfAbsent(request.consumer(), consumer -> new Session(facts, consumer));
            if (session.messages.isEmpty()) {
                // Else what was said with the messages holds, which is written down.
                session.timeoutMs = request.sessionTimeoutMs();
            }
            agenda.set(session, effects.nowMs() + session.timeoutMs);
        }
        memory.used(effects.nowMs());
        Waiter waiter = new Waiter(request, reply);
        waiters.add(waiter, request);
        agenda.set(waiter, request.deadlineMs());
        dispatch(effects);
        if (request.deadlineMs() <= effects.nowMs() && waiters.contains(waiter)) {
            waiter.due(effects);
        }
        return later -> {
            if (waiters.remove(waiter)) {
                agenda.cancel(waiter);
                later.answer(reply, new Receive.Answer(QueueError.NONE, List.of()));
            }
        };
    }

    /** Whoever waits gets what there is. */
    void dispatch(QueueEffects effects) {
        while (!waiters.isEmpty() && !facts.isPaused()) {
            Waiter waiter = waiters.first();
            if (isWorthReading(waiter)) {
                source.wants();
                return;
            }
            long expired = facts.counters().expired;
            List<Delivery> deliveries = take(waiter.request, effects);
            if (deliveries.isEmpty()) {
                if (facts.counters().expired == expired) {
                    break;
                }
                // What was too old may have been in the way of others.
                continue;
            }
            waiters.remove(waiter);
            agenda.cancel(waiter);
            deliver(waiter, deliveries, effects);
        }
        if (!waiters.isEmpty()) {
            if (!memory.hasRoomForHeld()) {
                agenda.set(tryAgain, effects.nowMs() + FULL_MS);
            }
            sendAway(effects);
            if (!facts.isPaused() && supply.isEmpty() && !waiters.isEmpty()) {
                source.wants();
            }
        }
    }

    private void deliver(Waiter waiter, List<Delivery> deliveries, QueueEffects effects) {
        Receive.Request request = waiter.request;
        long nowMs = effects.nowMs();
        long untilMs = request.sessionTimeoutMs() > 0
                ? Long.MAX_VALUE
                : nowMs + request.visibilityMs().orElse(facts.config().visibilityTimeoutMs());
        effects.record(new Leased(queue, request.consumer(), nowMs, untilMs, request.sessionTimeoutMs(), deliveries));
        if (request.sessionTimeoutMs() > 0) {
            // Its session may have ended while it waited.
            agenda.set(facts.sessions().get(request.consumer()), nowMs + request.sessionTimeoutMs());
        }
        List<Received> received = new ArrayList<>(deliveries.size());
        for (Delivery delivery : deliveries) {
            Message message = facts.held(delivery.id());
            // Its lane had to wait for the delivery to be written down.
            supply.offer(message.lane);
            received.add(new Received(
                    message.id,
                    new Lease(message.id, message.nonce),
                    message.untilMs,
                    message.deliveries,
                    message.arrival.enqueuedMs(),
                    message.firstReceivedMs));
        }
        effects.answer(waiter.reply, new Receive.Answer(QueueError.NONE, received));
        if (supply.isShort()) {
            source.wants();
        }
    }

    /** Whether there is anything in the log that may have to be delivered, and has not been read. */
    private boolean hasMore() {
        for (int i = 0; i < source.partitions(); i++) {
            OptionalLong next = source.canRead(i) ? supply.nextToRead(i) : OptionalLong.empty();
            if (next.isPresent() && next.getAsLong() < source.end(i)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a receiver could have more if the log were read first. */
    private boolean isWorthReading(Waiter waiter) {
        return waiter.looks < MAX_LOOKS && supply.inMemory() < waiter.request.max() && hasMore();
    }

    /** Those who do not want to wait get nothing, once it is known that there is nothing. */
    private void sendAway(QueueEffects effects) {
        if (!facts.isPaused() && supply.isEmpty() && hasMore()) {
            return;
        }
        for (Optional<Waiter> over = waiters.over(effects.nowMs());
                over.isPresent();
                over = waiters.over(effects.nowMs())) {
            waiters.remove(over.get());
            over.get().answerNothing(effects);
        }
    }

    /** Chooses messages for a receiver, each lane in its turn. */
    private List<Delivery> take(Receive.Request request, QueueEffects effects) {
        List<Delivery> chosen = new ArrayList<>();
        List<MessageId> expired = new ArrayList<>();
        boolean strict = supply.isStrict();
        int left = facts.config().maxInFlight() - facts.heldCount(State.LEASED);
        long bytes = 0;
        Deque<Lane> passedOver = new ArrayDeque<>();
        while (chosen.size() < Math.min(request.max(), left) && bytes < request.maxBytes() && !supply.isEmpty()) {
            // Those that have been delivered before take their memory already.
            boolean isFull = !memory.hasRoomForHeld();
            if (isFull && (noneAgain || !supply.hasReturned())) {
                break;
            }
            Lane lane = supply.nextTurn();
            long offset = isFull ? lane.nextReturned(strict) : lane.next(strict);
            if (offset < 0) {
                if (isFull && lane.next(strict) >= 0) {
                    lane.inRing = true;
                    passedOver.push(lane);
                    continue;
                }
                supply.letGo(lane);
                continue;
            }
            MessageId message = new MessageId(lane.window.partition, offset);
            Message held = lane.held(offset);
            Arrival arrival = held == null ? lane.fresh(offset) : held.arrival;
            boolean isTooOld = facts.isExpired(arrival, effects.nowMs());
            if (isTooOld) {
                expired.add(message);
            } else {
                bytes += arrival.sizeInBytes();
                chosen.add(new Delivery(lane.window.partition, arrival, effects.lot()));
            }
            supply.takeOut(lane, offset, held);
            // A lane whose messages follow each other has its next turn when this delivery is known to it.
            if (isTooOld || !strict || lane.key == Arrival.NO_KEY) {
                supply.offer(lane);
            }
        }
        supply.giveBackTurns(passedOver);
        noneAgain = !passedOver.isEmpty() && chosen.isEmpty();
        if (!expired.isEmpty()) {
            effects.record(Finished.of(queue, Outcome.EXPIRED, effects.nowMs(), expired));
        }
        return chosen;
    }

    /** Nobody gets anything any more. */
    void end(QueueEffects effects) {
        for (Waiter waiter : waiters.all()) {
            agenda.cancel(waiter);
            effects.answer(waiter.reply, Receive.Answer.refused(QueueError.QUEUE_DELETED));
        }
        waiters.clear();
        agenda.cancel(tryAgain);
    }

    /** Whoever waits is told by others. */
    void abandon() {
        waiters.clear();
    }
}
