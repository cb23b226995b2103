package io.sluice.server.http.records;

import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Reads a log for one request and comes back on its event loop; what arrives after the client has gone is let go. Owned
 * by the request's event loop.
 */
final class LogReader {
    private PartitionLog log;
    private final RoutingContext ctx;
    private final Context context;
    private CompletableFuture<Boolean> waiting = CompletableFuture.completedFuture(false);
    private Runnable onGone = () -> {};
    private Consumer<Throwable> onFailure;
    private boolean gone;

    LogReader(Loop loop, RoutingContext ctx, PartitionLog log) {
        this(loop.vertx, ctx);
        this.log = log;
    }

    /** Of which log is to be said before the first read. */
    LogReader(Vertx vertx, RoutingContext ctx) {
        this.ctx = ctx;
        this.onFailure = failure -> HttpErrors.respond(ctx, failure);
        this.context = vertx.getOrCreateContext();
        HttpServerResponse response = ctx.response();
        response.exceptionHandler(failure -> leave());
        response.closeHandler(closed -> leave());
    }

    /** What to do when the client goes away. */
    void onGone(Runnable action) {
        onGone = action;
    }

    /** What to do when a read fails, instead of answering the request with it. */
    void onFailure(Consumer<Throwable> action) {
        onFailure = action;
    }

    /** What follows is read from another log. */
    void turnTo(PartitionLog other) {
        log = other;
    }

    /** Whether nobody takes an answer any more. */
    boolean isGone() {
        return gone || !Responses.isOpen(ctx.response());
    }

    Context context() {
        return context;
    }

    private void leave() {
        if (!gone) {
            gone = true;
            waiting.cancel(false);
            onGone.run();
        }
    }

    /**
     * Reads from an offset.
     *
     * @param then gets what was found, and whether it was in memory
     */
    void read(long offset, int maxBytes, BiConsumer<LogRead, Boolean> then) {
        CompletableFuture<LogRead> future = log.read(offset, maxBytes);
        if (future.isDone()) {
            complete(future, true, then);
        } else {
            future.whenComplete((read, failure) -> context.runOnContext(v -> complete(future, false, then)));
        }
    }

    private void complete(CompletableFuture<LogRead> future, boolean inMemory, BiConsumer<LogRead, Boolean> then) {
        LogRead read;
        try {
            read = future.getNow(null);
        } catch (RuntimeException e) {
            onFailure.accept(explained(e, log));
            return;
        }
        if (isGone()) {
            read.oversized().ifPresent(batch -> batch.close());
        } else {
            then.accept(read, inMemory);
        }
    }

    /** A failure, with the offsets that there are if the one that was asked for is not. */
    static Throwable explained(Throwable failure, PartitionLog log) {
        HttpProblem problem = HttpErrors.problem(failure);
        return problem.code().equals("offset_out_of_range")
                ? problem.with("log_start_offset", log.logStartOffset()).with("high_watermark", log.highWatermark())
                : failure;
    }

    /** Waits until there is a record at an offset, or the time is over. */
    void await(long offset, long waitMs, Runnable then) {
        waiting = log.awaitBeyond(offset, 1, waitMs);
        CompletableFuture<Boolean> future = waiting;
        future.whenComplete((found, failure) -> context.runOnContext(v -> {
            if (isGone()) {
                return;
            }
            if (failure != null) {
                HttpErrors.respond(ctx, failure);
            } else {
                then.run();
            }
        }));
    }
}
