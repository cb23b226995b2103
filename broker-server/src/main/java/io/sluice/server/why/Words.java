package io.sluice.server.why;

import java.util.Locale;

/** Numbers for people. */
final class Words {
    private static final long MINUTE_S = 60;
    private static final long HOUR_S = 60 * MINUTE_S;

    private Words() {}

    static String lasting(long ms) {
        if (ms < 1_000) {
            return Math.max(0, ms) + " ms";
        }
        long s = ms / 1_000;
        if (s < 2 * MINUTE_S) {
            return s + " s";
        }
        return s < 2 * HOUR_S ? s / MINUTE_S + " min" : s / HOUR_S + " h";
    }

    static String ago(long ms) {
        return lasting(ms) + " ago";
    }

    static String records(long count) {
        return count == 1 ? "1 record" : count + " records";
    }

    static String rate(double perSecond) {
        return String.format(Locale.ROOT, "%.1f a second", perSecond);
    }

    /** A rate as a number that people can read. */
    static double rounded(double rate) {
        return Math.round(rate * 100) / 100.0;
    }
}
