package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.MessageView;
import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.QueueView;
import io.sluice.groups.queue.QueueViews.Browsed;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.why.MessageSnapshot;
import io.sluice.server.why.PartitionSnapshot;
import io.sluice.server.why.QueueSnapshot;
import io.sluice.server.why.QueueSnapshot.Head;
import io.sluice.server.why.QueueSnapshot.Holder;
import io.sluice.server.why.QueueSnapshot.Rates;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Queues and messages as they are at one moment, for whoever explains them. Safe on any event loop. */
public final class QueueFacts {
    /** At how many leases it is looked. */
    private static final int MAX_LEASES = 1_000;
    /** At how many messages that wait. */
    private static final int MAX_HEADS = 20;

    private final Broker broker;
    private final QueueCoordinator queues;
    private final Messages messages;
    private final QueueRates rates;
    private final InstantSource clock;

    QueueFacts(Broker broker, QueueCoordinator queues, Messages messages, QueueRates rates, InstantSource clock) {
        this.broker = broker;
        this.queues = queues;
        this.messages = messages;
        this.rates = rates;
        this.clock = clock;
    }

    /** The queue that the path names. */
    public static String named(RoutingContext ctx) {
        return QueueFields.queue(ctx);
    }

    /** A queue; fails with 404 if there is none. */
    public Future<QueueSnapshot> of(RoutingContext ctx, String queue) {
        return JsonAnswer.here(queues.describe(queue)).compose(view -> {
            if (view.error() == QueueError.LOADING || view.error() == QueueError.UNAVAILABLE) {
                return Future.succeededFuture(new QueueSnapshot(
                        queue,
                        clock.millis(),
                        Optional.empty(),
                        partitions(queue),
                        new Rates(0, 0, 0, 0, 0),
                        List.of(),
                        List.of(),
                        "",
                        OptionalLong.empty(),
                        Optional.empty()));
            }
            QueueErrors.require(view.error(), queue);
            Future<List<MessageView>> leased = browse(queue, State.LEASED, MAX_LEASES);
            Future<List<MessageView>> delayed = browse(queue, State.DELAYED, MAX_HEADS);
            Future<List<MessageView>> dying = browse(queue, State.DYING, 1);
            Future<Optional<String>> failure = JsonAnswer.here(queues.deadLetterFailure(queue));
            Future<List<Messages.Seen>> heads = browse(queue, State.WAITING, MAX_HEADS)
                    .compose(some -> messages.seen(ctx, queue, some))
                    // A log that cannot be read says so elsewhere.
                    .otherwise(List.of());
            return Future.all(leased, delayed, dying, heads, failure)
                    .map(all -> snapshot(
                            view,
                            leased.result(),
                            dying.result(),
                            heads(heads.result()),
                            Stream.concat(
                                    delayed.result().stream(),
                                    heads.result().stream().map(Messages.Seen::view)),
                            failure.result()));
        });
    }

    private Future<List<MessageView>> browse(String queue, State state, int limit) {
        return JsonAnswer.here(queues.browse(queue, Set.of(state), Optional.empty(), limit))
                .map(Browsed::messages)
                .map(some -> some.stream().filter(one -> one.state() == state).toList());
    }

    private List<Head> heads(List<Messages.Seen> seen) {
        return seen.stream()
                .map(head -> new Head(
                        head.view().id(),
                        head.state() == State.DELAYED,
                        head.expiresAtMs() <= clock.millis(),
                        head.view().blocker(),
                        head.view()
                                .parked()
                                .map(parked -> OptionalLong.of(parked.atMs()))
                                .orElse(OptionalLong.empty())))
                .toList();
    }

    private QueueSnapshot snapshot(
            QueueView view,
            List<MessageView> leased,
            List<MessageView> dying,
            List<Head> heads,
            Stream<MessageView> comeBack,
            Optional<String> failure) {
        long nowMs = clock.millis();
        QueueRates.Rates now = rates.of(view.id(), view.createdMs(), nowMs);
        Map<String, List<MessageView>> byConsumer =
                leased.stream().collect(Collectors.groupingBy(MessageView::consumer));
        return new QueueSnapshot(
                view.name(),
                nowMs,
                Optional.of(view),
                partitions(view.name()),
                new Rates(now.received(), now.acknowledged(), now.returned(), now.expired(), now.overMs()),
                byConsumer.entrySet().stream()
                        .map(one -> new Holder(
                                one.getKey(),
                                one.getValue().size(),
                                one.getValue().stream()
                                        .mapToLong(MessageView::sinceMs)
                                        .min()
                                        .orElse(nowMs)))
                        .toList(),
                heads,
                comeBack.map(MessageView::reason)
                        .filter(reason -> !reason.isEmpty())
                        .findFirst()
                        .orElse(""),
                dying.stream().mapToLong(MessageView::sinceMs).min(),
                failure);
    }

    private List<PartitionSnapshot> partitions(String queue) {
        List<PartitionSnapshot> all = new ArrayList<>();
        int count = broker.topic(queue).map(Topic::partitions).orElse(0);
        for (int i = 0; i < count; i++) {
            TopicPartition partition = new TopicPartition(queue, i);
            try {
                PartitionLog log = broker.partition(partition);
                all.add(PartitionSnapshot.readable(partition, log.logStartOffset(), log.highWatermark()));
            } catch (BrokerException e) {
                all.add(new PartitionSnapshot(partition, Optional.of(e.getMessage()), false, 0, 0));
            }
        }
        return all;
    }

    /** The message that the path names; fails with 404 if there is none. */
    public Future<MessageSnapshot> message(RoutingContext ctx, String queue) {
        MessageId id = Messages.id(ctx);
        return JsonAnswer.here(queues.message(queue, id)).compose(found -> {
            QueueErrors.require(found.error(), queue);
            MessageView view = found.message();
            if (view.state() == State.UNKNOWN) {
                throw QueueErrors.problem(QueueError.UNKNOWN_MESSAGE, queue);
            }
            return Future.all(of(ctx, queue), messages.seen(ctx, queue, List.of(view)))
                    .map(all -> {
                        List<Messages.Seen> seen = all.resultAt(1);
                        Messages.Seen one = seen.get(0);
                        return new MessageSnapshot(
                                all.resultAt(0),
                                view,
                                one.state(),
                                one.deliverAtMs(),
                                one.expiresAtMs(),
                                view.blocker());
                    });
        });
    }
}
