package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.record.RecordBatch;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Context;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Appends the batches of one request: those of different partitions at once, those of one partition one after the
 * other, so that none overtakes one that was refused. Owned by the request's event loop.
 */
final class BatchAppends {
    private final Loop loop;
    private final Context context;
    private final String topic;
    private final Acks acks;
    private final MemoryBudget.Reservation memory;
    private final Optional<HttpProblem> refusal;
    private final List<BatchDraft> drafts;
    private final RecordBatch[] batches;
    private final Runnable done;
    private final Appended[] appended;
    private final Throwable[] failures;
    private int left;

    /**
     * @param memory what the batches are made of
     * @param refusal why nothing may be added, if so: only what is in the log already succeeds then
     * @param batches one per draft; each is let go once it has been handed to the log
     * @param done called on the event loop when all of them have an outcome
     */
    BatchAppends(
            Loop loop,
            String topic,
            Acks acks,
            MemoryBudget.Reservation memory,
            Optional<HttpProblem> refusal,
            List<BatchDraft> drafts,
            RecordBatch[] batches,
            Runnable done) {
        this.loop = loop;
        this.context = loop.vertx.getOrCreateContext();
        this.topic = topic;
        this.acks = acks;
        this.memory = memory;
        this.refusal = refusal;
        this.drafts = drafts;
        this.batches = batches;
        this.done = done;
        this.appended = new Appended[batches.length];
        this.failures = new Throwable[batches.length];
        this.left = batches.length;
    }

    void start() {
        if (batches.length == 0) {
            done.run();
            return;
        }
        if (batches.length == 1) {
            append(0);
            return;
        }
        int partitions =
                1 + drafts.stream().mapToInt(BatchDraft::partition).max().orElseThrow();
        boolean[] started = new boolean[partitions];
        for (int i = 0; i < batches.length; i++) {
            int partition = drafts.get(i).partition();
            if (!started[partition]) {
                started[partition] = true;
                append(i);
            }
        }
    }

    /** Where a batch went; empty if it failed. */
    Optional<Appended> appended(int batch) {
        return Optional.ofNullable(appended[batch]);
    }

    /** Why a batch did not get into the log; empty if it did. */
    Optional<Throwable> failure(int batch) {
        return Optional.ofNullable(failures[batch]);
    }

    /** The first failure of all, if there is one. */
    Optional<Throwable> anyFailure() {
        return Arrays.stream(failures).filter(failure -> failure != null).findFirst();
    }

    private void append(int i) {
        RecordBatch batch = batches[i];
        batches[i] = null;
        memory.hold();
        CompletableFuture<Appended> future =
                loop.append(topic, drafts.get(i).partition(), batch, acks, memory::letGo, refusal);
        if (future.isDone()) {
            complete(i, future);
        } else {
            future.whenComplete((result, failure) -> context.runOnContext(v -> complete(i, future)));
        }
    }

    private void complete(int i, CompletableFuture<Appended> future) {
        try {
            appended[i] = future.getNow(null);
        } catch (RuntimeException e) {
            failures[i] = e;
        }
        left--;
        next(i);
        if (left == 0) {
            left = -1;
            done.run();
        }
    }

    /** Goes on with the partition's next batch, or gives up on those that are left. */
    private void next(int i) {
        int partition = drafts.get(i).partition();
        for (int later = i + 1; later < batches.length; later++) {
            if (drafts.get(later).partition() != partition || batches[later] == null) {
                continue;
            }
            if (failures[i] == null) {
                append(later);
                return;
            }
            batches[later] = null;
            failures[later] = refusal.orElseGet(() -> new HttpProblem(
                    409, "not_attempted", "an earlier batch of partition " + partition + " was refused"));
            left--;
        }
    }
}
