/**
 * One partition's log on disk, in Kafka's own layout: segments of record batches, an offset index and a time index for
 * each, snapshots of the producers' state. {@link io.sluice.core.log.SegmentedLog} is the whole of it and belongs to
 * one thread; what it publishes for readers is named in its comment. {@link io.sluice.core.log.LogRecovery} opens it.
 */
package io.sluice.core.log;
