package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.vertx.core.Context;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Tells when the partitions of one queue's topic become longer: one wait for each, however many listen. Owned by the context that it is given.
 */
final class QueueWatch {
    private static final long WAIT_MS = 60_000;
    /** A partition is looked at no more often: what comes meanwhile is told together. */
    private static final long REST_MS = 20;
    /** After what time it is looked again for what was not there. */
    private static final long RETRY_MS = 1_000;

    private final Context context;
    private final Broker broker;
    private final UUID topic;
    private final Consumer<Notice> listener;
    private final Map<Integer, CompletableFuture<Boolean>> waits = new HashMap<>();
    /** Up to where each partition has been told of. */
    private final Map<Integer, Long> told = new HashMap<>();

    private final long timer;
    private boolean closed;

    /** @param listener told on the context */
    QueueWatch(Context context, Broker broker, UUID topic, Consumer<Notice> listener) {
        this.context = context;
        this.broker = broker;
        this.topic = topic;
        this.listener = listener;
        this.timer = context.owner().setPeriodic(RETRY_MS, tick -> begin());
        begin();
    }

    /** Begins with partitions that are not watched yet. */
    private void begin() {
        int partitions = broker.topic(topic).map(Topic::partitions).orElse(0);
        for (int i = 0; i < partitions && !closed; i++) {
            if (!waits.containsKey(i)) {
                try {
                    PartitionLog log = log(i);
                    await(i, log, Math.min(told.getOrDefault(i, Long.MAX_VALUE), log.highWatermark()));
                } catch (BrokerException e) {
                    // It is closed at the moment.
                }
            }
        }
    }

    private PartitionLog log(int partition) {
        String name = broker.topic(topic).map(Topic::name).orElse("");
        return broker.partition(new TopicPartition(name, partition));
    }

    private void await(int partition, PartitionLog log, long end) {
        told.put(partition, end);
        CompletableFuture<Boolean> wait = log.awaitBeyond(end, 1, WAIT_MS);
        waits.put(partition, wait);
        wait.whenComplete((found, failure) -> context.runOnContext(v -> {
            if (closed) {
                return;
            }
            if (failure != null) {
                // The next look finds out what became of it.
                waits.remove(partition);
                return;
            }
            long now = log.highWatermark();
            told.put(partition, now);
            if (now > end) {
                listener.accept(Notice.sent(partition, end, now));
            }
            context.owner().setTimer(REST_MS, rested -> {
                if (!closed) {
                    again(partition, log, now);
                }
            });
        }));
    }

    private void again(int partition, PartitionLog log, long end) {
        try {
            await(partition, log, end);
        } catch (BrokerException e) {
            waits.remove(partition);
        }
    }

    void close() {
        closed = true;
        context.owner().cancelTimer(timer);
        waits.values().forEach(wait -> wait.cancel(false));
    }
}
