package io.sluice.server.http.queues;

import io.sluice.core.topic.TopicName;
import io.sluice.groups.queue.Backoff;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonFields;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The settings of a queue as JSON, and their bounds. */
final class QueueFields {
    /** The largest number that every JSON parser takes as it is. */
    private static final long MAX_EXACT = (1L << 53) - 1;

    private static final long DAY_MS = 86_400_000;
    private static final long MAX_WAIT_MS = 30 * DAY_MS;
    private static final long MAX_AGE_MS = 3_650 * DAY_MS;
    private static final long MAX_DEDUP_MS = 7 * DAY_MS;
    private static final int MAX_DELIVERIES = 1_000_000;
    private static final int MAX_IN_FLIGHT = 1_000_000;
    private static final double MAX_MULTIPLIER = 100;

    private static final String DEAD_LETTER_QUEUE = "dead_letter_queue";
    private static final String[] NAMES = {
        "visibility_timeout_ms",
        "max_deliveries",
        "backoff",
        DEAD_LETTER_QUEUE,
        "delay_ms",
        "ttl_ms",
        "max_messages",
        "max_bytes",
        "max_in_flight",
        "order",
        "dedup_window_ms",
        "retention_ms",
        "partitions"
    };

    private QueueFields() {}

    /** What the path calls the queue. */
    static String queue(RoutingContext ctx) {
        return ctx.pathParam("queue");
    }

    /** What holds for a queue of which nothing is said. */
    static QueueConfig defaults(String queue) {
        return QueueConfig.DEFAULTS.withDeadLetterQueue(Optional.of(queue + ".dead"));
    }

    /**
     * A queue with what the fields say, and otherwise as it was.
     *
     * @throws HttpProblem 400, whatever it was; {@link #check} looks at what goes together
     */
    static QueueConfig over(QueueConfig was, JsonFields fields) {
        fields.allowOnly(NAMES);
        return new QueueConfig(
                fields.number("visibility_timeout_ms", was.visibilityTimeoutMs(), 1, Receives.MAX_VISIBILITY_MS),
                (int) fields.number("max_deliveries", was.maxDeliveries(), 0, MAX_DELIVERIES),
                fields.object("backoff").map(some -> over(was.backoff(), some)).orElse(was.backoff()),
                deadLetterQueue(was, fields),
                fields.number("delay_ms", was.delayMs(), 0, MAX_AGE_MS),
                fields.number("ttl_ms", was.ttlMs(), 0, MAX_AGE_MS),
                order(was, fields),
                (int) fields.number("max_in_flight", was.maxInFlight(), 1, MAX_IN_FLIGHT),
                fields.number("max_messages", was.maxMessages(), 0, MAX_EXACT),
                fields.number("max_bytes", was.maxBytes(), 0, MAX_EXACT),
                fields.number("dedup_window_ms", was.dedupWindowMs(), 0, MAX_DEDUP_MS),
                fields.number("retention_ms", was.retentionMs(), -1, MAX_AGE_MS));
    }

    private static Backoff over(Backoff was, JsonFields fields) {
        fields.allowOnly("backoff.initial_ms", "backoff.multiplier", "backoff.max_ms", "backoff.jitter");
        return new Backoff(
                fields.number("backoff.initial_ms", was.initialMs(), 0, MAX_WAIT_MS),
                fields.decimal("backoff.multiplier", was.multiplier(), 1, MAX_MULTIPLIER),
                fields.number("backoff.max_ms", was.maxMs(), 0, MAX_WAIT_MS),
                fields.decimal("backoff.jitter", was.jitter(), 0, 1));
    }

    private static Optional<String> deadLetterQueue(QueueConfig was, JsonFields fields) {
        if (fields.isNull(DEAD_LETTER_QUEUE)) {
            return Optional.empty();
        }
        return fields.has(DEAD_LETTER_QUEUE)
                ? Optional.of(fields.requiredText(DEAD_LETTER_QUEUE, TopicName.MAX_CHARS))
                : was.deadLetterQueue();
    }

    private static Order order(QueueConfig was, JsonFields fields) {
        Optional<String> order = fields.text("order", 16);
        return order.map(text -> switch (text) {
                    case "none" -> Order.NONE;
                    case "key" -> Order.KEY;
                    default -> throw JsonFields.invalid("order", "is \"" + text + "\", not none or key");
                })
                .orElse(was.order());
    }

    /** How many partitions are wanted; -1 if that is not said. */
    static int partitions(JsonFields fields) {
        return (int) fields.number("partitions", -1, 1, Integer.MAX_VALUE);
    }

    /**
     * Whether a queue can be set like that.
     *
     * @throws HttpProblem 400
     */
    static void check(String queue, QueueConfig config) {
        if (config.backoff().maxMs() < config.backoff().initialMs()) {
            throw JsonFields.invalid(
                    "backoff.max_ms",
                    "is " + config.backoff().maxMs() + ", less than backoff.initial_ms, which is "
                            + config.backoff().initialMs());
        }
        config.deadLetterQueue().ifPresent(name -> {
            try {
                TopicName.requireForUsers(name);
            } catch (io.sluice.core.BrokerException e) {
                throw JsonFields.invalid(DEAD_LETTER_QUEUE, "is no name of a queue: " + e.getMessage());
            }
            if (name.equals(queue)) {
                throw loop(queue, List.of());
            }
        });
    }

    /**
     * The refusal of dead letter queues that lead back to where they began.
     *
     * @param between the queues on the way
     */
    static HttpProblem loop(String queue, List<String> between) {
        List<String> way = new ArrayList<>(between);
        way.add(queue);
        return JsonFields.invalid(
                DEAD_LETTER_QUEUE, "leads back to the queue itself: " + queue + ", " + String.join(", ", way));
    }

    /** The settings as they are sent and taken. */
    static JsonObject document(QueueConfig config, int partitions) {
        return new JsonObject()
                .put("visibility_timeout_ms", config.visibilityTimeoutMs())
                .put("max_deliveries", config.maxDeliveries())
                .put(
                        "backoff",
                        new JsonObject()
                                .put("initial_ms", config.backoff().initialMs())
                                .put("multiplier", config.backoff().multiplier())
                                .put("max_ms", config.backoff().maxMs())
                                .put("jitter", config.backoff().jitter()))
                .put(DEAD_LETTER_QUEUE, config.deadLetterQueue().orElse(null))
                .put("delay_ms", config.delayMs())
                .put("ttl_ms", config.ttlMs())
                .put("max_messages", config.maxMessages())
                .put("max_bytes", config.maxBytes())
                .put("max_in_flight", config.maxInFlight())
                .put("order", config.order().name().toLowerCase(Locale.ROOT))
                .put("dedup_window_ms", config.dedupWindowMs())
                .put("retention_ms", config.retentionMs())
                .put("partitions", partitions);
    }

    /** In what two documents of settings differ: name, what is, what is wanted. */
    static List<Map<String, Object>> differences(JsonObject current, JsonObject wanted) {
        List<Map<String, Object>> differences = new ArrayList<>();
        for (String name : current.fieldNames()) {
            Object is = current.getValue(name);
            Object shall = wanted.getValue(name);
            if (is instanceof JsonObject inner) {
                differences(inner, (JsonObject) shall).forEach(difference -> {
                    difference.put("field", name + "." + difference.get("field"));
                    differences.add(difference);
                });
            } else if (!Objects.equals(is, shall)) {
                Map<String, Object> difference = new LinkedHashMap<>();
                difference.put("field", name);
                difference.put("current", is);
                difference.put("wanted", shall);
                differences.add(difference);
            }
        }
        return differences;
    }

    /**
     * A refusal because something is there and is not as wanted.
     *
     * @param what what is there
     */
    static HttpProblem differs(String code, String what, List<Map<String, Object>> differences) {
        List<String> sentences = differences.stream()
                .map(one -> one.get("field") + " is " + one.get("current") + " and not " + one.get("wanted"))
                .toList();
        return new HttpProblem(409, code, what + " exists: " + String.join("; ", sentences))
                .with("differences", differences);
    }
}
