package io.sluice.groups.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What goes wrong around a shard does not stop it, and nobody waits for ever. */
class ShardFailureTest {
    private final List<ByteBuffer> written = new ArrayList<>();
    private final Deque<RecordBatch> batches = new ArrayDeque<>();
    private final Deque<CompletableFuture<Appended>> appends = new ArrayDeque<>();
    private int reads;
    private int failingReplays;
    private long nowMs;
    private Toy toy;
    private final ShardRunner<Toy, TurnOutput> runner = new ShardRunner<>(
            log(), () -> toy = new Toy(), (shard, out) -> out, Runnable::run, () -> Instant.ofEpochMilli(nowMs));

    /** Counts records. */
    private final class Toy implements Shard<TurnOutput> {
        private int records;

        @Override
        public void replay(RecordCursor record) {
            if (failingReplays > 0) {
                failingReplays--;
                throw new StackOverflowError("as the test says");
            }
            records++;
        }

        @Override
        public void begin(TurnOutput out) {}

        @Override
        public void tick(TurnOutput out) {}

        @Override
        public long nextTimerMs() {
            return Long.MAX_VALUE;
        }
    }

    private PartitionLog log() {
        return (PartitionLog) Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(),
                new Class<?>[] {PartitionLog.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "partition" -> new TopicPartition("t", 0);
                    case "logStartOffset" -> 0L;
                    case "highWatermark", "logEndOffset" -> (long) written.size();
                    case "read" -> {
                        reads++;
                        yield CompletableFuture.completedFuture(new LogRead(
                                written.stream().map(ByteBuffer::duplicate).toList(),
                                Optional.empty(),
                                written.size(),
                                written.size(),
                                0));
                    }
                    case "append" -> {
                        batches.add((RecordBatch) args[0]);
                        appends.add(new CompletableFuture<>());
                        yield appends.getLast();
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void work() {
        runner.tell((shard, out) -> out.append(null, new byte[1]), nowMs);
        runner.flush(nowMs);
    }

    private void takeAppend() {
        written.add(batches.remove().bytes());
        appends.remove().complete(new Appended(0, 0, -1, 0, false));
    }

    private void pass(long ms) {
        nowMs += ms;
        runner.tick(nowMs);
        runner.flush(nowMs);
    }

    @Test
    void anErrorWhileTheStateIsReadEndsNothing() {
        runner.load(nowMs);
        work();
        takeAppend();
        failingReplays = 1;

        runner.load(nowMs);
        assertThat(runner.fault()).contains(Refusal.UNAVAILABLE);
        pass(1_000);

        assertThat(runner.fault()).isEmpty();
        assertThat(toy.records).isEqualTo(1);
    }

    /** What is read before the append has ended may lack what it wrote: the state would never have it. */
    @Test
    void nothingIsReadAgainWhileAnAppendIsUnderWay() {
        runner.load(nowMs);
        work();
        runner.tell(
                (shard, out) -> {
                    throw new IllegalStateException("as the test says");
                },
                nowMs);
        assertThat(runner.fault()).contains(Refusal.UNAVAILABLE);
        int before = reads;
        pass(1_000);
        pass(10_000);
        assertThat(reads).as("the disk is slow").isEqualTo(before);
        assertThat(runner.nextTimerMs()).as("nothing to do until then").isGreaterThan(nowMs);

        takeAppend();
        pass(0);
        assertThat(runner.fault()).isEmpty();
        assertThat(toy.records).isEqualTo(1);
    }

    @Test
    void aListenerThatFailsKeepsNobodyWaiting() {
        runner.load(nowMs);
        Ticket<String> first = new Ticket<>(Refusal::name);
        Ticket<String> second = new Ticket<>(Refusal::name);
        runner.turn(first, nowMs, (shard, reply, out) -> {
            out.append(null, new byte[1]);
            out.afterwards(() -> {
                throw new IllegalStateException("as the test says");
            });
            out.answer(reply, "done");
        });
        runner.flush(nowMs);
        takeAppend();
        assertThat(first.future()).isCompletedWithValue("done");

        runner.turn(second, nowMs, (shard, reply, out) -> {
            out.afterwards(() -> {
                throw new StackOverflowError("as the test says");
            });
            out.answer(reply, "looked");
        });
        runner.flush(nowMs);
        assertThat(second.future()).isCompletedWithValue("looked");
        work();
        takeAppend();
        assertThat(runner.fault()).isEmpty();
    }
}
