package io.sluice.server.http.records;

import io.sluice.server.http.HttpErrors;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToIntFunction;

/**
 * Waits for records of some partitions, for somebody who reads with a {@link RecordsAnswer}: until one of them has more, a partition cannot
 * be waited for, or the time is over. One wait at a time. Owned by an event loop.
 */
public final class RecordsWait {
    /** How soon a partition is looked for again that could not be read. */
    private static final long UNAVAILABLE_MS = 200;

    private final Vertx vertx;
    private final Context context;
    private final Waiter waiter;
    private CompletableFuture<Woken> waiting = new CompletableFuture<>();
    private long timer = -1;

    /** Who waits. Told once of how a wait ended, on the event loop. */
    public interface Waiter {
        /** The time is over, or partitions should be looked for that could not be found. */
        void timeOver();

        /** There is something to read. */
        void readable();

        /** A partition cannot be waited for, and has been told so; the others can. */
        void goOn();

        /** Nobody may wait any more: the broker has too many who do. */
        void fail(Throwable overloaded);
    }

    record Woken(ReadPlace place, Optional<Throwable> failure) {}

    /** Nobody waits yet. */
    public RecordsWait(Vertx vertx, Context context, Waiter waiter) {
        this.vertx = vertx;
        this.context = context;
        this.waiter = waiter;
    }

    /** Whether a wait is under way. */
    public boolean isOn() {
        return timer >= 0;
    }

    /**
     * Begins to wait.
     *
     * @param minBytes how many bytes a partition must have
     * @param leftMs how long at most
     * @param isAnyMissing whether there are partitions that should be looked for again soon
     */
    public void begin(List<ReadPlace> places, ToIntFunction<ReadPlace> minBytes, long leftMs, boolean isAnyMissing) {
        timer = vertx.setTimer(isAnyMissing ? Math.min(leftMs, UNAVAILABLE_MS) : leftMs, id -> {
            end();
            waiter.timeOver();
        });
        CompletableFuture<Woken> begun = any(places, minBytes, leftMs);
        waiting = begun;
        begun.thenAccept(why -> context.runOnContext(v -> {
            if (begun == waiting && isOn()) {
                end();
                woken(why);
            }
        }));
    }

    private void woken(Woken why) {
        if (why.failure().isEmpty()) {
            waiter.readable();
        } else if (HttpErrors.problem(why.failure().get()).code().equals("overloaded")) {
            waiter.fail(why.failure().get());
        } else {
            // The others are waited for without it, until it is found again.
            why.place().fail(why.failure().get());
            waiter.goOn();
        }
    }

    /** Ends the wait, if one is under way; nobody is told. */
    public void end() {
        if (isOn()) {
            vertx.cancelTimer(timer);
            timer = -1;
        }
        waiting.cancel(false);
    }

    /** Completes on any thread; never if the time is over. Cancelling it ends the wait. */
    static CompletableFuture<Woken> any(List<ReadPlace> places, ToIntFunction<ReadPlace> minBytes, long waitMs) {
        CompletableFuture<Woken> any = new CompletableFuture<>();
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (ReadPlace place : places) {
            if (place.fault().isEmpty()) {
                CompletableFuture<Boolean> one =
                        place.log().awaitBeyond(place.offset(), minBytes.applyAsInt(place), waitMs);
                all.add(one);
                one.whenComplete((found, failure) -> {
                    if (failure != null || found) {
                        any.complete(new Woken(place, Optional.ofNullable(failure)));
                    }
                });
            }
        }
        any.whenComplete((woken, failure) -> all.forEach(one -> one.cancel(false)));
        return any;
    }
}
