package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.QueueView;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.sluice.server.http.Routes;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The queues themselves: create, change, look at, delete. Safe on any event loop. */
final class QueueAdmin {
    private static final Set<String> PAGING = Set.of("limit", "cursor");
    private static final int DEFAULT_PAGE = 100;
    private static final int MAX_PAGE = 1_000;
    /** How many dead letter queues may lead from one to the next. */
    private static final int MAX_CHAIN = 16;

    private static final String QUEUE = "/v1/queues/:queue";

    private final Broker broker;
    private final QueueCoordinator queues;
    private final QueueDocuments documents;
    private final int maxBodyBytes;

    QueueAdmin(Broker broker, QueueCoordinator queues, QueueDocuments documents, int maxBodyBytes) {
        this.broker = broker;
        this.queues = queues;
        this.documents = documents;
        this.maxBodyBytes = maxBodyBytes;
    }

    void mount(Router router) {
        Routes.get(router, "/v1/queues", JsonAnswer.answering(this::list));
        Routes.get(router, QUEUE, JsonAnswer.answering(this::describe));
        router.put(QUEUE).handler(JsonAnswer.answering(this::create));
        router.patch(QUEUE).handler(JsonAnswer.answering(this::change));
        router.delete(QUEUE).handler(JsonAnswer.answering(this::delete));
        router.post(QUEUE + "/purge").handler(JsonAnswer.answering(this::purge));
        router.post(QUEUE + "/pause").handler(JsonAnswer.answering(ctx -> pause(ctx, true)));
        router.post(QUEUE + "/resume").handler(JsonAnswer.answering(ctx -> pause(ctx, false)));
    }

    private Future<JsonAnswer> list(RoutingContext ctx) {
        Query query = Query.of(ctx, PAGING);
        int limit = (int) query.number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        Optional<String> after = query.cursor("cursor");
        return JsonAnswer.here(queues.list(after.orElse(""), limit)).map(listing -> {
            QueueErrors.require(listing.error(), "all");
            JsonArray page = new JsonArray();
            listing.queues().forEach(queue -> page.add(documents.summary(queue)));
            JsonObject document = new JsonObject().put("queues", page);
            listing.next().ifPresent(name -> document.put("next", Query.toCursor(name)));
            return JsonAnswer.of(200, document);
        });
    }

    private Future<JsonAnswer> describe(RoutingContext ctx) {
        Query.refuse(ctx);
        return known(QueueFields.queue(ctx)).compose(queue -> answer(ctx, 200, queue));
    }

    private Future<JsonAnswer> answer(RoutingContext ctx, int status, QueueView queue) {
        return documents.description(ctx, queue).map(document -> JsonAnswer.of(status, document));
    }

    /** A queue that there is; fails with its problem else. */
    private Future<QueueView> known(String name) {
        return JsonAnswer.here(queues.describe(name)).map(queue -> {
            QueueErrors.require(queue.error(), name);
            return queue;
        });
    }

    // ---- create ----

    private Future<JsonAnswer> create(RoutingContext ctx) {
        Query.refuse(ctx);
        String name = QueueFields.queue(ctx);
        TopicName.requireForUsers(name);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            QueueConfig config = QueueFields.over(QueueFields.defaults(name), fields);
            QueueFields.check(name, config);
            int partitions = QueueFields.partitions(fields);
            return JsonAnswer.here(queues.describe(name)).compose(there -> {
                if (there.error() == QueueError.NONE) {
                    return same(ctx, there, fields);
                }
                if (there.error() != QueueError.UNKNOWN_QUEUE) {
                    throw QueueErrors.problem(there.error(), name);
                }
                broker.topic(name).ifPresent(topic -> requireFit(topic, partitions));
                return requireDeadLetters(name, config)
                        .compose(nothing -> JsonAnswer.here(queues.createUnlessThere(name, config, partitions)))
                        .compose(created -> {
                            if (created.isNew()) {
                                return answer(ctx, 201, created.queue());
                            }
                            if (created.queue().error() != QueueError.QUEUE_DIFFERS) {
                                QueueErrors.require(created.queue().error(), name);
                            }
                            return same(ctx, created.queue(), fields);
                        });
            });
        });
    }

    /** A queue that is there already is answered if it is as wanted: what is not said can be anything. */
    private Future<JsonAnswer> same(RoutingContext ctx, QueueView there, JsonFields fields) {
        int partitions = documents.partitions(there);
        int wanted = QueueFields.partitions(fields);
        List<Map<String, Object>> differences = QueueFields.differences(
                QueueFields.document(there.config(), partitions),
                QueueFields.document(QueueFields.over(there.config(), fields), wanted < 0 ? partitions : wanted));
        if (!differences.isEmpty()) {
            throw QueueFields.differs("queue_exists", "queue " + there.name(), differences);
        }
        return answer(ctx, 200, there);
    }

    /** Whether a topic that is there can become the wanted queue. */
    private static void requireFit(Topic topic, int partitions) {
        if (topic.config().compacted()) {
            throw new HttpProblem(
                    409,
                    "topic_compacted",
                    "topic " + topic.name() + " is compacted: a later message would take an earlier one away");
        }
        if (partitions >= 0 && partitions != topic.partitions()) {
            Map<String, Object> difference = new LinkedHashMap<>();
            difference.put("field", "partitions");
            difference.put("current", topic.partitions());
            difference.put("wanted", partitions);
            throw QueueFields.differs("topic_exists", "topic " + topic.name(), List.of(difference));
        }
    }

    /** Follows the dead letter queues as they are at the moment; the first one may be a topic that cannot become a queue. */
    private Future<Void> requireDeadLetters(String queue, QueueConfig config) {
        config.deadLetterQueue()
                .flatMap(broker::topic)
                .filter(topic -> topic.config().compacted())
                .ifPresent(topic -> {
                    throw JsonFields.invalid(
                            "dead_letter_queue",
                            "is " + topic.name()
                                    + ", which is a compacted topic: a later message would take an earlier one away");
                });
        return follow(queue, config.deadLetterQueue(), new ArrayList<>());
    }

    private Future<Void> follow(String queue, Optional<String> next, List<String> way) {
        if (next.isEmpty()) {
            return Future.succeededFuture();
        }
        if (next.get().equals(queue)) {
            throw QueueFields.loop(queue, way);
        }
        if (way.size() == MAX_CHAIN) {
            throw JsonFields.invalid(
                    "dead_letter_queue",
                    "has a dead letter queue of its own, and so on, more than " + MAX_CHAIN + " times");
        }
        way.add(next.get());
        return JsonAnswer.here(queues.describe(next.get())).compose(there -> {
            boolean isThere = there.error() == QueueError.NONE;
            return follow(queue, isThere ? there.config().deadLetterQueue() : Optional.empty(), way);
        });
    }

    // ---- change ----

    private Future<JsonAnswer> change(RoutingContext ctx) {
        Query.refuse(ctx);
        String name = QueueFields.queue(ctx);
        return JsonBody.read(ctx, maxBodyBytes)
                .compose(fields -> known(name)
                        .compose(queue -> {
                            QueueConfig config = QueueFields.over(queue.config(), fields);
                            QueueFields.check(name, config);
                            int partitions = QueueFields.partitions(fields);
                            int before = documents.partitions(queue);
                            if (partitions >= 0 && partitions < before) {
                                throw new BrokerException(
                                        ErrorCode.INVALID_PARTITIONS,
                                        "queue " + name + " has " + Topic.counted(before) + "; it cannot have fewer: "
                                                + partitions);
                            }
                            Future<QueueView> changed = config.equals(queue.config())
                                    ? Future.succeededFuture(queue)
                                    : requireDeadLetters(name, config)
                                            .compose(nothing -> JsonAnswer.here(
                                                    queues.change(name, now -> QueueFields.over(now, fields))));
                            return changed.compose(now -> {
                                QueueErrors.require(now.error(), name);
                                return partitions > before
                                        ? JsonAnswer.here(broker.createPartitions(name, partitions))
                                                .compose(topic -> known(name))
                                        : Future.succeededFuture(now);
                            });
                        })
                        .compose(queue -> answer(ctx, 200, queue)));
    }

    private Future<JsonAnswer> delete(RoutingContext ctx) {
        Query.refuse(ctx);
        String name = QueueFields.queue(ctx);
        return JsonAnswer.here(queues.delete(name)).map(error -> {
            QueueErrors.require(error, name);
            return JsonAnswer.NOTHING;
        });
    }

    private Future<JsonAnswer> purge(RoutingContext ctx) {
        Query.refuse(ctx);
        String name = QueueFields.queue(ctx);
        return nothingIn(ctx)
                .compose(nothing -> JsonAnswer.here(queues.purge(name)))
                .map(purge -> {
                    QueueErrors.require(purge.error(), name);
                    return JsonAnswer.of(
                            200, new JsonObject().put("queue", name).put("purged", purge.messages()));
                });
    }

    private Future<JsonAnswer> pause(RoutingContext ctx, boolean pause) {
        Query.refuse(ctx);
        String name = QueueFields.queue(ctx);
        return nothingIn(ctx)
                .compose(nothing -> JsonAnswer.here(queues.pause(name, pause)))
                .compose(queue -> {
                    QueueErrors.require(queue.error(), name);
                    return answer(ctx, 200, queue);
                });
    }

    /** Refuses a body that says anything. */
    private Future<JsonFields> nothingIn(RoutingContext ctx) {
        return JsonBody.read(ctx, maxBodyBytes).map(fields -> fields.allowOnly());
    }
}
