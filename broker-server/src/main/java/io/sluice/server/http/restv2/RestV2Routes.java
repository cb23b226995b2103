package io.sluice.server.http.restv2;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupLimits;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpLimits;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.sluice.server.http.records.RecordRoutes;
import io.sluice.server.http.records.RestProduceHandler;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * The routes of the REST v2 face.
 *
 * <pre>
 *  /topics[/{topic}[/partitions[/{partition}[/offsets]]]]   what there is; POST produces
 *  POST /admin/topics                                       a topic is made
 *  POST /consumers/{group}                                  an instance is made
 *  /consumers/{group}/instances/{name}/…                    what it wants, where it stands, and its records
 * </pre>
 */
public final class RestV2Routes implements RouteGroup {
    private static final String TOPIC = "/topics/:topicname";
    private static final String PARTITION = TOPIC + "/partitions/:partitionid";
    private static final String INSTANCE = "/consumers/:groupid/instances/:name";

    /** How long the place of an instance is kept when the broker has gone, and the instance with it; as Kafka's consumers have it. */
    private static final int SESSION_TIMEOUT_MS = 45_000;

    private final Vertx vertx;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final int sessionTimeoutMs;
    private final RecordRoutes records;
    private final InstantSource clock;
    private final int maxBodyBytes;
    private final Topics topics;
    private final Instances instances;

    /**
     * The routes over a broker and its coordinator.
     *
     * @param records whose limits and memory these share
     * @param brokerGiven what is set on the broker, as canonical text by name
     * @param nodeId this broker's number
     * @param registry where the routes count
     */
    public RestV2Routes(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            GroupLimits groupLimits,
            RecordRoutes records,
            RestLimits limits,
            HttpLimits http,
            Map<String, String> brokerGiven,
            int nodeId,
            InstantSource clock,
            MeterRegistry registry) {
        this.vertx = vertx;
        this.broker = broker;
        this.groups = groups;
        this.sessionTimeoutMs = Math.max(
                groupLimits.minSessionTimeoutMs(), Math.min(SESSION_TIMEOUT_MS, groupLimits.maxSessionTimeoutMs()));
        this.records = records;
        this.clock = clock;
        this.maxBodyBytes = http.maxBodyBytes();
        this.topics = new Topics(broker, brokerGiven, nodeId, maxBodyBytes);
        this.instances = new Instances(vertx, limits, sessionTimeoutMs, registry);
    }

    @Override
    public void mount(Router router) {
        RestProduceHandler produce = records.rest();
        Routes.get(router, "/topics", RestAnswer.answering(topics::list));
        Routes.get(router, TOPIC, RestAnswer.answering(topics::describe));
        router.post(TOPIC).handler(ctx -> produce(produce, ctx, any -> -1));
        Routes.get(router, TOPIC + "/partitions", RestAnswer.answering(topics::partitions));
        Routes.get(router, PARTITION, RestAnswer.answering(topics::partition));
        router.post(PARTITION).handler(ctx -> produce(produce, ctx, Topics::partitionOf));
        Routes.get(router, PARTITION + "/offsets", RestAnswer.answering(topics::offsets));
        router.post("/admin/topics").handler(RestAnswer.answering(topics::create));

        Consumers consumers = new Consumers(
                vertx,
                broker,
                groups,
                records.access(),
                instances,
                sessionTimeoutMs,
                clock,
                maxBodyBytes,
                vertx.getOrCreateContext());
        router.post("/consumers/:groupid").handler(RestAnswer.answering(consumers::create));
        router.delete(INSTANCE).handler(RestAnswer.answering(consumers::delete));
        Routes.get(router, INSTANCE + "/subscription", RestAnswer.answering(consumers::subscriptions));
        router.post(INSTANCE + "/subscription").handler(RestAnswer.answering(consumers::subscribe));
        router.delete(INSTANCE + "/subscription").handler(RestAnswer.answering(consumers::unsubscribe));
        router.post(INSTANCE + "/assignments").handler(RestAnswer.answering(consumers::assign));
        router.post(INSTANCE + "/positions").handler(RestAnswer.answering(consumers::seek));
        router.post(INSTANCE + "/positions/beginning")
                .handler(RestAnswer.answering(ctx -> consumers.seekTo(ctx, false)));
        router.post(INSTANCE + "/positions/end").handler(RestAnswer.answering(ctx -> consumers.seekTo(ctx, true)));
        router.post(INSTANCE + "/offsets").handler(RestAnswer.answering(consumers::commit));
        Routes.get(router, INSTANCE + "/records", consumers::polling);
    }

    private static void produce(
            RestProduceHandler produce, RoutingContext ctx, ToIntFunction<RoutingContext> partition) {
        try {
            produce.handle(ctx, partition.applyAsInt(ctx));
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }
}
