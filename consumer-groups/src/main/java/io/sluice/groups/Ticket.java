package io.sluice.groups;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A request that waits for its answer, and what it is answered if the coordinator cannot.
 *
 * @param <T> the answer
 */
final class Ticket<T> implements Effects.Reply<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final Function<GroupError, T> refusal;

    Ticket(Function<GroupError, T> refusal) {
        this.refusal = refusal;
    }

    CompletableFuture<T> future() {
        return future;
    }

    @Override
    public void send(T answer) {
        future.complete(answer);
    }

    void refuse(GroupError error) {
        future.complete(refusal.apply(error));
    }
}
