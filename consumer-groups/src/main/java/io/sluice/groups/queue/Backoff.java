package io.sluice.groups.queue;

/**
 * How long a message waits after a delivery that failed: {@code initialMs · multiplier^(failures - 1)}, at most {@code maxMs}, less a random
 * part of it.
 *
 * @param initialMs after the first failure; 0 for never waiting
 * @param multiplier by how much each failure makes the wait longer; at least 1
 * @param maxMs the longest wait
 * @param jitter which part of the wait is random: 0 for none, 1 for all of it
 */
public record Backoff(long initialMs, double multiplier, long maxMs, double jitter) {
    /** No wait at all. */
    public static final Backoff NONE = new Backoff(0, 1, 0, 0);

    /**
     * The wait.
     *
     * @param failures how many deliveries have failed, at least 1
     * @param lot evenly distributed bits that decide the random part
     * @return ms
     */
    long delayMs(int failures, long lot) {
        double whole = Math.min(maxMs, initialMs * Math.pow(multiplier, failures - 1));
        double part = (lot >>> 11) * 0x1.0p-53;
        return (long) (whole * (1 - jitter * part));
    }
}
