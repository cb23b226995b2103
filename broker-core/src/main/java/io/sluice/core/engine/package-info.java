/**
 * The seam between the log and everything above it. A {@link io.sluice.core.engine.LogEngine} knows topics and who
 * owns which partition; a {@link io.sluice.core.engine.PartitionLog} is a handle on a partition that is proof of
 * owning it in one epoch. {@link io.sluice.core.engine.LocalLogEngine} is the engine that keeps its logs in a
 * folder of this machine.
 */
package io.sluice.core.engine;
