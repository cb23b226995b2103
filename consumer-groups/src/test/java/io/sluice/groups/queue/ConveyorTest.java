package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Await;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.groups.queue.QueueEvent.Part;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** What goes wrong in a transfer is tried again. */
class ConveyorTest {
    private final AtomicInteger steps = new AtomicInteger();
    private volatile boolean isOver;

    /** Of a queue that has nothing on its way. */
    private static final class NothingPending implements Turns {
        @Override
        public <T> CompletableFuture<T> turn(String name, UUID queue, BiFunction<Queue, QueueEffects, T> turn) {
            Queue some = new Queue(
                    queue,
                    name,
                    QueueConfig.DEFAULTS,
                    new QueueMemory(new QueueLimits(1, 1, 1), 1, 1, Long.MAX_VALUE),
                    new Agenda(),
                    new QueueMachine.NoFeeding());
            return CompletableFuture.completedFuture(turn.apply(some, null));
        }

        @Override
        public <T> CompletableFuture<T> turn(String name, BiFunction<Queue, QueueEffects, T> turn) {
            return turn(name, new UUID(0, 0), turn);
        }
    }

    private final class Failing extends Conveyor {
        Failing() {
            super(
                    new Surroundings(null, null, new NothingPending(), Runnable::run, InstantSource.system()),
                    "q",
                    new UUID(0, 1),
                    0);
        }

        @Override
        void next(Transfer.View view, boolean anew) {
            if (steps.getAndIncrement() == 0) {
                throw new StackOverflowError("as the test says");
            }
            assertThat(anew).as("what was known may not be true").isTrue();
            end();
        }

        @Override
        Optional<RecordBatchBuilder> records(Queue queue, Part part, Map<MessageId, StoredMessage> messages) {
            return Optional.empty();
        }

        @Override
        List<MessageId> rest(Queue queue, Part part, Set<MessageId> gone) {
            return List.of();
        }

        @Override
        void settled(Queue queue, Part part, boolean there, List<MessageId> rest, QueueEffects effects) {}

        @Override
        void onEnd() {
            isOver = true;
        }
    }

    @Test
    void anErrorEndsNoTransfer() {
        new Failing().go();
        Await.until("it is tried again", () -> isOver);
        assertThat(steps).hasValue(2);
    }
}
