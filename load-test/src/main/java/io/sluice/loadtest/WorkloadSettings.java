package io.sluice.loadtest;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the settings of one workload by key, with bounds. A setting is named alike in a workload file and, with two
 * dashes before it, on the command line. What was read, defaults included, is kept for the report.
 */
final class WorkloadSettings {
    static final String TOPIC_CONFIG_PREFIX = "config.";

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)");

    private static final Map<String, Setting> SETTINGS = table();

    /** @param byDefault what holds if nothing is given; empty for nothing */
    private record Setting(String byDefault, String meaning) {}

    private final String source;
    private final Map<String, String> given;
    private final Map<String, String> read = new LinkedHashMap<>();

    /**
     * @param source the file, preset or command line, for messages
     * @param given keys and values
     * @throws InvalidWorkloadException if a key is unknown
     */
    WorkloadSettings(String source, Map<String, String> given) {
        this.source = source;
        this.given = new TreeMap<>(given);
        for (String key : this.given.keySet()) {
            if (!SETTINGS.containsKey(key) && !key.startsWith(TOPIC_CONFIG_PREFIX)) {
                throw new InvalidWorkloadException(source + ": unknown setting '" + key + "', the settings are "
                        + String.join(", ", SETTINGS.keySet()) + " and " + TOPIC_CONFIG_PREFIX
                        + "<setting of the topic or queue>");
            }
        }
    }

    private static Map<String, Setting> table() {
        Map<String, Setting> all = new LinkedHashMap<>();
        all.put(
                "kind",
                new Setting(
                        "produce",
                        "produce, fetch, end-to-end, post, queue-send, queue-receive-ack or queue-end-to-end"));
        all.put("rate", new Setting("max", "requests a second such as 500/s (open loop), or max (closed loop)"));
        all.put("connections", new Setting("1", "connections, each with one request under way at most"));
        all.put(
                "records-per-request",
                new Setting("1", "records in a produce request, or messages in each request to a queue"));
        all.put("record-bytes", new Setting("100", "bytes of a record's value"));
        all.put("acks", new Setting("all", "all, 1 or 0"));
        all.put("partitions", new Setting("1", "partitions of the topic or queue"));
        all.put("warm-up", new Setting("5s", "load before the measured time"));
        all.put("duration", new Setting("10s", "measured time of a repeat"));
        all.put("request-timeout", new Setting("10s", "after which a request counts as failed"));
        all.put(
                "max-backlog",
                new Setting("", "due and unsent requests that are still called kept up; none: a second's"));
        all.put("threads", new Setting("1", "event loops of the client"));
        all.put("seed", new Setting("1", "of the random payloads"));
        all.put("format", new Setting("json", "what a fetch asks for: json or batches"));
        all.put("max-bytes", new Setting("1048576", "bytes that one fetch may answer"));
        all.put(
                "preload-records",
                new Setting(
                        "200000",
                        "records that a fetch workload reads over and over, or messages for queue-receive-ack"));
        all.put("receivers", new Setting("16", "connections that receive, of queue-end-to-end at a rate"));
        all.put("until", new Setting("ack", "when the time of such a message ends: ack (answered) or arrival"));
        all.put("url", new Setting("", "where a post workload posts to"));
        all.put("body", new Setting("", "what it posts; {record} stands for a random record"));
        all.put("content-type", new Setting("application/json", "of that body"));
        return all;
    }

    /** The keys of all settings but the {@code config.} ones. */
    static Set<String> keys() {
        return SETTINGS.keySet();
    }

    /** What a setting means and its default, on one line. */
    static String describe(String key) {
        Setting setting = SETTINGS.get(key);
        return setting.meaning() + (setting.byDefault().isEmpty() ? "" : " (" + setting.byDefault() + ")");
    }

    String text(String key) {
        String value = given.getOrDefault(key, SETTINGS.get(key).byDefault()).strip();
        if (!value.isEmpty()) {
            read.put(key, value);
        }
        return value;
    }

    Optional<String> optional(String key) {
        return Optional.of(text(key)).filter(value -> !value.isEmpty());
    }

    <E extends Enum<E>> E choice(String key, Class<E> type) {
        String value = text(key);
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.toString().equals(value))
                .findFirst()
                .orElseThrow(() -> invalid(key, value, "must be one of " + Arrays.toString(type.getEnumConstants())));
    }

    int intBetween(String key, int min, int max) {
        return (int) longBetween(key, min, max);
    }

    long longBetween(String key, long min, long max) {
        String value = text(key);
        try {
            long number = Long.parseLong(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw invalid(key, value, "must be a whole number from " + min + " to " + max);
    }

    Duration durationBetween(String key, Duration min, Duration max) {
        String value = text(key);
        Matcher matcher = DURATION.matcher(value);
        if (matcher.matches()) {
            long count = Long.parseLong(matcher.group(1));
            Duration duration = switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(count);
                case "s" -> Duration.ofSeconds(count);
                default -> Duration.ofMinutes(count);
            };
            if (duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0) {
                return duration;
            }
        }
        throw invalid(
                key,
                value,
                "must be a duration such as 500ms, 10s or 2m, from " + min.toMillis() + "ms to " + max.toSeconds()
                        + "s");
    }

    /** Requests a second; empty for {@code max}. */
    Optional<Double> rate(String key, double max) {
        String value = text(key);
        if (value.equals("max")) {
            return Optional.empty();
        }
        String number = value.endsWith("/s") ? value.substring(0, value.length() - 2) : value;
        try {
            double perSecond = Double.parseDouble(number);
            if (perSecond >= 0.1 && perSecond <= max) {
                return Optional.of(perSecond);
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw invalid(key, value, "must be max, or requests a second from 0.1/s to " + (long) max + "/s");
    }

    /** The settings that the topic or queue is created with. */
    Map<String, String> topicConfig() {
        Map<String, String> config = new TreeMap<>();
        given.forEach((key, value) -> {
            if (key.startsWith(TOPIC_CONFIG_PREFIX)) {
                config.put(key.substring(TOPIC_CONFIG_PREFIX.length()), value.strip());
                read.put(key, value.strip());
            }
        });
        return config;
    }

    /** Every setting that was read, with the value that holds. */
    Map<String, String> effective() {
        return new LinkedHashMap<>(read);
    }

    InvalidWorkloadException invalid(String key, String value, String rule) {
        return new InvalidWorkloadException(source + ": " + key + " = " + value + ", but it " + rule);
    }
}
