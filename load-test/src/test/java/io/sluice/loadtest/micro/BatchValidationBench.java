package io.sluice.loadtest.micro;

import io.sluice.core.record.BatchValidator;
import io.sluice.core.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What checking a batch from outside costs: the checksum and the walk along its records. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class BatchValidationBench {
    /** Records and bytes of each. */
    @Param({"1x100", "100x100", "100x1024", "30000x10", "600000x10"})
    public String batch;

    private ByteBuffer bytes;

    /** Makes the batch. */
    @Setup
    public void make() {
        bytes = Batches.of(batch, 1_700_000_000_000L).ownedBytes();
    }

    /** One batch. */
    @Benchmark
    public RecordBatch validate() {
        return BatchValidator.validateOne(bytes, 1 << 25);
    }
}
