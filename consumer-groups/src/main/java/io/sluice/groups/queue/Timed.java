package io.sluice.groups.queue;

/** Something that happens at a time which may move. For {@link Agenda}. */
abstract class Timed {
    /** When it happens, in ms since the epoch; {@link Long#MAX_VALUE} if never. */
    long atMs = Long.MAX_VALUE;
    /** The earliest time at which the agenda looks at it. */
    long queuedMs = Long.MAX_VALUE;

    /** Its time has come. */
    abstract void due(QueueEffects effects);
}
