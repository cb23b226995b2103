package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Parked;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One partition of a queue. What is durable: the frontier, and which messages before it are not finished. What is not: how far the log has been
 * read, and what of it is in memory. For one thread.
 */
final class Window {
    final int partition;
    private final ParkedKeys parked;

    /** Everything before it is finished, or open. */
    long frontier;
    /** Not finished, before the frontier: held, asleep, or waiting to be delivered. */
    final OffsetSet open = new OffsetSet();
    /** Delivered and not finished, by offset. */
    final Map<Long, Message> held = new HashMap<>();
    /** How many of them were returned and could be delivered, if their turn came. */
    int returned;
    /** Finished otherwise than by an acknowledgement, as far back as the log goes. */
    final Map<Outcome, OffsetSet> outcomes = new EnumMap<>(Outcome.class);
    /** Of the dead: sent again, and somewhere else now. */
    final OffsetSet redriven = new OffsetSet();
    /** Where the queue begins. */
    long begin;
    /** Where the log begins, as far as that was written down: nothing is known of what lay before it. */
    long logStart;
    /** About how many bytes of the log are finished and old, and are kept because something before them is not finished. */
    long pinnedBytes;
    /** Those of the open that are not due for long. */
    final DelayIndex delayed = new DelayIndex();

    /** How far the log has been read. */
    long scanned;
    /** What has to be read again, before that. */
    final OffsetSet unread = new OffsetSet();
    /** Due soon, and there is no room for them: they are read again when they are due, or shortly before. */
    final DelayIndex later = new DelayIndex();
    /** Up to where it was looked for messages that become too old, if there were none. */
    long sweptTo;
    /** Whether there may be any that say themselves when they are too old. */
    boolean someExpire;
    /** Whether there were any since it was looked at the first one. */
    boolean sweepSawSome;
    /** Due soon, by offset. */
    final Map<Long, Soon> soon = new HashMap<>();
    /** Never delivered and in memory: in which lane. */
    final Map<Long, Lane> loaded = new HashMap<>();
    /** By key. */
    final Map<Long, Lane> lanes = new HashMap<>();

    Window(int partition, ParkedKeys parked) {
        this.partition = partition;
        this.parked = parked;
    }

    Lane lane(long key) {
        return lanes.computeIfAbsent(key, k -> new Lane(this, k));
    }

    /** Whether nobody gets messages of a lane for now. */
    boolean isParked(Lane lane) {
        return parked.contains(lane.key);
    }

    /** Since when and why that is, if it is so. */
    Optional<Parked> parked(Lane lane) {
        return parked.find(lane.key);
    }

    /** The lane is forgotten if there is nothing in it. */
    void tidy(Lane lane) {
        if (lane.isEmpty() && !lane.inRing) {
            lanes.remove(lane.key, lane);
        }
    }

    /** Everything before the offset is known, and open unless it is finished. */
    void advance(long to) {
        if (to > frontier) {
            open.add(frontier, to);
            frontier = to;
        }
    }

    /** What became of a message that is finished. */
    Outcome outcome(long offset) {
        for (Map.Entry<Outcome, OffsetSet> one : outcomes.entrySet()) {
            if (one.getValue().contains(offset)) {
                return one.getKey();
            }
        }
        return Outcome.ACKNOWLEDGED;
    }

    OffsetSet outcomes(Outcome outcome) {
        return outcomes.computeIfAbsent(outcome, one -> new OffsetSet());
    }

    /** The first offset that is not finished. */
    long low() {
        return open.isEmpty() ? frontier : open.first();
    }

    /** Whether a message is neither finished nor held. */
    boolean isUndelivered(long offset) {
        return offset >= frontier || (open.contains(offset) && !held.containsKey(offset));
    }

    /** Nothing is in memory: everything that is open has to be read, unless it sleeps. */
    void begin() {
        scanned = frontier;
        unread.clear();
        unread.addAll(open);
        unread.removeAll(delayed.asleep());
        held.keySet().forEach(unread::remove);
    }

    /** A message that will be delivered within a minute or so. */
    final class Soon extends Timed {
        private final Supply supply;
        final Arrival message;

        Soon(Supply supply, Arrival message) {
            this.supply = supply;
            this.message = message;
        }

        @Override
        void due(QueueEffects effects) {
            soon.remove(message.offset());
            supply.due(Window.this, message, effects);
        }
    }
}
