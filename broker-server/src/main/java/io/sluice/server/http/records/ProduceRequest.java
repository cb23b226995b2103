package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.Query;
import io.sluice.server.http.RestProblem;
import io.sluice.server.http.cloudevents.BinaryEvent;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a produce request says outside of its body.
 *
 * @param topic the topic's name
 * @param contentType the body's media type, lower case, without parameters; empty if none is given
 * @param binaryEvent whether the body is the data of a CloudEvent, whatever its type
 * @param acks what to wait for
 * @param partition the partition of the query, or -1
 * @param key the key of the query
 * @param idempotencyKey the header Idempotency-Key
 * @param contentLength bytes of the body, or -1 if it is not known before
 */
record ProduceRequest(
        String topic,
        String contentType,
        boolean binaryEvent,
        Acks acks,
        int partition,
        Optional<byte[]> key,
        Optional<String> idempotencyKey,
        long contentLength) {
    static final String JSON = "application/json";
    static final String NDJSON = "application/x-ndjson";
    static final String BATCHES = "application/vnd.sluice.batches";
    /** One CloudEvent in structured mode. */
    static final String EVENT = "application/cloudevents+json";
    /** A batch of CloudEvents. */
    static final String EVENTS = "application/cloudevents-batch+json";

    /** What all types begin with that say: this is an event, or several. */
    private static final String ANY_EVENT = "application/cloudevents";

    private static final String ANY_EVENTS = "application/cloudevents-batch";

    /** What curl -d says unless it is told otherwise. */
    private static final String FORM = "application/x-www-form-urlencoded";

    private static final Set<String> IN_UTF8 = Set.of(JSON, NDJSON, EVENT, EVENTS);
    private static final int MAX_IDEMPOTENCY_KEY_CHARS = 200;
    private static final Set<String> ACKS_ONLY = Set.of("acks");
    private static final Set<String> ACKS_AND_PARTITION = Set.of("acks", "partition");
    private static final Set<String> ALL = Set.of("acks", "partition", "key");

    /**
     * Reads head and query of a request.
     *
     * @throws HttpProblem 400 or 415, naming the parameter or header
     */
    static ProduceRequest of(RoutingContext ctx) {
        String contentType = contentType(ctx);
        boolean binaryEvent = !contentType.startsWith(ANY_EVENT)
                && BinaryEvent.isIn(ctx.request().headers());
        if (!binaryEvent) {
            requireKnown(contentType);
        }
        Query query = Query.of(
                ctx,
                switch (binaryEvent ? "" : contentType) {
                    case JSON, NDJSON, EVENTS -> ACKS_ONLY;
                    case BATCHES -> ACKS_AND_PARTITION;
                    default -> ALL;
                });
        return new ProduceRequest(
                ctx.pathParam("topic"),
                contentType,
                binaryEvent,
                acks(query),
                (int) query.number("partition", -1, 0, Integer.MAX_VALUE),
                query.text("key").map(key -> key.getBytes(StandardCharsets.UTF_8)),
                idempotencyKey(ctx),
                JsonBody.length(ctx.request()));
    }

    /**
     * Reads the head of a request that sends messages to a queue.
     *
     * @param query what it may say of itself and of a single message, checked already
     * @throws HttpProblem 400 or 415, naming the parameter or header
     */
    static ProduceRequest messages(RoutingContext ctx, String queue, Query query) {
        String contentType = contentType(ctx);
        boolean binaryEvent = !contentType.startsWith(ANY_EVENT)
                && BinaryEvent.isIn(ctx.request().headers());
        if (contentType.equals(FORM)) {
            requireKnown(contentType);
        }
        return new ProduceRequest(
                queue,
                contentType,
                binaryEvent,
                Acks.COMMITTED,
                -1,
                query.text("key").map(key -> key.getBytes(StandardCharsets.UTF_8)),
                idempotencyKey(ctx),
                JsonBody.length(ctx.request()));
    }

    /** What is said of messages that come as JSON, and not as a request of their own. */
    static ProduceRequest messages(String queue, int bytes) {
        return new ProduceRequest(queue, JSON, false, Acks.COMMITTED, -1, Optional.empty(), Optional.empty(), bytes);
    }

    /**
     * Reads head and query of a request of the REST v2 face.
     *
     * @param partition the partition of the path, or -1
     * @throws HttpProblem 400 or 415, naming the parameter or header
     */
    static ProduceRequest rest(RoutingContext ctx, int partition) {
        String contentType = contentType(ctx);
        requireKnown(contentType);
        String async = Query.of(ctx, Set.of("async")).text("async").orElse("false");
        boolean waits = async.equals("false");
        if (!waits && !async.equals("true")) {
            throw Query.invalid("async", "is \"" + async + "\", not true or false");
        }
        return new ProduceRequest(
                ctx.pathParam("topicname"),
                contentType,
                false,
                waits ? Acks.COMMITTED : Acks.NONE,
                partition,
                Optional.empty(),
                Optional.empty(),
                JsonBody.length(ctx.request()));
    }

    /** The format that the body of a request of the REST v2 face is in. */
    EmbeddedFormat requireFormat() {
        return EmbeddedFormat.ofMediaType(contentType)
                .orElseThrow(() -> RestProblem.of(
                        415,
                        "Content-Type is " + (contentType.isEmpty() ? "missing" : contentType)
                                + "; records are taken as "
                                + Arrays.stream(EmbeddedFormat.values())
                                        .map(EmbeddedFormat::mediaType)
                                        .collect(Collectors.joining(", "))));
    }

    /**
     * Refuses a partition that a topic does not have, before the body is read.
     *
     * @throws HttpProblem 404 unknown_partition
     */
    void requirePartitionOf(Topic topic) {
        if (partition >= topic.partitions()) {
            throw new HttpProblem(
                            404,
                            "unknown_partition",
                            "partition is " + partition + ", topic " + topic.name() + " has partitions 0 to "
                                    + (topic.partitions() - 1))
                    .with("field", "partition");
        }
    }

    static String contentType(RoutingContext ctx) {
        JsonBody.requirePlain(ctx.request());
        String header = ctx.request().getHeader("Content-Type");
        if (header == null) {
            return "";
        }
        if (header.equals(JSON)) {
            return JSON;
        }
        int semicolon = header.indexOf(';');
        String type =
                (semicolon < 0 ? header : header.substring(0, semicolon)).trim().toLowerCase(Locale.ROOT);
        if (semicolon >= 0 && IN_UTF8.contains(type)) {
            requireUtf8(header.substring(semicolon + 1).toLowerCase(Locale.ROOT));
        }
        return type;
    }

    private static void requireKnown(String type) {
        if (type.equals(FORM)) {
            throw new HttpProblem(
                            415,
                            "unsupported_media_type",
                            "the body is " + FORM + ", which curl -d says by itself; say what it is, for example"
                                    + " -H 'Content-Type: application/json', or application/octet-stream to store its bytes")
                    .with("field", "Content-Type");
        }
        if (type.startsWith(ANY_EVENTS) && !type.equals(EVENTS)) {
            throw new HttpProblem(
                            415,
                            "unsupported_media_type",
                            "batches of CloudEvents are taken as " + EVENTS + ", not as " + type)
                    .with("field", "Content-Type");
        }
    }

    private static void requireUtf8(String parameters) {
        int at = parameters.indexOf("charset=");
        if (at < 0) {
            return;
        }
        String charset =
                parameters.substring(at + "charset=".length()).replace("\"", "").trim();
        if (!charset.startsWith("utf-8") && !charset.startsWith("utf8")) {
            throw new HttpProblem(415, "unsupported_charset", "JSON is taken in UTF-8, not in \"" + charset + "\"")
                    .with("field", "Content-Type");
        }
    }

    private static Acks acks(Query query) {
        String acks = query.text("acks").orElse("all");
        return switch (acks) {
            case "all", "-1" -> Acks.COMMITTED;
            case "1" -> Acks.WRITTEN;
            case "0" -> Acks.NONE;
            default -> throw Query.invalid("acks", "is \"" + acks + "\", not all, 1 or 0");
        };
    }

    static Optional<String> idempotencyKey(RoutingContext ctx) {
        List<String> keys = ctx.request().headers().getAll("Idempotency-Key");
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        if (keys.size() > 1) {
            // Whoever put the second one there and whoever put the first mean different requests to be the same.
            throw Query.invalid("Idempotency-Key", "is given more than once");
        }
        String key = keys.get(0);
        boolean visible = key.chars().allMatch(c -> c > 0x20 && c < 0x7f);
        if (!visible || key.isEmpty() || key.length() > MAX_IDEMPOTENCY_KEY_CHARS) {
            throw Query.invalid(
                    "Idempotency-Key",
                    "must be 1 to " + MAX_IDEMPOTENCY_KEY_CHARS + " visible ASCII characters without spaces");
        }
        return Optional.of(key);
    }
}
