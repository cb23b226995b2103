package io.sluice.server.cli.produce;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The way of one partition to the broker: one request under way, one full body waiting, one body being filled. So the
 * order of the partition is kept, memory is bounded, and the next body is made while the last one travels.
 *
 * <p>The reading thread fills; one sending thread at a time takes. Both do so under the lane's monitor.
 */
final class Lane<B extends Body> {
    private static final int MAX_WAITING = 1;

    private final Limits limits;
    private final Supplier<B> newBody;
    private final Executor executor;
    private final LaneSender<B> sender;

    private B open;
    private final ArrayDeque<B> waiting = new ArrayDeque<>();
    private boolean sending;
    /** Whether what is in {@link #open} should go as soon as nothing is under way. */
    private boolean flushWanted;

    private Optional<RuntimeException> failure = Optional.empty();

    /** How much goes into one body. */
    record Limits(int maxBytes, int maxRecords) {}

    /** Sends one body and returns once it is acknowledged. */
    @FunctionalInterface
    interface LaneSender<B> {
        void send(B body) throws InterruptedException;
    }

    Lane(Limits limits, Supplier<B> newBody, Executor executor, LaneSender<B> sender) {
        this.limits = limits;
        this.newBody = newBody;
        this.executor = executor;
        this.sender = sender;
    }

    /**
     * Puts a record into the open body, which is sealed before if the record would not fit.
     *
     * @param recordBytes at most how many bytes the record adds; a record larger than a body gets one of its own
     * @return whether the body is full now
     * @throws RuntimeException the failure of an earlier request
     */
    synchronized boolean add(long recordBytes, Consumer<B> append) throws InterruptedException {
        if (open != null && open.recordCount() > 0 && open.sizeInBytes() + recordBytes > limits.maxBytes()) {
            seal();
        }
        check();
        if (open == null) {
            open = newBody.get();
        }
        append.accept(open);
        if (open.recordCount() >= limits.maxRecords() || open.sizeInBytes() >= limits.maxBytes()) {
            seal();
            return true;
        }
        return false;
    }

    private void seal() throws InterruptedException {
        // The sender must not take the open body while we wait: it is the next one to wait in line.
        flushWanted = false;
        while (waiting.size() >= MAX_WAITING && failure.isEmpty()) {
            wait();
        }
        check();
        waiting.add(open);
        open = null;
        start();
    }

    /** Lets the open body go as soon as the way is free, full or not. Does not wait. */
    synchronized void flush() {
        if (open != null) {
            flushWanted = true;
            start();
        }
    }

    /** Waits until everything is acknowledged. */
    synchronized void drain() throws InterruptedException {
        flush();
        while ((sending || open != null || !waiting.isEmpty()) && failure.isEmpty()) {
            wait();
        }
        check();
    }

    private void check() {
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    private void start() {
        if (!sending && failure.isEmpty()) {
            sending = true;
            executor.execute(this::run);
        }
    }

    private void run() {
        try {
            for (Optional<B> body = take(); body.isPresent(); body = take()) {
                sender.send(body.get());
            }
        } catch (RuntimeException e) {
            fail(e);
        } catch (InterruptedException e) {
            fail(new IllegalStateException("the sending was interrupted"));
        }
    }

    private synchronized Optional<B> take() {
        B next = waiting.poll();
        if (next == null && flushWanted) {
            next = open;
            open = null;
            flushWanted = false;
        }
        sending = next != null;
        notifyAll();
        return Optional.ofNullable(next);
    }

    private synchronized void fail(RuntimeException e) {
        failure = Optional.of(e);
        sending = false;
        notifyAll();
    }
}
