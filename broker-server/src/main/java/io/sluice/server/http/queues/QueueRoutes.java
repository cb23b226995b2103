package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.server.http.Cors;
import io.sluice.server.http.HttpLimits;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.sluice.server.http.push.PushLimits;
import io.sluice.server.http.records.RecordRoutes;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.time.InstantSource;

/**
 * The routes of queues.
 *
 * <pre>
 *  GET    /v1/queues                                       the queues that there are
 *  PUT, GET, PATCH, DELETE /v1/queues/{queue}              one of them
 *  POST   /v1/queues/{queue}/purge, pause, resume
 *  GET    /v1/queues/{queue}/keys                          keys that stand still
 *  POST   /v1/queues/{queue}/keys/park, unpark             sets one aside, takes it up again
 *  POST   /enqueue                                         a message for the queue "default"
 *  POST   /v1/queues/{queue}/messages                      send
 *  GET    /v1/queues/{queue}/messages[/{id}]               look without touching
 *  DELETE /v1/queues/{queue}/messages/{id}                 drop one
 *  GET    /v1/queues/{queue}/ws                            a WebSocket to send, receive and settle
 *  GET    /v1/queues/{queue}/events                        what happens to it, as Server-Sent Events
 *  GET    /v1/queues/{queue}/dead-letters                  what has died, and why
 *  POST   /v1/queues/{queue}/redrive, replay               dead letters again, finished messages once more
 *  GET, DELETE /v1/queues/{queue}/jobs[/{id}]              what these have begun
 *  POST   /v1/queues/{queue}/receive                       messages, each with a lease
 *  POST   /v1/queues/{queue}/pop                           messages that are acknowledged at once
 *  POST   /v1/queues/{queue}/ack, nack, extend             what becomes of leases
 *  POST   /v1/queues/{queue}/consumers/{c}/heartbeat       a consumer with a session is there
 *  DELETE /v1/queues/{queue}/consumers/{c}                 it goes
 * </pre>
 */
public final class QueueRoutes implements RouteGroup {
    private final Vertx vertx;
    private final Broker broker;
    private final QueueCoordinator queues;
    private final RecordRoutes records;
    private final Receives receives;
    private final Settlements settlements;
    private final PushLimits push;
    private final Cors cors;
    private final InstantSource clock;
    private final HttpLimits http;
    private final QueueHub hub;
    private final QueueDocuments documents;
    private final QueueAdmin admin;
    private final Messages messages;
    private final QueueFacts facts;
    private final DeadLetters deadLetters;
    private final QueueJobs jobs;

    /**
     * The routes over a broker and its queues.
     *
     * @param records how records are written and read
     * @param push what streams of events and WebSockets may take
     * @param cors which pages of other origins may open a WebSocket
     */
    public QueueRoutes(
            Vertx vertx,
            Broker broker,
            QueueCoordinator queues,
            RecordRoutes records,
            HttpLimits http,
            PushLimits push,
            Cors cors,
            InstantSource clock) {
        this.vertx = vertx;
        this.push = push;
        this.cors = cors;
        this.clock = clock;
        this.http = http;
        this.hub = new QueueHub(vertx, broker);
        this.broker = broker;
        this.queues = queues;
        this.records = records;
        this.receives = new Receives(vertx, broker, queues, records.access(), clock, http.maxBodyBytes());
        this.settlements = new Settlements(queues, http.maxBodyBytes());
        QueueRates rates = new QueueRates(clock.millis());
        queues.listen(rates);
        queues.listen(hub);
        this.documents = new QueueDocuments(broker, records.access(), rates, clock);
        this.messages = new Messages(broker, queues, records.access(), clock);
        this.facts = new QueueFacts(broker, queues, messages, rates, clock);
        this.deadLetters = new DeadLetters(broker, queues, records.access());
        this.jobs = new QueueJobs(queues, http.maxBodyBytes(), clock);
        this.admin = new QueueAdmin(broker, queues, documents, http.maxBodyBytes());
    }

    /** What whoever explains queues has to know of them. */
    public QueueFacts facts() {
        return facts;
    }

    @Override
    public void mount(Router router) {
        Sends sends = new Sends(broker, queues, records.messages(new SendingQueues(queues)));
        router.post("/enqueue").handler(sends::enqueue);
        Routes.frequent(router, "/v1/queues/:queue/messages", sends::send);
        Routes.frequent(router, "/v1/queues/:queue/receive", receives::receive);
        Routes.frequent(router, "/v1/queues/:queue/pop", receives::pop);
        Routes.frequent(router, "/v1/queues/:queue/ack", JsonAnswer.answering(settlements::ack));
        Routes.frequent(router, "/v1/queues/:queue/nack", JsonAnswer.answering(settlements::nack));
        Routes.frequent(router, "/v1/queues/:queue/extend", JsonAnswer.answering(settlements::extend));
        router.post("/v1/queues/:queue/consumers/:consumer/heartbeat")
                .handler(JsonAnswer.answering(settlements::heartbeat));
        router.delete("/v1/queues/:queue/consumers/:consumer").handler(JsonAnswer.answering(settlements::leave));
        admin.mount(router);
        messages.mount(router);
        new QueueKeys(queues, messages, http.maxBodyBytes()).mount(router);
        QueueEvents events = new QueueEvents(vertx.getOrCreateContext(), queues, hub, documents, push);
        Routes.get(router, "/v1/queues/:queue/events", events::events);
        QueueSockets sockets = new QueueSockets(
                vertx.getOrCreateContext(), broker, queues, records.access(), sends, push, cors, clock);
        router.get("/v1/queues/:queue/ws").handler(sockets::connect);
        deadLetters.mount(router);
        jobs.mount(router);
    }
}
