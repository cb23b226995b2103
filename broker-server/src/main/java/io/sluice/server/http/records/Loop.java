package io.sluice.server.http.records;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What the handlers of one event loop share. Only that loop touches the parser, the output and the partitioners; the
 * rest is safe on any thread.
 */
final class Loop {
    private static final int OUTPUT_BYTES = 16 * 1024;
    private static final long OPENING_POLL_MS = 10;
    private static final long OPENING_NS = TimeUnit.SECONDS.toNanos(2);

    final Vertx vertx;
    final Broker broker;
    final Codecs codecs;
    final RecordLimits limits;
    final MemoryBudget budget;
    final RecordMetrics metrics;
    final RecordParser parser = new RecordParser();
    final Partitioner.PerTopic partitioners = new Partitioner.PerTopic();
    final JsonOutput output = new JsonOutput(OUTPUT_BYTES);

    Loop(Vertx vertx, Broker broker, Codecs codecs, RecordLimits limits, MemoryBudget budget, RecordMetrics metrics) {
        this.vertx = vertx;
        this.broker = broker;
        this.codecs = codecs;
        this.limits = limits;
        this.budget = budget;
        this.metrics = metrics;
    }

    /**
     * The log of a partition. A topic is known a moment before its partitions are open: who comes in that moment waits,
     * instead of being sent away. Fails as {@link Broker#partition(String, int)} does; on the event loop.
     */
    CompletableFuture<PartitionLog> whenOpen(String topic, int partition) {
        CompletableFuture<PartitionLog> log = new CompletableFuture<>();
        find(topic, partition, System.nanoTime() + OPENING_NS, log);
        return log;
    }

    private void find(String topic, int partition, long deadlineNs, CompletableFuture<PartitionLog> log) {
        try {
            log.complete(broker.partition(topic, partition));
        } catch (BrokerException e) {
            if (e.code() == ErrorCode.NOT_OWNER && System.nanoTime() < deadlineNs) {
                vertx.setTimer(OPENING_POLL_MS, timer -> find(topic, partition, deadlineNs, log));
            } else {
                log.completeExceptionally(e);
            }
        }
    }

    /**
     * As {@link #append(String, int, RecordBatch, Acks, Runnable)}, unless nothing may be added.
     *
     * @param refusal why not, if so: a batch that is in the log already is answered with where it is, and any other fails with this
     */
    CompletableFuture<Appended> append(
            String topic,
            int partition,
            RecordBatch batch,
            Acks acks,
            Runnable released,
            Optional<HttpProblem> refusal) {
        if (refusal.isEmpty()) {
            return append(topic, partition, batch, acks, released);
        }
        if (!batch.hasProducerId()) {
            // Nothing tells it from any other.
            released.run();
            return CompletableFuture.failedFuture(refusal.get());
        }
        return whenOpen(topic, partition)
                .thenCompose(log -> log.find(batch))
                .whenComplete((found, failure) -> released.run())
                .thenApply(found -> found.orElseThrow(refusal::get));
    }

    /** As {@link Broker#append}, but a partition that is being opened is waited for; on the event loop. */
    CompletableFuture<Appended> append(String topic, int partition, RecordBatch batch, Acks acks, Runnable released) {
        if (TopicName.isInternal(topic)) {
            return broker.append(topic, partition, batch, acks, released::run);
        }
        PartitionLog log;
        try {
            log = broker.partition(topic, partition);
        } catch (BrokerException e) {
            return whenOpen(topic, partition)
                    .whenComplete((open, refused) -> {
                        if (refused != null) {
                            released.run();
                        }
                    })
                    .thenCompose(open -> open.append(batch, acks, released::run));
        }
        return log.append(batch, acks, released::run);
    }
}
