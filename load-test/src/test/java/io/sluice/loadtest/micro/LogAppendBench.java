package io.sluice.loadtest.micro;

import io.sluice.core.TopicPartition;
import io.sluice.core.log.LogRecovery;
import io.sluice.core.log.SegmentedLog;
import io.sluice.core.log.WriteBuffer;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.storage.DiskDirectory;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What appending one batch to a partition's log costs its worker: offsets, producers' state, the write, the index entry;
 * with and without a sync for each batch. Iterations are short and begin with an empty log, so that the disk does not fill.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class LogAppendBench {
    private static final TopicPartition PARTITION = new TopicPartition("bench", 0);

    /** Records and bytes of each. */
    @Param({"1x100", "100x100", "1x16384"})
    public String batch;

    /** Whether each append is synced. */
    @Param({"false", "true"})
    public boolean sync;

    private final WriteBuffer buffer = new WriteBuffer(512 * 1024);
    private TemporaryFolder folder;
    private SegmentedLog log;
    private RecordBatch appended;
    private long nowMs;

    /** Opens an empty log. */
    @Setup(Level.Iteration)
    public void open() throws IOException {
        nowMs = System.currentTimeMillis();
        appended = Batches.of(batch, nowMs);
        folder = new TemporaryFolder();
        log = LogRecovery.open(
                        PARTITION,
                        DiskDirectory.open(folder.path()),
                        new LogRecovery.Start(
                                TopicConfig.defaults(),
                                new LogRecovery.ProducerLimits(1_000, 86_400_000, 1_000, 86_400_000),
                                1,
                                0,
                                0,
                                false,
                                nowMs,
                                Runnable::run))
                .log();
    }

    /** Closes and deletes it. */
    @TearDown(Level.Iteration)
    public void close() throws IOException {
        log.close(false);
        folder.close();
    }

    /** One batch, alone in its group. */
    @Benchmark
    public long append() throws IOException {
        log.stage(appended, buffer, nowMs);
        log.write(buffer);
        if (sync) {
            log.flush(nowMs);
        }
        log.commit();
        return log.highWatermark();
    }
}
