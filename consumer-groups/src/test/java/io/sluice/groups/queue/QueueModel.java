package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a queue promises, as plainly as it can be said: a list of messages, and rules. */
final class QueueModel {
    /** What a message is. */
    enum State {
        WAITING,
        LEASED,
        DYING,
        DONE
    }

    /** A message. */
    static final class Item {
        final MessageId id;
        final Arrival arrival;
        State state = State.WAITING;
        int deliveries;
        /** Whether it has been given to anybody. */
        boolean wasDelivered;

        long nonce;
        /** When a lease ends, or a delivery may be. */
        long untilMs;

        String consumer = "";
        int attempts;
        QueueEvent.Outcome outcome;

        Item(int partition, Arrival arrival) {
            this.id = new MessageId(partition, arrival.offset());
            this.arrival = arrival;
            this.untilMs = arrival.deliverAtMs();
        }

        @Override
        public String toString() {
            return id + " " + state + " key " + arrival.key() + " delivered " + deliveries + " until " + untilMs;
        }

        boolean isUnfinished() {
            return state != State.DONE;
        }

        boolean wasDelivered() {
            return wasDelivered;
        }
    }

    final Map<MessageId, Item> items = new HashMap<>();
    /** Those that are not finished, by partition and key. */
    private final Map<List<Long>, List<Item>> byKey = new HashMap<>();

    QueueConfig config;
    boolean paused;

    QueueModel(QueueConfig config) {
        this.config = config;
    }

    void sent(int partition, Arrival arrival) {
        Item item = new Item(partition, arrival);
        items.put(item.id, item);
        sameKey(item).add(item);
    }

    private List<Item> sameKey(Item item) {
        return byKey.computeIfAbsent(List.of((long) item.id.partition(), item.arrival.key()), key -> new ArrayList<>());
    }

    boolean isExpired(Item item, long nowMs) {
        return item.arrival.expiresAtMs() <= nowMs
                || (config.ttlMs() > 0
                        && Math.max(item.arrival.enqueuedMs(), item.arrival.deliverAtMs()) + config.ttlMs() <= nowMs);
    }

    /** Leases that are over. */
    void pass(long nowMs) {
        for (Item item : inOrder()) {
            if (item.state == State.LEASED && item.untilMs <= nowMs) {
                failed(item, item.untilMs, 0, false);
            }
        }
    }

    private List<Item> inOrder() {
        List<Item> all = new ArrayList<>(items.values());
        all.sort(Comparator.comparingInt((Item item) -> item.id.partition())
                .thenComparingLong(item -> item.id.offset()));
        return all;
    }

    /**
     * Whether a message may be delivered now.
     *
     * @param dropped whether those that are too old are not in the way any more: they may be, or not
     */
    private boolean mayBeDelivered(Item item, boolean dropped, long nowMs) {
        if (item.state != State.WAITING || item.untilMs > nowMs) {
            return false;
        }
        if (config.order() == QueueConfig.Order.NONE || item.arrival.key() == Arrival.NO_KEY) {
            return true;
        }
        List<Item> underWay = sameKey(item).stream()
                .filter(other -> other.isUnfinished()
                        && other.wasDelivered()
                        && !(dropped && other.state == State.WAITING && isExpired(other, nowMs)))
                .sorted(Comparator.comparingLong(other -> other.id.offset()))
                .toList();
        if (!underWay.isEmpty()) {
            return underWay.get(0) == item && underWay.stream().noneMatch(other -> other.state == State.LEASED);
        }
        // The first of those that could be delivered when they were sent: one that was delayed finds its place when it
        // is read again.
        return sameKey(item).stream()
                .noneMatch(other -> other.state == State.WAITING
                        && other.arrival.deliverAtMs() == 0
                        && !isExpired(other, nowMs)
                        && other.id.offset() < item.id.offset());
    }

    long heldCount() {
        return items.values().stream()
                .filter(item -> item.isUnfinished() && item.wasDelivered())
                .count();
    }

    /** What could be delivered, if somebody asked. */
    List<Item> deliverable(long nowMs) {
        return inOrder().stream()
                .filter(item -> !isExpired(item, nowMs) && mayBeDelivered(item, false, nowMs))
                .toList();
    }

    void received(Receive.Received received, String consumer, long visibilityMs, long nowMs) {
        Item item = items.get(received.id());
        assertThat(item).as("%s was sent", received.id()).isNotNull();
        assertThat(paused).as("paused").isFalse();
        assertThat(isExpired(item, nowMs)).as("%s is too old", item.id).isFalse();
        assertThat(mayBeDelivered(item, true, nowMs))
                .as("%s may be delivered: %s until %d at %d", item.id, item.state, item.untilMs, nowMs)
                .isTrue();
        item.state = State.LEASED;
        item.deliveries++;
        item.wasDelivered = true;
        item.consumer = consumer;
        item.nonce = received.lease().nonce();
        item.untilMs = nowMs + visibilityMs;
        assertThat(received.deliveries()).isEqualTo(item.deliveries);
        assertThat(received.leaseUntilMs()).isEqualTo(item.untilMs);
        assertThat(received.enqueuedMs()).isEqualTo(item.arrival.enqueuedMs());
    }

    /** A job has it, whatever stands before it, until it says otherwise. */
    void claimed(Item item, long nonce) {
        item.state = State.LEASED;
        item.deliveries++;
        item.wasDelivered = true;
        item.nonce = nonce;
        item.untilMs = Long.MAX_VALUE;
    }

    /** It is as if nobody had had it. */
    void letGo(Item item, long nowMs) {
        item.state = State.WAITING;
        item.deliveries--;
        item.untilMs = nowMs;
    }

    /** Whether a lease is good. */
    Optional<Item> leased(Receive.Lease lease, long nowMs) {
        Item item = items.get(lease.id());
        boolean good =
                item != null && item.state == State.LEASED && item.nonce == lease.nonce() && nowMs < item.untilMs;
        return good ? Optional.of(item) : Optional.empty();
    }

    void failed(Item item, long nowMs, long delayMs, boolean dead) {
        item.attempts++;
        if (dead || item.deliveries >= config.maxDeliveries()) {
            if (config.deadLetterQueue().isPresent()) {
                item.state = State.DYING;
            } else {
                done(item, QueueEvent.Outcome.DEAD);
            }
        } else {
            item.state = State.WAITING;
            item.untilMs = nowMs + delayMs;
        }
    }

    void done(Item item, QueueEvent.Outcome outcome) {
        item.state = State.DONE;
        item.outcome = outcome;
        sameKey(item).remove(item);
    }
}
