package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.Subscription;
import io.sluice.server.http.Caller;
import io.sluice.server.http.OpenStream;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * One answer that is the life of a queue, as events. Those of the stream itself have names that begin with {@code sluice.}. Owned by the
 * request's event loop, but for what says otherwise.
 */
final class QueueStream implements OpenStream {
    /** When a client that lost its connection should come again. */
    private static final long RETRY_MS = 1_000;

    private final QueueEvents loop;
    private final Context context;
    private final RoutingContext ctx;
    private final HttpServerResponse response;
    private final Wish wish;
    private final NoticeBuffer buffer;
    private final Client client;
    private final Subscription subscription;

    private Chronicle chronicle;
    private Chronicle.Beginning beginning;
    private long sentNs = System.nanoTime();
    private boolean open;
    private boolean writing;
    private boolean ended;

    /**
     * What a listener wants.
     *
     * @param queueId the id of the queue
     * @param queue its name
     * @param kinds what it wants to hear of
     * @param message of which message, if not of all
     * @param after the place of the last thing that it has heard of, if it has heard of any
     * @param consumer whose session lasts for as long as the connection, if anybody's
     * @param heartbeatMs how long the stream is silent before a sign of life is sent
     */
    record Wish(
            UUID queueId,
            String queue,
            Set<Notice.Kind> kinds,
            Optional<MessageId> message,
            Optional<String> after,
            Optional<String> consumer,
            long heartbeatMs) {}

    QueueStream(QueueEvents loop, Context context, RoutingContext ctx, Wish wish, NoticeBuffer buffer) {
        this.loop = loop;
        this.context = context;
        this.ctx = ctx;
        this.response = ctx.response();
        this.wish = wish;
        this.buffer = buffer;
        this.client = Caller.of(ctx);
        this.subscription = new Subscription("", "", List.of(wish.queue()), List.of());
    }

    // ---- on any thread ----

    UUID queueId() {
        return wish.queueId();
    }

    Wish wish() {
        return wish;
    }

    boolean wants(Notice.Kind kind) {
        return wish.kinds().contains(kind) && (wish.message().isEmpty() || kind != Notice.Kind.SENT);
    }

    /**
     * Something happened, unless it is of no interest.
     *
     * @param names what those of its messages are called that are not called by where they lie
     * @param first the number of the first notice
     * @param notices those of the event
     */
    void happened(QueueEvent event, Map<MessageId, MessageId> names, long first, Supplier<List<Notice>> notices) {
        if (!Collections.disjoint(wish.kinds(), Notice.kindsOf(event)) && isAbout(event, names)) {
            offer(Notice.countOf(event), first, notices);
        }
    }

    /** Who follows one message must not lose it among those of all others. */
    private boolean isAbout(QueueEvent event, Map<MessageId, MessageId> names) {
        return wish.message().isEmpty()
                || Notice.isAbout(event, names, wish.message().get());
    }

    private boolean isWanted(Notice notice) {
        boolean isOfMessage = wish.message().isEmpty()
                || notice.message().isEmpty()
                || notice.message().equals(wish.message());
        return isOfMessage && wants(notice.kind());
    }

    void offer(int count, long first, Supplier<List<Notice>> notices) {
        if (buffer.offer(count, first, notices)) {
            context.runOnContext(v -> write());
        }
    }

    void queueDeleted() {
        context.runOnContext(v -> {
            write();
            end("queue_deleted", "queue " + wish.queue() + " was deleted");
        });
    }

    // ---- on the event loop ----

    /** It hears from now on what happens. */
    void joined(Chronicle one, Chronicle.Beginning where) {
        chronicle = one;
        beginning = where;
    }

    /** Whether it is over: before it has begun if its queue was deleted meanwhile. */
    boolean hasEnded() {
        return ended;
    }

    /** Begins, with how the queue stands. */
    void start(JsonObject ready) {
        OpenStream.answer(ctx, this);
        response.closeHandler(closed -> end());
        response.exceptionHandler(failure -> end());
        response.setChunked(true)
                .putHeader("Content-Type", "text/event-stream")
                .putHeader("Cache-Control", "no-store")
                // Proxies of this kind would keep events until a buffer is full.
                .putHeader("X-Accel-Buffering", "no");
        open = true;
        client.subscribed(subscription);
        // Whoever loses the connection before anything else has come goes on here.
        String place = "id: " + chronicle.place(beginning.behind()) + "\n";
        send(Buffer.buffer("retry: " + RETRY_MS + "\n\n" + place + own("ready", ready)
                + (beginning.gap()
                        ? own("gap", new JsonObject().put("after", wish.after().orElse("")))
                        : "")));
    }

    private static String own(String name, JsonObject data) {
        return "event: sluice." + name + "\ndata: " + data.encode() + "\n\n";
    }

    /** Writes some of what waits; the next when the socket has taken that. */
    private void write() {
        if (!open || writing || ended) {
            return;
        }
        Buffer out = Buffer.buffer();
        while (out.length() < loop.pieceBytes()) {
            NoticeBuffer.Taken taken = buffer.take();
            if (taken == null) {
                break;
            }
            if (taken.lostBefore() > 0) {
                out.appendString(own("lost", new JsonObject().put("events", taken.lostBefore())));
            }
            for (int i = 0; i < taken.notices().size(); i++) {
                Notice notice = taken.notices().get(i);
                long number = taken.first() + i;
                if (number > beginning.behind() && isWanted(notice)) {
                    out.appendString(notice.text(chronicle.place(number)));
                }
            }
        }
        if (out.length() > 0) {
            send(out);
        }
    }

    private void send(Buffer text) {
        writing = true;
        sentNs = System.nanoTime();
        response.write(text).onComplete(written -> {
            writing = false;
            if (written.failed()) {
                end();
            } else {
                write();
            }
        });
    }

    /** A client that takes nothing gets no signs of life: they would only add to what waits for it. */
    void tick(long nowNs) {
        boolean silent = nowNs - sentNs >= TimeUnit.MILLISECONDS.toNanos(wish.heartbeatMs());
        if (open && silent && !writing && !ended) {
            send(Buffer.buffer(": still here\n\n"));
        }
    }

    @Override
    public void stop() {
        end("shutting_down", "the broker stops; come again");
    }

    private void end(String code, String detail) {
        if (ended) {
            return;
        }
        if (open && !response.ended() && !response.closed()) {
            response.end(own("end", new JsonObject().put("code", code).put("detail", detail)));
        }
        end();
    }

    /** Nobody listens any more. */
    void end() {
        if (!ended) {
            ended = true;
            loop.remove(this);
            buffer.close();
            if (open) {
                client.unsubscribed(subscription);
            }
        }
    }
}
