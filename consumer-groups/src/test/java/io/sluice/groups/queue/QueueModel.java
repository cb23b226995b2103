package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

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
        /** Whether its consumer has it for as long as it is heard. */
        boolean inSession;

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
    private final Map<MessageId, Item> unfinished = new HashMap<>();
    /** Those that are not finished, by partition and key. */
    private final Map<List<Long>, List<Item>> byKey = new HashMap<>();

    /** Consumers that are heard. */
    static final class Session {
        int timeoutMs;
        long expiresMs;
    }

    final Map<String, Session> sessions = new HashMap<>();

    /** Up to where {@link #pass} has looked. */
    private long passedMs;

    QueueConfig config;
    boolean paused;
    /** Of which nobody gets messages. */
    final Set<Long> parked = new HashSet<>();

    QueueModel(QueueConfig config) {
        this.config = config;
    }

    void sent(int partition, Arrival arrival) {
        Item item = new Item(partition, arrival);
        items.put(item.id, item);
        unfinished.put(item.id, item);
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

    /** Whether a consumer with a session waits for messages: it is there for as long as it does. */
    Predicate<String> waits = consumer -> false;

    /** What has happened of itself up to now: leases end, and consumers have been silent for too long. */
    void pass(long nowMs) {
        if (nowMs == passedMs) {
            return;
        }
        passedMs = nowMs;
        while (true) {
            Item lease = unfinished.values().stream()
                    .filter(item -> item.state == State.LEASED && item.untilMs <= nowMs)
                    .min(Comparator.comparingLong(item -> item.untilMs))
                    .orElse(null);
            Map.Entry<String, Session> silent = sessions.entrySet().stream()
                    .filter(session -> session.getValue().expiresMs <= nowMs)
                    .min(Comparator.comparingLong(session -> session.getValue().expiresMs))
                    .orElse(null);
            if (silent != null && waits.test(silent.getKey())) {
                silent.getValue().expiresMs += silent.getValue().timeoutMs;
            } else if (silent != null && (lease == null || silent.getValue().expiresMs < lease.untilMs)) {
                sessions.remove(silent.getKey());
                for (Item item : of(silent.getKey())) {
                    failed(item, silent.getValue().expiresMs, 0, false);
                }
            } else if (lease != null) {
                failed(lease, lease.untilMs, 0, false);
            } else {
                return;
            }
        }
    }

    /** A lease ends at another time, which may be now. */
    void extended(Item item, long untilMs) {
        item.untilMs = untilMs;
        passedMs = 0;
    }

    long backoffMs(Item item) {
        return config.backoff().delayMs(item.deliveries, 0);
    }

    /** What a consumer has for as long as it is heard. */
    List<Item> of(String consumer) {
        return unfinished.values().stream()
                .filter(item -> item.state == State.LEASED && item.inSession && item.consumer.equals(consumer))
                .toList();
    }

    /** A consumer is there, and may be silent for some time. */
    void heard(String consumer, int timeoutMs, long nowMs) {
        Session session = sessions.computeIfAbsent(consumer, absent -> new Session());
        session.timeoutMs = timeoutMs;
        session.expiresMs = nowMs + timeoutMs;
    }

    /** The broker starts: nobody has been heard since, and who has nothing may have been forgotten. */
    void restart(long nowMs) {
        sessions.keySet().removeIf(consumer -> of(consumer).isEmpty());
        sessions.values().forEach(session -> session.expiresMs = nowMs + session.timeoutMs);
    }

    private List<Item> inOrder() {
        List<Item> all = new ArrayList<>(unfinished.values());
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
        if (item.state != State.WAITING || item.untilMs > nowMs || parked.contains(item.arrival.key())) {
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
        return unfinished.values().stream().filter(Item::wasDelivered).count();
    }

    long leasedCount() {
        return unfinished.values().stream()
                .filter(item -> item.state == State.LEASED)
                .count();
    }

    /** What could be delivered, if somebody asked. */
    List<Item> deliverable(long nowMs) {
        if (leasedCount() >= config.maxInFlight()) {
            return List.of();
        }
        return inOrder().stream()
                .filter(item -> !isExpired(item, nowMs) && mayBeDelivered(item, false, nowMs))
                .toList();
    }

    /** @param sessionMs for how long the consumer may be silent; 0 for no session */
    void received(Receive.Received received, String consumer, long visibilityMs, int sessionMs, long nowMs) {
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
        item.inSession = sessionMs > 0;
        item.untilMs = sessionMs > 0 ? Long.MAX_VALUE : nowMs + visibilityMs;
        if (sessionMs > 0) {
            heard(consumer, sessionMs, nowMs);
        }
        assertThat(received.deliveries()).isEqualTo(item.deliveries);
        assertThat(received.leaseUntilMs()).isEqualTo(item.untilMs);
        assertThat(received.enqueuedMs()).isEqualTo(item.arrival.enqueuedMs());
    }

    /** A job has it, whatever stands before it, until it says otherwise. */
    void claimed(Item item, long nonce) {
        item.state = State.LEASED;
        item.inSession = false;
        item.deliveries++;
        item.wasDelivered = true;
        item.nonce = nonce;
        item.inSession = false;
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

    /** Messages from an offset on are lost. */
    void lost(int partition, long from) {
        items.values().removeIf(item -> {
            boolean isLost = item.id.partition() == partition && item.id.offset() >= from;
            if (isLost) {
                sameKey(item).remove(item);
                unfinished.remove(item.id);
            }
            return isLost;
        });
    }

    void done(Item item, QueueEvent.Outcome outcome) {
        item.state = State.DONE;
        item.outcome = outcome;
        sameKey(item).remove(item);
        unfinished.remove(item.id);
    }
}
