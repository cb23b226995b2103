package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PartitionWorkerTest {
    @Test
    void whatComesAfterTheEndIsStillAnswered() throws Exception {
        LogDirectory root = new CrashingMachine(new SplittableRandom(1)).root();
        PartitionWorker worker = new PartitionWorker(
                "ended",
                new PartitionWorker.Limits(10, 1000, 1000),
                InstantSource.system(),
                System::nanoTime,
                new LogMetrics(),
                new DiskSpace(root, new ReservedSpace(root), 0));
        worker.start();
        worker.stop();

        CompletableFuture<Boolean> late = new CompletableFuture<>();
        worker.execute(() -> late.complete(true));

        assertThat(late).isCompletedWithValue(true);
    }
}
