package io.sluice.groups.shard;

import io.sluice.core.record.RecordCursor;

/**
 * A state machine whose log is a partition. What survives is changed by what is replayed alone. For one thread.
 *
 * @param <F> what a turn can bring about
 */
public interface Shard<F> {
    /**
     * Takes over a record of the log, in order.
     *
     * @throws io.sluice.core.BrokerException DATA_CORRUPT if it makes no sense
     */
    void replay(RecordCursor record);

    /** Everything has been replayed. */
    void begin(F effects);

    /** It is not asked any more: another one is read, or none is. May come while it is still being read, and more than once. */
    default void discard() {}

    /** Lets time do what it does. */
    void tick(F effects);

    /** When {@link #tick} has something to do, in ms since the epoch; {@link Long#MAX_VALUE} if never. */
    long nextTimerMs();

    /** Whether the log has become so long that {@link #checkpoint} should make it shorter. */
    default boolean isCheckpointDue() {
        return false;
    }

    /** Writes down the state, or some of it, so that less of the log is needed. */
    default void checkpoint(F effects) {}

    /** Nothing before this offset is needed once everything that has been written down is durable. */
    default long neededFrom() {
        return 0;
    }
}
