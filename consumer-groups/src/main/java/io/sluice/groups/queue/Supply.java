package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Delayed;
import io.sluice.groups.queue.QueueEvent.Due;
import io.sluice.groups.queue.QueueEvent.Gone;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What receivers of a queue get next: which messages are in memory and which have to be read, lanes in the order of their turns, and when those wake up
 * that are not due. But for the messages that have been delivered all of it lies in the log, and can be given back at any time. For one thread.
 */
final class Supply {
    private final UUID queue;
    private final QueueLimits limits;
    private final QueueMemory.Share memory;
    private final Agenda agenda;
    private final Consumer<QueueEffects> ready;
    private final Map<Integer, Window> windows = new HashMap<>();
    private final ParkedKeys parked = new ParkedKeys();

    /** Lanes that may have something to deliver, in the order of their turns. */
    private final ArrayDeque<Lane> ring = new ArrayDeque<>();

    private boolean strict;
    /** Counts how often everything in memory was given back: what was read before that is of no use. */
    private int releases;

    private final Timed waking = new Timed() {
        @Override
        void due(QueueEffects effects) {
            for (Window window : windows.values()) {
                window.unread.addAll(window.delayed.wake(effects.nowMs()));
                window.unread.addAll(window.later.wake(effects.nowMs()));
            }
            scheduleWaking();
            ready.accept(effects);
        }
    };

    /** @param ready told when there may be something to deliver because its time has come */
    Supply(UUID queue, QueueLimits limits, QueueMemory.Share memory, Agenda agenda, Consumer<QueueEffects> ready) {
        this.queue = queue;
        this.limits = limits;
        this.memory = memory;
        this.agenda = agenda;
        this.ready = ready;
    }

    Collection<Window> windows() {
        return windows.values();
    }

    Window window(int partition) {
        return windows.computeIfAbsent(partition, number -> new Window(number, parked));
    }

    /** A message that has been delivered and is not finished; null if it is none. */
    Message held(MessageId message) {
        Window window = windows.get(message.partition());
        return window == null ? null : window.held.get(message.offset());
    }

    /** Whether a message is finished, as far as has been looked. */
    boolean isFinished(MessageId message) {
        Window window = windows.get(message.partition());
        return window != null && !window.held.containsKey(message.offset()) && !window.isUndelivered(message.offset());
    }

    ParkedKeys parked() {
        return parked;
    }

    /** Whether messages of a key follow each other strictly. */
    boolean isStrict() {
        return strict;
    }

    void order(QueueConfig.Order order) {
        strict = order == QueueConfig.Order.KEY;
    }

    // ---- what is read ----

    /** As {@link Queue#nextToRead} says. */
    OptionalLong nextToRead(int partition) {
        Window window = window(partition);
        if (!memory.hasRoom()) {
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
        memory.loaded(-memory.loaded());
    }

    /** How often everything in memory was given back. */
    int releases() {
        return releases;
    }

    /** Everything is given back that lies in the log as well. */
    void release() {
        releases++;
        ring.clear();
        for (Window window : windows.values()) {
            window.soon.values().forEach(agenda::cancel);
            window.soon.clear();
            window.later.clear();
            window.loaded.clear();
            for (Lane lane : List.copyOf(window.lanes.values())) {
                lane.inRing = false;
                lane.clear();
                offer(lane);
                window.tidy(lane);
            }
            window.begin();
        }
        memory.released();
    }

    /** Whether so little is in memory that more should be read before it is asked for. */
    boolean isShort() {
        return memory.loaded() < memory.most() / 4;
    }

    /** How many messages could be delivered, if their turn came. */
    int inMemory() {
        int all = memory.loaded();
        for (Window window : windows.values()) {
            all += window.returned;
        }
        return all;
    }

    /** Whether any of those that have been delivered before could be delivered again, if its turn came. */
    boolean hasReturned() {
        for (Window window : windows.values()) {
            if (window.returned > 0) {
                return true;
            }
        }
        return false;
    }

    /** As {@link Queue#feed} says, but nobody gets anything of it yet. */
    void feed(int partition, long from, long to, List<Arrival> messages, QueueEffects effects) {
        Window window = window(partition);
        List<Due> asleep = new ArrayList<>();
        long at = from;
        long until = to;
        for (Arrival message : messages) {
            long offset = message.offset();
            missing(window, at, offset, effects);
            boolean isWanted = offset >= window.scanned || window.unread.contains(offset);
            if (isWanted && window.isUndelivered(offset) && !arrived(window, message, asleep, effects.nowMs())) {
                until = offset;
                break;
            }
            at = offset + 1;
        }
        missing(window, at, until, effects);
        window.unread.remove(from, until);
        if (from <= window.scanned) {
            window.scanned = Math.max(window.scanned, until);
        }
        if (!asleep.isEmpty()) {
            effects.record(
                    new Delayed(queue, partition, asleep.get(asleep.size() - 1).offset() + 1, asleep));
        }
        scheduleWaking();
    }

    /** There is nothing in {@code [from, to)}: nobody must wait for it. */
    private void missing(Window window, long from, long to, QueueEffects effects) {
        if (from < to && (to > window.scanned || !window.unread.within(from, to).isEmpty())) {
            effects.record(new Gone(queue, window.partition, from, to));
        }
    }

    /** Returns whether there was room for a message; else it has to be read again. */
    private boolean arrived(Window window, Arrival message, List<Due> asleep, long nowMs) {
        window.someExpire |= message.expiresAtMs() != Long.MAX_VALUE;
        if (message.deliverAtMs() <= nowMs) {
            return becameDue(window, message);
        }
        long wakeMs = DelayIndex.wakeMs(message.deliverAtMs(), nowMs);
        if (wakeMs > 0) {
            asleep.add(new Due(message.offset(), wakeMs));
        } else if (memory.hasRoomForSoon()) {
            Window.Soon soon = window.new Soon(this, message);
            window.soon.put(message.offset(), soon);
            memory.soon(1);
            agenda.set(soon, message.deliverAtMs());
        } else {
            window.later.add(message.offset(), DelayIndex.laterMs(message.deliverAtMs(), nowMs));
        }
        return true;
    }

    /** The time of a message has come that was never delivered. */
    void due(Window window, Arrival message, QueueEffects effects) {
        memory.soon(-1);
        if (window.isUndelivered(message.offset()) && !becameDue(window, message)) {
            window.unread.add(message.offset());
        }
        ready.accept(effects);
    }

    /** A message may be delivered. Returns whether there was room for it. */
    private boolean becameDue(Window window, Arrival message) {
        Lane lane = window.lane(message.key());
        // What lies behind those that are not in memory waits with them.
        boolean behind = !lane.overflow.isEmpty() && message.offset() > lane.overflow.first();
        boolean isBlocked = memory.loaded() > memory.most() / 2 && lane.isBlocked(strict);
        if (behind || isBlocked || lane.freshCount() >= most(lane)) {
            lane.overflow.add(message.offset());
        } else if (memory.hasRoom()) {
            lane.overflow.remove(message.offset());
            lane.load(message);
            window.loaded.put(message.offset(), lane);
            memory.loaded(1);
        } else {
            window.tidy(lane);
            return false;
        }
        offer(lane);
        return true;
    }

    /** How many messages of a lane may be in memory. Those without a key have nobody but each other to be fair to. */
    private int most(Lane lane) {
        return lane.key == Arrival.NO_KEY ? Math.max(limits.loadedOfKey(), memory.most() / 2) : limits.loadedOfKey();
    }

    /** Those that sleep wake up in time. */
    void scheduleWaking() {
        long nextMs = Long.MAX_VALUE;
        for (Window window : windows.values()) {
            nextMs = Math.min(nextMs, Math.min(window.delayed.nextMs(), window.later.nextMs()));
        }
        if (nextMs == Long.MAX_VALUE) {
            agenda.cancel(waking);
        } else {
            agenda.set(waking, nextMs);
        }
    }

    /** Nobody gets anything any more. */
    void end() {
        agenda.cancel(waking);
        for (Window window : windows.values()) {
            window.soon.values().forEach(agenda::cancel);
        }
    }

    // ---- whose turn it is ----

    /** Whether no lane has anything to deliver. */
    boolean isEmpty() {
        return ring.isEmpty();
    }

    /** Whether some of what is in memory could be delivered now. */
    boolean hasReady() {
        return ring.stream().anyMatch(lane -> lane.next(strict) >= 0);
    }

    /** A lane gets its turn if it has something to deliver. */
    void offer(Lane lane) {
        if (!lane.inRing && lane.next(strict) >= 0) {
            lane.inRing = true;
            ring.add(lane);
        }
    }

    /** The lane whose turn it is; there must be one. */
    Lane nextTurn() {
        Lane lane = ring.remove();
        lane.inRing = false;
        return lane;
    }

    /** It is still the turn of some lanes that were passed over, of the last one of them first. */
    void giveBackTurns(Collection<Lane> lanes) {
        lanes.forEach(ring::addFirst);
    }

    /** Nothing of a lane is delivered until it is offered again. */
    private void skip(Lane lane) {
        lane.inRing = false;
        ring.remove(lane);
    }

    /** A message is on its way to a receiver: nobody else gets it meanwhile. */
    void takeOut(Lane lane, long offset, Message held) {
        if (held == null) {
            unload(lane, offset);
            refill(lane);
        } else {
            lane.hold(held);
        }
    }

    /** What is not in memory of a lane is read when little of it is left. */
    private void refill(Lane lane) {
        if (lane.overflow.isEmpty() || lane.freshCount() > most(lane) / 4 || lane.isBlocked(strict)) {
            return;
        }
        // They stay where they are until they have been read: what comes meanwhile lies behind them.
        for (long offset : lane.overflow.first(most(lane) - lane.freshCount())) {
            lane.window.unread.add(offset);
        }
    }

    /** Something is out of the way of a lane. */
    void letGo(Lane lane) {
        refill(lane);
        offer(lane);
        lane.window.tidy(lane);
    }

    /** Other lanes may have something to deliver than before. */
    void letGoAll() {
        for (Window window : windows.values()) {
            List.copyOf(window.lanes.values()).forEach(this::letGo);
        }
    }

    /** Nobody gets messages of a key. */
    void park(QueueEvent.Parked key) {
        parked.add(key);
        lanesOf(key.key()).forEach(this::skip);
    }

    /** Messages of a key go on. */
    void unpark(long key) {
        parked.remove(key);
        lanesOf(key).forEach(this::letGo);
    }

    private List<Lane> lanesOf(long key) {
        return windows.values().stream()
                .map(window -> window.lanes.get(key))
                .filter(Objects::nonNull)
                .toList();
    }

    // ---- what nobody is to get ----

    private void unload(Lane lane, long offset) {
        lane.unload(offset);
        lane.window.loaded.remove(offset);
        memory.loaded(-1);
    }

    /** A message that was never delivered and is not in a lane need not be read, nor be waited for. */
    void withdraw(Window window, long offset) {
        window.unread.remove(offset);
        window.later.remove(offset);
        Window.Soon soon = window.soon.remove(offset);
        if (soon != null) {
            agenda.cancel(soon);
            memory.soon(-1);
        }
    }

    /** A message that was never delivered is not in its lane any more. Returns that if it was in memory, else null. */
    Lane unload(Window window, long offset) {
        Lane lane = window.loaded.get(offset);
        if (lane != null) {
            unload(lane, offset);
        }
        return lane;
    }

    /** Messages that were not delivered are done with: they may have been those that were to be read next of their keys. */
    void forgotten(Window window, List<Arrival> messages) {
        Set<Lane> lanes = new LinkedHashSet<>();
        for (Arrival message : messages) {
            Lane lane = window.lanes.get(message.key());
            if (lane != null) {
                lane.overflow.remove(message.offset());
                lanes.add(lane);
            }
        }
        lanes.forEach(this::letGo);
    }

    /** As {@link #forgotten(Window, List)}, for one whose key is not known. */
    void forgotten(Window window, long offset) {
        for (Lane lane : List.copyOf(window.lanes.values())) {
            if (lane.overflow.contains(offset)) {
                lane.overflow.remove(offset);
                letGo(lane);
            }
        }
    }

    /** Nobody gets what was never delivered of {@code [from, to)}. */
    void forget(Window window, long from, long to) {
        window.delayed.remove(from, to);
        window.unread.remove(from, to);
        boolean mayBeInMemory = from < window.scanned;
        if (from <= window.scanned) {
            window.scanned = Math.max(window.scanned, to);
        }
        if (!mayBeInMemory) {
            return;
        }
        window.later.remove(from, to);
        window.soon.values().removeIf(soon -> {
            boolean isIn = from <= soon.message.offset() && soon.message.offset() < to;
            if (isIn) {
                agenda.cancel(soon);
                memory.soon(-1);
            }
            return isIn;
        });
        window.loaded.keySet().removeIf(offset -> from <= offset && offset < to);
        for (Lane lane : List.copyOf(window.lanes.values())) {
            memory.loaded(-lane.unload(from, to));
            letGo(lane);
        }
    }
}
