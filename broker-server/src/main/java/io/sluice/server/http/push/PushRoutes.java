package io.sluice.server.http.push;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupLimits;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.http.Accept;
import io.sluice.server.http.Caller;
import io.sluice.server.http.Cors;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.sluice.server.http.SocketMessages;
import io.sluice.server.http.records.RecordPublisher;
import io.sluice.server.http.records.RecordRoutes;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The routes that push.
 *
 * <pre>
 *  GET /v1/topics/{topic}/events    records as Server-Sent Events
 *  GET /v1/ws                       a WebSocket to publish and subscribe
 * </pre>
 */
public final class PushRoutes implements RouteGroup {
    private final Vertx vertx;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final GroupLimits groupLimits;
    private final RecordRoutes records;
    private final PushLimits limits;
    private final Cors cors;
    private final InstantSource clock;
    private final Room room;
    private final PushMetrics metrics;

    /**
     * The routes over a broker and its coordinator.
     *
     * @param records how records are written and appended
     * @param cors which pages of other origins may open a WebSocket
     * @param registry where the routes count
     */
    public PushRoutes(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            GroupLimits groupLimits,
            RecordRoutes records,
            PushLimits limits,
            Cors cors,
            InstantSource clock,
            MeterRegistry registry) {
        this.vertx = vertx;
        this.broker = broker;
        this.groups = groups;
        this.groupLimits = groupLimits;
        this.records = records;
        this.limits = limits;
        this.cors = cors;
        this.clock = clock;
        this.room = new Room(limits.memoryBytes());
        this.metrics = new PushMetrics(registry, room);
    }

    @Override
    public void mount(Router router) {
        PushLoop loop =
                new PushLoop(vertx.getOrCreateContext(), broker, groups, records.access(), limits, room, metrics);
        RecordPublisher publisher = records.publisher();
        Routes.get(router, "/v1/topics/:topic/events", ctx -> events(loop, ctx));
        router.get("/v1/ws").handler(ctx -> webSocket(loop, publisher, ctx));
    }

    private void webSocket(PushLoop loop, RecordPublisher publisher, RoutingContext ctx) {
        Query.refuse(ctx);
        HttpServerRequest request = ctx.request();
        SocketMessages.requireUpgrade(request);
        WsConnection connection = new WsConnection(
                loop, publisher, groupLimits, clock, clientId(ctx), Caller.of(ctx), MemoryBudget.of(request));
        SocketMessages.upgrade(ctx, cors, connection).onSuccess(connection::start);
    }

    private void events(PushLoop loop, RoutingContext ctx) {
        Accept.require(ctx, "text/event-stream");
        EventsRequest request = EventsRequest.of(ctx, broker, limits, groupLimits, clock.millis());
        if (ctx.request().method() == HttpMethod.HEAD) {
            ctx.response().putHeader("Content-Type", "text/event-stream").end();
            return;
        }
        if (request.group().isPresent()) {
            Membership.Wish wish = wish(ctx, request);
            new EventStream(loop, ctx, request, wish.member()).join(wish);
            return;
        }
        Topic topic = request.topic();
        new Starts(loop)
                .of(List.of(topic), request.from())
                .onSuccess(starts -> {
                    if (!ctx.response().ended() && !ctx.response().closed()) {
                        EventStream stream = new EventStream(loop, ctx, request, "");
                        stream.start(starts);
                    }
                })
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    private static Membership.Wish wish(RoutingContext ctx, EventsRequest request) {
        return new Membership.Wish(
                request.group().orElseThrow(),
                request.member().orElseGet(() -> "events-" + UUID.randomUUID()),
                List.of(request.topic().name()),
                request.sessionTimeoutMs(),
                clientId(ctx),
                ctx.request().remoteAddress().hostAddress(),
                new HashMap<>(request.from().offsets()),
                request.from().kind() == From.Kind.LATEST,
                false);
    }

    /** What a client calls itself. */
    static String clientId(RoutingContext ctx) {
        String agent = ctx.request().getHeader(HttpHeaders.USER_AGENT);
        return agent == null ? "" : agent.substring(0, Math.min(agent.length(), EventsRequest.MAX_NAME_CHARS));
    }

    static List<Place> places(Pump pump, List<Topic> topics, Map<TopicIdPartition, Long> starts) {
        Map<UUID, String> names = new HashMap<>();
        topics.forEach(topic -> names.put(topic.id(), topic.name()));
        return starts.entrySet().stream()
                .map(start -> new Place(
                        pump,
                        new TopicPartition(
                                names.get(start.getKey().topicId()),
                                start.getKey().partition()),
                        start.getKey(),
                        start.getValue()))
                .toList();
    }
}
