package io.sluice.server.http.restv2;

import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.RestProblem;
import io.sluice.server.http.records.EmbeddedFormat;
import java.util.List;
import java.util.UUID;

/**
 * What a consumer instance is to be like.
 *
 * @param name its name in its group
 * @param format what its records are shown as
 * @param reset where to begin in a partition in which the group has never been
 * @param fetchMinBytes how many bytes a poll waits for
 * @param requestTimeoutMs how long a poll may wait at most
 * @param autoCommit whether what a poll returned is committed by the next one
 */
record ConsumerSettings(
        String name, EmbeddedFormat format, Reset reset, int fetchMinBytes, long requestTimeoutMs, boolean autoCommit) {
    private static final int MAX_NAME_CHARS = 200;
    private static final int MAX_WORD_CHARS = 100;
    private static final long REQUEST_TIMEOUT_MS = 30_000;
    private static final List<String> ISOLATION = List.of("read_committed", "read_uncommitted");

    /** {@code auto.offset.reset}. */
    enum Reset {
        EARLIEST,
        LATEST,
        NONE
    }

    /**
     * Reads the body that creates an instance.
     *
     * @throws HttpProblem 400 for what is of the wrong type or not known, 422 for a value that a setting cannot have
     */
    static ConsumerSettings of(JsonFields fields) {
        fields.allowOnly(
                "name",
                "format",
                "auto.offset.reset",
                "fetch.min.bytes",
                "consumer.request.timeout.ms",
                "enable.auto.commit",
                "isolation.level");
        String format = fields.text("format", MAX_WORD_CHARS).orElse("binary");
        String isolation = fields.text("isolation.level", MAX_WORD_CHARS).orElse("read_uncommitted");
        if (!ISOLATION.contains(isolation)) {
            throw invalid("isolation.level", isolation, "String must be one of: read_committed, read_uncommitted");
        }
        return new ConsumerSettings(
                name(fields),
                EmbeddedFormat.ofWord(format)
                        .orElseThrow(() -> invalid("format", format, "String must be one of: binary, json, text")),
                reset(fields.text("auto.offset.reset", MAX_WORD_CHARS).orElse("latest")),
                (int) number(fields, "fetch.min.bytes", 1, Integer.MAX_VALUE),
                number(fields, "consumer.request.timeout.ms", REQUEST_TIMEOUT_MS, Integer.MAX_VALUE),
                fields.flag("enable.auto.commit", true));
    }

    private static String name(JsonFields fields) {
        String name = fields.text("name", MAX_NAME_CHARS).orElseGet(() -> "kafka-bridge-consumer-" + UUID.randomUUID());
        if (name.isEmpty() || name.chars().anyMatch(c -> c == '/' || Character.isISOControl(c))) {
            throw invalid("name", name, "it must have a character at least, none of them / or a control character");
        }
        return name;
    }

    private static Reset reset(String word) {
        return switch (word) {
            case "earliest" -> Reset.EARLIEST;
            case "latest" -> Reset.LATEST;
            case "none" -> Reset.NONE;
            default -> throw invalid("auto.offset.reset", word, "String must be one of: latest, earliest, none");
        };
    }

    private static long number(JsonFields fields, String name, long otherwise, long max) {
        long number = fields.number(name, otherwise, Long.MIN_VALUE, Long.MAX_VALUE);
        if (number < 0 || number > max) {
            throw invalid(name, Long.toString(number), "Value must be between 0 and " + max);
        }
        return number;
    }

    private static HttpProblem invalid(String name, String value, String rule) {
        return RestProblem.of(422, "Invalid value " + value + " for configuration " + name + ": " + rule);
    }
}
