package io.sluice.server.http;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.core.topic.TopicSettings;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Topics over HTTP: list, create, describe, change, delete. */
public final class TopicRoutes implements RouteGroup {
    private static final Set<String> PAGING = Set.of("limit", "cursor");
    private static final int DEFAULT_PAGE = 100;
    private static final int MAX_PAGE = 1_000;

    private final Broker broker;
    private final TopicDocuments documents;
    private final int maxBodyBytes;

    /**
     * Routes over a broker.
     *
     * @param brokerGiven what is set on the broker, as canonical text by name: it decides the defaults of topics
     */
    public TopicRoutes(Broker broker, Map<String, String> brokerGiven, HttpLimits limits) {
        this.broker = broker;
        this.documents = new TopicDocuments(broker, brokerGiven);
        this.maxBodyBytes = limits.maxBodyBytes();
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/v1/topics", JsonAnswer.answering(this::list));
        Routes.get(router, "/v1/topics/:topic", JsonAnswer.answering(this::describe));
        router.route(HttpMethod.PUT, "/v1/topics/:topic").handler(JsonAnswer.answering(this::create));
        router.route(HttpMethod.PATCH, "/v1/topics/:topic").handler(JsonAnswer.answering(this::change));
        router.route(HttpMethod.DELETE, "/v1/topics/:topic").handler(JsonAnswer.answering(this::delete));
    }

    private Future<JsonAnswer> list(RoutingContext ctx) {
        Query query = Query.of(ctx, PAGING);
        int limit = (int) query.number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        Optional<String> after = query.cursor("cursor");
        List<Topic> topics = broker.topics().stream()
                .filter(topic -> !TopicName.isInternal(topic.name()))
                .filter(topic -> after.isEmpty() || topic.name().compareTo(after.get()) > 0)
                .sorted(Comparator.comparing(Topic::name))
                .limit(limit + 1L)
                .toList();
        JsonArray page = new JsonArray();
        topics.stream().limit(limit).forEach(topic -> page.add(TopicDocuments.summary(topic)));
        JsonObject document = new JsonObject().put("topics", page);
        if (topics.size() > limit) {
            document.put("next", Query.toCursor(topics.get(limit - 1).name()));
        }
        return Future.succeededFuture(JsonAnswer.of(200, document));
    }

    private Future<JsonAnswer> describe(RoutingContext ctx) {
        Query.refuse(ctx);
        Topic topic = broker.requireTopic(ctx.pathParam("topic"));
        return Future.succeededFuture(JsonAnswer.of(200, documents.description(topic)));
    }

    private Future<JsonAnswer> create(RoutingContext ctx) {
        Query.refuse(ctx);
        String name = ctx.pathParam("topic");
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            fields.allowOnly("partitions", "config");
            OptionalInt partitions = fields.count("partitions");
            Map<String, String> written = new LinkedHashMap<>();
            fields.texts("config", false).forEach((key, value) -> written.put(key, value.orElseThrow()));
            // In canonical text, so that it can be compared with what an existing topic has.
            Map<String, String> config = TopicSettings.ALL.parse(written).given();
            Optional<Topic> existing = broker.topic(name);
            if (existing.isPresent()) {
                return Future.succeededFuture(sameOrConflict(existing.get(), partitions, config));
            }
            return JsonAnswer.here(broker.createTopic(new NewTopic(name, partitions.orElse(-1), config)))
                    .map(topic -> JsonAnswer.of(201, documents.description(topic)))
                    .recover(failure -> createdMeanwhile(failure, name, partitions, config));
        });
    }

    /** Two clients may create the same topic at once: the one that comes second is answered as if it came later. */
    private Future<JsonAnswer> createdMeanwhile(
            Throwable failure, String name, OptionalInt partitions, Map<String, String> config) {
        Optional<Topic> topic = broker.topic(name);
        if (topic.isPresent()
                && failure instanceof BrokerException refusal
                && refusal.code() == ErrorCode.TOPIC_EXISTS) {
            return Future.succeededFuture(sameOrConflict(topic.get(), partitions, config));
        }
        return Future.failedFuture(failure);
    }

    private JsonAnswer sameOrConflict(Topic topic, OptionalInt partitions, Map<String, String> config) {
        List<TopicDifference> differences = TopicDifference.between(topic, partitions, config);
        if (differences.isEmpty()) {
            return JsonAnswer.of(200, documents.description(topic));
        }
        throw TopicDifference.problem(topic, differences);
    }

    private Future<JsonAnswer> change(RoutingContext ctx) {
        Query.refuse(ctx);
        Topic topic = broker.requireTopic(ctx.pathParam("topic"));
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            fields.allowOnly("partitions", "config");
            OptionalInt partitions = fields.count("partitions");
            Map<String, Optional<String>> config = fields.texts("config", true);
            // Refused before anything is changed: the two changes below are one to the client.
            if (partitions.isPresent() && partitions.getAsInt() < topic.partitions()) {
                throw new BrokerException(
                        ErrorCode.INVALID_PARTITIONS,
                        "topic " + topic.name() + " has " + Topic.counted(topic.partitions())
                                + "; it cannot have fewer: " + partitions.getAsInt());
            }
            Future<Topic> configured = config.isEmpty()
                    ? Future.succeededFuture(topic)
                    : JsonAnswer.here(broker.alterTopic(topic.name(), config));
            return configured
                    .compose(now -> partitions.isPresent() && partitions.getAsInt() > now.partitions()
                            ? JsonAnswer.here(broker.createPartitions(now.name(), partitions.getAsInt()))
                            : Future.succeededFuture(now))
                    .map(now -> JsonAnswer.of(200, documents.description(now)));
        });
    }

    private Future<JsonAnswer> delete(RoutingContext ctx) {
        Query.refuse(ctx);
        return JsonAnswer.here(broker.deleteTopic(ctx.pathParam("topic"))).map(nothing -> JsonAnswer.NOTHING);
    }
}
