package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.queue.QueueListener;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Tells the listeners of queues what happens to these. Safe on any thread; where queues run it only passes on. */
final class QueueHub implements QueueListener {
    /** How many notices may wait for all listeners together. */
    private static final int MAX_WAITING = 200_000;
    /** How many may be remembered of all queues together. */
    private static final int MAX_REMEMBERED = 50_000;

    private final Broker broker;
    /** Of the watches. */
    private final Context context;

    private final Map<UUID, Chronicle> chronicles = new ConcurrentHashMap<>();
    /** Of the context. */
    private final Map<UUID, QueueWatch> watches = new ConcurrentHashMap<>();

    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger remembered = new AtomicInteger();

    QueueHub(Vertx vertx, Broker broker) {
        this.broker = broker;
        this.context = vertx.getOrCreateContext();
    }

    /** Where the notices of one listener wait. */
    NoticeBuffer buffer() {
        return new NoticeBuffer(waiting, MAX_WAITING);
    }

    /**
     * Somebody listens.
     *
     * @param after the last place of which it has heard
     */
    void add(QueueStream stream, Optional<String> after) {
        chronicles.compute(stream.queueId(), (id, known) -> {
            Chronicle chronicle = known == null ? new Chronicle(remembered, MAX_REMEMBERED, System::nanoTime) : known;
            stream.joined(chronicle, chronicle.add(stream, after));
            return chronicle;
        });
        context.runOnContext(v -> watch(stream.queueId()));
    }

    void remove(QueueStream stream) {
        UUID queue = stream.queueId();
        chronicles.computeIfPresent(queue, (id, chronicle) -> {
            chronicle.remove(stream);
            return chronicle;
        });
        try {
            context.runOnContext(v -> context.owner().setTimer(Chronicle.KEPT_MS, later -> forget(queue)));
        } catch (RejectedExecutionException e) {
            // The broker has stopped, this event loop before that of the stream: nobody comes back, and nothing need be
            // forgotten.
            return;
        }
    }

    /** Of a queue to which nobody has listened for some time. */
    private void forget(UUID queue) {
        chronicles.computeIfPresent(queue, (id, chronicle) -> {
            if (!chronicle.isOver()) {
                return chronicle;
            }
            chronicle.forget();
            return null;
        });
        watch(queue);
    }

    /** A queue is watched as long as somebody wants to hear of new work, or may come back for it. */
    private void watch(UUID queue) {
        Chronicle chronicle = chronicles.get(queue);
        boolean isWanted = chronicle != null && chronicle.hearsOfWork();
        if (!isWanted) {
            QueueWatch watch = watches.remove(queue);
            if (watch != null) {
                watch.close();
            }
        } else if (!watches.containsKey(queue)) {
            watches.put(queue, new QueueWatch(context, broker, queue, notice -> sent(queue, notice)));
        }
    }

    private void sent(UUID queue, Notice notice) {
        Chronicle chronicle = chronicles.get(queue);
        if (chronicle != null) {
            chronicle.happened(notice);
        }
    }

    @Override
    public void happened(QueueEvent event, UnaryOperator<MessageId> names) {
        if (event instanceof Deleted) {
            deleted(event.queue());
            return;
        }
        Chronicle chronicle = chronicles.get(event.queue());
        if (chronicle != null) {
            chronicle.happened(event, names);
        }
    }

    /** Nobody joins a chronicle that has ended: it is gone in the same step. */
    private void deleted(UUID queue) {
        chronicles.computeIfPresent(queue, (id, chronicle) -> {
            chronicle.end();
            return null;
        });
        context.runOnContext(v -> watch(queue));
    }
}
