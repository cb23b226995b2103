package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.QueueModel.Item;
import io.sluice.groups.queue.QueueModel.State;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Received;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Whole lives of a queue from a seed, beside a model of what is promised: messages are sent, received, acknowledged, rejected, extended, forgotten,
 * purged and deleted, time passes, and the broker starts again at any point. Every answer is one that the model allows, nothing is
 * withheld that it would deliver, and after a start the state is what it was. When nothing more is sent, every message is finished.
 */
class QueueModelTest {
    private static final int LIVES = "long".equals(System.getProperty("proof.budget")) ? 100_000 : 2_000;
    private static final int STEPS = 120;
    private static final Job JOB = new Job(
            1,
            new JobSpec(
                    JobSpec.Kind.REDRIVE,
                    "q",
                    "q",
                    new JobFilter(
                            Set.of(),
                            "",
                            "",
                            Optional.empty(),
                            0,
                            0,
                            Optional.empty(),
                            Optional.empty(),
                            Map.of(),
                            Set.of()),
                    0,
                    0,
                    0,
                    ""),
            List.of(),
            0);

    @Test
    void aQueueDoesWhatTheModelAllowsAndNothingLess() {
        String given = System.getProperty("seed", "");
        if (!given.isEmpty()) {
            new Life(Long.parseLong(given)).run();
            return;
        }
        long from = Long.getLong("seeds.from", 1);
        for (long seed = from; seed < from + LIVES; seed++) {
            try {
                new Life(seed).run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("repeat with -Dseed=" + seed, e);
            }
        }
    }

    private static final class Life {
        private final SplittableRandom random;
        private final QueueModel model;
        private final QueueMachine machine;
        private final int partitions;
        private final long[] ends;
        /** Where the log of each partition begins. */
        private final long[] trimmed;

        private final int keys;
        private int lastLot;
        /** How often of a hundred steps the state is written down as a whole. */
        private final int checkpoints;
        /** Receivers that wait, the one that came first first. */
        private final List<Asked> waiting = new ArrayList<>();
        /** What is being settled in this turn: it may be too old as soon as it is back. */
        private final Set<Item> settling = new HashSet<>();
        /** All leases there ever were. */
        private final List<Lease> leases = new ArrayList<>();

        Life(long seed) {
            random = new SplittableRandom(seed);
            partitions = random.nextInt(1, 4);
            keys = random.nextInt(1, 6);
            checkpoints = random.nextInt(4) == 0 ? 100 : random.nextInt(4);
            ends = new long[partitions];
            trimmed = new long[partitions];
            QueueConfig config = config();
            model = new QueueModel(config);
            QueueLimits limits = new QueueLimits(random.nextInt(2, 40), random.nextInt(1, 10), 100);
            machine = new QueueMachine(partitions, config, limits, random.split());
            machine.onEvent = this::happened;
            model.waits = consumer ->
                    waiting.stream().anyMatch(asked -> asked.sessionMs > 0 && asked.consumer.equals(consumer));
        }

        /** What is too old may be dropped as soon as it is in the way, or later; and nothing is missing that was sent. */
        private void happened(QueueEvent event) {
            model.pass(machine.nowMs());
            if (event instanceof QueueEvent.Finished finished && finished.outcome() == QueueEvent.Outcome.EXPIRED) {
                for (MessageId id :
                        finished.messages().stream().map(QueueEvent.Finish::id).toList()) {
                    Item item = model.items.get(id);
                    assertThat(item.state == State.WAITING || settling.contains(item))
                            .as("%s waits", item)
                            .isTrue();
                    assertThat(model.isExpired(item, machine.nowMs())).isTrue();
                    model.done(item, QueueEvent.Outcome.EXPIRED);
                }
            } else if (event instanceof QueueEvent.Gone gone) {
                for (long offset = gone.from(); offset < gone.to(); offset++) {
                    if (offset >= trimmed[gone.partition()]) {
                        assertThat(model.items).doesNotContainKey(new MessageId(gone.partition(), offset));
                    }
                }
            }
        }

        private QueueConfig config() {
            return QueueMachine.config(
                    random.nextInt(1, 6),
                    // Without a random part, so that the model knows it.
                    random.nextBoolean() ? Backoff.NONE : new Backoff(random.nextInt(1, 5_000), 2, 60_000, 0),
                    random.nextBoolean() ? Optional.of("dead") : Optional.empty(),
                    random.nextInt(4) == 0 ? random.nextInt(1_000, 600_000) : 0,
                    random.nextBoolean() ? Order.KEY : Order.NONE,
                    random.nextInt(3) == 0 ? random.nextInt(1, 10) : 1_000);
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                step();
                if (random.nextInt(100) < checkpoints) {
                    machine.checkpoint();
                }
                pass(0);
                check();
            }
            drain();
        }

        private void step() {
            int lot = random.nextInt(100);
            lastLot = lot;
            if (random.nextInt(12) == 0) {
                lastLot = -1;
                if (random.nextBoolean()) {
                    claim();
                } else {
                    settleClaims(random.nextBoolean());
                }
                return;
            }
            if (random.nextInt(40) == 0) {
                park(random.nextInt(1, 4), random.nextBoolean());
                return;
            }
            if (lot < 25) {
                send();
            } else if (lot < 39) {
                receive(random.nextInt(1, 6));
            } else if (lot < 43) {
                ask(random.nextInt(1, 6), time());
                machine.read();
            } else if (lot < 44) {
                heartbeat();
            } else if (lot < 45) {
                leave();
            } else if (lot < 60) {
                acknowledge();
            } else if (lot < 70) {
                reject();
            } else if (lot < 75) {
                extend();
            } else if (lot < 87) {
                pass(time());
            } else if (lot < 90) {
                bury();
            } else if (lot < 92) {
                delete();
            } else if (lot < 93) {
                purge();
            } else if (lot < 94) {
                trim();
            } else if (lot < 95) {
                machine.queue().release();
                machine.read();
            } else if (lot < 97) {
                change();
            } else if (random.nextInt(3) == 0) {
                sweep();
            } else if (random.nextInt(4) > 0) {
                restart();
            } else {
                loseMessages();
            }
        }

        private long time() {
            return switch (random.nextInt(4)) {
                case 0 -> random.nextInt(1_000);
                case 1 -> random.nextInt(60_000);
                case 2 -> random.nextLong(6 * 3_600_000L);
                default -> random.nextLong(40L * 24 * 3_600_000);
            };
        }

        private void send() {
            for (int i = random.nextInt(1, 12); i > 0; i--) {
                int partition = random.nextInt(partitions);
                // Offsets may have gaps.
                ends[partition] += random.nextInt(20) == 0 ? 3 : 1;
                long now = machine.nowMs();
                Arrival message = new Arrival(
                        ends[partition] - 1,
                        key(random.nextInt(keys)),
                        now,
                        random.nextInt(3) == 0 ? now + time() : 0,
                        random.nextInt(6) == 0 ? now + time() : Long.MAX_VALUE);
                machine.log.get(partition).add(message);
                model.sent(partition, message);
            }
            if (random.nextInt(4) > 0 || !waiting.isEmpty()) {
                machine.read();
            }
        }

        /** A receiver, and what it has been given. */
        private final class Asked {
            final String consumer = "c" + random.nextInt(3);
            final int max;
            final long visibilityMs = 1 + time() % 100_000;
            final int sessionMs = random.nextInt(3) == 0 ? random.nextInt(50, 100_000) : 0;
            final long deadlineMs;
            Consumer<QueueEffects> takeBack = effects -> {};
            boolean isCancelled;
            List<Received> messages;

            Asked(int max, long deadlineMs) {
                this.max = max;
                this.deadlineMs = deadlineMs;
            }

            void answered(Receive.Answer answer) {
                long nowMs = machine.nowMs();
                model.pass(nowMs);
                assertThat(answer.error()).isEqualTo(QueueError.NONE);
                assertThat(messages).as("it is answered once").isNull();
                messages = answer.messages();
                assertThat(messages.size()).isLessThanOrEqualTo(max);
                if (messages.isEmpty()) {
                    assertThat(isCancelled || (deadlineMs <= nowMs && nowMs <= deadlineMs + 5_000))
                            .as("it has waited long enough")
                            .isTrue();
                } else {
                    assertThat(waiting.get(0)).as("who came first").isSameAs(this);
                }
                waiting.remove(this);
                QueueModel.Session session = model.sessions.get(consumer);
                if (messages.isEmpty() && sessionMs > 0 && !isCancelled && session != null) {
                    session.expiresMs = nowMs + session.timeoutMs;
                }
                for (Received received : messages) {
                    assertThat(model.leasedCount())
                            .as("no more in flight than may be")
                            .isLessThan(model.config.maxInFlight());
                    model.received(received, consumer, visibilityMs, sessionMs, nowMs);
                    leases.add(received.lease());
                }
            }
        }

        private Asked ask(int max, long waitMs) {
            long nowMs = machine.nowMs();
            Asked asked = new Asked(max, nowMs + waitMs);
            if (asked.sessionMs > 0) {
                boolean hasMessages = !model.of(asked.consumer).isEmpty();
                model.heard(
                        asked.consumer,
                        hasMessages ? model.sessions.get(asked.consumer).timeoutMs : asked.sessionMs,
                        nowMs);
            }
            waiting.add(asked);
            machine.turn(effects -> asked.takeBack = machine.queue()
                    .receive(
                            new Receive.Request(
                                    asked.consumer,
                                    max,
                                    Integer.MAX_VALUE,
                                    OptionalLong.of(asked.visibilityMs),
                                    asked.sessionMs,
                                    asked.deadlineMs),
                            asked::answered,
                            effects));
            return asked;
        }

        private List<Received> receive(int max) {
            Asked asked = ask(max, 0);
            machine.read();
            assertThat(asked.messages).as("it is answered at once").isNotNull();
            return asked.messages;
        }

        /** Keys of the model are numbers; what stands for a key is made of its bytes. */
        private static byte[] bytes(int key) {
            return new byte[] {(byte) key};
        }

        private static long key(int key) {
            return key == 0 ? Arrival.NO_KEY : Arrivals.keyOf(ByteBuffer.wrap(bytes(key)));
        }

        private void park(int key, boolean park) {
            QueueError[] outcome = new QueueError[1];
            machine.turn(effects -> {
                if (park) {
                    outcome[0] = machine.queue().park(bytes(key), "reason", effects);
                    model.parked.add(key(key));
                } else {
                    boolean was = model.parked.remove(key(key));
                    outcome[0] = machine.queue().unpark(bytes(key), effects);
                    assertThat(outcome[0]).isEqualTo(was ? QueueError.NONE : QueueError.NOT_PARKED);
                    return;
                }
                assertThat(outcome[0]).isEqualTo(QueueError.NONE);
            });
            machine.read();
        }

        private void heartbeat() {
            String consumer = "c" + random.nextInt(3);
            int[] messages = new int[1];
            machine.turn(effects -> messages[0] = machine.queue().heard(consumer, effects));
            QueueModel.Session session = model.sessions.get(consumer);
            if (session == null) {
                assertThat(messages[0]).isLessThanOrEqualTo(0);
            } else {
                assertThat(messages[0]).isEqualTo(model.of(consumer).size());
                model.heard(consumer, session.timeoutMs, machine.nowMs());
            }
        }

        private void leave() {
            String consumer = "c" + random.nextInt(3);
            List<Item> all = model.of(consumer);
            settling.addAll(all);
            machine.turn(effects -> {
                int messages = machine.queue().leave(consumer, effects);
                assertThat(Math.max(0, messages)).isEqualTo(all.size());
                all.stream().filter(Item::isUnfinished).forEach(item -> model.failed(item, machine.nowMs(), 0, false));
                model.sessions.remove(consumer);
            });
            settling.clear();
            machine.read();
        }

        private List<Lease> someLeases() {
            List<Lease> some = new ArrayList<>();
            for (int i = Math.min(leases.size(), random.nextInt(1, 5)); i > 0; i--) {
                // Mostly those of late.
                int back = random.nextInt(3) > 0
                        ? random.nextInt(Math.min(leases.size(), 8))
                        : random.nextInt(leases.size());
                Lease lease = leases.get(leases.size() - 1 - back);
                if (!some.contains(lease)) {
                    some.add(lease);
                }
            }
            return some;
        }

        /** Leases that are good according to the model, which the outcomes have to say as well. */
        private List<Item> good(List<Receive.Outcome> outcomes, List<Lease> asked) {
            List<Item> good = new ArrayList<>();
            assertThat(outcomes).hasSize(asked.size());
            for (int i = 0; i < asked.size(); i++) {
                Optional<Item> item = model.leased(asked.get(i), machine.nowMs());
                assertThat(outcomes.get(i).error())
                        .as("lease %s", asked.get(i))
                        .isEqualTo(item.isPresent() ? QueueError.NONE : QueueError.STALE_LEASE);
                item.ifPresent(good::add);
            }
            return good;
        }

        private static List<Receive.Ack> acks(List<Lease> leases) {
            return leases.stream()
                    .map(lease -> new Receive.Ack(lease, new byte[0]))
                    .toList();
        }

        private void acknowledge() {
            List<Lease> some = someLeases();
            AtomicReference<List<Receive.Outcome>> outcomes = new AtomicReference<>();
            machine.turn(effects -> {
                outcomes.set(machine.queue().acknowledge(acks(some), effects));
                good(outcomes.get(), some).forEach(item -> model.done(item, QueueEvent.Outcome.ACKNOWLEDGED));
            });
            machine.read();
        }

        private void extend() {
            List<Lease> some = someLeases();
            long visibilityMs = time();
            AtomicReference<List<Receive.Outcome>> outcomes = new AtomicReference<>();
            machine.turn(effects -> outcomes.set(machine.queue()
                    .extend(
                            some.stream()
                                    .map(lease -> new Receive.Extension(
                                            lease, OptionalLong.of(visibilityMs), Optional.empty()))
                                    .toList(),
                            effects)));
            good(outcomes.get(), some).stream()
                    .filter(item -> !item.inSession)
                    .forEach(item -> model.extended(item, machine.nowMs() + visibilityMs));
            pass(0);
        }

        private void reject() {
            List<Lease> some = someLeases();
            boolean dead = random.nextInt(5) == 0;
            OptionalLong delay = random.nextBoolean() ? OptionalLong.of(time()) : OptionalLong.empty();
            AtomicReference<List<Receive.Outcome>> outcomes = new AtomicReference<>();
            some.forEach(lease -> model.leased(lease, machine.nowMs()).ifPresent(settling::add));
            machine.turn(effects -> {
                outcomes.set(machine.queue()
                        .reject(
                                some.stream()
                                        .map(lease -> new Receive.Nack(lease, delay, dead, "no"))
                                        .toList(),
                                effects));
                for (int i = 0; i < some.size(); i++) {
                    Item item = model.items.get(some.get(i).id());
                    assertThat(outcomes.get().get(i).error())
                            .as("lease %s", some.get(i))
                            .isEqualTo(
                                    settling.contains(item)
                                                    && item.nonce == some.get(i).nonce()
                                            ? QueueError.NONE
                                            : QueueError.STALE_LEASE);
                }
                settling.stream()
                        .filter(Item::isUnfinished)
                        .forEach(item -> model.failed(
                                item, machine.nowMs(), delay.orElseGet(() -> model.backoffMs(item)), dead));
            });
            settling.clear();
            pass(0);
        }

        private void pass(long ms) {
            machine.pass(ms);
            model.pass(machine.nowMs());
            machine.read();
        }

        private void bury() {
            List<Message> dying = List.copyOf(machine.queue().condemned());
            if (!dying.isEmpty()) {
                MessageId id = dying.get(0).id;
                assertThat(model.items.get(id).state).isEqualTo(State.DYING);
                assertThat(dying.get(0).attempts()).hasSize(model.items.get(id).attempts);
                machine.turn(effects -> {
                    machine.queue().buried(List.of(id), effects);
                    model.done(model.items.get(id), QueueEvent.Outcome.DEAD);
                });
                machine.read();
            }
        }

        /** A job takes messages out of their turn. */
        private void claim() {
            int partition = random.nextInt(partitions);
            List<Item> free = new ArrayList<>(model.items.values().stream()
                    .filter(item -> item.id.partition() == partition && item.state == State.WAITING)
                    .sorted(Comparator.comparingLong(item -> item.id.offset()))
                    .toList());
            free.removeIf(item -> random.nextInt(3) > 0);
            free.forEach(item -> assertThat(machine.queue().standing(item.id)).isEqualTo(Queue.Standing.FREE));
            if (!free.isEmpty()) {
                machine.turn(effects -> machine.queue()
                        .claim(
                                JOB,
                                partition,
                                free.stream().map(item -> item.arrival).toList(),
                                effects));
                free.forEach(item -> model.claimed(item, JOB.nonce()));
                machine.read();
            }
        }

        /** The job is done with what it has, or lets it go. */
        private void settleClaims(boolean moved) {
            List<Item> claimed = model.items.values().stream()
                    .filter(item -> item.state == State.LEASED && item.nonce == JOB.nonce())
                    .toList();
            List<MessageId> ids = claimed.stream().map(item -> item.id).toList();
            settling.addAll(claimed);
            machine.turn(effects -> {
                if (moved) {
                    machine.queue().moved(JOB, ids, effects);
                    claimed.forEach(item -> model.done(item, QueueEvent.Outcome.ACKNOWLEDGED));
                } else {
                    machine.queue().letGo(JOB, ids, effects);
                    claimed.stream().filter(Item::isUnfinished).forEach(item -> model.letGo(item, machine.nowMs()));
                }
            });
            settling.clear();
            pass(0);
            machine.read();
        }

        private void delete() {
            List<Item> open = model.items.values().stream()
                    .filter(Item::isUnfinished)
                    .sorted((one, other) -> one.id.toString().compareTo(other.id.toString()))
                    .toList();
            if (!open.isEmpty()) {
                Item item = open.get(random.nextInt(open.size()));
                AtomicReference<QueueError> outcome = new AtomicReference<>();
                machine.turn(effects -> {
                    outcome.set(machine.queue().delete(item.id, effects));
                    // It may have been in the way of others, and too old itself.
                    if (item.isUnfinished()) {
                        model.done(item, QueueEvent.Outcome.DROPPED);
                    }
                });
                assertThat(outcome.get()).isEqualTo(QueueError.NONE);
                machine.read();
            }
        }

        private void purge() {
            Map<Integer, Long> until = new HashMap<>();
            for (int i = 0; i < partitions; i++) {
                until.put(i, machine.end(i));
            }
            model.items.values().stream()
                    .filter(item -> item.state == State.WAITING)
                    .forEach(item -> model.done(item, QueueEvent.Outcome.DROPPED));
            machine.turn(effects -> machine.queue().purge(until, effects));
            machine.read();
        }

        /** Somebody deletes records, whatever has become of the messages. */
        private void trim() {
            int partition = random.nextInt(partitions);
            if (trimmed[partition] >= ends[partition] - 1) {
                return;
            }
            // Mostly what is finished.
            long before = random.nextInt(3) > 0
                    ? Math.min(machine.queue().window(partition).low(), ends[partition] - 1)
                    : random.nextLong(trimmed[partition], ends[partition]);
            trimmed[partition] = Math.max(trimmed[partition], before);
            model.items.values().stream()
                    .filter(item -> item.id.partition() == partition
                            && item.id.offset() < trimmed[partition]
                            && item.isUnfinished())
                    .forEach(item -> model.done(item, QueueEvent.Outcome.DROPPED));
            machine.trimLog(partition, trimmed[partition]);
            machine.read();
        }

        private void change() {
            QueueConfig to = config();
            boolean pause = random.nextInt(3) == 0;
            model.config = to;
            model.paused = pause;
            machine.turn(effects -> machine.queue().change(to, pause, effects));
            machine.read();
        }

        /** Messages that were not synced are lost, whatever has become of them, and others get their places. */
        private void loseMessages() {
            int partition = random.nextInt(partitions);
            List<Arrival> log = machine.log.get(partition);
            if (log.isEmpty()) {
                return;
            }
            int messages = random.nextInt(0, Math.min(log.size(), 20));
            waiting.clear();
            machine.restartWithout(partition, messages);
            ends[partition] = machine.end(partition);
            model.lost(partition, ends[partition]);
            model.restart(machine.nowMs());
            machine.pass(0);
            machine.read();
        }

        /** Messages that are too old go though nobody asks for them. */
        private void sweep() {
            for (int i = 0; i < partitions; i++) {
                int partition = i;
                boolean[] goesOn = {true};
                while (goesOn[0]) {
                    long from = machine.queue().nextToSweep(partition);
                    long to = Math.min(machine.end(partition), from + random.nextInt(1, 30));
                    List<Arrival> found = machine.log.get(partition).stream()
                            .filter(message -> message.offset() >= from && message.offset() < to)
                            .toList();
                    goesOn[0] = false;
                    if (from < to) {
                        machine.turn(effects -> goesOn[0] =
                                machine.queue().expire(partition, to, machine.end(partition), found, effects));
                        machine.read();
                    }
                }
                if (model.config.ttlMs() == 0 && machine.queue().nextToSweep(partition) > 0) {
                    continue;
                }
                List<Item> old = model.items.values().stream()
                        .filter(item -> item.id.partition() == partition && item.state == State.WAITING)
                        .filter(item -> item.arrival.deliverAtMs() == 0
                                && item.arrival.expiresAtMs() == Long.MAX_VALUE
                                && model.isExpired(item, machine.nowMs()))
                        .toList();
                assertThat(old)
                        .as("what is left and too old by the time of the queue")
                        .isEmpty();
            }
        }

        private void restart() {
            String before = machine.durable();
            waiting.clear();
            model.restart(machine.nowMs());
            machine.restart();
            assertThat(machine.durable()).isEqualTo(before);
            machine.pass(0);
            machine.read();
        }

        private void check() {
            if (!waiting.isEmpty() && !model.paused) {
                assertThat(model.deliverable(machine.nowMs()))
                        .as(() -> "nothing is withheld from " + waiting.size() + " that wait: " + machine.all())
                        .isEmpty();
            }
            assertThat(machine.memory.messages())
                    .as("what is counted as being in memory")
                    .isEqualTo(machine.queue().windows().stream()
                            .mapToInt(window -> window.loaded.size() + window.soon.size())
                            .sum())
                    .isEqualTo(machine.queue().windows().stream()
                            .mapToInt(window -> window.soon.size()
                                    + window.lanes.values().stream()
                                            .mapToInt(Lane::freshCount)
                                            .sum())
                            .sum());
            for (String consumer : List.of("c0", "c1", "c2")) {
                assertThat(machine.queue().sessions().stream()
                                .filter(session -> session.consumer.equals(consumer))
                                .mapToInt(session -> session.messages.size())
                                .sum())
                        .as("what %s has", consumer)
                        .isEqualTo(model.of(consumer).size());
            }
            assertThat(machine.queue().heldCount()).as("held after %d", lastLot).isEqualTo((int) model.heldCount());
            long heldBytes = 0;
            for (Message.State state : Message.State.values()) {
                assertThat(machine.queue().heldCount(state)).as("%s", state).isEqualTo((int)
                        machine.queue().windows().stream()
                                .flatMap(window -> window.held.values().stream())
                                .filter(message -> message.state() == state)
                                .count());
            }
            for (Window window : machine.queue().windows()) {
                for (Message message : window.held.values()) {
                    heldBytes += message.sizeInBytes();
                }
            }
            assertThat(machine.memory.heldBytes()).isEqualTo(heldBytes);
            for (Window window : machine.queue().windows()) {
                window.held.forEach((offset, message) -> {
                    Item item = model.items.get(message.id);
                    assertThat(message.deliveries).isEqualTo(item.deliveries);
                    assertThat(message.state().name())
                            .isEqualTo(
                                    switch (item.state) {
                                        case LEASED -> "LEASED";
                                        case WAITING -> "RETURNED";
                                        case DYING -> "CONDEMNED";
                                        case DONE -> "finished";
                                    });
                    assertThat(message.attempts()).hasSize(item.attempts);
                });
            }
        }

        /** Nothing is withheld: who asks often enough gets everything, and each message is finished once. */
        private void drain() {
            settleClaims(random.nextBoolean());
            for (int key = 1; key < 4; key++) {
                park(key, false);
            }
            QueueConfig calm = QueueMachine.config(
                    1_000, Backoff.NONE, Optional.empty(), 0, random.nextBoolean() ? Order.KEY : Order.NONE, 1_000);
            for (Asked asked : List.copyOf(waiting)) {
                asked.isCancelled = true;
                machine.turn(asked.takeBack);
            }
            assertThat(waiting).isEmpty();
            model.config = calm;
            model.paused = false;
            machine.turn(effects -> machine.queue().change(calm, false, effects));
            machine.read();
            for (int round = 0; round < 2_000; round++) {
                while (!machine.queue().condemned().isEmpty()) {
                    bury();
                }
                List<Received> some = receive(random.nextInt(1, 20));
                // Once more, as long as messages that were too old have been in the way.
                for (int more = 0;
                        some.isEmpty()
                                && more < 300
                                && !model.deliverable(machine.nowMs()).isEmpty();
                        more++) {
                    some = receive(20);
                }
                if (some.isEmpty()) {
                    assertThat(model.deliverable(machine.nowMs()))
                            .as(machine::all)
                            .isEmpty();
                    if (model.items.values().stream()
                            .noneMatch(item -> item.isUnfinished() && !model.isExpired(item, machine.nowMs()))) {
                        break;
                    }
                    pass(100L * 24 * 3_600_000);
                    continue;
                }
                List<Lease> all = some.stream().map(Received::lease).toList();
                AtomicReference<List<Receive.Outcome>> outcomes = new AtomicReference<>();
                machine.turn(effects -> outcomes.set(machine.queue().acknowledge(acks(all), effects)));
                good(outcomes.get(), all).forEach(item -> model.done(item, QueueEvent.Outcome.ACKNOWLEDGED));
                machine.read();
            }
            assertThat(model.items.values().stream()
                            .filter(item -> item.isUnfinished() && !model.isExpired(item, machine.nowMs()))
                            .map(item -> item.id))
                    .isEmpty();
            // All that is left is too old, and waits for its turn to be dropped.
            check();
        }
    }
}
