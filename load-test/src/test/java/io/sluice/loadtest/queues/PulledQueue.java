package io.sluice.loadtest.queues;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A queue whose messages are asked for. */
abstract class PulledQueue implements TestQueue {
    /**
     * What a receive gave.
     *
     * @param bodies the messages
     * @param handles by what they are acknowledged, one each
     */
    record Received(List<String> bodies, List<String> handles) {
        static final Received NOTHING = new Received(List.of(), List.of());
    }

    private final int workers;
    private volatile boolean closed;

    PulledQueue(int workers) {
        this.workers = workers;
    }

    /** Sends messages; done when that is confirmed. */
    abstract CompletionStage<?> send(List<String> bodies);

    /** Receives at most so many, of which there are some. */
    abstract CompletionStage<Received> receive(int max);

    /**
     * Receives one by the system's own way of waiting for it; nothing if the wait was in vain.
     *
     * @param worker the number of the worker, each of which has one under way
     */
    abstract CompletionStage<Received> await(int worker);

    /** Done when it is confirmed. */
    abstract CompletionStage<?> acknowledge(Received received);

    /** Deletes it. */
    abstract void delete() throws Exception;

    @Override
    public final CompletableFuture<Void> turn(List<String> bodies) {
        return send(bodies).thenCompose(sent -> take(bodies.size())).toCompletableFuture();
    }

    private CompletionStage<Void> take(int count) {
        return receive(count)
                .thenCompose(received -> received.bodies().isEmpty()
                        ? take(count)
                        : acknowledge(received)
                                .thenCompose(done -> received.bodies().size() < count
                                        ? take(count - received.bodies().size())
                                        : CompletableFuture.completedFuture(null)));
    }

    @Override
    public final CompletableFuture<Void> send(String body) {
        return send(List.of(body)).<Void>thenApply(sent -> null).toCompletableFuture();
    }

    @Override
    public final void work(Consumer<String> received, Consumer<String> done, Consumer<Throwable> failed) {
        for (int i = 0; i < workers; i++) {
            work(i, received, done, failed);
        }
    }

    private void work(int worker, Consumer<String> received, Consumer<String> done, Consumer<Throwable> failed) {
        await(worker)
                .thenCompose(taken -> {
                    taken.bodies().forEach(received);
                    return taken.bodies().isEmpty()
                            ? CompletableFuture.completedFuture(null)
                            : acknowledge(taken).thenAccept(ok -> taken.bodies().forEach(done));
                })
                .whenComplete((ok, problem) -> {
                    if (closed) {
                        return;
                    }
                    if (problem != null) {
                        failed.accept(problem);
                    } else {
                        work(worker, received, done, failed);
                    }
                });
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public final void close() throws Exception {
        closed = true;
        delete();
    }
}
