package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.groups.queue.QueueEvent;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.queue.QueueListener;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Tells the listeners of queues what happens to these. Safe on any thread; where queues run it only passes on. */
final class QueueHub implements QueueListener {
    /** How many notices may wait for all listeners together. */
    private static final int MAX_WAITING = 200_000;

    private final Broker broker;
    /** Of the watches. */
    private final Context context;

    private final Map<UUID, List<QueueStream>> streams = new ConcurrentHashMap<>();
    /** Of the context. */
    private final Map<UUID, QueueWatch> watches = new ConcurrentHashMap<>();

    private final AtomicInteger waiting = new AtomicInteger();

    QueueHub(Vertx vertx, Broker broker) {
        this.broker = broker;
        this.context = vertx.getOrCreateContext();
    }

    /** Where the notices of one listener wait. */
    NoticeBuffer buffer() {
        return new NoticeBuffer(waiting, MAX_WAITING);
    }

    void add(QueueStream stream) {
        streams.compute(stream.queueId(), (id, known) -> {
            List<QueueStream> some = known == null ? new CopyOnWriteArrayList<>() : known;
            some.add(stream);
            return some;
        });
        context.runOnContext(v -> watch(stream.queueId()));
    }

    void remove(QueueStream stream) {
        streams.computeIfPresent(stream.queueId(), (id, some) -> {
            some.remove(stream);
            return some.isEmpty() ? null : some;
        });
        context.runOnContext(v -> watch(stream.queueId()));
    }

    /** A queue is watched as long as somebody wants to hear of new work. */
    private void watch(UUID queue) {
        boolean isWanted = of(queue).stream().anyMatch(stream -> stream.wants(Notice.Kind.SENT));
        if (!isWanted) {
            QueueWatch watch = watches.remove(queue);
            if (watch != null) {
                watch.close();
            }
        } else if (!watches.containsKey(queue)) {
            watches.put(queue, new QueueWatch(context, broker, queue, notice -> sent(queue, notice)));
        }
    }

    private List<QueueStream> of(UUID queue) {
        return streams.getOrDefault(queue, List.of());
    }

    private void sent(UUID queue, Notice notice) {
        for (QueueStream stream : of(queue)) {
            if (stream.wants(Notice.Kind.SENT)) {
                stream.offer(1, () -> List.of(notice));
            }
        }
    }

    @Override
    public void happened(QueueEvent event) {
        List<QueueStream> some = streams.get(event.queue());
        if (some == null) {
            return;
        }
        for (QueueStream stream : some) {
            if (event instanceof Deleted) {
                stream.queueDeleted();
            } else {
                stream.happened(event);
            }
        }
    }
}
