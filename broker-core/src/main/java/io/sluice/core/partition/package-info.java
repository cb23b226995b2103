/**
 * Where threads meet the log. A {@link io.sluice.core.partition.PartitionWorker} owns a fixed set of partitions: it
 * alone writes them, syncs once for all that waited, moves the high watermark and wakes those who wait. A
 * {@link io.sluice.core.partition.Partition} is the handle that everybody else uses.
 */
package io.sluice.core.partition;
