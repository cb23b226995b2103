package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import java.util.Set;

/** A client of a group in a simulation. */
interface SimulatedClient {
    /** The id of the member it is or was. */
    String id();

    /** The partitions of which it would process records now. */
    Set<TopicIdPartition> reads();

    /** Whether it has ended. */
    boolean isGone();

    /** It is gone, and says nothing. */
    void crash();

    /** It is gone, and says so. */
    void leave();

    /** The broker has started again: whatever it waited for will not come. */
    void disconnected();

    /**
     * It does what it does next.
     *
     * @param lot what chance has in store for it, 0 to 99
     */
    void step(int lot);

    /** Commits a position; returns whether it was taken. */
    boolean commit(TopicPartition named, TopicIdPartition partition, long offset);
}
