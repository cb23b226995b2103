package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.Receive;
import io.sluice.groups.queue.Receive.Ack;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Outcome;
import io.sluice.groups.queue.Receive.Outcomes;
import io.sluice.groups.queue.Receive.Received;
import io.sluice.server.http.Accept;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.OpenStream;
import io.sluice.server.http.Query;
import io.sluice.server.http.queues.Deliveries.Delivery;
import io.sluice.server.http.queues.Deliveries.Sorted;
import io.sluice.server.http.records.JsonOutput;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.Values;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code POST /v1/queues/{queue}/receive} and {@code …/pop}. */
final class Receives {
    /** How many messages a request may ask for. */
    static final int MAX_MESSAGES = 1_000;

    /** The longest time that a lease may last: as long as SQS has it. */
    static final long MAX_VISIBILITY_MS = 12L * 3_600_000;

    static final int MIN_SESSION_MS = 1_000;
    static final int MAX_SESSION_MS = 3_600_000;
    private static final int DEFAULT_BYTES = 4 * 1024 * 1024;
    /** How long what is popped is kept from others, until it is acknowledged. */
    private static final long POP_MS = 60_000;

    /** How often a request asks again if nothing of what it got can be read. */
    private static final int MAX_ROUNDS = 100;

    private static final String ANYBODY = "";

    private final Vertx vertx;
    private final Broker broker;
    private final QueueCoordinator queues;
    private final RecordAccess records;
    private final InstantSource clock;
    private final int maxBodyBytes;

    Receives(
            Vertx vertx,
            Broker broker,
            QueueCoordinator queues,
            RecordAccess records,
            InstantSource clock,
            int maxBodyBytes) {
        this.vertx = vertx;
        this.broker = broker;
        this.queues = queues;
        this.records = records;
        this.clock = clock;
        this.maxBodyBytes = maxBodyBytes;
    }

    void receive(RoutingContext ctx) {
        handle(ctx, false);
    }

    void pop(RoutingContext ctx) {
        handle(ctx, true);
    }

    private void handle(RoutingContext ctx, boolean pop) {
        Accept.require(ctx, "application/json");
        Query.refuse(ctx);
        JsonBody.read(ctx, maxBodyBytes)
                .map(fields -> new One(ctx, pop, fields))
                .onSuccess(One::start)
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    private Receive.Request requestOf(RoutingContext ctx, JsonFields fields, boolean pop) {
        if (pop) {
            fields.allowOnly("max", "wait_ms", "consumer", "values", "max_bytes");
        } else {
            fields.allowOnly(
                    "max",
                    "wait_ms",
                    "visibility_timeout_ms",
                    "session_timeout_ms",
                    "consumer",
                    "values",
                    "max_bytes",
                    "ack");
        }
        String consumer = fields.text("consumer", MAX_NAME_CHARS).orElse(ANYBODY);
        int sessionMs = (int) fields.number("session_timeout_ms", 0, MIN_SESSION_MS, MAX_SESSION_MS);
        boolean timed = fields.has("visibility_timeout_ms");
        if (sessionMs > 0 && consumer.isEmpty()) {
            throw JsonFields.invalid("consumer", "is missing: a session is that of a consumer");
        }
        if (sessionMs > 0 && timed) {
            throw JsonFields.invalid(
                    "visibility_timeout_ms",
                    "is given beside session_timeout_ms: a lease lasts for some time or as long as its consumer is heard");
        }
        OptionalLong visibilityMs = pop
                ? OptionalLong.of(POP_MS)
                : timed
                        ? OptionalLong.of(fields.number("visibility_timeout_ms", 0, 0, MAX_VISIBILITY_MS))
                        : OptionalLong.empty();
        String name = consumer.isEmpty()
                ? ctx.request().remoteAddress().hostAddress() + ":"
                        + ctx.request().remoteAddress().port()
                : consumer;
        return new Receive.Request(
                name,
                (int) fields.number("max", 1, 1, MAX_MESSAGES),
                (int) fields.number(
                        "max_bytes", DEFAULT_BYTES, 1, records.limits().maxFetchBytes()),
                visibilityMs,
                sessionMs,
                clock.millis() + fields.number("wait_ms", 0, 0, records.limits().maxWaitMs()));
    }

    static final int MAX_NAME_CHARS = 255;

    /** One request. Owned by its event loop. */
    private final class One implements OpenStream {
        private final RoutingContext ctx;
        private final String queue;
        private final boolean pop;
        private final Receive.Request request;
        private final Values values;
        /** What the receiver is done with. */
        private final Settlements.Entries<Ack> finished;

        private Future<Outcomes> acknowledged = Future.succeededFuture(new Outcomes(QueueError.NONE, List.of()));
        /** Those of the last time it asked. */
        private Deliveries deliveries;

        private Runnable cancel = () -> {};
        private boolean ended;
        /** How often nothing of what there was could be read; after the last time it does not ask again. */
        private int rounds;

        One(RoutingContext ctx, boolean pop, JsonFields fields) {
            this.ctx = ctx;
            this.pop = pop;
            this.queue = ctx.pathParam("queue");
            this.request = requestOf(ctx, fields, pop);
            this.values = Values.parse(fields.text("values", MAX_NAME_CHARS).orElse(""));
            this.finished = Settlements.finished(fields, "ack");
            if (broker.topic(queue).isPresent()) {
                Caller.of(ctx).receives(queue, request.consumer());
            }
        }

        void start() {
            // Its client may go, or the broker may stop, while it waits.
            ctx.addEndHandler(done -> end());
            OpenStream.answer(ctx, this);
            if (!finished.leases().isEmpty()) {
                acknowledged = JsonAnswer.here(queues.acknowledge(queue, finished.leases()));
            }
            ask();
            acknowledged.onSuccess(outcomes -> {
                if (outcomes.error() != QueueError.NONE) {
                    // Nobody waits to hear that.
                    cancel.run();
                }
            });
        }

        private void ask() {
            QueueCoordinator.Receiving receiving = queues.receive(queue, request);
            deliveries = new Deliveries(broker, queues, records, queue, receiving.queue(), values, request.maxBytes());
            cancel = receiving.cancel();
            JsonAnswer.here(receiving.answer())
                    .onComplete(answer -> acknowledged.onComplete(outcomes -> take(answer.result())));
        }

        /** Whoever waits need not wait for a broker that stops. */
        @Override
        public void stop() {
            rounds = MAX_ROUNDS;
            cancel.run();
        }

        private boolean isOpen() {
            return !ended && !ctx.response().ended() && !ctx.response().closed();
        }

        private void end() {
            if (!ended) {
                ended = true;
                cancel.run();
            }
        }

        private void take(Receive.Answer answer) {
            cancel = () -> {};
            List<Received> messages = answer.messages();
            if (!isOpen()) {
                deliveries.giveBack(messages);
                return;
            }
            if (acknowledged.result().error() != QueueError.NONE) {
                deliveries.giveBack(messages);
                HttpErrors.respond(
                        ctx, QueueErrors.problem(acknowledged.result().error(), queue));
                return;
            }
            if (answer.error() == QueueError.QUEUE_DELETED) {
                // Whoever waits finds nothing: there is nothing any more.
                write(List.of());
                return;
            }
            if (answer.error() != QueueError.NONE) {
                HttpErrors.respond(ctx, QueueErrors.problem(answer.error(), queue));
                return;
            }
            if (messages.isEmpty()) {
                write(List.of());
                return;
            }
            deliveries
                    .read(messages, records.budget().reserve(ctx, 0))
                    .onSuccess(this::sorted)
                    .onFailure(failure -> HttpErrors.respond(ctx, failure));
        }

        private void sorted(Sorted read) {
            if (read.there().isEmpty() && !read.isCut() && ++rounds < MAX_ROUNDS && isOpen()) {
                // There may be others, and who asked has waited for nothing else.
                ask();
            } else {
                deliver(read.there());
            }
        }

        private void deliver(List<Delivery> there) {
            if (!isOpen()) {
                deliveries.giveBack(there.stream().map(Delivery::message).toList());
                return;
            }
            Caller.of(ctx).fetched(queue);
            if (!pop) {
                write(there);
                return;
            }
            List<Lease> leases =
                    there.stream().map(delivery -> delivery.message().lease()).toList();
            JsonAnswer.here(queues.acknowledge(queue, Settlements.acks(leases)))
                    .onComplete(outcomes -> popped(there, outcomes.result()));
        }

        private void popped(List<Delivery> there, Outcomes outcomes) {
            if (outcomes.error() != QueueError.NONE) {
                HttpErrors.respond(ctx, QueueErrors.problem(outcomes.error(), queue));
                return;
            }
            Set<MessageId> done = outcomes.outcomes().stream()
                    .filter(outcome -> outcome.error() == QueueError.NONE)
                    .map(Outcome::lease)
                    .map(Lease::id)
                    .collect(Collectors.toSet());
            write(there.stream()
                    .filter(delivery -> done.contains(delivery.message().id()))
                    .toList());
        }

        private void write(List<Delivery> messages) {
            if (!isOpen()) {
                return;
            }
            Buffer out = Buffer.buffer(64 + Deliveries.sizeOf(messages) + messages.size());
            if (finished.isEmpty()) {
                out.appendBytes(BEGIN);
            } else {
                out.appendBytes(RESULTS);
                Settlements.results(acknowledged.result(), finished.others(), false)
                        .appendTo(out);
                out.appendBytes(MESSAGES);
            }
            for (int i = 0; i < messages.size(); i++) {
                if (i > 0) {
                    out.appendByte((byte) ',');
                }
                Deliveries.append(out, messages.get(i), !pop);
            }
            out.appendBytes(END);
            ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, JSON);
            ctx.response().end(out);
            ended = true;
        }
    }

    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final byte[] RESULTS = JsonOutput.ascii("{\"results\":");
    private static final byte[] MESSAGES = JsonOutput.ascii(",\"messages\":[");
    private static final byte[] BEGIN = JsonOutput.ascii("{\"messages\":[");
    private static final byte[] END = JsonOutput.ascii("]}");
}
