package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.Topic;
import io.sluice.groups.shard.Refusal;
import io.sluice.groups.shard.ShardRunner;
import io.sluice.groups.shard.Ticket;
import io.sluice.groups.shard.TurnOutput;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A shard over a log that does as the test says. */
class ShardRunnerTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);

    private final TestTopics topics = new TestTopics();
    private final List<ByteBuffer> written = new ArrayList<>();
    /** The batches that were to be appended, and how each ended. */
    private final Deque<RecordBatch> batches = new ArrayDeque<>();

    private final Deque<CompletableFuture<Appended>> appends = new ArrayDeque<>();
    /** What each of them waits for. */
    private final List<Acks> acks = new ArrayList<>();
    /** How many batches are written and not synced. */
    private int unsynced;
    /** What the last turn brings about. */
    private TurnOutput output;

    private final Deque<CompletableFuture<LogRead>> reads = new ArrayDeque<>();
    private long nowMs = 1_700_000_000_000L;
    private final ShardRunner<GroupShard, Effects> runner = new ShardRunner<>(
            log(),
            () -> new GroupShard(Machine.limits(), topics),
            (shard, out) -> {
                output = out;
                return new GroupEffects(shard, out, notice -> {});
            },
            Runnable::run,
            () -> java.time.Instant.ofEpochMilli(nowMs));

    ShardRunnerTest() {
        topics.put("t", 1);
    }

    private PartitionLog log() {
        return (PartitionLog) Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(),
                new Class<?>[] {PartitionLog.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "partition" -> new TopicPartition(GroupCoordinator.TOPIC, 0);
                    case "logStartOffset" -> 0L;
                    case "highWatermark" -> (long) written.size();
                    case "logEndOffset" -> (long) written.size() + unsynced;
                    case "read" -> {
                        reads.add(new CompletableFuture<>());
                        yield reads.getLast();
                    }
                    case "append" -> {
                        batches.add((RecordBatch) args[0]);
                        acks.add((Acks) args[1]);
                        appends.add(new CompletableFuture<>());
                        yield appends.getLast();
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void answerRead() {
        reads.remove()
                .complete(new LogRead(
                        written.stream().map(ByteBuffer::duplicate).toList(),
                        Optional.empty(),
                        written.size(),
                        written.size(),
                        0));
    }

    private void takeAppend() {
        written.add(batches.remove().bytes());
        appends.remove().complete(new Appended(0, 0, -1, 0, false));
    }

    private void refuseAppend(ErrorCode code) {
        batches.remove();
        appends.remove().completeExceptionally(new BrokerException(code, "as the test says"));
    }

    private void load() {
        runner.load(nowMs);
        answerRead();
    }

    private void pass(long ms) {
        nowMs += ms;
        runner.tick(nowMs);
        runner.flush(nowMs);
    }

    private CompletableFuture<Map<TopicPartition, GroupError>> commit(String metadata) {
        Ticket<Map<TopicPartition, GroupError>> ticket = new Ticket<>(why -> Map.of(T0, GroupError.of(why)));
        if (runner.fault().isPresent()) {
            ticket.refuse(runner.fault().get());
            return ticket.future();
        }
        CommittedOffset position =
                new CommittedOffset(topics.topic("t").orElseThrow().id(), 7, -1, metadata, nowMs);
        runner.turn(
                ticket,
                nowMs,
                (shard, reply, effects) ->
                        shard.commit(new Offsets.Commit("g", "", "", -1, Map.of(T0, position)), reply, effects));
        runner.flush(nowMs);
        return ticket.future();
    }

    @Test
    void whatIsBeingReadIsLoading() {
        runner.load(nowMs);
        assertThat(runner.fault()).contains(Refusal.LOADING);
        answerRead();
        assertThat(runner.fault()).isEmpty();
    }

    @Test
    void whatCannotBeReadIsUnavailableAndTriedAgain() {
        runner.load(nowMs);
        reads.remove().completeExceptionally(new BrokerException(ErrorCode.STORAGE_FAILED, "as the test says"));
        assertThat(runner.fault()).contains(Refusal.UNAVAILABLE);
        pass(1_000);
        assertThat(runner.fault()).contains(Refusal.UNAVAILABLE);
        answerRead();
        assertThat(runner.fault()).isEmpty();
    }

    @Test
    void whatIsWrittenAndNotSyncedIsReadWhenItIs() {
        unsynced = 1;
        runner.load(nowMs);
        pass(1_000);
        assertThat(reads).isEmpty();
        assertThat(runner.fault()).contains(Refusal.LOADING);

        unsynced = 0;
        pass(1_000);
        answerRead();
        assertThat(runner.fault()).isEmpty();
    }

    @Test
    void aSyncIsWaitedForIfAnythingOfATurnNeedsIt() {
        load();
        runner.tell((shard, effects) -> output.appendWritten(null, new byte[1]), nowMs);
        runner.flush(nowMs);
        takeAppend();
        runner.tell(
                (shard, effects) -> {
                    output.append(null, new byte[1]);
                    output.appendWritten(null, new byte[1]);
                },
                nowMs);
        runner.flush(nowMs);
        takeAppend();
        runner.tell((shard, effects) -> output.appendWritten(null, new byte[1]), nowMs);
        runner.flush(nowMs);
        assertThat(acks).containsExactly(Acks.WRITTEN, Acks.COMMITTED, Acks.WRITTEN);
    }

    @Test
    void aBusyWorkerIsAskedAgainAndNobodyHearsOfIt() {
        load();
        CompletableFuture<Map<TopicPartition, GroupError>> answer = commit("");
        refuseAppend(ErrorCode.OVERLOADED);
        assertThat(answer).isNotDone();
        assertThat(runner.fault()).isEmpty();
        pass(1_000);
        takeAppend();
        assertThat(answer).isCompletedWithValue(Map.of(T0, GroupError.NONE));
        assertThat(reads).as("nothing is read again").isEmpty();
    }

    @Test
    void whatCannotBeWrittenIsReadAgainAfterAPause() {
        load();
        CompletableFuture<Map<TopicPartition, GroupError>> answer = commit("");
        refuseAppend(ErrorCode.DISK_LOW);
        assertThat(answer).isCompletedWithValue(Map.of(T0, GroupError.UNAVAILABLE));
        assertThat(reads).as("a disk that is full is not read without end").isEmpty();
        assertThat(commit("")).isCompletedWithValue(Map.of(T0, GroupError.UNAVAILABLE));
        pass(1_000);
        answerRead();
        answer = commit("");
        takeAppend();
        assertThat(answer).isCompletedWithValue(Map.of(T0, GroupError.NONE));
    }

    @Test
    void whileNothingCanBeWrittenOnlySoMuchGathers() {
        load();
        String metadata = "m".repeat(90);
        commit(metadata);
        int taken = 0;
        while (!commit(metadata).isDone()) {
            assertThat(++taken).as("requests that wait").isLessThan(1_000_000);
        }
        assertThat(runner.fault()).contains(Refusal.UNAVAILABLE);
        takeAppend();
        assertThat(runner.fault()).isEmpty();
        takeAppend();
    }

    /** What comes of one request may be more than the log takes as one batch. */
    @Test
    void aTurnThatIsTooLargeForABatchIsWrittenAsSeveral() {
        load();
        String metadata = "m".repeat(Machine.limits().maxMetadataBytes());
        int partitions = 400_000;
        Topic large = topics.put("large", partitions);
        Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
        for (int i = 0; i < partitions; i++) {
            positions.put(new TopicPartition("large", i), new CommittedOffset(large.id(), i, -1, metadata, nowMs));
        }
        Ticket<Map<TopicPartition, GroupError>> ticket = new Ticket<>(why -> Map.of(T0, GroupError.of(why)));
        runner.turn(
                ticket,
                nowMs,
                (shard, reply, effects) ->
                        shard.commit(new Offsets.Commit("g", "", "", -1, positions), reply, effects));
        runner.flush(nowMs);
        CompletableFuture<Map<TopicPartition, GroupError>> other = commit("");
        assertThat(runner.fault()).isEmpty();
        long bytes = 0;
        while (!ticket.future().isDone()) {
            assertThat(batches).as("one append at a time").hasSize(1);
            assertThat(batches.getFirst().sizeInBytes()).isLessThan(9 * 1024 * 1024);
            bytes += batches.getFirst().sizeInBytes();
            takeAppend();
        }
        assertThat(bytes).as("all of it").isGreaterThan(64 * 1024 * 1024);
        assertThat(ticket.future().join()).hasSize(partitions).doesNotContainValue(GroupError.UNAVAILABLE);
        takeAppend();
        assertThat(other).isCompletedWithValue(Map.of(T0, GroupError.NONE));
    }
}
