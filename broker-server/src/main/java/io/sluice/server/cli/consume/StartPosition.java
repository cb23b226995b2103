package io.sluice.server.cli.consume;

import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import java.time.DateTimeException;
import java.time.ZoneId;

/**
 * Where the reading begins, as {@code --from} says it.
 *
 * @param kind which sort of place it is
 * @param number the offset, or the time in ms since the epoch
 */
record StartPosition(Kind kind, long number) {
    enum Kind {
        EARLIEST,
        LATEST,
        OFFSET,
        TIME
    }

    /**
     * Reads the option.
     *
     * @param zone of times that name none
     * @throws CliException USAGE if it is none of the forms
     */
    static StartPosition parse(String text, long nowMs, ZoneId zone) {
        if (text.equals("earliest")) {
            return new StartPosition(Kind.EARLIEST, 0);
        }
        if (text.equals("latest")) {
            return new StartPosition(Kind.LATEST, 0);
        }
        if (text.matches("\\d{1,18}")) {
            return new StartPosition(Kind.OFFSET, Long.parseLong(text));
        }
        if (text.startsWith("-") && Durations.isDuration(text.substring(1))) {
            long agoMs = Durations.parse("--from", text.substring(1)).toMillis();
            return new StartPosition(Kind.TIME, Math.max(0, nowMs - agoMs));
        }
        try {
            return new StartPosition(
                    Kind.TIME, Math.max(0, Durations.instant(text, zone).toEpochMilli()));
        } catch (DateTimeException e) {
            throw CliException.usage("consume: --from " + text
                    + " is not earliest, latest, an offset, a time like 2026-01-31T12:00:00Z, or one ago like -15m");
        }
    }
}
