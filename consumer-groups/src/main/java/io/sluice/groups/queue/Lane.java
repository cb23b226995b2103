package io.sluice.groups.queue;

import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The messages of one key in one partition, or of those without a key: which of them is next. Lanes take turns, so that a key with many messages does
 * not keep the others waiting. Only so many messages are in memory; of the rest there is a bit each. For one thread.
 */
final class Lane {
    final Window window;
    final long key;

    /** Never delivered, and could be now. */
    private final NavigableMap<Long, Arrival> fresh = new TreeMap<>();
    /** Delivered, and not finished. */
    private final NavigableMap<Long, Message> held = new TreeMap<>();
    /** Of the held: returned, and could be delivered now. */
    private final NavigableMap<Long, Message> again = new TreeMap<>();
    /** Could be delivered, but have to be read again first. All lie behind the fresh ones, or became due later. */
    final OffsetSet overflow = new OffsetSet();
    /** Whether it is in the queue's ring of lanes that have something to deliver. */
    boolean inRing;

    Lane(Window window, long key) {
        this.window = window;
        this.key = key;
    }

    void load(Arrival message) {
        fresh.put(message.offset(), message);
    }

    int freshCount() {
        return fresh.size();
    }

    /** A fresh message that is in memory, and is not from now on. */
    Arrival unload(long offset) {
        return fresh.remove(offset);
    }

    /** Forgets what was never delivered of {@code [from, to)}. Returns how much of that was in memory. */
    int unload(long from, long to) {
        NavigableMap<Long, Arrival> all = fresh.subMap(from, true, to, false);
        int count = all.size();
        all.clear();
        overflow.remove(from, to);
        return count;
    }

    void hold(Message message) {
        held.put(message.id.offset(), message);
        notAgain(message);
    }

    private void notAgain(Message message) {
        if (again.remove(message.id.offset()) != null) {
            window.returned--;
        }
    }

    /** A held message could be delivered now. */
    void available(Message message) {
        if (again.put(message.id.offset(), message) == null) {
            window.returned++;
        }
    }

    void release(Message message) {
        held.remove(message.id.offset());
        notAgain(message);
    }

    /**
     * The offset of the next message, or -1 if none can be delivered now.
     *
     * @param strict whether messages of a key follow each other strictly
     */
    long next(boolean strict) {
        if (window.isParked(this)) {
            return -1;
        }
        if (isBehind(strict)) {
            long first = held.firstKey();
            boolean othersAreOut = held.values().stream().anyMatch(message -> message.state() == Message.State.LEASED);
            return !othersAreOut && again.containsKey(first) ? first : -1;
        }
        long returned = again.isEmpty() ? Long.MAX_VALUE : again.firstKey();
        long unseen = fresh.isEmpty() ? Long.MAX_VALUE : fresh.firstKey();
        long next = Math.min(returned, unseen);
        return next == Long.MAX_VALUE ? -1 : next;
    }

    /** As {@link #next}, of those that have been delivered before. */
    long nextReturned(boolean strict) {
        return isBlocked(strict) ? next(strict) : again.isEmpty() ? -1 : again.firstKey();
    }

    /** Whether what was never delivered has to wait for what is under way, or for somebody to take up the key again. */
    boolean isBlocked(boolean strict) {
        return window.isParked(this) || isBehind(strict);
    }

    /** Whether what was never delivered has to wait for what is under way. */
    boolean isBehind(boolean strict) {
        return strict && key != Arrival.NO_KEY && !held.isEmpty();
    }

    /** How many wait behind the first of those that are under way, as far as it is known. */
    long behind() {
        return fresh.size() + overflow.count() + Math.max(0, held.size() - 1);
    }

    /** Gives up the memory of what was never delivered. */
    void shed() {
        fresh.keySet().forEach(overflow::add);
        fresh.clear();
    }

    /** Forgets what was never delivered. */
    void clear() {
        fresh.clear();
        overflow.clear();
    }

    boolean hasHeld() {
        return !held.isEmpty();
    }

    /** The first of those that are held. There must be one. */
    long firstHeld() {
        return held.firstKey();
    }

    Message held(long offset) {
        return held.get(offset);
    }

    Arrival fresh(long offset) {
        return fresh.get(offset);
    }

    /** Nobody needs to know of it. */
    boolean isEmpty() {
        return fresh.isEmpty() && held.isEmpty() && overflow.isEmpty();
    }
}
