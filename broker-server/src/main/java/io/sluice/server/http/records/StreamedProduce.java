package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Produces a body of any length as it comes, in bounded memory: the connection is paused while too many bytes wait for
 * the log. What the body is made of is the subclass's business; when to read, to pause and to answer is decided here.
 * Owned by the request's event loop; one instance per request.
 */
abstract sealed class StreamedProduce permits NdjsonProduce, BatchesProduce {
    final Loop loop;
    final ProduceRequest request;
    final Topic topic;
    final MemoryBudget.Reservation memory;
    final AppendStream appends;
    /** What is wrong with the body, or null. Nothing is read after it. */
    HttpProblem fault;

    private final RoutingContext ctx;
    private final HttpServerRequest http;
    private final String placeName;
    private boolean busy;
    private boolean ended;
    private boolean answered;

    /**
     * @param reservedBytes how much memory the request takes from the beginning
     * @param buildOnWorker whether finishing a batch takes so long that it must not happen on the event loop
     * @param placeName what {@link #place} counts: line, batch
     */
    StreamedProduce(
            Loop loop,
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            long reservedBytes,
            boolean buildOnWorker,
            String placeName) {
        this.loop = loop;
        this.ctx = ctx;
        this.http = ctx.request();
        this.request = request;
        this.topic = topic;
        this.placeName = placeName;
        this.memory = loop.budget.reserve(ctx, reservedBytes);
        this.appends = new AppendStream(loop, topic.name(), request.acks(), memory, buildOnWorker, this::pump);
    }

    /** Takes a piece of the body. */
    abstract void add(Buffer piece);

    /** Whether there is something of the body to read. */
    abstract boolean hasUnread();

    /** Reads a part of it: appends what is complete, or sets the fault. */
    abstract void readSome();

    /** The body has been read to its end: reads what was kept back until more of it would come, or sets the fault. */
    abstract void readRest();

    /**
     * Nothing can be read at present, and nothing is being read on a worker.
     *
     * @param complete whether the body has been read to its end, and what was kept back too
     */
    abstract void afterReading(boolean complete);

    /** The line or batch at hand. */
    abstract long place();

    void start() {
        http.handler(piece -> {
            if (!answered && !hasStopped()) {
                add(piece);
                pump();
            }
        });
        http.endHandler(end -> {
            ended = true;
            pump();
        });
        http.exceptionHandler(failure -> {
            // What has been handed to the log stays there, the rest is forgotten.
            answered = true;
            memory.close();
            HttpErrors.respond(ctx, HttpErrors.bodyFailure(failure));
        });
        http.resume();
    }

    private boolean hasStopped() {
        return fault != null || appends.hasFailed();
    }

    private boolean isComplete() {
        return ended && !hasStopped() && !hasUnread();
    }

    /** What is held by the log is in memory already: more is read only when there is room. */
    private boolean hasRoom() {
        return appends.heldBytes() < loop.limits.streamWindowBytes();
    }

    /** Does what can be done now: read, append, pause or resume, answer. */
    private void pump() {
        if (busy || answered) {
            return;
        }
        while (!busy && !hasStopped() && hasUnread() && hasRoom()) {
            readSome();
        }
        if (!busy && isComplete()) {
            readRest();
        }
        if (busy) {
            // What a worker fills is not to be touched until it is back.
            return;
        }
        afterReading(isComplete());
        if (appends.isIdle() && (hasStopped() || ended && !hasUnread())) {
            answer();
        } else if (!ended && !hasStopped()) {
            if (hasRoom()) {
                http.resume();
            } else {
                http.pause();
            }
        }
    }

    /** Does what takes long on a worker thread; nothing else happens to the request until {@code then} has run. */
    <T> void onWorker(Callable<T> work, Consumer<T> then) {
        busy = true;
        http.pause();
        loop.vertx.executeBlocking(work, false).onComplete(done -> {
            busy = false;
            if (done.succeeded()) {
                then.accept(done.result());
            } else {
                fault = HttpErrors.problem(done.cause());
            }
            pump();
        });
    }

    private void answer() {
        answered = true;
        memory.close();
        loop.metrics.produced(appends.accepted());
        if (appends.hasFailed()) {
            HttpErrors.respond(ctx, appends.withAccount(appends.failure(), placeName, appends.failedPlace()));
        } else if (fault != null) {
            HttpErrors.respond(ctx, appends.withAccount(fault, placeName, place()));
        } else if (request.acks() == Acks.NONE) {
            Responses.accepted(ctx.response());
        } else {
            loop.output.clear();
            appends.answer(loop.output);
            Responses.json(ctx.response(), loop.output);
        }
    }
}
