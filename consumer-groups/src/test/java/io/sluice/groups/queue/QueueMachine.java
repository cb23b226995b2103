package io.sluice.groups.queue;

import io.sluice.groups.shard.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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
    final QueueMemory memory;
    private final SplittableRandom random;
    private final List<byte[]> events = new ArrayList<>();
    private final List<Runnable> answers = new ArrayList<>();
    /** How many of the events are not needed any more. */
    private int trimmed;

    /** Whether the log has lost its end. */
    private boolean isCut;

    private QueueShard shard;
    /** Told of each event before it is applied. */
    Consumer<QueueEvent> onEvent = event -> {};

    private long nowMs = 1_700_000_000_000L;
    private final Feeding feeding = new NoFeeding() {
        @Override
        public OptionalLong foundEnd(Queue of, int partition) {
            return isCut ? OptionalLong.of(QueueMachine.this.end(partition)) : OptionalLong.empty();
        }

        @Override
        public int partitions(Queue of) {
            return log.size();
        }

        @Override
        public long end(Queue of, int partition) {
            return QueueMachine.this.end(partition);
        }

        @Override
        public long bytes(Queue of, int partition, long messages) {
            return 100 * messages;
        }

        @Override
        public boolean isConnected(Queue of, String consumer) {
            return connected.contains(consumer);
        }
    };

    /** Consumers that have an open connection. */
    final Set<String> connected = new HashSet<>();

    /** Nobody reads; the test does. */
    static class NoFeeding implements Feeding {
        @Override
        public void wants(Queue hungry) {}

        @Override
        public void condemned(Queue dying) {}

        @Override
        public void jobs(Queue of) {}

        @Override
        public OptionalLong foundEnd(Queue of, int partition) {
            return OptionalLong.empty();
        }

        @Override
        public void joined(UUID of, int partition) {}

        @Override
        public int partitions(Queue of) {
            return 1;
        }

        @Override
        public long end(Queue of, int partition) {
            return 0;
        }

        @Override
        public boolean canRead(Queue of, int partition) {
            return true;
        }

        @Override
        public List<QueueView.Unreadable> unreadable(Queue of) {
            return List.of();
        }

        @Override
        public void forget(Queue ended) {}

        @Override
        public long bytes(Queue of, int partition, long messages) {
            return 100 * messages;
        }

        @Override
        public boolean isConnected(Queue of, String consumer) {
            return false;
        }
    }

    QueueMachine(int partitions, QueueConfig config, QueueLimits limits, SplittableRandom random) {
        this.random = random;
        this.limits = limits;
        this.memory = new QueueMemory(limits, 1_000_000, 64 * 1024 * 1024, Long.MAX_VALUE);
        for (int i = 0; i < partitions; i++) {
            log.add(new ArrayList<>());
        }
        this.shard = shard();
        turn(effects -> shard.create(ID, "q", config, Collections.nCopies(partitions, 0L), view -> {}, effects));
    }

    private QueueShard shard() {
        return new QueueShard(memory, feeding, new HashMap<>(), Long.MAX_VALUE);
    }

    Queue queue() {
        return shard.find("q").orElseThrow();
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
                // Some events before it may be on their way to the log, so that its end is not known to be where it is.
                int end = random.nextInt(Math.max(trimmed, events.size() - 5), events.size() + 1);
                events.add(bytes);
                onEvent.accept(event);
                shard.apply(QueueEvents.decode(ByteBuffer.wrap(bytes)), end, bytes.length);
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
        // What was read of one may make the queue want more of another.
        while (readOnce()) {}
    }

    private boolean readOnce() {
        boolean hasRead = false;
        for (int partition = 0; partition < log.size(); partition++) {
            OptionalLong from = queue().nextToRead(partition);
            while (from.isPresent() && from.getAsLong() < end(partition)) {
                long to = Math.min(end(partition), from.getAsLong() + random.nextInt(1, 20));
                long begin = from.getAsLong();
                List<Arrival> found = found(partition, begin, to);
                int at = partition;
                turn(effects -> queue().feed(at, begin, to, found, effects));
                from = queue().nextToRead(partition);
                hasRead = true;
            }
        }
        return hasRead;
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
        nowMs = Math.max(nowMs, shard.nextTimerMs());
        turn(shard::tick);
        read();
    }

    /** Lets time pass, and whatever happens meanwhile. */
    void pass(long ms) {
        long untilMs = nowMs + ms;
        while (shard.nextTimerMs() <= untilMs) {
            nowMs = Math.max(nowMs, shard.nextTimerMs());
            turn(shard::tick);
            read();
        }
        nowMs = untilMs;
    }

    /** The broker ends without a warning, and another replays what was written down. */
    void restart() {
        answers.clear();
        memory.forget(queue());
        shard = shard();
        for (int i = trimmed; i < events.size(); i++) {
            byte[] event = events.get(i);
            shard.apply(QueueEvents.decode(ByteBuffer.wrap(event)), i, event.length);
        }
        turn(shard::begin);
    }

    /** The machine goes down, and the log of a partition loses what was not synced: some of its last messages. */
    void restartWithout(int partition, int messages) {
        List<Arrival> all = log.get(partition);
        all.subList(all.size() - messages, all.size()).clear();
        isCut = true;
        restart();
        isCut = false;
    }

    /** The state is written down as a whole, and what that makes unnecessary is cut off, or a part of it. */
    void checkpoint() {
        turn(effects -> shard.checkpoint(queue(), effects));
        trimmed = random.nextInt(trimmed, (int) shard.neededFrom() + 1);
    }

    /** The records before an offset are deleted; there must be others behind it. */
    void trimLog(int partition, long before) {
        List<Arrival> all = log.get(partition);
        all.subList(0, indexOf(all, before)).clear();
        turn(effects -> queue().logBegins(partition, before, effects));
    }

    /** The broker ends while it writes the state down: the last pieces of that are missing. */
    void restartInCheckpoint(int missing) {
        int before = events.size();
        turn(effects -> shard.checkpoint(queue(), effects));
        int to = Math.max(before, events.size() - missing);
        events.subList(to, events.size()).clear();
        restart();
    }

    /** All of the state, as a text. */
    String all() {
        StringBuilder text = new StringBuilder(durable());
        for (Window window : queue().windows()) {
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
        return text + "\nwants " + queue().nextToRead(0) + " limits " + limits;
    }

    /** All of the state that has to survive, as a text. */
    String durable() {
        StringBuilder text = new StringBuilder();
        Queue queue = queue();
        queue.windows().stream()
                .filter(window -> window.frontier > 0)
                .sorted((one, other) -> Integer.compare(one.partition, other.partition))
                .forEach(window -> {
                    text.append(window.partition)
                            .append(" to ")
                            .append(window.frontier)
                            .append(" open ")
                            .append(window.open)
                            .append(" from ")
                            .append(window.begin)
                            .append(' ')
                            .append(window.logStart);
                    if (!window.redriven.isEmpty()) {
                        text.append("\n  redriven ").append(window.redriven);
                    }
                    window.outcomes.forEach((outcome, some) -> {
                        if (!some.isEmpty()) {
                            text.append("\n  ").append(outcome).append(' ').append(some);
                        }
                    });
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
                                    .append(message.state())
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
                                    .append(message.reason)
                                    .append(' ')
                                    .append(Arrays.toString(message.progress()))
                                    .append(' ')
                                    .append(message.session == null ? "" : message.session.timeoutMs)
                                    .append(' ')
                                    .append(message.arrival)
                                    .append(message.attempts()));
                    text.append('\n');
                });
        queue.condemned().forEach(message -> text.append(message.id).append(" dies\n"));
        queue.parked()
                .all()
                .forEach(key -> text.append(Arrays.toString(key.bytes()))
                        .append(" parked at ")
                        .append(key.atMs())
                        .append(key.reason())
                        .append('\n'));
        for (Done done : queue.done().all()) {
            text.append(done.id())
                    .append(' ')
                    .append(done.outcome())
                    .append(' ')
                    .append(done.atMs())
                    .append(' ')
                    .append(done.consumer())
                    .append(' ')
                    .append(done.deliveries())
                    .append(' ')
                    .append(done.firstReceivedMs())
                    .append(' ')
                    .append(Arrays.toString(done.result()))
                    .append(done.attempts())
                    .append('\n');
        }
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
                .append(queue.createdMs())
                .append(' ')
                .append(queue.changedMs())
                .toString();
    }
}
