package io.sluice.groups.queue;

import io.sluice.groups.shard.Reply;

/**
 * What comes of a turn of a queue: events to be written down, and answers that may leave once they are. For the thread that runs the
 * queues.
 */
public interface QueueEffects {
    /** The time of the turn, in ms since the epoch. */
    long nowMs();

    /** Evenly distributed bits, other ones each time. */
    long lot();

    /**
     * Something changes. It has happened when this returns, and it is written down before any answer of this turn leaves; what a loss of power must not undo is
     * synced by then.
     */
    void record(QueueEvent event);

    /** Answers a request, of this turn or of one before. */
    <T> void answer(Reply<T> reply, T answer);
}
