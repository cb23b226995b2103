package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.fixture.Await;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.queue.Receive.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.LoggerFactory;

/** Queues over an engine on a machine that goes down and comes back. */
final class CrashingQueues implements AutoCloseable {
    /** The state is written down as a whole all the time, so that it is read back that way too. */
    private static final QueueSetup SETUP = new QueueSetup(
            new QueueLimits(1_000, 256, 100), 2, 100_000, 1 << 20, 10_000, 10_000, 1 << 20, Long.MAX_VALUE);

    final CrashingMachine machine;
    LocalLogEngine engine;
    QueueCoordinator queues;

    private final InstantSource clock;

    CrashingQueues(long seed) {
        this(seed, InstantSource.system());
    }

    CrashingQueues(long seed, InstantSource clock) {
        this.clock = clock;
        machine = new CrashingMachine(new SplittableRandom(seed));
        start();
    }

    private void start() {
        BrokerConfig config = BrokerConfig.at(Path.of("unused"))
                .with("log.min.free.bytes", "1048576")
                // A log forgets producers at once, as it does after a day.
                .with("producer.id.expiration.ms", "1");
        engine = LocalLogEngine.on(config, machine.root());
        engine.start();
        queues = new QueueCoordinator(engine, SETUP, config.codecs(), clock);
        queues.start();
        Await.until("the queues are read", () -> get(queues.list("", 1)).error() == QueueError.NONE);
    }

    /** The machine goes down in the midst of what it is just doing, and comes back: what was not synced may be lost. */
    void crash() {
        // Handles of before are dead from now on: nothing that is still under way reaches the disk.
        machine.crash();
        queues.close();
        try {
            engine.close();
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(CrashingQueues.class).debug("it did not close in order, which is the point", e);
        }
        start();
    }

    /** The broker ends in order, whatever it is doing, and starts again. */
    void restart() {
        close();
        start();
    }

    /** One of both. */
    void crashOrRestart(boolean crash) {
        if (crash) {
            crash();
        } else {
            restart();
        }
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("no answer", e);
        }
    }

    PartitionLog log(String topic, int partition) {
        return ((Route.Local) engine.route(new TopicPartition(topic, partition))).log();
    }

    /** Appends a message with headers, name and value in turns. */
    MessageId send(String queue, int partition, String key, String value, String... headers) {
        Headers all = new Headers();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        RecordBatchBuilder batch = new RecordBatchBuilder(256)
                .append(
                        clock.millis(),
                        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                        value.getBytes(StandardCharsets.UTF_8),
                        all);
        return new MessageId(
                partition,
                get(log(queue, partition).append(batch.build(), Acks.COMMITTED)).baseOffset());
    }

    List<Received> receive(String queue, int max) {
        Receive.Answer answer = get(queues.receive(
                        queue,
                        new Receive.Request("worker", max, Integer.MAX_VALUE, OptionalLong.empty(), 0, clock.millis()))
                .answer());
        assertThat(answer.error()).isEqualTo(QueueError.NONE);
        return answer.messages();
    }

    /** Receives just so many, which are there. */
    List<Received> receiveAll(String queue, int count) {
        List<Received> all = new ArrayList<>();
        Await.until(count + " messages are received", () -> {
            all.addAll(receive(queue, count - all.size()));
            return all.size() == count;
        });
        return all;
    }

    /** What is received is dead. */
    void reject(String queue, List<Received> messages, String reason) {
        Receive.Outcomes outcomes = get(queues.reject(
                queue,
                messages.stream()
                        .map(message -> new Nack(message.lease(), OptionalLong.empty(), true, reason))
                        .toList()));
        assertThat(outcomes.outcomes())
                .allSatisfy(one -> assertThat(one.error()).isEqualTo(QueueError.NONE));
    }

    void acknowledge(String queue, List<Received> messages) {
        List<Lease> leases = messages.stream().map(Received::lease).toList();
        get(queues.acknowledge(
                queue,
                leases.stream()
                        .map(lease -> new Receive.Ack(lease, new byte[0]))
                        .toList()));
    }

    /** Everything that lies in a topic, partition by partition; nothing if there is no such topic. */
    List<StoredMessage> all(String topic) {
        List<StoredMessage> all = new ArrayList<>();
        engine.topic(topic).ifPresent(there -> {
            MessageReader reader = new MessageReader(engine, io.sluice.core.record.Codecs.jdk(), 1 << 20);
            for (int partition = 0; partition < there.partitions(); partition++) {
                TopicPartition name = new TopicPartition(topic, partition);
                Await.until(name + " is open", () -> !isBeingOpened(name));
                MessageReader.Chunk<StoredMessage> chunk;
                long from = 0;
                do {
                    chunk = get(reader.chunk(there.id(), partition, from, 1 << 20, offset -> true));
                    all.addAll(chunk.found());
                    from = chunk.next();
                } while (chunk.next() < chunk.end());
            }
        });
        return all;
    }

    /** A topic can be seen a moment before its partitions. */
    private boolean isBeingOpened(TopicPartition partition) {
        return engine.route(partition) instanceof Route.Unavailable why && why.code() == ErrorCode.NOT_OWNER;
    }

    @Override
    public void close() {
        queues.close();
        engine.close();
    }
}
