package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.groups.queue.MessageId;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a reader of messages makes of logs that fail. */
class MessageReaderTest {
    private static final String BAD = "malformed";
    private static final BrokerException IO_FAILED =
            new BrokerException(ErrorCode.STORAGE_FAILED, "reading failed: too many open files");

    private final Vertx vertx = Vertx.vertx();
    /** What a read from the offset of a message finds. */
    private final Map<MessageId, CompletableFuture<LogRead>> reads = new HashMap<>();

    private MessageReader reader;

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** A log in which these reads can be made, and nothing else. */
    private PartitionLog log(int partition) {
        return (PartitionLog) Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(),
                new Class<?>[] {PartitionLog.class},
                (self, method, arguments) -> method.getName().equals("logStartOffset")
                        ? (Object) 0L
                        : reads.get(new MessageId(partition, (long) arguments[0])));
    }

    private static MessageId id(String id) {
        return MessageId.parse(id).orElseThrow();
    }

    /** From the place of a message on there are these batches. */
    private void has(String id, ByteBuffer... batches) {
        reads.put(
                id(id),
                CompletableFuture.completedFuture(new LogRead(List.of(batches), Optional.empty(), 100, 100, 0)));
    }

    private void fails(String id) {
        reads.put(id(id), CompletableFuture.failedFuture(IO_FAILED));
    }

    private static ByteBuffer batch(long baseOffset, String... values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(256).baseOffset(baseOffset);
        for (String value : values) {
            builder.append(1, null, value.getBytes(StandardCharsets.US_ASCII));
        }
        ByteBuffer bytes = builder.build().bytes();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        int bad = new String(copy, StandardCharsets.ISO_8859_1).indexOf(BAD);
        if (bad >= 0) {
            // More headers than there is room for.
            copy[bad + BAD.length()] = 100;
        }
        return ByteBuffer.wrap(copy).asReadOnlyBuffer();
    }

    private Map<MessageId, MessageReader.Body> read(String... ids) throws Exception {
        RecordLimits limits = RecordLimits.forHeap(256L << 20);
        RecordAccess access = new RecordAccess(vertx, Codecs.jdk(), limits, new MemoryBudget(1 << 20));
        Promise<Map<MessageId, MessageReader.Body>> done = Promise.promise();
        vertx.runOnContext(v -> {
            reader = new MessageReader(access, access.budget.reserve(0), this::log, Values.TEXT, 1 << 20);
            reader.read(List.of(ids).stream().map(MessageReaderTest::id).toList())
                    .onComplete(done);
        });
        return done.future().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void aDiskThatFailsLeavesTheRestForAnotherTime() throws Exception {
        has("0-0", batch(0, "a"));
        fails("0-1");

        assertThat(read("0-0", "0-1", "1-0")).containsOnlyKeys(id("0-0"));

        assertThat(reader.unreadable()).isEmpty();
        assertThat(reader.left()).containsExactly(id("0-1"), id("1-0"));
    }

    @Test
    void aDiskThatFailsAtOnceIsNoFaultOfAnyMessage() {
        fails("0-0");

        assertThatThrownBy(() -> read("0-0", "0-1")).hasCause(IO_FAILED);

        assertThat(reader.unreadable()).isEmpty();
    }

    @Test
    void aMalformedRecordThatNobodyWantsIsNotLookedAt() throws Exception {
        has("0-0", batch(0, "a", BAD), batch(2, "b"));
        has("1-0", batch(0, "c"));

        assertThat(read("0-0", "0-2", "1-0")).containsOnlyKeys(id("0-0"), id("0-2"), id("1-0"));

        assertThat(reader.unreadable()).isEmpty();
    }

    @Test
    void aMalformedRecordIsNamedAndThoseBehindItsBatchAreRead() throws Exception {
        has("0-0", batch(0, "a", BAD), batch(2, "b"));
        has("0-2", batch(2, "b"));

        assertThat(read("0-0", "0-1", "0-2")).containsOnlyKeys(id("0-0"), id("0-2"));

        assertThat(reader.unreadable()).containsOnlyKeys(id("0-1"));
    }
}
