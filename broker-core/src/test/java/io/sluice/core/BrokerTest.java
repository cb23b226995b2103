package io.sluice.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.topic.NewTopic;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerTest {
    @TempDir
    Path folder;

    @Test
    void whatWasAppendedIsReadAgainAfterARestart() {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            broker.createTopic(new NewTopic("orders", 2, Map.of())).join();
            for (int i = 0; i < 100; i++) {
                append(broker.partition("orders", 1), "value-" + i);
            }

            assertThat(values(broker.partition("orders", 1))).hasSize(100).endsWith("value-99");
            assertThat(values(broker.partition("orders", 0))).isEmpty();
        }

        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            PartitionLog log = broker.partition("orders", 1);
            assertThat(values(log)).hasSize(100).startsWith("value-0").endsWith("value-99");
            assertThat(append(log, "after").baseOffset()).isEqualTo(100);
            assertThat(log.epoch()).isEqualTo(2);
        }
    }

    @Test
    void aPartitionIsAskedForByAnyNumber() {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            broker.createTopic(new NewTopic("orders", 2, Map.of())).join();

            for (int none : new int[] {2, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
                assertRefused(() -> broker.partition("orders", none), ErrorCode.UNKNOWN_PARTITION);
                assertRefused(() -> broker.partition("nowhere", none), ErrorCode.UNKNOWN_TOPIC);
            }
        }
    }

    private static void assertRefused(ThrowingCallable call, ErrorCode code) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void segmentsRollAndAreReadAcross() {
        BrokerConfig config = BrokerConfig.at(folder).with("log.index.interval.bytes", "256");
        try (Broker broker = Broker.open(config)) {
            broker.createTopic(new NewTopic("small", 1, Map.of("segment.bytes", "1048576")))
                    .join();
            PartitionLog log = broker.partition("small", 0);
            String text = "x".repeat(10_000);
            List<CompletableFuture<Appended>> appends = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                appends.add(log.append(batch(i + text), Acks.COMMITTED));
            }
            appends.forEach(CompletableFuture::join);

            assertThat(values(log))
                    .hasSize(500)
                    .allSatisfy(value -> assertThat(value).endsWith("x"));
        }
        try (Broker broker = Broker.open(config)) {
            assertThat(values(broker.partition("small", 0))).hasSize(500);
        }
    }

    /** An engine that has just deleted the topic as often as it is told to when it is to be created. */
    private static LogEngine deletingMeanwhile(LogEngine engine, int times) {
        AtomicInteger left = new AtomicInteger(times);
        return (LogEngine) Proxy.newProxyInstance(
                BrokerTest.class.getClassLoader(),
                new Class<?>[] {LogEngine.class},
                (proxy, method, arguments) -> method.getName().equals("createTopic") && left.getAndDecrement() > 0
                        ? CompletableFuture.failedFuture(new BrokerException(ErrorCode.TOPIC_EXISTS, "it was there"))
                        : method.invoke(engine, arguments));
    }

    @Test
    void aTopicThatIsDeletedWhileItIsWantedIsCreatedAnew() {
        try (LocalLogEngine engine = LocalLogEngine.on(BrokerConfig.at(folder))) {
            engine.start();
            Broker once = new Broker(deletingMeanwhile(engine, 1), true);
            assertThat(once.topicOrCreate("again").join().name()).isEqualTo("again");

            Broker always = new Broker(deletingMeanwhile(engine, Integer.MAX_VALUE), true);
            assertThat(always.topicOrCreate("never"))
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_TOPIC));
        }
    }

    @Test
    void aSecondBrokerOnTheFolderIsRefused() {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            assertThat(broker.topics()).isEmpty();
            assertThatThrownBy(() -> Broker.open(BrokerConfig.at(folder)))
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_DIRECTORY_LOCKED));
        }
    }

    @Test
    void aWaitingReaderIsWokenByAnAppendAndByItsDeadline() throws Exception {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            broker.createTopic(new NewTopic("t", 1, Map.of())).join();
            PartitionLog log = broker.partition("t", 0);

            CompletableFuture<Boolean> woken = log.awaitBeyond(0, 1, 30_000);
            append(log, "one");
            assertThat(woken.get(10, TimeUnit.SECONDS)).isTrue();
            assertThat(log.awaitBeyond(1, 1, 20).get(10, TimeUnit.SECONDS)).isFalse();
        }
    }

    @Test
    void aRepeatedIdempotencyKeyIsAnsweredWithTheFirstOffsetsEvenAfterARestart() {
        IdempotencyKey key = IdempotencyKey.of("my-key", "t", 0);
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            broker.createTopic(new NewTopic("t", 1, Map.of())).join();
            append(broker.partition("t", 0), "before");
            RecordBatch first = batch("once");
            key.stamp(first, 7);
            assertThat(broker.append("t", 0, first, Acks.COMMITTED).join().baseOffset())
                    .isEqualTo(1);
        }
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            RecordBatch again = batch("once");
            key.stamp(again, 7);
            Appended answer = broker.append("t", 0, again, Acks.COMMITTED).join();
            assertThat(answer.duplicate()).isTrue();
            assertThat(answer.baseOffset()).isEqualTo(1);

            RecordBatch other = batch("else");
            key.stamp(other, 8);
            assertThatThrownBy(
                            () -> broker.append("t", 0, other, Acks.COMMITTED).join())
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.IDEMPOTENCY_KEY_REUSED));
            assertThat(values(broker.partition("t", 0))).containsExactly("before", "once");
        }
    }

    @Test
    void deletedRecordsAndTopicsAreGoneAndTheNameIsFreeAgain() {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            broker.createTopic(new NewTopic("t", 1, Map.of())).join();
            PartitionLog log = broker.partition("t", 0);
            append(log, "a");
            append(log, "b");
            assertThat(log.trimBefore(1).join()).isEqualTo(1);
            assertThat(values(log)).containsExactly("b");

            broker.deleteTopic("t").join();
            assertThat(broker.topic("t")).isEmpty();
            assertThat(log.closed().join().reason()).isEqualTo(PartitionLog.Reason.DELETED);

            broker.createTopic(new NewTopic("t", 1, Map.of())).join();
            assertThat(values(broker.partition("t", 0))).isEmpty();
            append(broker.partition("t", 0), "c");
        }
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            assertThat(values(broker.partition("t", 0))).containsExactly("c");
        }
        assertThat(folder.resolve("t-0")).isDirectory();
        assertThat(Files.exists(folder.resolve(".clean-shutdown"))).isTrue();
    }

    private static RecordBatch batch(String value) {
        return new RecordBatchBuilder(value.length() + 64)
                .append(1_700_000_000_000L, null, value.getBytes(StandardCharsets.UTF_8))
                .build();
    }

    private static Appended append(PartitionLog log, String value) {
        return log.append(batch(value), Acks.COMMITTED).join();
    }

    private static List<String> values(PartitionLog log) {
        List<String> values = new ArrayList<>();
        long offset = log.logStartOffset();
        while (offset < log.highWatermark()) {
            LogRead read = log.read(offset, 64 * 1024).join();
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    RecordCursor cursor = RecordCursor.over(batch);
                    while (cursor.next()) {
                        if (cursor.offset() >= offset) {
                            values.add(StandardCharsets.UTF_8
                                    .decode(cursor.value())
                                    .toString());
                        }
                    }
                }
            }
            assertThat(read.nextOffset()).isGreaterThan(offset);
            offset = read.nextOffset();
        }
        return values;
    }
}
