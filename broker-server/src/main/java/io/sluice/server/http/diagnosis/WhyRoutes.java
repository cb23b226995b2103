package io.sluice.server.http.diagnosis;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.EngineHealth;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.core.topic.Topic;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.errors.ErrorLog;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.sluice.server.http.groups.GroupFacts;
import io.sluice.server.http.queues.QueueFacts;
import io.sluice.server.why.BrokerSnapshot;
import io.sluice.server.why.GroupSnapshot;
import io.sluice.server.why.Overloads;
import io.sluice.server.why.PartitionSnapshot;
import io.sluice.server.why.Reason;
import io.sluice.server.why.Sample;
import io.sluice.server.why.Samples;
import io.sluice.server.why.TopicSnapshot;
import io.sluice.server.why.WhyGroup;
import io.sluice.server.why.WhyQueue;
import io.sluice.server.why.WhyTopic;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * {@code GET /v1/topics/{topic}/why} and {@code GET /v1/groups/{group}/why}: rates need an earlier look, and if there is none, the answer takes the
 * second that it needs for one. {@code GET /v1/queues/{queue}/why} and {@code GET /v1/queues/{queue}/messages/{id}/why}: these are counted all the
 * time.
 */
public final class WhyRoutes implements RouteGroup {
    private static final long DEFAULT_IDLE_MS = 30_000;
    private static final long MAX_IDLE_MS = 86_400_000;
    /** How many partitions of a topic are looked at for one answer; those that are closed are always told. */
    private static final int MAX_PARTITIONS = Samples.MAX_PARTITIONS;
    /** In how many of them the newest record is looked for. */
    private static final int MAX_NEWEST = 64;

    private static final int MAX_CLIENTS = 10;

    private final Vertx vertx;
    private final Broker broker;
    private final ClientRegistry clients;
    private final GroupFacts groups;
    private final QueueFacts queues;
    private final ErrorLog errors;
    private final Overloads overloads;
    private final InstantSource clock;
    private final Samples samples = new Samples();

    /**
     * Routes over a broker.
     *
     * @param clients who is connected
     * @param errors what went wrong lately
     * @param overloads remembers refusals between answers
     */
    public WhyRoutes(
            Vertx vertx,
            Broker broker,
            ClientRegistry clients,
            GroupFacts groups,
            QueueFacts queues,
            ErrorLog errors,
            Overloads overloads,
            InstantSource clock) {
        this.vertx = vertx;
        this.broker = broker;
        this.clients = clients;
        this.groups = groups;
        this.queues = queues;
        this.errors = errors;
        this.overloads = overloads;
        this.clock = clock;
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/v1/topics/:topic/why", JsonAnswer.answering(this::topic));
        Routes.get(router, "/v1/groups/:group/why", JsonAnswer.answering(this::group));
        Routes.get(router, "/v1/queues/:queue/why", JsonAnswer.answering(this::queue));
        Routes.get(router, "/v1/queues/:queue/messages/:id/why", JsonAnswer.answering(this::message));
    }

    private Future<JsonAnswer> topic(RoutingContext ctx) {
        Query.refuse(ctx);
        Topic topic = broker.requireTopic(ctx.pathParam("topic"));
        // Another topic of the name has other offsets.
        return measured("topic:" + topic.id(), () -> snapshot(topic), TopicSnapshot::sample)
                .map(seen -> answer(
                        new JsonObject().put("topic", topic.name()),
                        seen.now().nowMs(),
                        WhyTopic.reasons(seen.now(), brokerNow(), seen.before())));
    }

    private Future<JsonAnswer> group(RoutingContext ctx) {
        long idleMs = idleMs(ctx);
        String group = GroupFacts.named(ctx);
        return measured("group:" + group, () -> groups.of(group), GroupSnapshot::sample)
                .map(seen -> answer(
                        new JsonObject().put("group", group),
                        seen.now().nowMs(),
                        WhyGroup.reasons(seen.now(), brokerNow(), seen.before(), idleMs)));
    }

    private Future<JsonAnswer> queue(RoutingContext ctx) {
        long idleMs = idleMs(ctx);
        String queue = QueueFacts.named(ctx);
        return queues.of(ctx, queue)
                .map(now -> answer(
                        new JsonObject().put("queue", queue), now.nowMs(), WhyQueue.reasons(now, brokerNow(), idleMs)));
    }

    private Future<JsonAnswer> message(RoutingContext ctx) {
        long idleMs = idleMs(ctx);
        String queue = QueueFacts.named(ctx);
        return queues.message(ctx, queue)
                .map(now -> answer(
                        new JsonObject()
                                .put("queue", queue)
                                .put("message", now.message().id().toString()),
                        now.queue().nowMs(),
                        WhyQueue.reasons(now, brokerNow(), idleMs)));
    }

    private static long idleMs(RoutingContext ctx) {
        return Query.of(ctx, Set.of("idle_ms")).number("idle_ms", DEFAULT_IDLE_MS, 0, MAX_IDLE_MS);
    }

    private record Seen<T>(T now, Sample before) {}

    /** What is there now, with something to compare it with. */
    private <T> Future<Seen<T>> measured(String key, Supplier<Future<T>> look, Function<T, Sample> sampleOf) {
        return look.get().compose(now -> {
            Optional<Sample> before = samples.before(key, clock.millis());
            Sample sample = sampleOf.apply(now);
            samples.add(key, sample);
            if (before.isPresent()) {
                return Future.succeededFuture(new Seen<>(now, before.get()));
            }
            Promise<Void> later = Promise.promise();
            vertx.setTimer(Samples.MIN_AGE_MS, timer -> later.complete());
            return later.future().compose(nothing -> look.get()).map(then -> {
                samples.add(key, sampleOf.apply(then));
                return new Seen<>(then, sample);
            });
        });
    }

    private static JsonAnswer answer(JsonObject document, long nowMs, List<Reason> reasons) {
        JsonArray all = new JsonArray();
        boolean wrong = false;
        for (Reason reason : reasons) {
            wrong |= reason.isWrong();
            all.add(new JsonObject()
                    .put("code", reason.code().title())
                    .put("wrong", reason.isWrong())
                    .put("message", reason.message())
                    .put(
                            "since",
                            reason.sinceMs().isPresent() ? reason.sinceMs().getAsLong() : null)
                    .put("culprit", object(reason.culprit()))
                    .put("details", object(reason.details())));
        }
        return JsonAnswer.of(200, document.put("at", nowMs).put("wrong", wrong).put("reasons", all));
    }

    private static JsonObject object(Map<String, Object> values) {
        JsonObject object = new JsonObject();
        values.forEach((name, value) -> object.put(name, value instanceof List<?> list ? new JsonArray(list) : value));
        return object;
    }

    private BrokerSnapshot brokerNow() {
        EngineHealth health = broker.engine().health();
        long nowMs = clock.millis();
        // An answer that told a client so knows more than a count.
        Optional<BrokerSnapshot.Overload> overload = errors.since("overloaded", nowMs - Overloads.LATELY_MS)
                .map(error -> new BrokerSnapshot.Overload(
                        error.firstMs(),
                        error.lastMs(),
                        error.count(),
                        error.client(),
                        error.where(),
                        error.message()));
        Optional<BrokerSnapshot.Overload> counted =
                overloads.look(broker.engine().metrics().refusedOverloaded().sum(), nowMs);
        return new BrokerSnapshot(
                health.diskLow(), health.diskFreeBytes(), health.diskFloorBytes(), overload.or(() -> counted));
    }

    private Future<TopicSnapshot> snapshot(Topic topic) {
        List<PartitionSnapshot> closed = new ArrayList<>();
        List<PartitionSnapshot> open = new ArrayList<>();
        List<Future<?>> newest = new ArrayList<>();
        for (int i = 0; i < topic.partitions(); i++) {
            TopicPartition partition = new TopicPartition(topic.name(), i);
            try {
                PartitionLog log = broker.partition(partition);
                if (open.size() < MAX_PARTITIONS) {
                    open.add(PartitionSnapshot.readable(partition, log.logStartOffset(), log.highWatermark()));
                }
                if (newest.size() < MAX_NEWEST && log.highWatermark() > log.logStartOffset()) {
                    newest.add(JsonAnswer.here(log.offsetOfMaxTimestamp()));
                }
            } catch (BrokerException e) {
                closed.add(new PartitionSnapshot(partition, Optional.of(e.getMessage()), false, 0, 0));
            }
        }
        closed.addAll(open);
        String name = topic.name();
        ClientRegistry.Page producers =
                clients.page(0, MAX_CLIENTS, client -> client.producedTopics().contains(name));
        ClientRegistry.Page readers = clients.page(0, MAX_CLIENTS, client -> reads(client, name));
        // A log that cannot be read says so elsewhere.
        return Future.join(newest)
                .otherwiseEmpty()
                .map(done -> new TopicSnapshot(
                        name,
                        clock.millis(),
                        closed,
                        topic.partitions(),
                        latest(newest),
                        ids(producers),
                        ids(readers),
                        readers.next().isEmpty()));
    }

    private static OptionalLong latest(List<Future<?>> found) {
        return found.stream()
                .filter(Future::succeeded)
                .map(one -> (Optional<?>) one.result())
                .flatMap(Optional::stream)
                .mapToLong(one -> ((TimestampedOffset) one).timestampMs())
                .max();
    }

    private static List<Long> ids(ClientRegistry.Page page) {
        return page.clients().stream().map(Client::id).toList();
    }

    private static boolean reads(Client client, String topic) {
        return client.fetchedTopics().contains(topic)
                || client.subscriptions().stream()
                        .anyMatch(subscription -> subscription.topics().contains(topic));
    }
}
