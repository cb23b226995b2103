package io.sluice.loadtest;

/**
 * When the requests of an open loop are meant to be sent: at equal steps from the start, whatever the server does.
 * Each time is computed from the number of the request, so that rounding does not add up. Several loops share a
 * schedule by taking turns. Owned by one event loop.
 */
final class RateSchedule {
    private static final double NS_PER_SECOND = 1e9;

    private final double perSecond;
    private final int first;
    private final int stride;
    private final long startNs;
    private final long count;
    private long taken;

    private RateSchedule(double perSecond, int first, int stride, long startNs, long endNs) {
        this.perSecond = perSecond;
        this.first = first;
        this.stride = stride;
        this.startNs = startNs;
        this.count = dueBefore(endNs);
    }

    /**
     * The share of one of several loops.
     *
     * @param perSecond requests a second of all loops together
     * @param first which of the loops this is, from 0
     * @param stride how many loops there are
     * @param startNs when the first request is due, by {@link System#nanoTime}
     * @param endNs no request is due at this time or later
     */
    static RateSchedule fixed(double perSecond, int first, int stride, long startNs, long endNs) {
        if (!(perSecond > 0) || stride < 1 || first < 0 || first >= stride) {
            throw new IllegalArgumentException(perSecond + "/s, loop " + first + " of " + stride);
        }
        return new RateSchedule(perSecond, first, stride, startNs, endNs);
    }

    /** How many requests of this loop are due in all. */
    long count() {
        return count;
    }

    /** Whether none is left to take. */
    boolean isExhausted() {
        return taken >= count;
    }

    /** When the next request is due. */
    long nextNs() {
        return intendedNs(taken);
    }

    /** Takes the next request and says when it is due. */
    long take() {
        assert !isExhausted() : "all " + count + " are taken";
        return intendedNs(taken++);
    }

    /** How many requests are due by a time, that time included, and not yet taken. */
    long backlogAt(long nowNs) {
        return Math.max(0, Math.min(count, dueBefore(nowNs + 1)) - taken);
    }

    /** When the n-th request of this loop is due. */
    long intendedNs(long n) {
        return startNs + (long) ((first + n * stride) * NS_PER_SECOND / perSecond);
    }

    /** How many requests of this loop are due before a time, taken or not. */
    private long dueBefore(long timeNs) {
        if (timeNs - startNs <= 0) {
            return 0;
        }
        double shared = (timeNs - startNs) * perSecond / NS_PER_SECOND;
        long guess = Math.max(0, (long) ((shared - first) / stride));
        // The guess may be one off either way, as floating point is: the definition decides.
        while (guess > 0 && intendedNs(guess - 1) - timeNs >= 0) {
            guess--;
        }
        while (intendedNs(guess) - timeNs < 0) {
            guess++;
        }
        return guess;
    }
}
