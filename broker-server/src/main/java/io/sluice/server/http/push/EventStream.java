package io.sluice.server.http.push;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.Subscription;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.OpenStream;
import io.sluice.server.http.records.RecordChunks;
import io.sluice.server.http.records.RecordFrame;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One answer that is a stream of events. Each record is an event: its data are the record as JSON, its name is the record's event
 * type, and its id a cursor behind it. Events of the stream itself have names that begin with {@code sluice.}. Owned by the request's
 * event loop.
 */
final class EventStream implements Outlet, OpenStream, PushLoop.Ticking {
    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] EVENT = ascii("\nevent: ");
    private static final byte[] ID = ascii("\nid: ");
    private static final byte[] END = ascii("\n\n");
    /** When a client that lost its connection should come again. */
    private static final long RETRY_MS = 1_000;

    private final PushLoop loop;
    private final RoutingContext ctx;
    private final HttpServerResponse response;
    private final EventsRequest request;
    private final Pump pump;
    private final Client client;
    /** What others see of it. */
    private final Subscription subscription;

    private Optional<Membership> membership = Optional.empty();
    private long sentNs = System.nanoTime();
    private int pending;
    private boolean ended;

    /** @param member the name in the group; empty without one */
    EventStream(PushLoop loop, RoutingContext ctx, EventsRequest request, String member) {
        this.loop = loop;
        this.ctx = ctx;
        this.response = ctx.response();
        this.request = request;
        this.pump = new Pump(loop, this, request.values(), request.filter(), false, new Frame());
        this.client = Caller.of(ctx);
        this.subscription = new Subscription(
                request.group().orElse(""),
                member,
                List.of(request.topic().name()),
                request.filter().texts());
    }

    /** What stands around each record. The type comes behind the data: a record is written before all of it has been read. */
    private final class Frame implements RecordFrame {
        @Override
        public byte[] before() {
            return DATA;
        }

        @Override
        public byte[] after(long offset, byte[] eventType) {
            ByteArrayOutputStream out = new ByteArrayOutputStream(128);
            if (EventType.isName(eventType)) {
                out.writeBytes(EVENT);
                out.writeBytes(eventType);
            }
            out.writeBytes(ID);
            out.writeBytes(PushCursor.encode(pump.places(), pump.current(), offset + 1));
            out.writeBytes(END);
            return out.toByteArray();
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    // ---- the beginning ----

    void start(Map<TopicIdPartition, Long> starts) {
        head();
        pump.follow(request.topic());
        pump.readOnly(PushRoutes.places(pump, List.of(request.topic()), starts));
        event("ready", ready());
    }

    void join(Membership.Wish wish) {
        head();
        Membership joined = new Membership(loop, wish, pump, () -> event("assigned", assigned()), this::failed);
        membership = Optional.of(joined);
        joined.start();
    }

    private void head() {
        OpenStream.answer(ctx, this);
        response.closeHandler(closed -> end());
        response.exceptionHandler(failure -> end());
        response.setChunked(true)
                .putHeader("Content-Type", "text/event-stream")
                .putHeader("Cache-Control", "no-store")
                // Proxies of this kind would keep events until a buffer is full.
                .putHeader("X-Accel-Buffering", "no");
        send(Buffer.buffer("retry: " + RETRY_MS + "\n\n"));
        client.subscribed(subscription);
        loop.add(this);
    }

    private JsonObject ready() {
        return new JsonObject()
                .put("topic", request.topic().name())
                .put("partitions", request.topic().partitions());
    }

    private JsonObject assigned() {
        return new JsonObject()
                .put("topic", request.topic().name())
                .put(
                        "partitions",
                        pump.places().stream()
                                .map(place -> place.id().partition())
                                .toList());
    }

    // ---- events ----

    /** An event of the stream itself. It brings the cursor, which not all clients would take from an event without data. */
    private void event(String name, JsonObject data) {
        if (ended) {
            return;
        }
        pump.clearMoved();
        String id = new String(PushCursor.encode(pump.places(), null, 0), StandardCharsets.US_ASCII);
        send(Buffer.buffer("event: sluice." + name + "\nid: " + id + "\ndata: " + data.encode() + "\n\n"));
    }

    private Future<Void> send(Buffer text) {
        sentNs = System.nanoTime();
        pending++;
        return response.write(text).onComplete(done -> pending--);
    }

    @Override
    public boolean isReady() {
        return !ended;
    }

    @Override
    public Future<Void> write(RecordChunks.Chunk chunk, boolean inRecord) {
        pump.clearMoved();
        return send(chunk.text());
    }

    @Override
    public void gap(TopicPartition partition, long from, long to) {
        event(
                "gap",
                new JsonObject()
                        .put("partition", partition.partition())
                        .put("from", from)
                        .put("to", to));
    }

    @Override
    public void topicDeleted(String topic, boolean last) {
        end("topic_deleted", "topic " + topic + " was deleted");
    }

    /** A client that takes nothing gets no signs of life: they would only add to what waits for it. */
    @Override
    public void tick(long nowNs) {
        boolean silent = nowNs - sentNs >= TimeUnit.MILLISECONDS.toNanos(request.heartbeatMs());
        if (!silent || pending > 0 || ended || pump.isInRecord() || pump.isBusy()) {
            return;
        }
        if (pump.hasMoved()) {
            event("cursor", new JsonObject());
        } else {
            send(Buffer.buffer(": still here\n\n"));
        }
    }

    // ---- the end ----

    @Override
    public void gone() {
        end();
    }

    @Override
    public void failed(Throwable why) {
        if (ended) {
            return;
        }
        HttpProblem problem = HttpErrors.problem(why);
        if (problem.code().equals("internal_error")) {
            LOG.error("the event stream of {} failed", request.topic().name(), why);
        }
        end(problem.code(), problem.detail());
    }

    /** Ends the stream and says why. In the midst of a record there is no way to say anything. */
    private void end(String code, String detail) {
        if (ended) {
            return;
        }
        if (pump.isInRecord()) {
            HttpServerResponse cut = response;
            end();
            cut.reset();
            return;
        }
        event("end", new JsonObject().put("code", code).put("detail", detail));
        end();
        response.end();
    }

    @Override
    public void stop() {
        // Whoever takes nothing, or has half a record, would hold up the end.
        if (pump.isBusy() || pump.isInRecord()) {
            pump.pause(() -> end("shutting_down", "the broker stops; come again"));
        } else {
            end("shutting_down", "the broker stops; come again");
        }
    }

    private void end() {
        if (!ended) {
            ended = true;
            loop.remove(this);
            client.unsubscribed(subscription);
            membership.ifPresent(Membership::close);
            pump.close();
        }
    }
}
