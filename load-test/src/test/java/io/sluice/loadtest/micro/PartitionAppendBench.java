package io.sluice.loadtest.micro;

import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.NewTopic;
import java.io.IOException;
import java.util.Map;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * An append through the broker's front door, waited for: the queue, the worker's thread and the way back included. With
 * several threads it shows what group commit gains. The copy of the batch, which the log keeps, is part of it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class PartitionAppendBench {
    /** Records and bytes of each. */
    @Param({"1x100", "100x100", "1x16384"})
    public String batch;

    /** The topic's setting: 1 syncs before the answer, the largest number leaves it to the operating system. */
    @Param({"1", "9223372036854775807"})
    public String flushMessages;

    private TemporaryFolder folder;
    private Broker broker;
    private PartitionLog partition;
    private RecordBatch prototype;

    /** Opens a broker with one empty topic. */
    @Setup(Level.Iteration)
    public void open() {
        prototype = Batches.of(batch, System.currentTimeMillis());
        folder = new TemporaryFolder();
        broker = Broker.open(BrokerConfig.at(folder.path()));
        broker.createTopic(new NewTopic("bench", 1, Map.of("flush.messages", flushMessages)))
                .join();
        partition = broker.partition("bench", 0);
    }

    /** Closes and deletes it. */
    @TearDown(Level.Iteration)
    public void close() throws IOException {
        broker.close();
        folder.close();
    }

    /** One producer. */
    @Benchmark
    public Appended alone() {
        return append();
    }

    /** Sixteen producers, whose batches share writes and syncs. */
    @Benchmark
    @Threads(16)
    public Appended sixteenTogether() {
        return append();
    }

    private Appended append() {
        return partition.append(Batches.copyOf(prototype), Acks.COMMITTED).join();
    }
}
