package io.sluice.groups.queue;

import io.sluice.groups.queue.Message.State;
import io.sluice.groups.queue.QueueEvent.Condemned;
import io.sluice.groups.queue.QueueEvent.Extended;
import io.sluice.groups.queue.QueueEvent.Finish;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Gone;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Progressed;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.sluice.groups.queue.Receive.Ack;
import io.sluice.groups.queue.Receive.Extension;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What becomes of messages that consumers of a queue have: what they say of their leases, when those are over, and for how long a consumer with a session is
 * heard. For one thread.
 */
final class Leases {
    /** How long a consumer may take to come back whose connection was cut. */
    private static final long CUT_MS = 2_000;

    private final UUID queue;
    private final Agenda agenda;
    private final Source source;
    private final Supply supply;
    private final Facts facts;
    private final Receivers receivers;

    Leases(UUID queue, Agenda agenda, Source source, Supply supply, Facts facts, Receivers receivers) {
        this.queue = queue;
        this.agenda = agenda;
        this.source = source;
        this.supply = supply;
        this.facts = facts;
        this.receivers = receivers;
    }

    List<Receive.Outcome> acknowledge(List<Ack> acks, QueueEffects effects) {
        Map<MessageId, Finish> done = new LinkedHashMap<>();
        List<Receive.Outcome> outcomes = new ArrayList<>(acks.size());
        for (Ack ack : acks) {
            Receive.Outcome outcome = check(ack.lease(), effects.nowMs());
            if (outcome.error() == QueueError.NONE) {
                done.put(ack.lease().id(), new Finish(ack.lease().id(), ack.result()));
            }
            outcomes.add(over(outcome));
        }
        if (!done.isEmpty()) {
            effects.record(new Finished(queue, Outcome.ACKNOWLEDGED, effects.nowMs(), List.copyOf(done.values())));
            receivers.dispatch(effects);
        }
        return outcomes;
    }

    List<Receive.Outcome> extend(List<Extension> extensions, QueueEffects effects) {
        List<Receive.Outcome> outcomes = new ArrayList<>(extensions.size());
        Map<Long, Set<MessageId>> byUntil = new LinkedHashMap<>();
        for (Extension extension : extensions) {
            Receive.Outcome outcome = check(extension.lease(), effects.nowMs());
            if (outcome.error() == QueueError.NONE) {
                MessageId message = extension.lease().id();
                extension.progress().ifPresent(progress -> effects.record(new Progressed(queue, message, progress)));
                Message held = facts.held(message);
                if (held.session == null) {
                    // Whoever only says how far it is keeps what it has: a lease is shortened by who asks for that.
                    long untilMs = extension.visibilityMs().isPresent()
                            ? effects.nowMs() + extension.visibilityMs().getAsLong()
                            : Math.max(
                                    held.untilMs,
                                    effects.nowMs() + facts.config().visibilityTimeoutMs());
                    byUntil.computeIfAbsent(untilMs, at -> new LinkedHashSet<>())
                            .add(message);
                    outcome = new Receive.Outcome(
                            extension.lease(), QueueError.NONE, untilMs, outcome.holder(), outcome.sinceMs(), false);
                }
            }
            outcomes.add(outcome);
        }
        byUntil.forEach((untilMs, messages) -> effects.record(new Extended(queue, untilMs, List.copyOf(messages))));
        return outcomes;
    }

    List<Receive.Outcome> reject(List<Nack> nacks, QueueEffects effects) {
        Map<Message, Nack> failed = new LinkedHashMap<>();
        List<Receive.Outcome> outcomes = new ArrayList<>(nacks.size());
        for (Nack nack : nacks) {
            Receive.Outcome outcome = check(nack.lease(), effects.nowMs());
            if (outcome.error() == QueueError.NONE) {
                failed.put(facts.held(nack.lease().id()), nack);
            }
            outcomes.add(over(outcome));
        }
        List<Return> again = new ArrayList<>();
        Map<String, List<MessageId>> noMore = new LinkedHashMap<>();
        failed.forEach((message, nack) -> {
            if (nack.dead() || facts.config().isEnough(message.deliveries)) {
                noMore.computeIfAbsent(nack.reason(), why -> new ArrayList<>()).add(message.id);
            } else {
                long waitMs = nack.delayMs().orElseGet(() -> backoffMs(message, effects));
                again.add(new Return(message.id, effects.nowMs() + waitMs, nack.reason(), true));
            }
        });
        giveUp(again, noMore, effects);
        receivers.dispatch(effects);
        return outcomes;
    }

    /** As {@link Queue#giveBack} says. */
    void giveBack(List<Lease> leases, QueueEffects effects) {
        List<Return> again = new ArrayList<>();
        for (Lease lease : leases) {
            if (check(lease, effects.nowMs()).error() == QueueError.NONE) {
                again.add(new Return(lease.id(), effects.nowMs(), "not taken by its receiver", false));
            }
        }
        giveUp(again, Map.of(), effects);
        receivers.dispatch(effects);
    }

    /** As {@link Queue#gone} says. */
    void gone(List<Lease> leases, QueueEffects effects) {
        for (Lease lease : leases) {
            if (check(lease, effects.nowMs()).error() == QueueError.NONE) {
                long offset = lease.id().offset();
                effects.record(new Gone(queue, lease.id().partition(), offset, offset + 1));
            }
        }
        receivers.dispatch(effects);
    }

    /** The lease ends with what was said of it. */
    private static Receive.Outcome over(Receive.Outcome outcome) {
        return new Receive.Outcome(
                outcome.lease(), outcome.error(), 0, outcome.holder(), outcome.sinceMs(), outcome.isFinished());
    }

    private Receive.Outcome check(Lease lease, long nowMs) {
        Message message = supply.held(lease.id());
        if (message != null && message.isLeasedAs(lease.nonce(), nowMs)) {
            return new Receive.Outcome(
                    lease, QueueError.NONE, message.untilMs, message.consumer, message.sinceMs, false);
        }
        boolean isHeldByOther = message != null && message.state() == State.LEASED && nowMs < message.untilMs;
        return isHeldByOther
                ? new Receive.Outcome(lease, QueueError.STALE_LEASE, 0, message.consumer, message.sinceMs, false)
                : new Receive.Outcome(lease, QueueError.STALE_LEASE, 0, "", 0, supply.isFinished(lease.id()));
    }

    /** The time of a held message has come. */
    void due(Message message, QueueEffects effects) {
        receivers.lookAgain();
        if (message.state() == State.LEASED) {
            fail(List.of(message), "lease expired", effects);
        } else if (message.state() == State.RETURNED) {
            message.lane.available(message);
            supply.offer(message.lane);
        }
        receivers.dispatch(effects);
    }

    private long backoffMs(Message message, QueueEffects effects) {
        return facts.config().backoff().delayMs(message.deliveries, effects.lot());
    }

    /** Nothing was heard of deliveries for as long as was agreed on: that was the wait, others may have them now. */
    private void fail(Collection<Message> messages, String reason, QueueEffects effects) {
        List<Return> again = new ArrayList<>();
        List<MessageId> noMore = new ArrayList<>();
        for (Message message : messages) {
            if (facts.config().isEnough(message.deliveries)) {
                noMore.add(message.id);
            } else {
                again.add(new Return(message.id, effects.nowMs(), reason, true));
            }
        }
        giveUp(again, noMore.isEmpty() ? Map.of() : Map.of(reason, noMore), effects);
    }

    private void giveUp(List<Return> again, Map<String, List<MessageId>> noMore, QueueEffects effects) {
        if (!again.isEmpty()) {
            effects.record(new Returned(queue, effects.nowMs(), again));
        }
        noMore.forEach((reason, messages) -> {
            if (facts.config().deadLetterQueue().isPresent()) {
                effects.record(new Condemned(queue, effects.nowMs(), reason, messages));
                source.condemned();
            } else {
                effects.record(Finished.of(queue, Outcome.DEAD, effects.nowMs(), messages));
            }
        });
    }

    // ---- consumers that are heard ----

    /** As {@link Queue#heard} says. */
    int heard(String consumer, QueueEffects effects) {
        Session session = facts.sessions().get(consumer);
        if (session == null) {
            return -1;
        }
        agenda.set(session, effects.nowMs() + session.timeoutMs);
        return session.messages.size();
    }

    /** As {@link Queue#cut} says. */
    void cut(String consumer, QueueEffects effects) {
        Session session = facts.sessions().get(consumer);
        if (session != null && !source.isConnected(consumer)) {
            agenda.set(session, Math.min(session.atMs, effects.nowMs() + CUT_MS));
        }
    }

    /** As {@link Queue#leave} says. */
    int leave(String consumer, QueueEffects effects) {
        Session session = facts.sessions().remove(consumer);
        if (session == null) {
            return -1;
        }
        agenda.cancel(session);
        List<Message> messages = session.held();
        fail(messages, "session ended", effects);
        receivers.dispatch(effects);
        return messages.size();
    }

    /** Nothing was heard of a consumer for too long. */
    void silent(Session session, QueueEffects effects) {
        // Who waits or has a connection is there for as long as it does.
        if (receivers.hasSession(session.consumer) || source.isConnected(session.consumer)) {
            agenda.set(session, effects.nowMs() + session.timeoutMs);
            return;
        }
        facts.sessions().remove(session.consumer, session);
        fail(session.held(), "session expired", effects);
        receivers.dispatch(effects);
    }
}
