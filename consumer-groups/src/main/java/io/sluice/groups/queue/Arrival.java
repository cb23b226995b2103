package io.sluice.groups.queue;

/**
 * A message as it was found in the log.
 *
 * @param offset where
 * @param key stands for its key: messages of a key have the same; {@link #NO_KEY} if it has none
 * @param enqueuedMs when it was sent, in ms since the epoch
 * @param deliverAtMs when it is to be delivered at the earliest, in ms since the epoch; 0 if at once
 * @param expiresAtMs when it is not to be delivered any more, in ms since the epoch; {@link Long#MAX_VALUE} if never
 * @param sizeInBytes how large its value is; 0 if that is not known, as it is not written down
 */
public record Arrival(long offset, long key, long enqueuedMs, long deliverAtMs, long expiresAtMs, int sizeInBytes) {
    /** Of messages without a key. */
    public static final long NO_KEY = 0;

    /** One of a size that is not known. */
    public Arrival(long offset, long key, long enqueuedMs, long deliverAtMs, long expiresAtMs) {
        this(offset, key, enqueuedMs, deliverAtMs, expiresAtMs, 0);
    }
}
