package io.sluice.server.http.queues;

import io.sluice.core.topic.TopicName;
import io.sluice.groups.queue.Backoff;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonFields;
import io.vertx.core.json.JsonArray;
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
    private static final int MAX_COUNT = 1_000_000;

    /** Within what a number must lie, both included. */
    private record Bound(Number min, Number max) {}

    /** Of all settings that are numbers, in the order in which they are told. */
    private static final Map<String, Bound> BOUNDS = new LinkedHashMap<>();

    static {
        bound("visibility_timeout_ms", 1, Receives.MAX_VISIBILITY_MS);
        bound("max_deliveries", 0, MAX_COUNT);
        bound("backoff.initial_ms", 0, MAX_WAIT_MS);
        bound("backoff.multiplier", 1, 100);
        bound("backoff.max_ms", 0, MAX_WAIT_MS);
        bound("backoff.jitter", 0, 1);
        bound("delay_ms", 0, MAX_AGE_MS);
        bound("ttl_ms", 0, MAX_AGE_MS);
        bound("max_messages", 0, MAX_EXACT);
        bound("max_bytes", 0, MAX_EXACT);
        bound("max_in_flight", 1, MAX_COUNT);
        bound("dedup_window_ms", 0, 7 * DAY_MS);
        bound("retention_ms", -1, MAX_AGE_MS);
        bound("partitions", 1, Integer.MAX_VALUE);
    }

    private static void bound(String name, long min, long max) {
        BOUNDS.put(name, new Bound(min, max));
    }

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
                number(fields, "visibility_timeout_ms", was.visibilityTimeoutMs()),
                (int) number(fields, "max_deliveries", was.maxDeliveries()),
                fields.object("backoff").map(some -> over(was.backoff(), some)).orElse(was.backoff()),
                deadLetterQueue(was, fields),
                number(fields, "delay_ms", was.delayMs()),
                number(fields, "ttl_ms", was.ttlMs()),
                order(was, fields),
                (int) number(fields, "max_in_flight", was.maxInFlight()),
                number(fields, "max_messages", was.maxMessages()),
                number(fields, "max_bytes", was.maxBytes()),
                number(fields, "dedup_window_ms", was.dedupWindowMs()),
                number(fields, "retention_ms", was.retentionMs()));
    }

    private static long number(JsonFields fields, String name, long was) {
        Bound bound = BOUNDS.get(name);
        return fields.number(name, was, bound.min().longValue(), bound.max().longValue());
    }

    private static double decimal(JsonFields fields, String name, double was) {
        Bound bound = BOUNDS.get(name);
        return fields.decimal(name, was, bound.min().doubleValue(), bound.max().doubleValue());
    }

    private static Backoff over(Backoff was, JsonFields fields) {
        fields.allowOnly("backoff.initial_ms", "backoff.multiplier", "backoff.max_ms", "backoff.jitter");
        return new Backoff(
                number(fields, "backoff.initial_ms", was.initialMs()),
                decimal(fields, "backoff.multiplier", was.multiplier()),
                number(fields, "backoff.max_ms", was.maxMs()),
                decimal(fields, "backoff.jitter", was.jitter()));
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
        return (int) number(fields, "partitions", -1);
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

    /**
     * What settings may be, by their names: {@code default}, and {@code min} and {@code max} of those that are numbers. The parts of an object are
     * named with a dot. Without default or max is what the broker's own settings decide.
     */
    static JsonObject bounds(String queue) {
        JsonObject document = new JsonObject();
        flat(document(defaults(queue), 0)).forEach(setting -> {
            String name = setting.getKey();
            JsonObject one = new JsonObject();
            if (!name.equals("partitions")) {
                one.put("default", setting.getValue());
            }
            Bound bound = BOUNDS.get(name);
            if (bound != null) {
                one.put("min", bound.min());
            }
            if (bound != null && !name.equals("partitions")) {
                one.put("max", bound.max());
            }
            if (name.equals("order")) {
                one.put("values", new JsonArray().add("none").add("key"));
            }
            document.put(name, one);
        });
        return document;
    }

    private static JsonObject flat(JsonObject settings) {
        JsonObject flat = new JsonObject();
        settings.forEach(setting -> {
            if (setting.getValue() instanceof JsonObject parts) {
                parts.forEach(part -> flat.put(setting.getKey() + "." + part.getKey(), part.getValue()));
            } else {
                flat.put(setting.getKey(), setting.getValue());
            }
        });
        return flat;
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
