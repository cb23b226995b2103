package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.QueueModel.Item;
import io.sluice.groups.queue.QueueModel.State;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Received;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * Whole lives of a queue from a seed, beside a model of what is promised: messages are sent, received, acknowledged, rejected, extended, forgotten,
 * purged and deleted, time passes, and the broker starts again at any point. Every answer is one that the model allows, nothing is
 * withheld that it would deliver, and after a start the state is what it was. When nothing more is sent, every message is finished.
 */
class QueueModelTest {
    private static final int LIVES = "long".equals(System.getProperty("proof.budget")) ? 100_000 : 2_000;
    private static final int STEPS = 120;

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
        }

        /** What is too old may be dropped as soon as it is in the way, or later; and nothing is missing that was sent. */
        private void happened(QueueEvent event) {
            if (event instanceof QueueEvent.Finished finished && finished.outcome() == QueueEvent.Outcome.EXPIRED) {
                for (MessageId id :
                        finished.messages().stream().map(QueueEvent.Finish::id).toList()) {
                    Item item = model.items.get(id);
                    assertThat(item.state).isEqualTo(State.WAITING);
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
                check();
            }
            drain();
        }

        private void step() {
            int lot = random.nextInt(100);
            lastLot = lot;
            if (lot < 25) {
                send();
            } else if (lot < 45) {
                receive(random.nextInt(1, 6));
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
            } else if (lot < 96) {
                change();
            } else {
                restart();
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
                        random.nextInt(keys),
                        now,
                        random.nextInt(3) == 0 ? now + time() : 0,
                        random.nextInt(6) == 0 ? now + time() : Long.MAX_VALUE);
                machine.log.get(partition).add(message);
                model.sent(partition, message);
            }
            if (random.nextInt(4) > 0) {
                machine.read();
            }
        }

        private List<Received> receive(int max) {
            String consumer = "c" + random.nextInt(3);
            long visibilityMs = 1 + time() % 100_000;
            long nowMs = machine.nowMs();
            AtomicReference<Receive.Answer> answer = new AtomicReference<>();
            machine.turn(effects -> machine.queue()
                    .receive(
                            new Receive.Request(consumer, max, OptionalLong.of(visibilityMs), 0, nowMs),
                            answer::set,
                            effects));
            if (answer.get() == null) {
                machine.read();
            }
            assertThat(answer.get().error()).isEqualTo(QueueError.NONE);
            List<Received> all = answer.get().messages();
            assertThat(all.size()).isLessThanOrEqualTo(max);
            for (Received received : all) {
                assertThat(model.heldCount() < model.config.maxInFlight()
                                || model.items.get(received.id()).wasDelivered())
                        .as("no more in flight than may be")
                        .isTrue();
                model.received(received, consumer, visibilityMs, nowMs);
                leases.add(received.lease());
            }
            machine.read();
            return all;
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
            machine.turn(effects -> outcomes.set(machine.queue().acknowledge(acks(some), effects)));
            good(outcomes.get(), some).forEach(item -> model.done(item, QueueEvent.Outcome.ACKNOWLEDGED));
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
            good(outcomes.get(), some).forEach(item -> item.untilMs = machine.nowMs() + visibilityMs);
            pass(0);
        }

        private void reject() {
            List<Lease> some = someLeases();
            boolean dead = random.nextInt(5) == 0;
            OptionalLong delay = random.nextBoolean() ? OptionalLong.of(time()) : OptionalLong.empty();
            AtomicReference<List<Receive.Outcome>> outcomes = new AtomicReference<>();
            machine.turn(effects -> outcomes.set(machine.queue()
                    .reject(
                            some.stream()
                                    .map(lease -> new Receive.Nack(lease, delay, dead, "no"))
                                    .toList(),
                            effects)));
            for (Item item : good(outcomes.get(), some)) {
                long wait = delay.orElseGet(() -> model.config.backoff().delayMs(item.deliveries, 0));
                model.failed(item, machine.nowMs(), wait, dead);
            }
            pass(0);
        }

        /** Leases end in the order of their times, and what follows from one may matter to the next. */
        private void pass(long ms) {
            long untilMs = machine.nowMs() + ms;
            while (true) {
                Optional<Item> next = model.items.values().stream()
                        .filter(item -> item.state == State.LEASED && item.untilMs <= untilMs)
                        .min((one, other) -> Long.compare(one.untilMs, other.untilMs));
                if (next.isEmpty()) {
                    break;
                }
                Item item = next.get();
                model.failed(item, Math.max(item.untilMs, machine.nowMs()), 0, false);
            }
            machine.pass(ms);
        }

        private void bury() {
            List<Message> dying = List.copyOf(machine.queue().condemned());
            if (!dying.isEmpty()) {
                MessageId id = dying.get(0).id;
                assertThat(model.items.get(id).state).isEqualTo(State.DYING);
                assertThat(dying.get(0).attempts).hasSize(model.items.get(id).attempts);
                machine.turn(effects -> machine.queue().buried(List.of(id), effects));
                model.done(model.items.get(id), QueueEvent.Outcome.DEAD);
                machine.read();
            }
        }

        private void delete() {
            List<Item> open = model.items.values().stream()
                    .filter(Item::isUnfinished)
                    .sorted((one, other) -> one.id.toString().compareTo(other.id.toString()))
                    .toList();
            if (!open.isEmpty()) {
                Item item = open.get(random.nextInt(open.size()));
                AtomicReference<QueueError> outcome = new AtomicReference<>();
                machine.turn(effects -> outcome.set(machine.queue().delete(item.id, effects)));
                assertThat(outcome.get()).isEqualTo(QueueError.NONE);
                model.done(item, QueueEvent.Outcome.DROPPED);
                machine.read();
            }
        }

        private void purge() {
            Map<Integer, Long> until = new HashMap<>();
            for (int i = 0; i < partitions; i++) {
                until.put(i, machine.end(i));
            }
            machine.turn(effects -> machine.queue().purge(until, effects));
            model.items.values().stream()
                    .filter(item -> item.state == State.WAITING)
                    .forEach(item -> model.done(item, QueueEvent.Outcome.DROPPED));
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
            machine.turn(effects -> machine.queue().change(to, pause, effects));
            model.config = to;
            model.paused = pause;
            machine.read();
        }

        private void restart() {
            String before = machine.durable();
            machine.restart();
            assertThat(machine.durable()).isEqualTo(before);
            machine.pass(0);
            machine.read();
        }

        private void check() {
            assertThat(machine.queue().heldCount()).as("held after %d", lastLot).isEqualTo((int) model.heldCount());
            for (Window window : machine.queue().windows()) {
                window.held.forEach((offset, message) -> {
                    Item item = model.items.get(message.id);
                    assertThat(message.deliveries).isEqualTo(item.deliveries);
                    assertThat(message.state.name())
                            .isEqualTo(
                                    switch (item.state) {
                                        case LEASED -> "LEASED";
                                        case WAITING -> "RETURNED";
                                        case DYING -> "CONDEMNED";
                                        case DONE -> "finished";
                                    });
                    assertThat(message.attempts).hasSize(item.attempts);
                });
            }
        }

        /** Nothing is withheld: who asks often enough gets everything, and each message is finished once. */
        private void drain() {
            QueueConfig calm = QueueMachine.config(
                    1_000, Backoff.NONE, Optional.empty(), 0, random.nextBoolean() ? Order.KEY : Order.NONE, 1_000);
            machine.turn(effects -> machine.queue().change(calm, false, effects));
            model.config = calm;
            model.paused = false;
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
