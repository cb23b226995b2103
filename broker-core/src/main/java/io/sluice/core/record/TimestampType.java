package io.sluice.core.record;

/** Whose clock the timestamps of a batch are from: bit 3 of its attributes. */
public enum TimestampType {
    /** The producer's. */
    CREATE_TIME,
    /** The broker's, at the append; one for the whole batch. */
    LOG_APPEND_TIME
}
