package io.sluice.groups.queue;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.topic.Topic;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the deduplication ids of messages for as long as the windows of their queues. The log has them, in a header of each message, so this can be
 * forgotten and read again at any time; before anybody is answered, all that was in the log when he asked has been looked at, whoever wrote it.
 *
 * <p>Of the thread of the queues.
 */
final class Deduplication {
    private static final Logger LOG = LoggerFactory.getLogger(Deduplication.class);
    private static final byte[] HEADER = MessageHeaders.DEDUP_ID.getBytes(StandardCharsets.US_ASCII);
    private static final int READ_BYTES = 256 * 1024;
    private static final long SWEEP_MS = 60_000;
    /** Of a queue that has no window. */
    private static final Dedup.Reservation NOTHING_HELD = new Dedup.Reservation() {
        @Override
        public void confirmed(MessageId id) {}

        @Override
        public void released() {}
    };

    private final LogEngine engine;
    private final MessageReader reader;
    private final Executor thread;
    private final InstantSource clock;
    private final Limits limits;
    private static final Comparator<Request> FIRST = Comparator.comparingLong(Request::number);

    private final Map<UUID, Seen> seen = new HashMap<>();
    /** Ids of all queues. */
    private int total;
    /** How many requests have come. */
    private long requests;
    /** How often it was looked whether a request can be answered. */
    private long looks;

    private boolean closed;

    private long sweptMs;

    /**
     * How many ids are remembered.
     *
     * @param ofQueue those of one queue
     * @param ofAll those of all queues together
     */
    record Limits(int ofQueue, int ofAll) {
        static final Limits DEFAULTS = new Limits(200_000, 500_000);
    }

    Deduplication(LogEngine engine, MessageReader reader, Executor thread, InstantSource clock, Limits limits) {
        this.engine = engine;
        this.reader = reader;
        this.thread = thread;
        this.clock = clock;
        this.limits = limits;
    }

    /** An id, as 128 bits of its SHA-256: that two have the same is less likely than that the disk lies. */
    private record Hash(long high, long low) {
        static Hash of(byte[] id) {
            try {
                ByteBuffer digest =
                        ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(id));
                return new Hash(digest.getLong(), digest.getLong());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java has SHA-256", e);
            }
        }
    }

    /** A message with an id. */
    private record Sighting(Hash hash, long offset, long timestampMs) {}

    /**
     * Who has an id.
     *
     * @param isReserved whether it is a sender's, who has not said what became of his message
     * @param message the message, as far as it has been seen: that of a sender may be in the log before he knows
     * @param sinceMs since when, in ms since the epoch
     */
    private record Owner(boolean isReserved, Optional<MessageId> message, long sinceMs) {}

    /** A request that waits until the log has been read, or others have settled what they have. */
    private record Request(long number, List<Hash> hashes, CompletableFuture<Dedup.Answer> answer) {}

    /**
     * What is done when the log has been read.
     *
     * @param ends up to where, of each partition
     * @param what gets what kept the log from being read, or null
     */
    private record Behind(List<Long> ends, Consumer<Throwable> what) {}

    /** The ids of one queue. */
    private final class Seen {
        private final UUID topic;
        /** In about the order of their times. */
        private final Map<Hash, Owner> owners = new LinkedHashMap<>();

        /** What waits for the log. Who came later does not need less of it. */
        private final ArrayDeque<Behind> behind = new ArrayDeque<>();
        /** Requests that wait for somebody else's id: by the first of those that they lack, in the order in which they came. */
        private final Map<Hash, PriorityQueue<Request>> waiting = new HashMap<>();
        /** Of each partition: the handle that was read by, and up to where. */
        private final List<PartitionLog> logs = new ArrayList<>();

        private final List<Long> readTo = new ArrayList<>();
        private boolean reading;
        private int reserved;
        private long windowMs;
        private long usedMs;
        /** Until when there are messages whose ids could not be remembered. */
        private long fullUntilMs;

        Seen(UUID topic) {
            this.topic = topic;
        }

        // ---- requests ----

        void add(Request request, long window) {
            windowMs = window;
            usedMs = clock.millis();
            try {
                openLogs();
                whenRead(ends(), failure -> serve(request, failure));
            } catch (RuntimeException e) {
                refuse(request, e);
            }
            goOn();
        }

        private void refuse(Request request, Throwable why) {
            LOG.debug("the ids of a queue's messages cannot be read", why);
            request.answer.complete(new Dedup.Answer(QueueError.UNAVAILABLE, List.of()));
        }

        /** Another handle may not have what the one before had in flight: everything is read again. */
        private void openLogs() {
            int partitions = engine.topic(topic).map(Topic::partitions).orElse(0);
            boolean isOther = logs.size() != partitions;
            List<PartitionLog> now = new ArrayList<>();
            for (int i = 0; i < partitions; i++) {
                now.add(reader.log(topic, i));
                isOther |= i >= logs.size() || logs.get(i) != now.get(i);
            }
            if (isOther && reading) {
                throw new BrokerException(ErrorCode.NOT_OWNER, "the topic is being read by handles of before");
            }
            if (isOther) {
                logs.clear();
                logs.addAll(now);
                readTo.clear();
                now.forEach(log -> readTo.add(-1L));
                total -= owners.size();
                owners.values().removeIf(owner -> !owner.isReserved());
                owners.replaceAll((hash, owner) -> new Owner(true, Optional.empty(), owner.sinceMs()));
                total += owners.size();
                List<Consumer<Throwable>> again =
                        behind.stream().map(Behind::what).toList();
                behind.clear();
                again.forEach(what -> whenRead(ends(), what));
                waitingRequests().forEach(request -> whenRead(ends(), failure -> serve(request, failure)));
                waiting.clear();
            }
        }

        private List<Request> waitingRequests() {
            return waiting.values().stream()
                    .flatMap(PriorityQueue::stream)
                    .sorted(FIRST)
                    .toList();
        }

        private List<Long> ends() {
            return logs.stream().map(PartitionLog::highWatermark).toList();
        }

        private void whenRead(List<Long> ends, Consumer<Throwable> what) {
            behind.add(new Behind(ends, what));
        }

        /** Does what waits for the log, as far as that has been read, and reads on. */
        private void goOn() {
            while (!reading && !behind.isEmpty()) {
                OptionalInt partition = unread(behind.peek().ends());
                if (partition.isPresent()) {
                    read(partition.getAsInt());
                } else {
                    behind.remove().what().accept(null);
                }
            }
        }

        private OptionalInt unread(List<Long> ends) {
            for (int i = 0; i < ends.size(); i++) {
                if (readTo.get(i) < ends.get(i)) {
                    return OptionalInt.of(i);
                }
            }
            return OptionalInt.empty();
        }

        /** Answers a request, or lets it wait for the first id that it lacks: it holds none meanwhile. */
        private void serve(Request request, Throwable failure) {
            looks++;
            if (failure != null) {
                refuse(request, failure);
                return;
            }
            Optional<Hash> lacking =
                    request.hashes.stream().filter(this::isReserved).findFirst();
            if (lacking.isPresent()) {
                waiting.computeIfAbsent(lacking.get(), absent -> new PriorityQueue<>(FIRST))
                        .add(request);
            } else {
                request.answer.complete(new Dedup.Answer(QueueError.NONE, entries(request.hashes)));
            }
        }

        /** An id has been settled: those who wait for it are served until one of them has it. */
        private void serveWaiting(Hash hash) {
            for (PriorityQueue<Request> some = waiting.get(hash); some != null && !isReserved(hash); ) {
                serve(some.remove(), null);
                if (some.isEmpty()) {
                    waiting.remove(hash, some);
                    some = waiting.get(hash);
                }
            }
        }

        private boolean isReserved(Hash hash) {
            Owner owner = owners.get(hash);
            return owner != null && owner.isReserved();
        }

        private List<Dedup.Entry> entries(List<Hash> hashes) {
            expire();
            Map<Hash, Integer> before = new HashMap<>();
            List<Dedup.Entry> entries = new ArrayList<>(hashes.size());
            for (Hash hash : hashes) {
                Integer same = before.putIfAbsent(hash, entries.size());
                entries.add(same == null ? entry(hash) : new Dedup.Repeats(same));
            }
            return entries;
        }

        private Dedup.Entry entry(Hash hash) {
            long nowMs = clock.millis();
            Owner owner = owners.get(hash);
            if (owner != null && isWithin(owner.sinceMs(), nowMs)) {
                return new Dedup.Sent(owner.message().orElseThrow());
            }
            if (owner == null) {
                if (nowMs < fullUntilMs || owners.size() >= limits.ofQueue()) {
                    return new Dedup.Full(limits.ofQueue());
                }
                if (total >= limits.ofAll() && !makeRoom(this)) {
                    return new Dedup.Full(limits.ofAll());
                }
                total++;
            }
            put(hash, new Owner(true, Optional.empty(), nowMs));
            reserved++;
            return new Dedup.Reserved(new Held(this, hash));
        }

        private boolean isWithin(long sinceMs, long nowMs) {
            return sinceMs + windowMs > nowMs;
        }

        /** Behind all others. */
        private void put(Hash hash, Owner owner) {
            owners.remove(hash);
            owners.put(hash, owner);
        }

        // ---- what becomes of reservations ----

        void confirmed(Hash hash, MessageId message) {
            reserved--;
            put(hash, new Owner(false, Optional.of(message), clock.millis()));
            int partition = message.partition();
            // What follows each other need not be read.
            if (!reading && partition < readTo.size() && readTo.get(partition) == message.offset()) {
                readTo.set(partition, message.offset() + 1);
            }
            serveWaiting(hash);
            goOn();
        }

        /** Before the next one has the id, the log is asked whether the message is there after all. */
        void released(Hash hash) {
            if (waiting.containsKey(hash)) {
                try {
                    openLogs();
                    whenRead(ends(), failure -> free(hash));
                } catch (RuntimeException e) {
                    refuseAll(e);
                    free(hash);
                }
            } else {
                free(hash);
            }
            goOn();
        }

        private void free(Hash hash) {
            reserved--;
            Owner owner = owners.remove(hash);
            if (owner.message().isPresent()) {
                owners.put(hash, new Owner(false, owner.message(), owner.sinceMs()));
            } else {
                total--;
            }
            serveWaiting(hash);
        }

        /** Nobody waits any more: an id that is freed then is nobody's until the log has been read. */
        private void refuseAll(Throwable why) {
            List<Request> requests = waitingRequests();
            waiting.clear();
            List<Consumer<Throwable>> all = behind.stream().map(Behind::what).toList();
            behind.clear();
            all.forEach(what -> what.accept(why));
            requests.forEach(request -> refuse(request, why));
        }

        // ---- the log ----

        private void read(int partition) {
            reading = true;
            long from = readTo.get(partition);
            CompletableFuture<Long> begin = from >= 0
                    ? CompletableFuture.completedFuture(from)
                    : logs.get(partition)
                            .offsetForTimestamp(clock.millis() - windowMs)
                            .thenApply(found ->
                                    found.map(at -> at.offset()).orElseGet(logs.get(partition)::highWatermark));
            begin.thenCompose(at -> reader.scan(topic, partition, at, READ_BYTES, Deduplication::sighting))
                    .whenCompleteAsync(
                            (chunk, failure) -> {
                                reading = false;
                                if (failure == null) {
                                    chunk.found().forEach(one -> sighted(partition, one));
                                    readTo.set(partition, chunk.next());
                                } else {
                                    refuseAll(failure);
                                }
                                goOn();
                            },
                            thread);
        }

        private void sighted(int partition, Sighting one) {
            long nowMs = clock.millis();
            Owner owner = owners.get(one.hash());
            boolean isReserved = owner != null && owner.isReserved();
            boolean isKnown = owner != null && owner.message().isPresent() && isWithin(owner.sinceMs(), nowMs);
            if (isKnown || !isWithin(one.timestampMs(), nowMs)) {
                return;
            }
            if (owner == null && (owners.size() >= limits.ofQueue() || total >= limits.ofAll())) {
                fullUntilMs = Math.max(fullUntilMs, one.timestampMs() + windowMs);
                return;
            }
            total += owner == null ? 1 : 0;
            put(
                    one.hash(),
                    new Owner(isReserved, Optional.of(new MessageId(partition, one.offset())), one.timestampMs()));
        }

        // ---- forgetting ----

        void expire() {
            long nowMs = clock.millis();
            for (Iterator<Owner> eldest = owners.values().iterator(); eldest.hasNext(); ) {
                Owner owner = eldest.next();
                if (owner.isReserved() || isWithin(owner.sinceMs(), nowMs)) {
                    return;
                }
                eldest.remove();
                total--;
            }
        }

        boolean isIdle() {
            return reserved == 0 && waiting.isEmpty() && behind.isEmpty() && !reading;
        }
    }

    /** Forgets what can be read again: the ids of the queue that has not been asked for longest. */
    private boolean makeRoom(Seen of) {
        Optional<Seen> idle = seen.values().stream()
                .filter(other -> other != of && other.isIdle())
                .min((one, other) -> Long.compare(one.usedMs, other.usedMs));
        idle.ifPresent(this::forget);
        return idle.isPresent();
    }

    private void forget(Seen queue) {
        total -= queue.owners.size();
        seen.remove(queue.topic);
    }

    private void sweep() {
        long nowMs = clock.millis();
        if (nowMs - sweptMs < SWEEP_MS) {
            return;
        }
        sweptMs = nowMs;
        for (Seen queue : List.copyOf(seen.values())) {
            queue.expire();
            if (queue.isIdle() && nowMs - queue.usedMs > queue.windowMs) {
                forget(queue);
            }
        }
    }

    private static Optional<Sighting> sighting(RecordCursor record) {
        if (record.headerCount() == 0) {
            return Optional.empty();
        }
        byte[][] id = new byte[1][];
        record.forEachHeader((name, hasValue, value) -> {
            if (hasValue && name.equals(ByteBuffer.wrap(HEADER))) {
                id[0] = new byte[value.remaining()];
                value.get(value.position(), id[0]);
            }
        });
        return id[0] == null
                ? Optional.empty()
                : Optional.of(new Sighting(Hash.of(id[0]), record.offset(), record.timestamp()));
    }

    /** An id that is a sender's. */
    private final class Held implements Dedup.Reservation {
        private final Seen of;
        private final Hash hash;
        private final AtomicBoolean settled = new AtomicBoolean();

        Held(Seen of, Hash hash) {
            this.of = of;
            this.hash = hash;
        }

        @Override
        public void confirmed(MessageId id) {
            if (settled.compareAndSet(false, true)) {
                thread.execute(() -> of.confirmed(hash, id));
            }
        }

        @Override
        public void released() {
            if (settled.compareAndSet(false, true)) {
                thread.execute(() -> of.released(hash));
            }
        }
    }

    /**
     * Whose some ids are.
     *
     * @param topic that of the queue
     * @param windowMs for how long messages with the same id are the same
     */
    CompletableFuture<Dedup.Answer> reserve(UUID topic, long windowMs, List<String> ids) {
        if (windowMs == 0) {
            return CompletableFuture.completedFuture(new Dedup.Answer(
                    QueueError.NONE,
                    ids.stream()
                            .map(id -> (Dedup.Entry) new Dedup.Reserved(NOTHING_HELD))
                            .toList()));
        }
        if (closed) {
            return CompletableFuture.completedFuture(new Dedup.Answer(QueueError.NOT_COORDINATOR, List.of()));
        }
        sweep();
        CompletableFuture<Dedup.Answer> answer = new CompletableFuture<>();
        List<Hash> hashes = ids.stream()
                .map(id -> Hash.of(id.getBytes(StandardCharsets.UTF_8)))
                .toList();
        seen.computeIfAbsent(topic, Seen::new).add(new Request(requests++, hashes, answer), windowMs);
        return answer;
    }

    /** How often it was looked whether a request can be answered. */
    long looks() {
        return looks;
    }

    /** Answers everybody who waits, and takes no more. */
    void close() {
        closed = true;
        seen.values()
                .forEach(queue -> queue.refuseAll(
                        new BrokerException(ErrorCode.SHUTTING_DOWN, "the queues of this broker are closing")));
    }
}
