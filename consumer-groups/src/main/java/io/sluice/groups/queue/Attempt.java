package io.sluice.groups.queue;

/**
 * A delivery that did not end well.
 *
 * @param atMs when the message was delivered, in ms since the epoch
 * @param heldMs how long it was held
 * @param consumer by whom
 * @param reason why it came back
 */
public record Attempt(long atMs, long heldMs, String consumer, String reason) {
    private static final int BYTES = 96;

    /** About how much memory it takes. */
    int sizeInBytes() {
        return BYTES + consumer.length() + reason.length();
    }
}
