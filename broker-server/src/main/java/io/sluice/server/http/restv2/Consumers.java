package io.sluice.server.http.restv2;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.groups.GroupCoordinator;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.Query;
import io.sluice.server.http.RestProblem;
import io.sluice.server.http.records.EmbeddedFormat;
import io.sluice.server.http.records.RecordAccess;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The routes of consumers, for one event loop, which is the home of the instances that are created here. */
final class Consumers {
    static final List<String> BODIES =
            List.of(RestProblem.MEDIA_TYPE, EmbeddedFormat.JSON.mediaType(), "application/json");

    private static final int MAX_GROUP_CHARS = 255;
    private static final int MAX_TOPIC_CHARS = 249;
    private static final int MAX_PATTERN_CHARS = 10_000;
    private static final int MAX_LIST = 10_000;
    /** How long a poll waits that does not say; as bridges have it. */
    private static final long DEFAULT_TIMEOUT_MS = 100;

    private final Vertx vertx;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final RecordAccess records;
    private final Instances instances;
    private final InstantSource clock;
    private final int sessionTimeoutMs;
    private final int maxBodyBytes;
    private final Context home;

    /** @param home the event loop that mounts the routes */
    Consumers(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            RecordAccess records,
            Instances instances,
            int sessionTimeoutMs,
            InstantSource clock,
            int maxBodyBytes,
            Context home) {
        this.vertx = vertx;
        this.broker = broker;
        this.groups = groups;
        this.records = records;
        this.instances = instances;
        this.clock = clock;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.maxBodyBytes = maxBodyBytes;
        this.home = home;
    }

    Future<RestAnswer> create(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = group(ctx);
        return body(ctx).map(fields -> {
            ConsumerSettings settings = ConsumerSettings.of(fields);
            String baseUri = BaseUri.of(ctx.request(), settings.name());
            instances.add(new Instance(
                    new Instance.Id(group, settings.name()),
                    settings,
                    broker,
                    groups,
                    clock,
                    home,
                    sessionTimeoutMs,
                    MemoryBudget.of(ctx.request())));
            return RestAnswer.of(
                    new JsonObject().put("instance_id", settings.name()).put("base_uri", baseUri));
        });
    }

    Future<RestAnswer> delete(RoutingContext ctx) {
        Query.refuse(ctx);
        Instance instance = instance(ctx);
        return instance.close().onSuccess(closed -> instances.remove(instance)).map(RestAnswer.NOTHING);
    }

    Future<RestAnswer> subscribe(RoutingContext ctx) {
        Query.refuse(ctx);
        Instance instance = instance(ctx);
        return body(ctx).compose(fields -> {
            fields.allowOnly("topics", "topic_pattern");
            List<String> topics = fields.list("topics", MAX_LIST);
            Optional<String> pattern = fields.text("topic_pattern", MAX_PATTERN_CHARS);
            if (fields.has("topics") && pattern.isPresent()) {
                throw RestProblem.of(409, "Subscriptions to topics, partitions, and patterns are mutually exclusive.");
            }
            if (topics.isEmpty() && pattern.isEmpty()) {
                throw RestProblem.of(422, "A list (of Topics type) or a topic_pattern must be specified.");
            }
            Wish wish = pattern.map(Wish::ofPattern).orElseGet(() -> Wish.ofTopics(topics));
            return instance.subscribe(wish).map(RestAnswer.NOTHING);
        });
    }

    Future<RestAnswer> unsubscribe(RoutingContext ctx) {
        Query.refuse(ctx);
        return instance(ctx).unsubscribe().map(RestAnswer.NOTHING);
    }

    Future<RestAnswer> subscriptions(RoutingContext ctx) {
        Query.refuse(ctx);
        return instance(ctx).subscriptions().map(RestAnswer::of);
    }

    Future<RestAnswer> assign(RoutingContext ctx) {
        Query.refuse(ctx);
        Instance instance = instance(ctx);
        return body(ctx).compose(fields -> instance.assign(partitions(fields)).map(RestAnswer.NOTHING));
    }

    Future<RestAnswer> seek(RoutingContext ctx) {
        Query.refuse(ctx);
        Instance instance = instance(ctx);
        return body(ctx).compose(fields -> instance.seek(offsets(fields)).map(RestAnswer.NOTHING));
    }

    /** @param toEnd whether to the end, and not to the beginning */
    Future<RestAnswer> seekTo(RoutingContext ctx, boolean toEnd) {
        Query.refuse(ctx);
        Instance instance = instance(ctx);
        return body(ctx)
                .compose(fields -> instance.seek(partitions(fields), toEnd).map(RestAnswer.NOTHING));
    }

    Future<RestAnswer> commit(RoutingContext ctx) {
        Query.refuse(ctx);
        Instance instance = instance(ctx);
        return body(ctx)
                .compose(fields -> fields.isEmpty() ? instance.commit() : instance.commit(offsets(fields)))
                .map(RestAnswer.NOTHING);
    }

    void poll(RoutingContext ctx) {
        Instance instance = instance(ctx);
        requireFormat(ctx, instance.settings().format());
        Query query = Query.of(ctx, Set.of("timeout", "max_bytes"));
        long timeoutMs = Math.min(
                query.number("timeout", DEFAULT_TIMEOUT_MS, 0, Long.MAX_VALUE),
                Math.min(
                        instance.settings().requestTimeoutMs(), records.limits().maxWaitMs()));
        Optional<Integer> maxBytes = query.has("max_bytes")
                ? Optional.of((int) Math.min(
                        query.number("max_bytes", 0, 0, Long.MAX_VALUE),
                        records.limits().maxFetchBytes()))
                : Optional.empty();
        new InstancePoll(vertx, instance, broker::partition, records, ctx, timeoutMs, maxBytes).start();
    }

    /** Refuses a client that wants records in another format than its consumer has. */
    private static void requireFormat(RoutingContext ctx, EmbeddedFormat format) {
        String accept = ctx.request().getHeader("Accept");
        if (accept == null || accept.isBlank()) {
            return;
        }
        for (String range : accept.toLowerCase(Locale.ROOT).split(",")) {
            String type = range.split(";", 2)[0].trim();
            boolean taken = type.equals("*/*")
                    || type.equals("application/*")
                    || type.equals(RestProblem.MEDIA_TYPE)
                    || type.equals(format.mediaType());
            if (taken) {
                return;
            }
        }
        throw RestProblem.of(
                406,
                "The `format` used in the consumer creation request does not match the embedded format in the Accept header"
                        + " of this request.");
    }

    // ---- what stands in requests ----

    private static String group(RoutingContext ctx) {
        String group = ctx.pathParam("groupid");
        if (group.isEmpty() || group.length() > MAX_GROUP_CHARS) {
            throw JsonFields.invalid("groupid", "must have 1 to " + MAX_GROUP_CHARS + " characters");
        }
        return group;
    }

    private Instance instance(RoutingContext ctx) {
        return instances.require(new Instance.Id(ctx.pathParam("groupid"), ctx.pathParam("name")));
    }

    private Future<JsonFields> body(RoutingContext ctx) {
        return JsonBody.read(ctx, maxBodyBytes, BODIES);
    }

    private static List<TopicPartition> partitions(JsonFields fields) {
        fields.allowOnly("partitions");
        fields.required("partitions");
        List<TopicPartition> partitions = new ArrayList<>();
        for (JsonFields one : fields.objects("partitions", MAX_LIST)) {
            one.allowOnly("topic", "partition");
            partitions.add(partition(one));
        }
        return partitions;
    }

    private static Map<TopicPartition, Long> offsets(JsonFields fields) {
        fields.allowOnly("offsets");
        fields.required("offsets");
        Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
        for (JsonFields one : fields.objects("offsets", MAX_LIST)) {
            one.allowOnly("topic", "partition", "offset");
            offsets.put(partition(one), one.requiredNumber("offset", 0, Long.MAX_VALUE));
        }
        return offsets;
    }

    private static TopicPartition partition(JsonFields fields) {
        return new TopicPartition(fields.requiredText("topic", MAX_TOPIC_CHARS), (int)
                fields.requiredNumber("partition", 0, Integer.MAX_VALUE));
    }

    /** A handler that starts a poll, or tells why not. */
    void polling(RoutingContext ctx) {
        try {
            poll(ctx);
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }
}
