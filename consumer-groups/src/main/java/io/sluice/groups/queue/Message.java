package io.sluice.groups.queue;

import java.util.ArrayList;
import java.util.List;

/** A message that has been delivered and is not finished. Changed by events only. For one thread. */
final class Message extends Timed {
    /** How many attempts are remembered: the first, and the last ones. */
    static final int MAX_ATTEMPTS = 20;

    /** Where it stands. */
    enum State {
        /** A consumer has it. */
        LEASED,
        /** It is to be delivered again, when it is due. */
        RETURNED,
        /** It is on its way to the dead letters. */
        CONDEMNED
    }

    /** About how much memory one takes, with what finds it. */
    static final int BYTES = 320;

    private static final byte[] NO_PROGRESS = new byte[0];

    private final Facts facts;
    final MessageId id;
    final Lane lane;
    /** As it was found in the log. */
    final Arrival arrival;

    final long firstReceivedMs;
    private final List<Attempt> attempts = new ArrayList<>(0);
    private int moreBytes;

    private State state = State.LEASED;
    int deliveries;
    /** Of the last delivery. */
    String consumer = "";

    long nonce;
    long sinceMs;
    /** When the lease ends, or the next delivery may be, in ms since the epoch. */
    long untilMs;

    String reason = "";
    /** What its consumer said of it last. */
    private byte[] progress = NO_PROGRESS;
    /** On whose being heard the lease depends; null if on time. */
    Session session;

    Message(Facts facts, MessageId id, Lane lane, Arrival arrival, long firstReceivedMs) {
        this.facts = facts;
        this.id = id;
        this.lane = lane;
        this.arrival = arrival;
        this.firstReceivedMs = firstReceivedMs;
    }

    /** The deliveries that did not end well: the first, and the last ones. */
    List<Attempt> attempts() {
        return attempts;
    }

    void remember(Attempt attempt) {
        attempts.add(attempt);
        grow(attempt.sizeInBytes());
    }

    byte[] progress() {
        return progress;
    }

    void progress(byte[] to) {
        grow(to.length - progress.length);
        progress = to;
    }

    private void grow(int bytes) {
        moreBytes += bytes;
        facts.grew(bytes);
    }

    /** About how much memory it takes. */
    int sizeInBytes() {
        return BYTES + moreBytes;
    }

    State state() {
        return state;
    }

    /** It is counted how many stand where. */
    void state(State to) {
        facts.moved(state, to);
        state = to;
    }

    /** It has been delivered, once more or for the first time. */
    void leased(String to, long toNonce, long nowMs, long leaseUntilMs) {
        state(State.LEASED);
        deliveries++;
        consumer = to;
        nonce = toNonce;
        sinceMs = nowMs;
        untilMs = leaseUntilMs;
    }

    /** The delivery failed. */
    void failed(State to, long nowMs, long dueMs, String why) {
        if (state == State.LEASED) {
            if (attempts.size() == MAX_ATTEMPTS) {
                grow(-attempts.remove(1).sizeInBytes());
            }
            remember(new Attempt(sinceMs, nowMs - sinceMs, consumer, why));
        }
        state(to);
        reason = why;
        sinceMs = nowMs;
        untilMs = dueMs;
    }

    /** The delivery did not happen. */
    void takenBack(long nowMs, long dueMs) {
        state(State.RETURNED);
        deliveries--;
        consumer = "";
        sinceMs = nowMs;
        untilMs = dueMs;
    }

    boolean isLeasedAs(long byNonce, long nowMs) {
        return state == State.LEASED && nonce == byNonce && nowMs < untilMs;
    }

    boolean isAvailable(long nowMs) {
        return state == State.RETURNED && untilMs <= nowMs;
    }

    @Override
    void due(QueueEffects effects) {
        facts.times().due(this, effects);
    }
}
