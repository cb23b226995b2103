package io.sluice.core.partition;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.AppendListener;
import io.sluice.core.engine.Appended;
import io.sluice.core.record.RecordBatch;
import java.util.concurrent.CompletableFuture;

/** An append on its way through the worker. */
final class Append {
    final Partition partition;
    final RecordBatch batch;
    final Acks acks;
    final CompletableFuture<Appended> answer;
    /** What the answer will be, once the log has staged the batch. */
    Appended outcome;

    /** Whether it no longer counts against the worker's queue. For the worker. */
    boolean isReleased;

    /** What the caller hears of the way. For the worker. */
    final AppendListener listener;

    Append(
            Partition partition,
            RecordBatch batch,
            Acks acks,
            CompletableFuture<Appended> answer,
            AppendListener listener) {
        this.partition = partition;
        this.batch = batch;
        this.acks = acks;
        this.answer = answer;
        this.listener = listener;
    }
}
