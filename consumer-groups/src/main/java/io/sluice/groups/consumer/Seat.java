package io.sluice.groups.consumer;

import io.sluice.groups.Effects;
import io.sluice.groups.Timers;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.shard.Reply;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** A member's place in its group: what survives, and what is known only as long as the broker runs. */
final class Seat {
    private MemberState state;
    private final Timers.Timer session;
    private final Timers.Timer deadline;
    private long lastHeardMs;

    // Of members over HTTP.
    private Set<TopicIdPartition> inHand = Set.of();
    private int heldRecords;
    private long heldSinceMs;
    private Optional<Reply<Poll.Interruption>> waiting = Optional.empty();
    private long polls;
    private boolean isPolling;

    Seat(MemberState state, ConsumerGroup group) {
        this.state = state;
        this.session = new Timers.Timer() {
            @Override
            protected void due(Effects effects) {
                group.sessionEnded(Seat.this, effects);
            }
        };
        this.deadline = new Timers.Timer() {
            @Override
            protected void due(Effects effects) {
                group.deadlinePassed(Seat.this, effects);
            }
        };
    }

    MemberState state() {
        return state;
    }

    void state(MemberState now) {
        state = now;
    }

    String id() {
        return state.id();
    }

    boolean is(MemberState.Kind kind) {
        return state.kind() == kind;
    }

    /** When the member is one no more if nothing is heard of it. */
    Timers.Timer session() {
        return session;
    }

    /** When the member must have given back what it was told to. */
    Timers.Timer deadline() {
        return deadline;
    }

    void heard(long nowMs) {
        lastHeardMs = nowMs;
    }

    long lastHeardMs() {
        return lastHeardMs;
    }

    private Set<TopicIdPartition> everything() {
        Set<TopicIdPartition> all = new HashSet<>(state.standing().assigned().keySet());
        all.addAll(state.standing().revoking().keySet());
        return all;
    }

    /** The broker has started, and nobody knows what its client holds: it may be all that it has. */
    void takeForHolding() {
        inHand = everything();
    }

    /** What its client is reading, or has records of. */
    Set<TopicIdPartition> inHand() {
        return inHand;
    }

    int heldRecords() {
        return heldRecords;
    }

    /** Since when it has the records that it has, in ms since the epoch; 0 if it has none. */
    long heldSinceMs() {
        return heldSinceMs;
    }

    /** The member has come: it has nothing in hand any more. */
    void putDown() {
        inHand = Set.of();
        heldRecords = 0;
        heldSinceMs = 0;
        isPolling = false;
    }

    /**
     * The member reads what it has.
     *
     * @return the poll's number
     */
    long polls(Reply<Poll.Interruption> interrupted) {
        inHand = everything();
        waiting = Optional.of(interrupted);
        isPolling = true;
        return ++polls;
    }

    /** Whether there has been a later poll than the one of a number. */
    boolean hasPolledSince(long poll) {
        return polls > poll;
    }

    /** Whether there has been no poll since the one of a number. */
    boolean isLast(long poll) {
        return polls == poll;
    }

    /** Whether a poll is under way, of a number or at all. */
    boolean isPolling(long poll) {
        return isPolling && poll == polls;
    }

    boolean isPolling() {
        return isPolling;
    }

    /** The poll has been answered. */
    void answered(Poll.Done done, long nowMs) {
        waiting = Optional.empty();
        isPolling = false;
        inHand = done.holding();
        heldRecords = done.records();
        heldSinceMs = done.records() > 0 ? nowMs : 0;
    }

    /** Ends the wait of the poll under way, if there is one. */
    void interrupt(Poll.Interruption why, Effects effects) {
        waiting.ifPresent(reply -> effects.answer(reply, why));
        waiting = Optional.empty();
    }
}
