package io.sluice.core.engine;

/**
 * What a partition remembers of an idempotent producer.
 *
 * @param producerId who
 * @param epoch the producer's epoch
 * @param lastSequence the sequence number of its last record
 * @param lastTimestampMs when its last batch was seen, in ms since the epoch
 */
public record ActiveProducer(long producerId, short epoch, int lastSequence, long lastTimestampMs) {}
