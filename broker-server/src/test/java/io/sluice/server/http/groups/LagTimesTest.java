package io.sluice.server.http.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogRead;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.NewTopic;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.FakeEngine;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LagTimesTest {
    private static final int PARTITIONS = 150;
    private static final long TIME_MS = 1_700_000_000_000L;

    private final Vertx vertx = Vertx.vertx();
    private final Broker broker = broker();
    private final List<CompletableFuture<LogRead>> reads = Collections.synchronizedList(new ArrayList<>());
    private Supplier<CompletableFuture<LogRead>> answer = () -> CompletableFuture.completedFuture(read());
    private final LagTimes times = new LagTimes(broker, (partition, offset, maxBytes) -> {
        CompletableFuture<LogRead> read = answer.get();
        reads.add(read);
        return read;
    });

    @AfterEach
    void close() {
        Await.on(vertx.close());
    }

    private static Broker broker() {
        FakeEngine engine = new FakeEngine();
        Broker broker = new Broker(engine, false);
        broker.engine()
                .createInternalTopic(new NewTopic("t", PARTITIONS, Map.of()))
                .join();
        return broker;
    }

    private static LogRead read() {
        RecordBatch batch = new RecordBatchBuilder(100)
                .append(TIME_MS, null, new byte[] {1})
                .append(TIME_MS + 50, null, new byte[] {2})
                .build();
        return new LogRead(List.of(batch.bytes()), Optional.empty(), 2, 2, 0);
    }

    private Map<TopicPartition, Long> ask(int count) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (int i = 0; i < count; i++) {
            offsets.put(new TopicPartition("t", i), 1L);
        }
        Promise<Map<TopicPartition, Long>> asked = Promise.promise();
        vertx.runOnContext(v -> {
            Future<Map<TopicPartition, Long>> found = times.of(offsets);
            found.map(Map::copyOf).onComplete(asked);
        });
        return Await.on(asked.future());
    }

    @Test
    void whatHasBeenReadIsNotReadAgainAndNoRequestReadsTooMuch() {
        assertThat(ask(PARTITIONS)).hasSize(LagTimes.MAX_READS).containsValue(TIME_MS);
        assertThat(reads).hasSize(LagTimes.MAX_READS);
        assertThat(ask(PARTITIONS)).hasSize(2 * LagTimes.MAX_READS);
        assertThat(ask(PARTITIONS)).hasSize(PARTITIONS);
        assertThat(ask(PARTITIONS)).hasSize(PARTITIONS);
        assertThat(reads).hasSize(PARTITIONS);
    }

    @Test
    void aReadThatFailsOrTakesLongHoldsNobodyUp() {
        answer = () -> CompletableFuture.failedFuture(new IllegalStateException("no"));
        assertThat(ask(1)).isEmpty();

        answer = CompletableFuture::new;
        assertThat(ask(1)).isEmpty();

        // It comes in the end, and is there for the next one.
        reads.get(1).complete(read());
        Await.until("it is known", () -> ask(1).containsValue(TIME_MS));
    }

    @Test
    void whatIsAtTheEndOrOfATopicThatIsNotThereHasNoTime() {
        answer = () -> CompletableFuture.completedFuture(new LogRead(List.of(), Optional.empty(), 1, 1, 0));
        assertThat(ask(1)).isEmpty();
        assertThat(ask(0)).isEmpty();
    }
}
