package io.sluice.server.http.records;

import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/** {@code GET /v1/topics/{topic}/partitions/{partition}/records}: finds where to begin, and hands over. */
final class FetchHandler {
    private final Loop loop;

    FetchHandler(Loop loop) {
        this.loop = loop;
    }

    void handle(RoutingContext ctx) {
        try {
            FetchRequest request = FetchRequest.of(ctx, loop.limits);
            Caller.of(ctx).fetched(loop.broker.requireTopic(request.topic()).name());
            CompletableFuture<PartitionLog> log = loop.whenOpen(request.topic(), request.partition());
            if (log.isDone()) {
                fetch(ctx, request, log.getNow(null));
            } else {
                Future.fromCompletionStage(log, loop.vertx.getOrCreateContext())
                        .onSuccess(open -> fetch(ctx, request, open))
                        .onFailure(failure -> HttpErrors.respond(ctx, failure));
            }
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }

    private void fetch(RoutingContext ctx, FetchRequest request, PartitionLog log) {
        whenStartIsKnown(ctx, request, log, offset -> {
            if (request.format() == FetchRequest.Format.BATCHES) {
                new BatchesFetch(loop, ctx, request, log, offset).start();
            } else {
                new JsonFetch(loop, ctx, request, log, offset).start();
            }
        });
    }

    private void whenStartIsKnown(RoutingContext ctx, FetchRequest request, PartitionLog log, LongConsumer begin) {
        switch (request.start()) {
            case BEGINNING -> begin.accept(log.logStartOffset());
            case OFFSET -> begin.accept(request.from());
            case TAIL -> begin.accept(Math.max(log.logStartOffset(), log.highWatermark() - request.from()));
            default ->
                Future.fromCompletionStage(log.offsetForTimestamp(request.from()), loop.vertx.getOrCreateContext())
                        .onSuccess(found -> begin.accept(
                                found.map(TimestampedOffset::offset).orElseGet(log::highWatermark)))
                        .onFailure(failure -> HttpErrors.respond(ctx, failure));
        }
    }
}
