package io.sluice.core.engine;

/**
 * Where the records of an epoch end.
 *
 * @param epoch the epoch
 * @param endOffset the first offset that does not belong to it or to one before it
 */
public record EpochEnd(int epoch, long endOffset) {}
