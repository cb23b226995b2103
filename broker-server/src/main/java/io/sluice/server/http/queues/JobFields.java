package io.sluice.server.http.queues;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.queue.JobFilter;
import io.sluice.groups.queue.JobSpec;
import io.sluice.groups.queue.JobSpec.Kind;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.PointInTime;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What requests for jobs ask for. */
final class JobFields {
    private static final int MAX_IDS = 1_000;
    private static final int MAX_HEADERS = 32;
    private static final int MAX_TEXT_CHARS = 1_000;
    private static final int MAX_RATE = 1_000_000;
    private static final int DEFAULT_REDRIVES = 10;
    private static final int MAX_REDRIVES = 1_000;
    /** A replay is seldom in a hurry, and live work is not to wait for it. */
    private static final int REPLAY_RATE = 1_000;

    private static final long EVER = Long.MAX_VALUE;

    private JobFields() {}

    /** @param by who asks */
    static JobSpec redrive(String queue, JsonFields fields, String by, long nowMs) {
        fields.allowOnly("filter", "rate", "dry_run", "max", "target", "max_redrives");
        JobFilter filter = fields.object("filter")
                .map(some -> deadLetters(some, nowMs))
                .orElse(filter(Set.of(), "", "", Optional.empty(), 0, EVER, Map.of()));
        return new JobSpec(
                Kind.REDRIVE,
                queue,
                target(queue, fields),
                filter,
                (int) fields.number("rate", 0, 1, MAX_RATE),
                fields.number("max", 0, 1, EVER),
                (int) fields.number("max_redrives", DEFAULT_REDRIVES, 1, MAX_REDRIVES),
                by);
    }

    private static JobFilter deadLetters(JsonFields fields, long nowMs) {
        fields.allowOnly(
                "filter.ids",
                "filter.reason",
                "filter.consumer",
                "filter.key",
                "filter.died_after",
                "filter.died_before",
                "filter.headers");
        return filter(
                ids(fields, "filter.ids"),
                some(fields, "filter.reason", MAX_TEXT_CHARS),
                some(fields, "filter.consumer", Receives.MAX_NAME_CHARS),
                fields.text("filter.key", MAX_TEXT_CHARS),
                time(fields, "filter.died_after", 0, nowMs),
                time(fields, "filter.died_before", EVER, nowMs),
                headers(fields, "filter.headers"));
    }

    private static JobFilter filter(
            Set<String> ids,
            String reason,
            String consumer,
            Optional<String> key,
            long fromMs,
            long toMs,
            Map<String, String> headers) {
        return new JobFilter(
                ids, reason, consumer, key, fromMs, toMs, Optional.empty(), Optional.empty(), headers, Set.of());
    }

    /** @param by who asks */
    static JobSpec replay(String queue, JsonFields fields, String by, long nowMs) {
        fields.allowOnly(
                "from", "to", "from_id", "to_id", "key", "headers", "outcome", "rate", "dry_run", "max", "target");
        JobFilter filter = new JobFilter(
                Set.of(),
                "",
                "",
                fields.text("key", MAX_TEXT_CHARS),
                time(fields, "from", 0, nowMs),
                time(fields, "to", EVER, nowMs),
                message(fields, "from_id"),
                message(fields, "to_id"),
                headers(fields, "headers"),
                outcomes(fields));
        return new JobSpec(
                Kind.REPLAY,
                queue,
                target(queue, fields),
                filter,
                (int) fields.number("rate", REPLAY_RATE, 1, MAX_RATE),
                fields.number("max", 0, 1, EVER),
                0,
                by);
    }

    static boolean isDryRun(JsonFields fields) {
        return fields.flag("dry_run", false);
    }

    private static String target(String queue, JsonFields fields) {
        return fields.has("target") ? fields.requiredText("target", TopicName.MAX_CHARS) : queue;
    }

    private static Set<Outcome> outcomes(JsonFields fields) {
        String outcome = fields.text("outcome", MAX_TEXT_CHARS).orElse("acknowledged");
        if (outcome.equals("any")) {
            return EnumSet.allOf(Outcome.class);
        }
        for (Outcome one : Outcome.values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(outcome)) {
                return Set.of(one);
            }
        }
        throw JsonFields.invalid("outcome", "is \"" + outcome + "\", not acknowledged, dead, expired, dropped or any");
    }

    private static Optional<MessageId> message(JsonFields fields, String name) {
        return fields.text(name, MAX_TEXT_CHARS)
                .map(text -> MessageId.parse(text)
                        .orElseThrow(() -> JsonFields.invalid(
                                name, "is \"" + text + "\", not the place of a message, like 0-17")));
    }

    /** What is there and says nothing would be about all messages: whoever made it of nothing did not mean these. */
    private static HttpProblem empty(String name) {
        return JsonFields.invalid(name, "must not be empty; left out it is any");
    }

    private static Set<String> ids(JsonFields fields, String name) {
        List<String> ids = fields.list(name, MAX_IDS);
        if (fields.has(name) && ids.isEmpty()) {
            throw empty(name);
        }
        for (int i = 0; i < ids.size(); i++) {
            if (MessageId.parse(ids.get(i)).isEmpty()) {
                throw JsonFields.invalid(
                        name + "[" + i + "]", "is \"" + ids.get(i) + "\", not the id of a message, like 0-17");
            }
        }
        return Set.copyOf(ids);
    }

    private static String some(JsonFields fields, String name, int maxChars) {
        String text = fields.text(name, maxChars).orElse("");
        if (fields.has(name) && text.isEmpty()) {
            throw empty(name);
        }
        return text;
    }

    private static Map<String, String> headers(JsonFields fields, String name) {
        Map<String, String> headers = new HashMap<>();
        fields.texts(name, false).forEach((header, value) -> headers.put(header, value.orElseThrow()));
        if (fields.has(name) && headers.isEmpty()) {
            throw empty(name);
        }
        if (headers.size() > MAX_HEADERS) {
            throw JsonFields.invalid(name, "has " + headers.size() + " headers; it may have " + MAX_HEADERS);
        }
        return headers;
    }

    /** Ms since the epoch, ISO 8601, or {@code -15m} for a while ago. */
    private static long time(JsonFields fields, String name, long otherwise, long nowMs) {
        if (!fields.has(name)) {
            return otherwise;
        }
        JsonNode value = fields.required(name);
        if (value.isTextual()) {
            return PointInTime.of(value.textValue(), nowMs)
                    .orElseThrow(() -> JsonFields.invalid(
                            name, "must be ms since the epoch, a time as ISO 8601 has it, or a while ago like -15m"));
        }
        return fields.requiredNumber(name, 0, EVER);
    }
}
