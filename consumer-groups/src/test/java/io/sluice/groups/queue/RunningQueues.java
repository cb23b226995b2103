package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.fixture.Await;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Received;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A coordinator that runs over an engine of its own. */
final class RunningQueues implements AutoCloseable {
    final LogEngine engine;
    final QueueCoordinator queues;
    private final InstantSource clock;

    RunningQueues(LocalLogEngine engine, QueueSetup setup, InstantSource clock) {
        this.engine = engine;
        this.clock = clock;
        engine.start();
        queues = new QueueCoordinator(engine, setup, Codecs.jdk(), clock);
        queues.start();
        Await.until("the queues are read", () -> get(queues.list("", 1)).error() == QueueError.NONE);
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no answer", e);
        }
    }

    QueueView create(String name, QueueConfig config) {
        return get(queues.create(name, config, 1));
    }

    QueueView describe(String name) {
        return get(queues.describe(name));
    }

    PartitionLog log(String topic, int partition) {
        return ((Route.Local) engine.route(new TopicPartition(topic, partition))).log();
    }

    /** Appends records to a queue's topic. Returns the offset of the first. */
    long send(String queue, int count) {
        RecordBatchBuilder batch = new RecordBatchBuilder(1_024);
        for (int i = 0; i < count; i++) {
            batch.append(clock.millis(), null, ("message " + i).getBytes(StandardCharsets.UTF_8));
        }
        return get(log(queue, 0).append(batch.build(), Acks.COMMITTED)).baseOffset();
    }

    /** Asks for messages, and does not wait for them. */
    QueueCoordinator.Receiving ask(String queue, String consumer, int max, int sessionMs, long waitMs) {
        return queues.receive(
                queue,
                new Receive.Request(
                        consumer, max, Integer.MAX_VALUE, OptionalLong.empty(), sessionMs, clock.millis() + waitMs));
    }

    /** Takes what there is now. */
    List<Received> take(String queue, String consumer, int max) {
        return take(queue, consumer, max, 0);
    }

    /** Takes what there is now, for as long as the consumer is heard. */
    List<Received> take(String queue, String consumer, int max, int sessionMs) {
        Receive.Answer answer = get(ask(queue, consumer, max, sessionMs, 0).answer());
        assertThat(answer.error()).isEqualTo(QueueError.NONE);
        return answer.messages();
    }

    static List<Receive.Ack> acks(List<Received> messages) {
        return messages.stream()
                .map(message -> new Receive.Ack(message.lease(), new byte[0]))
                .toList();
    }

    /** Acknowledges, which must be right. */
    void acknowledge(String queue, List<Received> messages) {
        Receive.Outcomes outcomes = get(queues.acknowledge(queue, acks(messages)));
        assertThat(outcomes.outcomes())
                .hasSize(messages.size())
                .allSatisfy(one -> assertThat(one.error()).isEqualTo(QueueError.NONE));
    }

    /** What a queue says of an acknowledgement. */
    QueueError acknowledge(String queue, Lease lease) {
        Receive.Outcomes outcomes = get(queues.acknowledge(queue, List.of(new Receive.Ack(lease, new byte[0]))));
        return outcomes.error() == QueueError.NONE ? outcomes.outcomes().get(0).error() : outcomes.error();
    }

    /** Ends what is left of a broker whose machine went down: it must not write anything more, and cannot. */
    void abandon() {
        queues.close();
        try {
            engine.close();
        } catch (RuntimeException e) {
            // Its files are of an earlier life of the machine.
            assertThat(e).isInstanceOf(BrokerException.class);
        }
    }

    @Override
    public void close() {
        queues.close();
        engine.close();
    }
}
