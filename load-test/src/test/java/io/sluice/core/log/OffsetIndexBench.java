package io.sluice.core.log;

import io.sluice.core.storage.DiskDirectory;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Looking an offset up: in the index of a segment that grows, which is in memory, and of a sealed one, which is a file.
 * 262,144 entries are the index of a segment of 1 GiB.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class OffsetIndexBench {
    private static final int OFFSETS_PER_ENTRY = 40;
    private static final int BYTES_PER_ENTRY = 4096;

    /** How many entries the index has. */
    @Param({"1000", "262144"})
    public int entries;

    private final SplittableRandom random = new SplittableRandom(1);
    private Path folder;
    private OffsetIndex growing;
    private OffsetIndex sealed;

    /** Fills both. */
    @Setup
    public void fill() throws IOException {
        folder = Files.createTempDirectory("sluice-micro");
        LogDirectory directory = DiskDirectory.open(folder);
        growing = OffsetIndex.growing(0);
        for (int i = 0; i < entries; i++) {
            growing.append((i + 1L) * OFFSETS_PER_ENTRY - 1, i * BYTES_PER_ENTRY);
        }
        growing.persist(directory);
        sealed = OffsetIndex.sealed(0, directory, entries);
    }

    /** Deletes the file. */
    @TearDown
    public void delete() throws IOException {
        sealed.close();
        Files.delete(folder.resolve(SegmentNames.of(0, SegmentNames.OFFSET_INDEX)));
        Files.delete(folder);
    }

    /** Any offset, in memory. */
    @Benchmark
    public int growing() throws IOException {
        return growing.floorPosition(anyOffset());
    }

    /** Any offset, in the file. */
    @Benchmark
    public int sealed() throws IOException {
        return sealed.floorPosition(anyOffset());
    }

    private long anyOffset() {
        return random.nextLong((long) entries * OFFSETS_PER_ENTRY);
    }
}
