package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Codecs;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WaitingReadersTest {
    private WorkerFixture it;

    @BeforeEach
    void open() throws IOException {
        it = new WorkerFixture(Map.of(), Codecs.jdk());
    }

    @Test
    void readersThatBeginToWaitDoNotMakeGroupsSmaller() {
        List<CompletableFuture<Appended>> appends = new ArrayList<>();
        List<CompletableFuture<Boolean>> readers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            appends.add(it.append("k" + i));
            readers.add(it.partition.awaitBeyond(i, 1, 1000));
        }

        it.worker.runOnce();

        assertThat(appends).allMatch(CompletableFuture::isDone);
        assertThat(it.metrics.flushes().sum()).isEqualTo(1);
        assertThat(readers).allMatch(reader -> reader.getNow(false));
    }

    @Test
    void aReaderWhoArrivesAfterTheCommitSeesIt() {
        it.append("a");
        CompletableFuture<Boolean> reader = it.partition.awaitBeyond(0, 1, 1000);
        it.run();

        assertThat(reader).isCompletedWithValue(true);
    }

    @Test
    void aReaderWhoArrivesAtAClosedPartitionIsTold() {
        CompletableFuture<Long> closed =
                it.partition.close(new PartitionLog.Closed(PartitionLog.Reason.SHUT_DOWN, "the test ends"));
        CompletableFuture<Boolean> reader = it.partition.awaitBeyond(0, 1, 1000);
        it.run();

        assertThat(closed).isCompleted();
        assertThat(reader).failsWithin(Duration.ZERO).withThrowableThat().withCauseInstanceOf(BrokerException.class);
    }

    /** A worker whose disk takes long does not come to those who begin to wait, and clients go on to come and leave. */
    @Test
    void readersThatGiveUpBeforeTheWorkerComesToThemDoNotPileUp() {
        CompletableFuture<Boolean> patient = it.partition.awaitBeyond(0, 1, 1000);
        for (int i = 0; i < 100_000; i++) {
            it.partition.awaitBeyond(0, 1, 1000).cancel(false);
        }

        assertThat(it.worker.arriving()).isLessThan(2_000);
        it.append("a");
        it.run();
        assertThat(patient).isCompletedWithValue(true);
        assertThat(it.partition.waiterCount()).isZero();
    }

    @Test
    void aReaderMayWaitForEver() {
        CompletableFuture<Boolean> patient = it.partition.awaitBeyond(0, 1, Long.MAX_VALUE);
        CompletableFuture<Boolean> shortly = it.partition.awaitBeyond(0, 1, 10);
        it.run();
        it.clock.advance(Duration.ofMillis(20));
        it.run();

        assertThat(shortly).isCompletedWithValue(false);
        assertThat(patient).isNotDone();
    }
}
