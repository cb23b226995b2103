package io.sluice.core.engine;

/**
 * The answer to "where in the log is this time".
 *
 * @param offset the record's offset
 * @param timestampMs the record's timestamp, in ms since the epoch
 * @param leaderEpoch the epoch in which the record was appended
 */
public record TimestampedOffset(long offset, long timestampMs, int leaderEpoch) {}
