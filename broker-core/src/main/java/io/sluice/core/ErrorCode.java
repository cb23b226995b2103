package io.sluice.core;

/**
 * Why the broker refused something. The names are stable: every face of the broker maps them once to its own codes.
 *
 * <p>{@link #retriable()} says whether the same request may succeed later without anybody changing it.
 */
public enum ErrorCode {
    /** No topic of that name. */
    UNKNOWN_TOPIC(false),
    /** The topic exists, the partition number does not. */
    UNKNOWN_PARTITION(false),
    /** A topic of that name exists, with other settings than the ones asked for. */
    TOPIC_EXISTS(false),
    /** The topic name breaks a naming rule. */
    INVALID_TOPIC(false),
    /** A partition count is out of its range, or smaller than the topic has. */
    INVALID_PARTITIONS(false),
    /** A setting is unknown, or its value is out of range or contradicts another. */
    INVALID_CONFIG(false),
    /** An argument of a request is missing, of the wrong type or out of range. */
    INVALID_ARGUMENT(false),
    /** The offset lies before the log start offset or beyond the log end offset. */
    OFFSET_OUT_OF_RANGE(false),
    /** A record batch that came in is damaged: its checksum, lengths or counts do not agree. */
    CORRUPT_BATCH(false),
    /** A record batch or record is well formed but breaks a rule, for example no key in a compacted topic. */
    INVALID_RECORD(false),
    /** A record's own timestamp lies further from the broker's clock than its topic allows. */
    INVALID_TIMESTAMP(false),
    /** The batch format or compression is not one that this broker takes. */
    UNSUPPORTED_FORMAT(false),
    /** A record or batch is larger than {@code max.message.bytes} of its topic. */
    RECORD_TOO_LARGE(false),
    /** A producer left a gap in its sequence numbers. */
    OUT_OF_ORDER_SEQUENCE(false),
    /** A newer incarnation of the producer exists. */
    INVALID_PRODUCER_EPOCH(false),
    /** An idempotency key was used before for a different request. */
    IDEMPOTENCY_KEY_REUSED(false),
    /** A queue, a buffer or a list of waiters is full. */
    OVERLOADED(true),
    /** Free disk space is below the floor: writes are refused until space returns. */
    DISK_LOW(true),
    /** The partition is closed to all until somebody acts: its disk failed, or its log is damaged. */
    PARTITION_OFFLINE(true),
    /** Bytes on the disk are not the bytes that were written. They are not served. */
    DATA_CORRUPT(false),
    /** The handle belongs to an epoch that has ended. */
    FENCED(true),
    /** Another node owns the partition, or nobody does now. */
    NOT_OWNER(true),
    /** The broker, topic or partition is closing. */
    SHUTTING_DOWN(true),
    /** Another broker holds the lock of the data directory. */
    DATA_DIRECTORY_LOCKED(false),
    /** Reading or writing a file failed. */
    STORAGE_FAILED(true),
    /** A mistake of the broker's own. */
    INTERNAL(true);

    private final boolean retriable;

    ErrorCode(boolean retriable) {
        this.retriable = retriable;
    }

    /** Whether the same request may succeed later without anybody changing it. */
    public boolean retriable() {
        return retriable;
    }
}
