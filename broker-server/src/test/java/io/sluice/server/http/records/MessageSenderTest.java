package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.topic.NewTopic;
import io.sluice.groups.queue.Dedup;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueError;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.records.MessageSender.Sent;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages that come over something else than a request of their own. */
class MessageSenderTest {
    private static final long BUDGET_BYTES = 1 << 20;

    private final Vertx vertx = Vertx.vertx();
    private final MemoryBudget memory = new MemoryBudget(BUDGET_BYTES);
    private final Ids ids = new Ids();

    @TempDir
    Path folder;

    private Broker broker;
    private Context loop;
    private MessageSender sender;

    /** Remembers ids of deduplication for ever. */
    private static final class Ids implements MessageSender.Queues {
        private final Map<String, MessageId> sent = new ConcurrentHashMap<>();
        private int released;

        @Override
        public CompletableFuture<Dedup.Answer> reserve(String queue, List<String> dedupIds) {
            return CompletableFuture.completedFuture(new Dedup.Answer(
                    QueueError.NONE, dedupIds.stream().map(this::entry).toList()));
        }

        private Dedup.Entry entry(String id) {
            MessageId there = sent.get(id);
            return there != null
                    ? new Dedup.Sent(there)
                    : new Dedup.Reserved(new Dedup.Reservation() {
                        @Override
                        public void confirmed(MessageId message) {
                            sent.put(id, message);
                        }

                        @Override
                        public void released() {
                            released++;
                        }
                    });
        }

        @Override
        public HttpProblem problem(QueueError error, String queue) {
            return new HttpProblem(500, "refused", queue + ": " + error);
        }
    }

    @BeforeEach
    void open() throws Exception {
        broker = Broker.open(BrokerConfig.at(folder).with("log.min.free.bytes", "0"));
        broker.createTopic(new NewTopic("jobs", 1, Map.of())).join();
        RecordRoutes routes =
                new RecordRoutes(vertx, broker, RecordLimits.forHeap(256L << 20), memory, new SimpleMeterRegistry());
        loop = vertx.getOrCreateContext();
        sender = onLoop(() -> Future.succeededFuture(routes.messages(ids)));
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        broker.close();
    }

    private interface Work<T> {
        Future<T> begin();
    }

    private <T> T onLoop(Work<T> work) throws Exception {
        Promise<T> done = Promise.promise();
        loop.runOnContext(v -> work.begin().onComplete(done));
        return done.future().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private Sent send(String json) throws Exception {
        return onLoop(() ->
                sender.send(json.getBytes(StandardCharsets.UTF_8), broker.requireTopic("jobs"), Optional.empty()));
    }

    @Test
    void aListIsAnsweredAsARequestWouldBe() throws Exception {
        Sent sent = send(
                "{\"messages\":[{\"value\":1,\"delay_ms\":5000},{\"key\":\"k\",\"value\":\"two\",\"ttl_ms\":9000}]}");

        assertThat(sent.isNew()).isTrue();
        assertThat(sent.document().toString()).isEqualTo("{\"messages\":[{\"id\":\"0-0\"},{\"id\":\"0-1\"}]}");
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void aMessageOfADeduplicationIdIsSentOnce() throws Exception {
        String list = "{\"messages\":[{\"value\":1,\"dedup_id\":\"a\"}]}";
        assertThat(send(list).isNew()).isTrue();

        Sent again = send(list);

        assertThat(again.isNew()).isFalse();
        assertThat(again.document().toString()).isEqualTo("{\"messages\":[{\"id\":\"0-0\",\"duplicate\":true}]}");
        // The reservation of the first was let go when it was answered.
        assertThat(ids.released).isEqualTo(1);
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void whatIsNoListOfMessagesIsRefused() throws Exception {
        assertThatThrownBy(() -> send("{\"messages\":[{\"value\":1,\"partition\":0}]}"))
                .hasRootCauseInstanceOf(HttpProblem.class)
                .hasMessageContaining("partition");

        assertThat(broker.partition("jobs", 0).highWatermark()).isZero();
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void whatThereIsNoMemoryForIsRefused() throws Exception {
        try (MemoryBudget.Reservation others = memory.reserve(BUDGET_BYTES - 10)) {
            assertThatThrownBy(() -> onLoop(() -> Future.succeededFuture()
                            .compose(v -> sender.send(
                                    "{\"messages\":[{\"value\":1}]}".getBytes(StandardCharsets.UTF_8),
                                    broker.requireTopic("jobs"),
                                    Optional.empty()))))
                    .hasRootCauseInstanceOf(HttpProblem.class)
                    .hasMessageContaining("requests in flight");
            assertThat(memory.usedBytes()).isEqualTo(BUDGET_BYTES - 10);
        }
    }
}
