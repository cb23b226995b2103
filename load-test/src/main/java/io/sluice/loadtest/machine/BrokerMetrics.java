package io.sluice.loadtest.machine;

import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The few numbers that a report takes from the broker's Prometheus page. Another server's page, or an older broker's, may
 * not have them: then they are absent, never zero.
 *
 * @param flushes how often the logs were synced
 * @param appendedRecords how many records were appended
 */
public record BrokerMetrics(OptionalDouble flushes, OptionalDouble appendedRecords) {
    /** A page that says nothing. */
    public static final BrokerMetrics NONE = new BrokerMetrics(OptionalDouble.empty(), OptionalDouble.empty());

    private static final List<String> FLUSHES = List.of(
            "sluice_log_flushes_total", "sluice_log_flush_seconds_count", "sluice_log_flush_duration_seconds_count");
    private static final List<String> RECORDS =
            List.of("sluice_log_appended_records_total", "sluice_log_records_appended_total");

    /** Reads a metrics page in Prometheus's text format. */
    public static BrokerMetrics parse(String page) {
        return new BrokerMetrics(firstOf(FLUSHES, page), firstOf(RECORDS, page));
    }

    /** Records a sync between an earlier page and this one; empty if either lacks the counters, or nothing was synced. */
    public OptionalDouble recordsPerFlushSince(BrokerMetrics earlier) {
        if (flushes.isEmpty()
                || appendedRecords.isEmpty()
                || earlier.flushes.isEmpty()
                || earlier.appendedRecords.isEmpty()) {
            return OptionalDouble.empty();
        }
        double flushed = flushes.getAsDouble() - earlier.flushes.getAsDouble();
        double appended = appendedRecords.getAsDouble() - earlier.appendedRecords.getAsDouble();
        return flushed > 0 ? OptionalDouble.of(appended / flushed) : OptionalDouble.empty();
    }

    private static OptionalDouble firstOf(List<String> names, String page) {
        return names.stream()
                .map(name -> sum(name, page))
                .filter(OptionalDouble::isPresent)
                .findFirst()
                .orElse(OptionalDouble.empty());
    }

    /** The sum of a metric over all its labels. */
    private static OptionalDouble sum(String name, String page) {
        Matcher lines = Pattern.compile("(?m)^" + name + "(?:\\{[^}]*\\})?[ \\t]+(\\S+)")
                .matcher(page);
        double sum = 0;
        boolean seen = false;
        while (lines.find()) {
            try {
                sum += Double.parseDouble(lines.group(1));
                seen = true;
            } catch (NumberFormatException e) {
                return OptionalDouble.empty();
            }
        }
        return seen ? OptionalDouble.of(sum) : OptionalDouble.empty();
    }
}
