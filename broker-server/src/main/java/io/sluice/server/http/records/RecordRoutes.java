package io.sluice.server.http.records;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.core.Broker;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;

/**
 * The routes of records.
 *
 * <pre>
 *  POST   /v1/topics/{topic}/records                           produce
 *  GET    /v1/topics/{topic}/partitions/{partition}/records    fetch
 *  DELETE /v1/topics/{topic}/partitions/{partition}/records    delete what lies before an offset
 * </pre>
 *
 * <p>Each event loop mounts its own handlers, which share the memory budget and nothing else.
 */
public final class RecordRoutes implements RouteGroup {
    private static final String PARTITION_RECORDS = "/v1/topics/:topic/partitions/:partition/records";

    private final Vertx vertx;
    private final Broker broker;
    private final RecordLimits limits;
    private final MemoryBudget budget;
    private final RecordMetrics metrics;
    private final KafkaCodecs codecs = new KafkaCodecs();

    /**
     * The routes over a broker.
     *
     * @param vertx on whose event loops the routes run
     * @param broker open as long as the routes are mounted
     * @param limits what requests may ask for
     * @param budget what all requests take
     * @param registry where the routes count records and bytes
     */
    public RecordRoutes(Vertx vertx, Broker broker, RecordLimits limits, MemoryBudget budget, MeterRegistry registry) {
        this.vertx = vertx;
        this.broker = broker;
        this.limits = limits;
        this.budget = budget;
        this.metrics = new RecordMetrics(registry, budget);
    }

    /** What other routes need that answer with records: they share limits and memory with these. */
    public RecordAccess access() {
        return new RecordAccess(vertx, codecs, limits, budget);
    }

    /** What produces over the REST v2 face, for the event loop that asks: it shares limits and memory with these. */
    public RestProduceHandler rest() {
        return new RestProduceHandler(loop());
    }

    /** Appends records that come one by one; for the event loop that asks. */
    public RecordPublisher publisher() {
        return new RecordPublisher(loop());
    }

    /** Sends messages to queues; for the event loop that asks. */
    public MessageSender messages(MessageSender.Queues queues) {
        return new MessageSender(loop(), queues);
    }

    private Loop loop() {
        return new Loop(vertx, broker, codecs, limits, budget, metrics);
    }

    /** Adds the routes, for the event loop that runs this router. */
    @Override
    public void mount(Router router) {
        Loop loop = loop();
        ProduceHandler produce = new ProduceHandler(loop);
        FetchHandler fetch = new FetchHandler(loop);
        TrimHandler trim = new TrimHandler(loop);
        Routes.frequent(router, "/v1/topics/:topic/records", produce::handle);
        router.get(PARTITION_RECORDS).handler(fetch::handle);
        router.delete(PARTITION_RECORDS).handler(trim::handle);
    }
}
