package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.record.Codecs;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What nobody waits for in the broker's own books is synced with what somebody waits for, or a little later. */
class LazySyncTest {
    private static WorkerFixture partition(boolean internal) throws IOException {
        return new WorkerFixture(Map.of(), Codecs.jdk(), internal);
    }

    @Test
    void itSharesTheSyncOfTheNextThatIsWaitedFor() throws IOException {
        WorkerFixture it = partition(true);
        CompletableFuture<Appended> first = it.append("a", Acks.WRITTEN);
        it.run();
        assertThat(first).isCompleted();
        assertThat(it.metrics.flushes().sum()).isZero();

        CompletableFuture<Appended> next = it.append("b", Acks.COMMITTED);
        it.run();
        assertThat(next).isCompleted();
        assertThat(it.metrics.flushes().sum()).isEqualTo(1);
        it.clock.advance(Duration.ofMillis(60_000));
        it.run();
        assertThat(it.metrics.flushes().sum())
                .as("there is nothing left to sync")
                .isEqualTo(1);
    }

    @Test
    void itDoesNotWaitForLong() throws IOException {
        WorkerFixture it = partition(true);
        it.append("a", Acks.WRITTEN);
        it.run();
        it.clock.advance(Duration.ofMillis(30));
        it.append("b", Acks.WRITTEN);
        it.run();
        assertThat(it.metrics.flushes().sum()).isZero();

        it.clock.advance(Duration.ofMillis(20));
        it.run();
        assertThat(it.metrics.flushes().sum()).as("50 ms after the first").isEqualTo(1);
        assertThat(it.partition.log().flushedOffset()).isEqualTo(2);
    }

    @Test
    void whoeverReadsATopicSeesNothingThatIsNotSynced() throws IOException {
        WorkerFixture it = partition(false);
        CompletableFuture<Boolean> reader = it.partition.awaitBeyond(0, 1, 1_000);
        it.append("a", Acks.WRITTEN);
        it.run();
        assertThat(it.metrics.flushes().sum()).isEqualTo(1);
        assertThat(reader).isCompletedWithValue(true);
    }
}
