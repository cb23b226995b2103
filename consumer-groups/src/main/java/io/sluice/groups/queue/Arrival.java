package io.sluice.groups.queue;

/**
 * A message as it was found in the log.
 *
 * @param offset where
 * @param key stands for its key: messages of a key have the same; {@link #NO_KEY} if it has none
 * @param enqueuedMs when it was sent, in ms since the epoch
 * @param deliverAtMs when it is to be delivered at the earliest, in ms since the epoch; 0 if at once
 * @param expiresAtMs when it is not to be delivered any more, in ms since the epoch; {@link Long#MAX_VALUE} if never
 */
public record Arrival(long offset, long key, long enqueuedMs, long deliverAtMs, long expiresAtMs) {
    /** Of messages without a key. */
    public static final long NO_KEY = 0;
}
