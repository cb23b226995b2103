package io.sluice.groups;

import io.sluice.groups.shard.Reply;

/**
 * What comes of a turn of a coordinator: events to be written down, and answers that may leave once they are. For the thread
 * that runs the coordinator.
 */
public interface Effects {
    /** The time of the turn, in ms since the epoch. */
    long nowMs();

    /** Something changes. It has happened when this returns, and it is durable before any answer of this turn leaves. */
    void record(GroupEvent event);

    /** Somebody should know; nothing depends on it. */
    void notice(Notice notice);

    /** Answers a request, of this turn or of one before. */
    <T> void answer(Reply<T> reply, T answer);
}
