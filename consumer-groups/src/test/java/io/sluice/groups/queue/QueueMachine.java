package io.sluice.groups.queue;

import io.sluice.groups.shard.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A queue in a world without disks and clocks: the test says what time it is, what lies in the log, and when the broker starts again. Events go
 * through their bytes, and answers leave when the turn is over.
 */
final class QueueMachine {
    private static final UUID ID = new UUID(7, 9);

    final List<List<Arrival>> log = new ArrayList<>();
    final QueueLimits limits;
    private final SplittableRandom random;
    private final List<byte[]> events = new ArrayList<>();
    private final List<Runnable> answers = new ArrayList<>();
    private Agenda agenda = new Agenda();
    private Queue queue;
    private final QueueConfig first;
    /** Told of each event before it is applied. */
    Consumer<QueueEvent> onEvent = event -> {};

    private long nowMs = 1_700_000_000_000L;
    private final Feeding feeding = new Feeding() {
        @Override
        public void wants(Queue hungry) {}

        @Override
        public void condemned(Queue dying) {}

        @Override
        public void jobs(Queue of) {}

        @Override
        public int partitions(Queue of) {
            return log.size();
        }

        @Override
        public long end(Queue of, int partition) {
            return QueueMachine.this.end(partition);
        }
    };

    QueueMachine(int partitions, QueueConfig config, QueueLimits limits, SplittableRandom random) {
        this.random = random;
        this.limits = limits;
        this.first = config;
        this.queue = new Queue(ID, "q", config, limits, agenda, feeding);
        for (int i = 0; i < partitions; i++) {
            log.add(new ArrayList<>());
        }
        queue.begin(nowMs);
    }

    Queue queue() {
        return queue;
    }

    long nowMs() {
        return nowMs;
    }

    int events() {
        return events.size();
    }

    void turn(Consumer<QueueEffects> turn) {
        turn.accept(effects());
        List<Runnable> ready = List.copyOf(answers);
        answers.clear();
        ready.forEach(Runnable::run);
    }

    private QueueEffects effects() {
        return new QueueEffects() {
            @Override
            public long nowMs() {
                return nowMs;
            }

            @Override
            public long lot() {
                return random.nextLong();
            }

            @Override
            public void record(QueueEvent event) {
                byte[] bytes = QueueEvents.encode(event);
                events.add(bytes);
                onEvent.accept(event);
                queue.apply(QueueEvents.decode(ByteBuffer.wrap(bytes)));
            }

            @Override
            public <T> void answer(Reply<T> reply, T answer) {
                answers.add(() -> reply.send(answer));
            }
        };
    }

    /** A queue of which only the usual is set. */
    static QueueConfig config(
            int maxDeliveries,
            Backoff backoff,
            Optional<String> deadLetterQueue,
            long ttlMs,
            QueueConfig.Order order,
            int maxInFlight) {
        return new QueueConfig(
                30_000, maxDeliveries, backoff, deadLetterQueue, 0, ttlMs, order, maxInFlight, 0, 0, 0, -1);
    }

    /** The next offset of a partition. */
    long end(int partition) {
        List<Arrival> all = log.get(partition);
        return all.isEmpty() ? 0 : all.get(all.size() - 1).offset() + 1;
    }

    /** Reads the log, in pieces of any size, as far as the queue wants it. */
    void read() {
        for (int partition = 0; partition < log.size(); partition++) {
            OptionalLong from = queue.nextToRead(partition);
            while (from.isPresent() && from.getAsLong() < end(partition)) {
                long to = Math.min(end(partition), from.getAsLong() + random.nextInt(1, 20));
                long begin = from.getAsLong();
                List<Arrival> found = found(partition, begin, to);
                int at = partition;
                turn(effects -> queue.feed(at, begin, to, found, effects));
                from = queue.nextToRead(partition);
            }
        }
    }

    private List<Arrival> found(int partition, long from, long to) {
        List<Arrival> all = log.get(partition);
        return all.subList(indexOf(all, from), indexOf(all, to));
    }

    /** The first message at or behind an offset. */
    private static int indexOf(List<Arrival> all, long offset) {
        int low = 0;
        int high = all.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (all.get(middle).offset() < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The next thing that happens of itself. */
    void step() {
        nowMs = Math.max(nowMs, agenda.nextMs());
        turn(agenda::run);
        read();
    }

    /** Lets time pass, and whatever happens meanwhile. */
    void pass(long ms) {
        long untilMs = nowMs + ms;
        while (agenda.nextMs() <= untilMs) {
            nowMs = Math.max(nowMs, agenda.nextMs());
            turn(agenda::run);
            read();
        }
        nowMs = untilMs;
    }

    /** The broker ends without a warning, and another replays what was written down. */
    void restart() {
        answers.clear();
        agenda = new Agenda();
        queue = new Queue(ID, "q", first, limits, agenda, feeding);
        events.forEach(event -> queue.apply(QueueEvents.decode(ByteBuffer.wrap(event))));
        queue.begin(nowMs);
    }

    /** All of the state, as a text. */
    String all() {
        StringBuilder text = new StringBuilder(durable());
        for (Window window : queue.windows()) {
            text.append("\n")
                    .append(window.partition)
                    .append(" scanned ")
                    .append(window.scanned)
                    .append(" of ")
                    .append(end(window.partition))
                    .append(" unread ")
                    .append(window.unread)
                    .append(" soon ")
                    .append(window.soon.keySet())
                    .append(" loaded ")
                    .append(window.loaded.keySet());
            window.lanes
                    .values()
                    .forEach(lane -> text.append("\n   lane ")
                            .append(lane.key)
                            .append(lane.inRing ? " in ring" : "")
                            .append(" fresh ")
                            .append(lane.freshCount())
                            .append(" overflow ")
                            .append(lane.overflow));
        }
        return text + "\nwants " + queue.nextToRead(0) + " limits " + limits;
    }

    /** All of the state that has to survive, as a text. */
    String durable() {
        StringBuilder text = new StringBuilder();
        queue.windows().stream()
                .filter(window -> window.frontier > 0)
                .sorted((one, other) -> Integer.compare(one.partition, other.partition))
                .forEach(window -> {
                    text.append(window.partition)
                            .append(" to ")
                            .append(window.frontier)
                            .append(" open ")
                            .append(window.open);
                    window.delayed
                            .byWakeMs()
                            .tailMap(nowMs, false)
                            .forEach((at, sleeping) -> text.append("\n  asleep ")
                                    .append(at)
                                    .append(' ')
                                    .append(sleeping));
                    window.held.values().stream()
                            .sorted((one, other) -> Long.compare(one.id.offset(), other.id.offset()))
                            .forEach(message -> text.append("\n  ")
                                    .append(message.id)
                                    .append(' ')
                                    .append(message.state)
                                    .append(' ')
                                    .append(message.deliveries)
                                    .append(' ')
                                    .append(message.consumer)
                                    .append(' ')
                                    .append(message.nonce)
                                    .append(' ')
                                    .append(message.sinceMs)
                                    .append(' ')
                                    .append(message.untilMs)
                                    .append(' ')
                                    .append(message.firstReceivedMs)
                                    .append(' ')
                                    .append(message.attempts));
                    text.append('\n');
                });
        QueueCounters counters = queue.counters();
        return text.append(counters.delivered)
                .append(' ')
                .append(counters.acknowledged)
                .append(' ')
                .append(counters.returned)
                .append(' ')
                .append(counters.dead)
                .append(' ')
                .append(counters.expired)
                .append(' ')
                .append(counters.dropped)
                .append(' ')
                .append(counters.gone)
                .append(' ')
                .append(queue.config())
                .append(queue.isPaused())
                .toString();
    }
}
