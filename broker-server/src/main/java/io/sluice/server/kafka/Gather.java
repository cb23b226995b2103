package io.sluice.server.kafka;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * A response whose entries are answered one by one, on any thread, each by one. Done when all of them are and {@link #seal}
 * was called.
 */
public final class Gather {
    private final CompletableFuture<ApiMessage> answer = new CompletableFuture<>();
    private final ApiMessage response;
    private final AtomicInteger left = new AtomicInteger(1);

    /** @param response what will be answered */
    public Gather(ApiMessage response) {
        this.response = response;
    }

    /** What to do with the outcome of an entry. */
    @FunctionalInterface
    public interface Outcome<T> {
        /** Either a result or a failure; the other is null. */
        void take(T result, Throwable failure);
    }

    /** Waits for an entry. */
    public <T> void add(CompletableFuture<T> entry, Outcome<T> outcome) {
        left.incrementAndGet();
        entry.whenComplete((result, failure) -> {
            try {
                outcome.take(result, failure);
            } catch (RuntimeException | Error e) {
                // A mistake of ours must not keep the client waiting for ever.
                answer.completeExceptionally(e);
            }
            oneDone();
        });
    }

    /** No entry is added any more. */
    public CompletableFuture<ApiMessage> seal() {
        oneDone();
        return answer;
    }

    private void oneDone() {
        if (left.decrementAndGet() == 0) {
            answer.complete(response);
        }
    }
}
