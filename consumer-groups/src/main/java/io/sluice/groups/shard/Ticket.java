package io.sluice.groups.shard;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A request that waits for its answer, and what it is answered if the coordinator cannot.
 *
 * @param <T> the answer
 */
public final class Ticket<T> implements Reply<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final Function<Refusal, T> refusal;

    public Ticket(Function<Refusal, T> refusal) {
        this.refusal = refusal;
    }

    public CompletableFuture<T> future() {
        return future;
    }

    @Override
    public void send(T answer) {
        future.complete(answer);
    }

    public void refuse(Refusal why) {
        future.complete(refusal.apply(why));
    }
}
