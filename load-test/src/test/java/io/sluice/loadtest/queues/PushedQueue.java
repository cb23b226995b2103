package io.sluice.loadtest.queues;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A queue that gives its messages to a subscriber, up to as many as it may have at a time. */
abstract class PushedQueue implements TestQueue {
    /** A turn that has messages on their way, by each of their bodies. */
    private final Map<String, Turn> underWay = new ConcurrentHashMap<>();

    private volatile Consumer<String> received = body -> {};
    private volatile Consumer<String> done = this::finish;
    private volatile Consumer<Throwable> failed = this::fail;

    private static final class Turn {
        final AtomicInteger left;
        final CompletableFuture<Void> acknowledged = new CompletableFuture<>();

        Turn(int count) {
            left = new AtomicInteger(count);
        }
    }

    /** Sends messages; done when that is confirmed. */
    abstract CompletableFuture<?> send(List<String> bodies);

    @Override
    public final CompletableFuture<Void> turn(List<String> bodies) {
        Turn turn = new Turn(bodies.size());
        bodies.forEach(body -> underWay.put(body, turn));
        return CompletableFuture.allOf(send(bodies), turn.acknowledged);
    }

    @Override
    public final CompletableFuture<Void> send(String body) {
        return send(List.of(body)).thenApply(sent -> null);
    }

    @Override
    public final void work(Consumer<String> received, Consumer<String> done, Consumer<Throwable> failed) {
        this.received = received;
        this.done = done;
        this.failed = failed;
    }

    /** A message is here. */
    final void arrived(String body) {
        received.accept(body);
    }

    /** A message is acknowledged. */
    final void acknowledged(String body) {
        done.accept(body);
    }

    final void broken(Throwable problem) {
        failed.accept(problem);
    }

    private void finish(String body) {
        Turn turn = underWay.remove(body);
        if (turn != null && turn.left.decrementAndGet() == 0) {
            turn.acknowledged.complete(null);
        }
    }

    private void fail(Throwable problem) {
        underWay.values().forEach(turn -> turn.acknowledged.completeExceptionally(problem));
    }
}
