package io.sluice.server.kafka.records;

import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaSession;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * The produces of one connection that have not begun. They begin in the order in which they came; a large one on a worker, for
 * looking through its batches takes long, and those behind it wait until it has begun. Owned by the connection's event loop.
 */
final class ProduceLine {
    static final KafkaSession.Key<ProduceLine> KEY = new KafkaSession.Key<>();

    private final ArrayDeque<Turn> line = new ArrayDeque<>();
    /** Whether a worker is beginning a produce. */
    private boolean busy;

    private record Turn(
            ApiRequest<?> request,
            boolean large,
            Supplier<CompletableFuture<ApiMessage>> begin,
            CompletableFuture<ApiMessage> answer) {
        void beginHere() {
            try {
                follow(begin.get());
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        }

        void follow(CompletableFuture<ApiMessage> begun) {
            begun.whenComplete((message, failure) -> {
                if (failure != null) {
                    answer.completeExceptionally(failure);
                } else {
                    answer.complete(message);
                }
            });
        }
    }

    /**
     * Begins a produce when it is its turn.
     *
     * @param large whether a worker begins it
     * @param begin hands its batches to the log
     * @return its answer
     */
    CompletableFuture<ApiMessage> add(
            ApiRequest<?> request, boolean large, Supplier<CompletableFuture<ApiMessage>> begin) {
        if (!busy && !large) {
            return begin.get();
        }
        Turn turn = new Turn(request, large, begin, new CompletableFuture<>());
        line.add(turn);
        goOn();
        return turn.answer();
    }

    private void goOn() {
        while (!busy && !line.isEmpty()) {
            Turn turn = line.remove();
            if (turn.answer().isDone()) {
                // The client has gone.
                continue;
            }
            if (turn.large()) {
                beginOnWorker(turn);
            } else {
                turn.beginHere();
            }
        }
    }

    private void beginOnWorker(Turn turn) {
        busy = true;
        turn.request().hold();
        turn.request().context().executeBlocking(turn.begin()::get, false).onComplete(begun -> {
            turn.request().letGo();
            busy = false;
            if (begun.succeeded()) {
                turn.follow(begun.result());
            } else {
                turn.answer().completeExceptionally(begun.cause());
            }
            goOn();
        });
    }
}
