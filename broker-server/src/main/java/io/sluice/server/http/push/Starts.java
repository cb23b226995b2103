package io.sluice.server.http.push;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.core.topic.Topic;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.http.HttpProblem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Finds where a subscription begins in each of its partitions. On the event loop. */
final class Starts {
    private static final long OPENING_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long OPENING_POLL_MS = 10;

    private final PushLoop loop;

    Starts(PushLoop loop) {
        this.loop = loop;
    }

    /**
     * The first offsets wanted, or {@link Place#BEGINNING}.
     *
     * @return fails with 400 invalid_cursor or too_many_partitions, or if a partition cannot be read
     */
    Future<Map<TopicIdPartition, Long>> of(List<Topic> topics, From from) {
        int partitions = topics.stream().mapToInt(Topic::partitions).sum();
        if (partitions > PushLimits.MAX_PARTITIONS) {
            return Future.failedFuture(new HttpProblem(
                    400,
                    "too_many_partitions",
                    "the topics have " + partitions + " partitions together; one subscription may have "
                            + PushLimits.MAX_PARTITIONS));
        }
        try {
            requireOwn(topics, from);
        } catch (HttpProblem e) {
            return Future.failedFuture(e);
        }
        Map<TopicIdPartition, Long> starts = new LinkedHashMap<>();
        List<Future<?>> all = new ArrayList<>();
        for (Topic topic : topics) {
            for (int i = 0; i < topic.partitions(); i++) {
                TopicIdPartition id = new TopicIdPartition(topic.id(), i);
                starts.put(id, Place.BEGINNING);
                all.add(start(new TopicPartition(topic.name(), i), id, from).onSuccess(at -> starts.put(id, at)));
            }
        }
        return Future.all(all).map(starts);
    }

    /** A cursor of other topics is a mistake; one of a topic that was deleted since is not. */
    private void requireOwn(List<Topic> topics, From from) {
        Broker broker = loop.broker;
        boolean hasAny = from.offsets().keySet().stream()
                .anyMatch(id -> topics.stream().anyMatch(topic -> topic.id().equals(id.topicId())));
        if (!hasAny) {
            from.offsets().keySet().stream()
                    .flatMap(id -> broker.topic(id.topicId()).stream())
                    .findFirst()
                    .ifPresent(other -> {
                        throw PushCursor.invalid("it is of topic " + other.name());
                    });
        }
    }

    private Future<Long> start(TopicPartition partition, TopicIdPartition id, From from) {
        if (from.kind() == From.Kind.CURSOR) {
            // A partition that came later is read from its beginning.
            return Future.succeededFuture(from.offsets().getOrDefault(id, Place.BEGINNING));
        }
        if (from.kind() == From.Kind.EARLIEST) {
            return Future.succeededFuture(Place.BEGINNING);
        }
        Promise<PartitionLog> open = Promise.promise();
        find(partition, System.nanoTime() + OPENING_NS, open);
        return open.future()
                .compose(log -> from.kind() == From.Kind.LATEST
                        ? Future.succeededFuture(log.highWatermark())
                        : Future.fromCompletionStage(log.offsetForTimestamp(from.timeMs()), loop.context)
                                .map(found ->
                                        found.map(TimestampedOffset::offset).orElseGet(log::highWatermark)));
    }

    /** A topic is known a moment before its partitions are open. */
    private void find(TopicPartition partition, long deadlineNs, Promise<PartitionLog> open) {
        try {
            open.complete(loop.broker.partition(partition));
        } catch (BrokerException e) {
            if (e.code() == ErrorCode.NOT_OWNER && System.nanoTime() < deadlineNs) {
                loop.vertx.setTimer(OPENING_POLL_MS, timer -> find(partition, deadlineNs, open));
            } else {
                open.fail(e);
            }
        }
    }
}
