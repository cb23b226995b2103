package io.sluice.server.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as requests write them: {@code 2026-01-31T12:00:00Z}, or {@code -15m} for a while ago. */
public final class PointInTime {
    private static final Pattern AGO = Pattern.compile("-(\\d{1,12})(ms|s|m|h|d)");

    private PointInTime() {}

    /**
     * The time that a text stands for, in ms since the epoch; empty if it stands for none.
     *
     * @param nowMs what a while ago counts back from, in ms since the epoch
     */
    public static Optional<Long> of(String text, long nowMs) {
        Matcher ago = AGO.matcher(text);
        if (ago.matches()) {
            long count = Long.parseLong(ago.group(1));
            Duration back = switch (ago.group(2)) {
                case "ms" -> Duration.ofMillis(count);
                case "s" -> Duration.ofSeconds(count);
                case "m" -> Duration.ofMinutes(count);
                case "h" -> Duration.ofHours(count);
                default -> Duration.ofDays(count);
            };
            return Optional.of(Math.max(0, nowMs - Math.min(nowMs, back.getSeconds() * 1_000 + back.toMillisPart())));
        }
        try {
            return Optional.of(OffsetDateTime.parse(text).toInstant().toEpochMilli());
        } catch (DateTimeException | ArithmeticException e) {
            return Optional.empty();
        }
    }
}
