package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.fixture.Await;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Received;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The state of queues is written down as a whole from time to time, so that the log of its changes can be cut off. */
class QueueCheckpointTest {
    private static final int MIB = 1024 * 1024;

    @TempDir
    private Path folder;

    private static QueueMachine withHeld(int count) {
        QueueMachine machine = new QueueMachine(
                2,
                QueueMachine.config(10, Backoff.NONE, Optional.of("dead"), 0, Order.KEY, count),
                new QueueLimits(10_000, 256, 100),
                new SplittableRandom(1));
        for (int i = 0; i < count; i++) {
            machine.log.get(i % 2).add(new Arrival(i / 2, i, machine.nowMs(), 0, Long.MAX_VALUE));
        }
        List<Receive.Nack> nacks = new ArrayList<>();
        for (int left = count; left > 0; ) {
            List<Received> some = new ArrayList<>();
            machine.turn(effects -> machine.queue()
                    .receive(
                            new Receive.Request(
                                    "worker-of-some-length-1",
                                    1_000,
                                    Integer.MAX_VALUE,
                                    OptionalLong.of(100_000),
                                    0,
                                    Long.MAX_VALUE),
                            answer -> some.addAll(answer.messages()),
                            effects));
            machine.read();
            left -= some.size();
            some.stream()
                    .limit(100)
                    .forEach(one -> nacks.add(new Receive.Nack(
                            one.lease(), OptionalLong.of(1), one.id().offset() % 7 == 0, "why not")));
        }
        machine.turn(effects -> machine.queue().reject(nacks, effects));
        return machine;
    }

    @Test
    void aCheckpointHoldsWhenItsLastPieceIsThere() {
        QueueMachine machine = withHeld(20_000);
        List<MessageId> redriven = List.of(new MessageId(0, 3), new MessageId(1, 7));
        machine.turn(effects ->
                effects.record(new QueueEvent.Redriven(machine.queue().id(), redriven)));
        String before = machine.durable();
        int pieces = QueueState.of(machine.queue()).size();
        assertThat(pieces).as("pieces").isGreaterThan(2);

        for (int missing = pieces; missing >= 0; missing--) {
            machine.restartInCheckpoint(missing);
            assertThat(machine.durable()).as("%d pieces are missing", missing).isEqualTo(before);
        }
        machine.checkpoint();
        machine.restart();
        assertThat(machine.durable()).isEqualTo(before);
    }

    /** Printed, because it is how long everybody else has to wait. */
    @Test
    void aQueueThatHoldsManyMessagesIsWrittenDownQuickly() {
        QueueMachine machine = withHeld(100_000);
        long bestNs = Long.MAX_VALUE;
        long bytes = 0;
        for (int i = 0; i < 5; i++) {
            long startNs = System.nanoTime();
            List<QueueEvent.Checkpoint> pieces = QueueState.of(machine.queue());
            bytes = 0;
            for (QueueEvent.Checkpoint piece : pieces) {
                bytes += QueueEvents.encode(piece).length;
            }
            bestNs = Math.min(bestNs, System.nanoTime() - startNs);
        }
        System.out.printf("a checkpoint of 100,000 held messages: %,d bytes in %d ms%n", bytes, bestNs / 1_000_000);
        assertThat(bytes).isLessThan(25 * MIB);
        assertThat(bestNs).isLessThan(5_000_000_000L);
    }

    @Test
    void theLogOfTheStateStaysShortAndBringsTheSameStateBack() {
        QueueSetup setup = new QueueSetup(
                new QueueLimits(10_000, 256, 100), 1, 100_000, MIB, MIB, 100_000, 10 * MIB, Long.MAX_VALUE);
        QueueConfig config = QueueMachine.config(3, Backoff.NONE, Optional.empty(), 0, Order.NONE, 100_000);
        List<QueueView> before = new ArrayList<>();
        List<Receive.Lease> held = new ArrayList<>();
        try (RunningQueues running = start(setup)) {
            for (int i = 0; i < 50; i++) {
                running.create("q" + i, config);
            }
            running.create("gone", config);
            RunningQueues.get(running.queues.delete("gone"));
            PartitionLog log = running.log(QueueCoordinator.TOPIC, 0);

            for (int round = 0; round < 150; round++) {
                String queue = "q" + round % 10;
                running.send(queue, 200);
                List<Received> some = running.take(queue, "c", 200, round % 2 == 0 ? 0 : 600_000);
                assertThat(some).hasSize(200);
                running.acknowledge(queue, some.subList(3, 200));
                if (queue.equals("q4")) {
                    some.stream().limit(3).forEach(one -> held.add(one.lease()));
                }
            }
            // Much is written down of few messages.
            List<Receive.Extension> again = new ArrayList<>();
            held.forEach(lease ->
                    again.add(new Receive.Extension(lease, OptionalLong.of(3_600_000), Optional.of(new byte[30_000]))));
            List<CompletableFuture<Receive.Outcomes>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                answers.add(running.queues.extend("q4", again));
                if (i % 10 == 9) {
                    answers.forEach(RunningQueues::get);
                    answers.clear();
                }
            }
            long all = log.logEndOffset();
            Await.until("the log is short", () -> log.logEndOffset() - log.logStartOffset() < 2_000);
            Await.until("old segments are gone", () -> log.sizeInBytes() < 48 * MIB);
            System.out.printf(
                    "%d events, of which %d are kept in %d bytes%n",
                    all, log.logEndOffset() - log.logStartOffset(), log.sizeInBytes());
            assertThat(log.logStartOffset()).as("the oldest that is needed").isGreaterThan(60);
            for (int i = 0; i < 50; i++) {
                before.add(running.describe("q" + i));
            }
        }
        try (RunningQueues running = start(setup)) {
            for (int i = 0; i < 50; i++) {
                assertThat(running.describe("q" + i))
                        .usingRecursiveComparison()
                        // Sessions begin anew, and nobody has asked since.
                        .ignoringFields("sessions.expiresMs", "askedMs")
                        .isEqualTo(before.get(i));
            }
            assertThat(running.describe("gone").error()).isEqualTo(QueueError.UNKNOWN_QUEUE);
            for (Receive.Lease lease : held) {
                assertThat(running.acknowledge("q4", lease)).isEqualTo(QueueError.NONE);
            }
            assertThat(running.describe("q4").counts().acknowledged())
                    .isEqualTo(running.describe("q4").sent());
        }
    }

    private RunningQueues start(QueueSetup setup) {
        return new RunningQueues(
                LocalLogEngine.on(BrokerConfig.at(folder).with("log.min.free.bytes", "0")),
                setup,
                InstantSource.system());
    }
}
