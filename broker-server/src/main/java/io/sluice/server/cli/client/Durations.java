package io.sluice.server.cli.client;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as a person types them, and lengths of time: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 1d}. */
public final class Durations {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private Durations() {}

    /** Whether {@link #parse} takes it. */
    public static boolean isDuration(String text) {
        return FORM.matcher(text).matches();
    }

    /**
     * @param what names the option, for the message
     * @throws CliException USAGE if the text is not a duration
     */
    public static Duration parse(String what, String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw CliException.usage(what + " " + text + " is not a time like 500ms, 30s, 5m, 2h or 1d");
        }
        long number = Long.parseLong(parts.group(1));
        return switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    /**
     * A day, or a time with or without its zone.
     *
     * @param zone of times that name none
     * @throws java.time.DateTimeException if it is none of these
     */
    public static Instant instant(String text, ZoneId zone) {
        if (!text.contains("T")) {
            return LocalDate.parse(text).atStartOfDay(zone).toInstant();
        }
        boolean hasZone = text.endsWith("Z") || text.matches(".*T.*[+-]\\d\\d(:?\\d\\d)?");
        return hasZone
                ? OffsetDateTime.parse(text).toInstant()
                : LocalDateTime.parse(text).atZone(zone).toInstant();
    }
}
