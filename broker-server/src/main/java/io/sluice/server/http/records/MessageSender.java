package io.sluice.server.http.records;

import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.Dedup;
import io.sluice.groups.queue.Dedup.Reservation;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueError;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.PointInTime;
import io.sluice.server.http.Query;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Sends messages to the topics of queues; for one event loop. */
public final class MessageSender {
    private static final Set<String> OF_ONE = Set.of("key", "delay_ms", "deliver_at", "ttl_ms", "dedup_id");
    private static final String RESERVATION = "sluice.reservation";
    private static final int MAX_DEDUP_CHARS = 256;
    private static final int MAX_ENQUEUE_BYTES = 1024 * 1024;
    /** What comes from forms of the simplest kind of client too. */
    private static final List<String> ENQUEUE_TYPES = List.of("application/json");

    private final Loop loop;
    private final Queues queues;
    private final MessageProduce.MessageParser parsers = new MessageProduce.MessageParser();
    private final RawProduce raw;
    private final RecordPublisher publisher;

    /** What is asked of queues. */
    public interface Queues {
        /** As {@link io.sluice.groups.queue.QueueCoordinator#reserve}. */
        CompletableFuture<Dedup.Answer> reserve(String queue, List<String> dedupIds);

        /** How a refusal looks over HTTP. */
        HttpProblem problem(QueueError error, String queue);
    }

    MessageSender(Loop loop, Queues queues) {
        this.loop = loop;
        this.queues = queues;
        this.publisher = new RecordPublisher(loop);
        this.raw = new RawProduce(loop, (ctx, partition, offset) -> {
            MessageId id = new MessageId(partition, offset);
            if (ctx.get(RESERVATION) instanceof Reservation reservation) {
                reservation.confirmed(id);
            }
            MessageProduce.answer(loop, ctx, id, false);
        });
    }

    /**
     * Sends what a request brings: a list of messages if it is JSON, else one, whose value is the body.
     *
     * @param topic that of the queue
     * @param refusal why the queue takes no more, if so: messages that it has already are answered still
     * @throws HttpProblem 400, 413, 415 or 503; later ones are answered
     */
    public void send(RoutingContext ctx, Topic topic, Optional<HttpProblem> refusal) {
        boolean isList = ProduceRequest.contentType(ctx).equals(ProduceRequest.JSON);
        Query query = Query.of(ctx, isList ? Set.of() : OF_ONE);
        ProduceRequest request = ProduceRequest.messages(ctx, topic.name(), query);
        Caller.of(ctx).produced(topic.name());
        if (isList && !request.binaryEvent()) {
            new MessageProduce(loop, queues, parsers, ctx, request, topic, refusal).start(ctx.request());
            return;
        }
        MessageWishes wishes = wishes(query);
        RawProduce.refuseReserved(ctx);
        if (wishes.dedupId() == null) {
            raw(ctx, request, topic, wishes, refusal);
        } else {
            sendOnce(ctx, request, topic, wishes, refusal);
        }
    }

    /**
     * Sends messages that did not come as a request of their own.
     *
     * @param json as the body of such a request is: {@code {"messages":[…]}}. Whoever calls keeps it until there is an answer, and looks to
     *     its size
     * @param refusal why the queue takes no more, if so: messages that it has already are answered still
     * @return what such a request is answered with; fails with what it fails with
     * @throws HttpProblem 503 overloaded
     */
    public Future<Sent> send(byte[] json, Topic topic, Optional<HttpProblem> refusal) {
        Promise<Sent> sent = Promise.promise();
        new MessageProduce(
                        loop,
                        queues,
                        parsers,
                        new Later(sent),
                        loop.budget.reserve(json.length),
                        ProduceRequest.messages(topic.name(), json.length),
                        topic,
                        refusal)
                .parse(new BodyReader.Body(json, 0, json.length));
        return sent.future();
    }

    /**
     * What became of messages.
     *
     * @param isNew whether one of them at least was not there already
     * @param document {@code {"messages":[…]}}: the id of each, or why it has none
     */
    public record Sent(boolean isNew, Buffer document) {}

    /** Tells a promise. */
    private record Later(Promise<Sent> promise) implements ProduceReply {
        @Override
        public boolean isOpen() {
            return !promise.future().isComplete();
        }

        @Override
        public void whenEnded(Runnable action) {
            promise.future().onComplete(ended -> action.run());
        }

        @Override
        public void end(int status) {
            throw new IllegalStateException("messages are never sent without being waited for");
        }

        @Override
        public void end(int status, CharSequence mediaType, JsonOutput document) {
            promise.tryComplete(new Sent(status == 201, Responses.buffer(document.toByteArray())));
        }

        @Override
        public void refuse(Throwable failure) {
            promise.tryFail(failure);
        }
    }

    /** What nobody can have sent before need not be read to be refused. */
    private void raw(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            MessageWishes wishes,
            Optional<HttpProblem> refusal) {
        if (refusal.isPresent() && request.idempotencyKey().isEmpty()) {
            throw refusal.get();
        }
        raw.handle(ctx, request, topic, wishes, refusal);
    }

    private void sendOnce(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            MessageWishes wishes,
            Optional<HttpProblem> refusal) {
        ctx.request().pause();
        Future.fromCompletionStage(
                        queues.reserve(topic.name(), List.of(wishes.dedupId())), loop.vertx.getOrCreateContext())
                .onSuccess(answer -> {
                    try {
                        sendOnce(ctx, request, topic, wishes, refusal, answer);
                    } catch (RuntimeException e) {
                        HttpErrors.respond(ctx, e);
                    }
                })
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    private void sendOnce(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            MessageWishes wishes,
            Optional<HttpProblem> refusal,
            Dedup.Answer answer) {
        if (answer.error() != QueueError.NONE) {
            throw queues.problem(answer.error(), topic.name());
        }
        Dedup.Entry entry = answer.entries().get(0);
        if (entry instanceof Dedup.Sent sent) {
            MessageProduce.answer(loop, ctx, sent.id(), true);
        } else if (entry instanceof Dedup.Full full) {
            throw MessageProduce.tooManyIds("dedup_id", full);
        } else if (entry instanceof Dedup.Reserved reserved) {
            Reservation reservation = reserved.reservation();
            if (!Responses.isOpen(ctx.response())) {
                reservation.released();
                return;
            }
            ctx.put(RESERVATION, reservation);
            // However the request ends: what is confirmed by then stays so.
            ctx.addEndHandler(ended -> reservation.released());
            raw(ctx, request, topic, wishes, refusal);
        }
    }

    /**
     * Sends one message that a request brings as {@code {"message": …}}, and answers 202 with its id and where it can be looked at.
     *
     * @param topic that of the queue
     * @param refusal why the queue takes no more, if so: a message that it has already is answered still
     */
    public void enqueue(RoutingContext ctx, Topic topic, Optional<HttpProblem> refusal) {
        Query.refuse(ctx);
        Optional<String> idempotencyKey = ProduceRequest.idempotencyKey(ctx);
        if (refusal.isPresent() && idempotencyKey.isEmpty()) {
            throw refusal.get();
        }
        ctx.request().resume();
        JsonBody.read(ctx, (int) Math.min(MAX_ENQUEUE_BYTES, loop.limits.maxBodyBytes()), ENQUEUE_TYPES)
                .compose(fields -> {
                    fields.allowOnly("message");
                    if (!fields.has("message") || fields.required("message").isNull()) {
                        throw new HttpProblem(400, "invalid_argument", "Message is required").with("field", "message");
                    }
                    return publisher.publish(
                            topic.name(),
                            ("{\"value\":" + fields.required("message") + "}").getBytes(StandardCharsets.UTF_8),
                            Optional.empty(),
                            idempotencyKey,
                            refusal);
                })
                .onSuccess(sent -> {
                    String id = new MessageId(sent.partition(), sent.offset()).toString();
                    String status = "/v1/queues/" + topic.name() + "/messages/" + id;
                    if (Responses.isOpen(ctx.response())) {
                        ctx.response()
                                .setStatusCode(202)
                                .putHeader("Location", status)
                                .putHeader("Content-Type", "application/json")
                                .end(new JsonObject()
                                        .put("id", id)
                                        .put("status", status)
                                        .toBuffer());
                    }
                })
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    private static MessageWishes wishes(Query query) {
        MessageWishes wishes = MessageWishes.NONE;
        if (query.text("delay_ms").isPresent()) {
            wishes = wishes.withDelay(query.number("delay_ms", 0, 0, MessageWishes.MAX_MS));
        }
        if (query.text("ttl_ms").isPresent()) {
            wishes = wishes.withTtl(query.number("ttl_ms", 1, 1, MessageWishes.MAX_MS));
        }
        if (query.text("deliver_at").isPresent()) {
            if (wishes.delayMs() >= 0) {
                throw Query.invalid("deliver_at", "is given beside delay_ms: one of them");
            }
            wishes = wishes.withDeliverAt(time(query.text("deliver_at").get()));
        }
        if (query.text("dedup_id").isPresent()) {
            String id = query.text("dedup_id").get();
            if (id.isEmpty() || id.length() > MAX_DEDUP_CHARS) {
                throw Query.invalid("dedup_id", "must have 1 to " + MAX_DEDUP_CHARS + " characters");
            }
            wishes = wishes.withDedupId(id);
        }
        return wishes;
    }

    private static long time(String text) {
        long nowMs = System.currentTimeMillis();
        long lastMs = MessageWishes.lastMs(nowMs);
        boolean isNumber = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (isNumber) {
            return Query.number("deliver_at", text, 0, lastMs);
        }
        long ms = PointInTime.of(text, nowMs)
                .orElseThrow(
                        () -> Query.invalid("deliver_at", "must be ms since the epoch, or a time as ISO 8601 has it"));
        if (ms > lastMs) {
            throw Query.invalid(
                    "deliver_at",
                    "is " + ms + ", not between 0 and " + lastMs + ", which is " + Instant.ofEpochMilli(lastMs));
        }
        // All times in the past are now.
        return Math.max(0, ms);
    }
}
