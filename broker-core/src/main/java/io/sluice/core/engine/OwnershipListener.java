package io.sluice.core.engine;

import io.sluice.core.TopicPartition;

/** Hears which partitions this node owns. Called on threads of the engine: hand over, do not work here. */
public interface OwnershipListener {
    /** This node owns the partition now; {@code log} is the handle of its epoch. */
    void gained(TopicPartition partition, PartitionLog log);

    /** The ownership of that epoch has ended: the handle is dead, and so is every state replayed from it. */
    void lost(TopicPartition partition, int epoch);
}
