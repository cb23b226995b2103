package io.sluice.groups.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.AppendListener;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordCursor;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** When answers leave: with the write, or with the sync. */
class ShardAnswersTest {
    private final List<Acks> acks = new ArrayList<>();
    private final List<AppendListener> listeners = new ArrayList<>();
    private final List<CompletableFuture<Appended>> appends = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private final ShardRunner<Idle, TurnOutput> runner =
            new ShardRunner<>(log(), Idle::new, (shard, out) -> out, Runnable::run, () -> Instant.ofEpochMilli(0));

    private static final class Idle implements Shard<TurnOutput> {
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
    }

    private PartitionLog log() {
        return (PartitionLog) Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(),
                new Class<?>[] {PartitionLog.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "partition" -> new TopicPartition("t", 0);
                    case "logStartOffset", "highWatermark", "logEndOffset" -> 0L;
                    case "read" -> CompletableFuture.completedFuture(new LogRead(List.of(), Optional.empty(), 0, 0, 0));
                    case "append" -> {
                        acks.add((Acks) args[1]);
                        listeners.add((AppendListener) args[2]);
                        CompletableFuture<Appended> append = new CompletableFuture<>();
                        appends.add(append);
                        yield append;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void acknowledge(String name) {
        runner.tell(
                (shard, out) -> {
                    out.append(null, new byte[1]);
                    out.answer(answers::add, name);
                },
                0);
    }

    private void lease(String name) {
        runner.tell(
                (shard, out) -> {
                    out.appendWritten(null, new byte[1]);
                    out.answerWritten(answers::add, name);
                },
                0);
    }

    private void synced(int append) {
        appends.get(append).complete(new Appended(0, 0, -1, 0, false));
    }

    @Test
    void whatNeedsNoSyncLeavesBeforeTheSyncOfWhatItComesWith() {
        runner.load(0);
        acknowledge("a");
        lease("b");
        runner.flush(0);
        assertThat(acks).containsExactly(Acks.COMMITTED);
        assertThat(answers).as("nothing is written").isEmpty();

        listeners.get(0).written();
        assertThat(answers).containsExactly("b");
        lease("c");
        runner.flush(0);
        assertThat(appends).as("one at a time").hasSize(1);

        synced(0);
        assertThat(answers).containsExactly("b", "a");
        assertThat(acks).containsExactly(Acks.COMMITTED, Acks.WRITTEN);
        synced(1);
        assertThat(answers).containsExactly("b", "a", "c");
    }

    @Test
    void nothingLeavesTwiceIfTheWriteIsHeardOfLate() {
        runner.load(0);
        acknowledge("a");
        lease("b");
        runner.flush(0);
        synced(0);
        assertThat(answers).containsExactly("b", "a");
        listeners.get(0).written();
        assertThat(answers).containsExactly("b", "a");
    }

    @Test
    void whatWasWrittenInALifeThatIsOverIsNotAnswered() {
        runner.load(0);
        acknowledge("a");
        lease("b");
        runner.flush(0);
        runner.close();
        listeners.get(0).written();
        synced(0);
        assertThat(answers).isEmpty();
    }

    /** An answer that only says how things stand may tell of what is not durable yet. */
    @Test
    void whatHasNothingToWriteWaitsForWhatIsUnderWay() {
        runner.load(0);
        acknowledge("a");
        runner.flush(0);
        runner.tell((shard, out) -> out.answer(answers::add, "how things stand"), 0);
        runner.flush(0);
        listeners.get(0).written();
        assertThat(answers).isEmpty();
        synced(0);
        assertThat(answers).containsExactly("a", "how things stand");
    }
}
