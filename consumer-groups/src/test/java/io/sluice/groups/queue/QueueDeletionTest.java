package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.Seeds;
import io.sluice.groups.queue.QueueConfig.Order;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A queue ends with its topic, whatever happens meanwhile: what was in it is never in the next one of that name. */
class QueueDeletionTest {
    private static final QueueConfig CONFIG =
            QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 100);

    @Test
    void aQueueWhoseTopicCannotBeDeletedStaysAsItIs() {
        try (CrashingQueues it = new CrashingQueues(1)) {
            UUID id = get(it.queues.create("q", CONFIG, 1)).id();
            it.send("q", 0, null, "one");
            it.machine.failSyncs(path -> path.contains("__topics"));
            assertThatThrownBy(() -> it.queues.delete("q").join()).hasMessageContaining("Input/output error");

            QueueView queue = get(it.queues.describe("q"));
            assertThat(queue.error()).isEqualTo(QueueError.NONE);
            assertThat(queue.id()).isEqualTo(id);
            assertThat(it.receiveAll("q", 1)).hasSize(1);
        }
    }

    /** The machine goes down at some step of the deletion. */
    @Test
    void afterACrashTheQueueIsThereAsItWasOrNotAtAll() {
        Seeds.runs(20, 500, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            try (CrashingQueues it = new CrashingQueues(seed)) {
                QueueView before = get(it.queues.create("q", CONFIG, 1));
                it.send("q", 0, null, "old");
                it.machine.goDownAfter(random.nextInt(12));
                CompletableFuture<QueueError> deleted = it.queues.delete("q");
                Await.until(
                        "the machine is down, or the queue is deleted", () -> it.machine.isDown() || deleted.isDone());
                boolean isDeleted =
                        deleted.isDone() && !deleted.isCompletedExceptionally() && deleted.join() == QueueError.NONE;
                it.crash();

                QueueView now = get(it.queues.createUnlessThere("q", CONFIG, 1)).queue();
                assertThat(now.error()).isEqualTo(QueueError.NONE);
                if (now.id().equals(before.id())) {
                    assertThat(isDeleted).isFalse();
                    assertThat(now.unfinished()).isEqualTo(1);
                    assertThat(now.createdMs()).as("it is not a new one").isEqualTo(before.createdMs());
                } else {
                    assertThat(now.unfinished()).as("nothing of the old one").isZero();
                }
            }
        });
    }
}
