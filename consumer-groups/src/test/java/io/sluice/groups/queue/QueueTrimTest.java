package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.ManualClock;
import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Received;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is finished and older than the queue keeps it is deleted from the queue's log. */
class QueueTrimTest {
    private static final long HOUR_MS = 3_600_000;

    @TempDir
    private Path folder;

    private final ManualClock clock = new ManualClock(1_700_000_000_000L);

    private RunningQueues start() {
        return new RunningQueues(
                LocalLogEngine.on(BrokerConfig.at(folder).with("log.min.free.bytes", "0")),
                QueueSetup.defaults(),
                clock);
    }

    private static QueueConfig config(long retentionMs) {
        return config(retentionMs, 0);
    }

    private static QueueConfig config(long retentionMs, long dedupWindowMs) {
        QueueConfig usual = QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 1_000);
        return new QueueConfig(
                7 * 24 * HOUR_MS,
                usual.maxDeliveries(),
                usual.backoff(),
                usual.deadLetterQueue(),
                0,
                0,
                usual.order(),
                usual.maxInFlight(),
                0,
                0,
                dedupWindowMs,
                retentionMs);
    }

    private static State state(RunningQueues running, long offset) {
        return RunningQueues.get(running.queues.message("q", new MessageId(0, offset)))
                .message()
                .state();
    }

    private static void lookUntil(RunningQueues running, String what, BooleanSupplier condition) {
        Await.until(what, () -> {
            running.queues.lookAfter(1);
            // Its turn is over.
            running.describe("q");
            return condition.getAsBoolean();
        });
    }

    @Test
    void whatIsFinishedAndOldIsDeletedAndNothingElse() {
        try (RunningQueues running = start()) {
            running.create("q", config(2 * HOUR_MS));
            PartitionLog log = running.log("q", 0);
            running.send("q", 10);
            clock.advance(Duration.ofHours(1));
            running.send("q", 10);
            clock.advance(Duration.ofMinutes(90));
            running.send("q", 10);
            List<Received> all = running.take("q", "c", 30);
            assertThat(all).hasSize(30);
            // The first ten are old, and three of the others as well finished.
            running.acknowledge("q", all.subList(0, 5));
            running.acknowledge("q", all.subList(6, 25));
            lookUntil(running, "five are gone", () -> log.logStartOffset() == 5);
            assertThat(running.describe("q").pinnedBytes()).isPositive();

            assertThat(RunningQueues.get(running.queues.delete("q", all.get(5).id())))
                    .isEqualTo(QueueError.NONE);
            lookUntil(running, "the old ones are gone", () -> log.logStartOffset() == 10);
            lookUntil(
                    running,
                    "nothing is in the way",
                    () -> running.describe("q").pinnedBytes() == 0);
            clock.advance(Duration.ofHours(1));
            lookUntil(running, "those of later are gone", () -> log.logStartOffset() == 20);
            clock.advance(Duration.ofHours(10));
            lookUntil(running, "all that is finished is gone", () -> log.logStartOffset() == 25);

            assertThat(state(running, 25)).isEqualTo(State.LEASED);
            assertThat(state(running, 5)).as("is remembered").isEqualTo(State.DROPPED);
            assertThat(running.describe("q").sent()).isEqualTo(30);
            running.acknowledge("q", all.subList(25, 30));
        }
        try (RunningQueues running = start()) {
            assertThat(state(running, 5)).isEqualTo(State.DROPPED);
            assertThat(running.describe("q").oldest()).isEmpty();
            lookUntil(running, "nothing is left", () -> running.log("q", 0).logStartOffset() == 30);
        }
    }

    @Test
    void whoKeepsEverythingLosesNothing() {
        try (RunningQueues running = start()) {
            running.create("q", config(-1));
            running.create("r", config(0));
            running.send("q", 10);
            running.send("r", 10);
            running.acknowledge("q", running.take("q", "c", 10));
            running.acknowledge("r", running.take("r", "c", 10));
            clock.advance(Duration.ofDays(1_000));
            lookUntil(running, "the other is gone", () -> running.log("r", 0).logStartOffset() == 10);
            assertThat(running.log("q", 0).logStartOffset()).isZero();
        }
    }

    /** A start reads from the log what has been sent within the window of deduplication. */
    @Test
    void whatMayComeOnceMoreIsKeptForAsLongAsThatIsAskedFor() {
        try (RunningQueues running = start()) {
            running.create("q", config(0, HOUR_MS));
            running.send("q", 10);
            clock.advance(Duration.ofMinutes(10));
            running.send("q", 10);
            running.acknowledge("q", running.take("q", "c", 20));
            clock.advance(Duration.ofMinutes(51));
            lookUntil(running, "the first are gone", () -> running.log("q", 0).logStartOffset() == 10);
        }
    }

    /** Records can be deleted over any face; nobody is given a message that is not there. */
    @Test
    void messagesWhoseRecordsWereDeletedAreNotWaitedFor() {
        try (RunningQueues running = start()) {
            running.create("q", config(-1));
            running.send("q", 10);
            Received first = running.take("q", "c", 1).get(0);
            assertThat(running.describe("q").waiting()).isEqualTo(9);
            RunningQueues.get(running.log("q", 0).trimBefore(6));

            lookUntil(running, "they are gone", () -> running.describe("q").waiting() == 4);
            assertThat(running.describe("q").counts().gone()).isEqualTo(6);
            assertThat(running.acknowledge("q", first.lease())).isEqualTo(QueueError.STALE_LEASE);
            assertThat(state(running, 3)).isEqualTo(State.UNKNOWN);
            assertThat(running.take("q", "c", 10))
                    .extracting(one -> one.id().offset())
                    .containsExactly(6L, 7L, 8L, 9L);
        }
    }

    @Test
    void eachQueueHasItsTurnInSoManyRounds() {
        QueueShard shard = new QueueShard(
                new QueueMemory(QueueSetup.defaults().limits(), 1, 1, Long.MAX_VALUE),
                new QueueMachine.NoFeeding(),
                new HashMap<>(),
                Long.MAX_VALUE);
        assertThat(shard.nextOf(10)).isEmpty();
        for (int i = 0; i < 25; i++) {
            QueueEvent.Created created =
                    new QueueEvent.Created(new UUID(1, i), "q" + i, config(-1), List.of(0L), clock.millis());
            shard.apply(created, i, 1);
        }
        Set<String> seen = new HashSet<>();
        for (int round = 0; round < 10; round++) {
            List<Queue> some = shard.nextOf(10);
            assertThat(some).hasSizeLessThanOrEqualTo(3);
            some.forEach(queue -> seen.add(queue.name()));
        }
        assertThat(seen).hasSize(25);
    }
}
