package io.sluice.groups.shard;

/** What comes of a turn: records, and answers that leave when these are written, or synced if they need that. For the thread that owns the shard. */
public interface TurnOutput {
    /** The time of the turn, in ms since the epoch. */
    long nowMs();

    /** What is written down from now on lies at or behind this offset of the log. */
    long logEndOffset();

    /**
     * Writes a record down.
     *
     * @param value null for none
     */
    void append(byte[] key, byte[] value);

    /**
     * Writes a record down whose answers need not wait for the sync to disk: it survives the broker being killed, and may be lost with the power. What was
     * written down durably waits for it all the same, if it comes together with it.
     */
    void appendWritten(byte[] key, byte[] value);

    /** Does something when everything that has been written down so far is written, or synced if it needs that. */
    void afterwards(Runnable what);

    /** Answers a request, of this turn or of one before. */
    <T> void answer(Reply<T> reply, T answer);

    /** As {@link #answer}, as soon as what has been written down so far is written, also if some of it is still to be synced. */
    <T> void answerWritten(Reply<T> reply, T answer);
}
