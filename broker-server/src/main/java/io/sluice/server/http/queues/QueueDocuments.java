package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueView;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.RecordFinder;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Queues as JSON. Safe on any event loop. */
final class QueueDocuments {
    /** Of how many partitions something is read from the log. */
    private static final int MAX_PARTITIONS = 64;

    private static final long MAX_WAIT_MS = 250;
    private static final long RATE_MS = 60_000;

    private final Broker broker;
    private final RecordAccess records;
    private final QueueRates rates;
    private final InstantSource clock;

    QueueDocuments(Broker broker, RecordAccess records, QueueRates rates, InstantSource clock) {
        this.broker = broker;
        this.records = records;
        this.rates = rates;
        this.clock = clock;
    }

    /** How many partitions a queue has; 0 if its topic is being deleted. */
    int partitions(QueueView queue) {
        return broker.topic(queue.id()).map(Topic::partitions).orElse(0);
    }

    /** A line in a list. */
    JsonObject summary(QueueView queue) {
        return new JsonObject()
                .put("name", queue.name())
                .put("id", queue.id().toString())
                .put("partitions", partitions(queue))
                .put("paused", queue.paused())
                .put("created_at", queue.createdMs())
                .put("modified_at", queue.changedMs())
                .put("messages", messages(queue))
                .put("lag", queue.unfinished())
                .put("receivers", queue.receivers());
    }

    private static JsonObject messages(QueueView queue) {
        return new JsonObject()
                .put("visible", queue.waiting())
                .put("in_flight", queue.leased())
                .put("delayed", queue.delayed())
                .put("dying", queue.condemned());
    }

    /** All there is to say about a queue. */
    Future<JsonObject> description(RoutingContext ctx, QueueView queue) {
        long nowMs = clock.millis();
        Future<Optional<Oldest>> oldest = oldest(ctx, queue);
        Future<Optional<Double>> sent = sentRate(queue, nowMs);
        return Future.all(oldest, sent).map(both -> {
            JsonObject document = summary(queue)
                    .put("settings", QueueFields.document(queue.config(), partitions(queue)))
                    .put("bounds", QueueFields.bounds(queue.name()))
                    .put(
                            "counters",
                            new JsonObject()
                                    .put("sent", queue.sent())
                                    .put("received", queue.counts().delivered())
                                    .put("acknowledged", queue.counts().acknowledged())
                                    .put("returned", queue.counts().returned())
                                    .put("dead", queue.counts().dead())
                                    .put("expired", queue.counts().expired())
                                    .put("dropped", queue.counts().dropped())
                                    .put("gone", queue.counts().gone()))
                    .put(
                            "oldest",
                            oldest.result()
                                    .map(one -> new JsonObject()
                                            .put("id", one.id().toString())
                                            .put("enqueued_at", one.enqueuedMs())
                                            .put("age_ms", Math.max(0, nowMs - one.enqueuedMs())))
                                    .orElse(null))
                    .put("rates", rates(queue, sent.result(), nowMs));
            JsonArray sessions = new JsonArray();
            queue.sessions().stream()
                    .sorted(Comparator.comparing(QueueView.SessionView::consumer))
                    .forEach(session -> sessions.add(new JsonObject()
                            .put("consumer", session.consumer())
                            .put("messages", session.messages())
                            .put("session_timeout_ms", session.timeoutMs())
                            .put("expires_at", session.expiresMs())));
            document.put("sessions", sessions);
            document.put("unfinished_bytes", queue.unfinishedBytes()).put("pinned_bytes", queue.pinnedBytes());
            if (queue.askedMs() > 0) {
                document.put("received_at", queue.askedMs());
            }
            if (queue.nextDueMs() != Long.MAX_VALUE) {
                document.put("next_due_at", queue.nextDueMs());
            }
            return document;
        });
    }

    private JsonObject rates(QueueView queue, Optional<Double> sent, long nowMs) {
        QueueRates.Rates now = rates.of(queue.id(), queue.createdMs(), nowMs);
        JsonObject document = new JsonObject();
        sent.ifPresent(rate -> document.put("sent", rate));
        return document.put("received", now.received())
                .put("acknowledged", now.acknowledged())
                .put("returned", now.returned())
                .put("expired", now.expired())
                .put("measured_ms", now.overMs());
    }

    // ---- what the log tells ----

    /** A message that waits, and since when. */
    private record Oldest(MessageId id, long enqueuedMs) {}

    private Optional<PartitionLog> log(QueueView queue, int partition) {
        try {
            // Another topic may have the name of one that was deleted.
            return broker.topic(queue.id()).map(topic -> broker.partition(topic.name(), partition));
        } catch (BrokerException e) {
            return Optional.empty();
        }
    }

    private Future<Optional<Oldest>> oldest(RoutingContext ctx, QueueView queue) {
        List<Oldest> found = new ArrayList<>();
        List<Future<?>> reads = new ArrayList<>();
        queue.oldest().values().stream()
                .sorted(Comparator.comparing(MessageId::partition))
                .limit(MAX_PARTITIONS)
                .forEach(id -> log(queue, id.partition())
                        .filter(log -> id.offset() >= log.logStartOffset() && id.offset() < log.highWatermark())
                        .ifPresent(log -> reads.add(new RecordFinder(records, ctx, log)
                                .time(id.offset())
                                .onSuccess(time -> time.ifPresent(ms -> found.add(new Oldest(id, ms)))))));
        return done(reads).map(nothing -> found.stream().min(Comparator.comparingLong(Oldest::enqueuedMs)));
    }

    /** What was sent in the last minute, by the times of the messages; empty if that is not known. */
    private Future<Optional<Double>> sentRate(QueueView queue, long nowMs) {
        int partitions = partitions(queue);
        if (partitions > MAX_PARTITIONS) {
            return Future.succeededFuture(Optional.empty());
        }
        List<Future<?>> reads = new ArrayList<>();
        long[] sent = new long[partitions];
        for (int i = 0; i < partitions; i++) {
            int partition = i;
            log(queue, i).ifPresent(log -> {
                long end = log.highWatermark();
                reads.add(JsonAnswer.here(log.offsetForTimestamp(nowMs - RATE_MS))
                        .onSuccess(first -> sent[partition] =
                                first.map(at -> Math.max(0, end - at.offset())).orElse(0L)));
            });
        }
        return done(reads).map(nothing -> {
            long all = 0;
            for (long some : sent) {
                all += some;
            }
            long overMs = Math.max(1_000, Math.min(RATE_MS, nowMs - queue.createdMs()));
            return Optional.of(QueueRates.perSecond(all, overMs));
        });
    }

    /** Those that fail are missing, and those that take too long. */
    private static Future<Void> done(List<Future<?>> reads) {
        return reads.isEmpty()
                ? Future.succeededFuture()
                : Future.join(reads)
                        .timeout(MAX_WAIT_MS, TimeUnit.MILLISECONDS)
                        .<Void>mapEmpty()
                        .otherwiseEmpty();
    }
}
