package io.sluice.groups.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A log that has become too long is made shorter, over a log that does as the test says. */
class ShardCheckpointTest {
    private final Deque<CompletableFuture<Appended>> appends = new ArrayDeque<>();
    private final List<Integer> sizes = new ArrayList<>();
    private final List<Long> trims = new ArrayList<>();
    private long end;
    private Toy toy;
    private final ShardRunner<Toy, TurnOutput> runner = new ShardRunner<>(
            log(), () -> toy = new Toy(), (shard, out) -> out, Runnable::run, () -> Instant.ofEpochMilli(0));

    /** Needs the log from its last checkpoint on, which is due after two records. */
    private static final class Toy implements Shard<TurnOutput> {
        private int records;
        private long checkpoint;

        @Override
        public void replay(RecordCursor record) {}

        @Override
        public void begin(TurnOutput out) {}

        @Override
        public void tick(TurnOutput out) {}

        @Override
        public long nextTimerMs() {
            return Long.MAX_VALUE;
        }

        void work(TurnOutput out) {
            records++;
            out.append(null, new byte[1]);
        }

        @Override
        public boolean isCheckpointDue() {
            return records >= 2;
        }

        @Override
        public void checkpoint(TurnOutput out) {
            records = 0;
            checkpoint = out.logEndOffset();
            out.append(null, new byte[100]);
        }

        @Override
        public long neededFrom() {
            return checkpoint;
        }
    }

    private PartitionLog log() {
        return (PartitionLog) Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(),
                new Class<?>[] {PartitionLog.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "partition" -> new TopicPartition("t", 0);
                    case "logStartOffset", "highWatermark" -> 0L;
                    case "logEndOffset" -> end;
                    case "read" -> CompletableFuture.completedFuture(new LogRead(List.of(), Optional.empty(), 0, 0, 0));
                    case "append" -> {
                        sizes.add(((RecordBatch) args[0]).recordCount());
                        appends.add(new CompletableFuture<>());
                        yield appends.getLast();
                    }
                    case "trimBefore" -> {
                        trims.add((Long) args[0]);
                        yield CompletableFuture.completedFuture((Long) args[0]);
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void work() {
        runner.tell(Toy::work, 0);
    }

    private void loop() {
        runner.tick(0);
        runner.flush(0);
    }

    private void takeAppend() {
        end += sizes.get(sizes.size() - appends.size());
        appends.remove().complete(new Appended(0, 0, -1, 0, false));
    }

    @Test
    void aCheckpointWaitsForTheAppendThatIsUnderWayAndTheCutForTheCheckpoint() {
        runner.load(0);
        work();
        loop();
        assertThat(sizes).containsExactly(1);
        work();
        loop();
        assertThat(toy.isCheckpointDue()).as("not while an append is under way").isTrue();

        takeAppend();
        assertThat(toy.isCheckpointDue()).isFalse();
        assertThat(sizes).as("the record and the checkpoint").containsExactly(1, 2);
        assertThat(trims).as("the checkpoint is not durable").isEmpty();

        takeAppend();
        assertThat(trims).containsExactly(1L);
        assertThat(appends).isEmpty();
    }

    @Test
    void nothingIsCutOffIfTheCheckpointCannotBeWritten() {
        runner.load(0);
        work();
        work();
        loop();
        assertThat(sizes).containsExactly(3);
        appends.remove().completeExceptionally(new IllegalStateException("as the test says"));
        assertThat(trims).isEmpty();
    }
}
