package io.sluice.server.kafka.clients;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A consumer on a thread of its own, which does what applications do: it polls until it is closed, and commits with each poll. */
final class GroupMember implements AutoCloseable {
    private final KafkaConsumer<String, String> consumer;
    private final Thread thread;
    private final Queue<ConsumerRecord<String, String>> records;
    private volatile Set<String> assignment = Set.of();
    private volatile Throwable failure;
    private volatile boolean stopping;

    /**
     * @param settings in addition to, or in place of, the usual
     * @param subscribe subscribes it
     * @param records gets what it reads
     */
    GroupMember(
            String bootstrap,
            String group,
            Map<String, Object> settings,
            Consumer<KafkaConsumer<String, String>> subscribe,
            Queue<ConsumerRecord<String, String>> records) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "bootstrap.servers",
                bootstrap,
                "group.id",
                group,
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                "false",
                "metadata.max.age.ms",
                "300"));
        all.putAll(settings);
        this.records = records;
        this.consumer = new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
        subscribe.accept(consumer);
        this.thread = new Thread(this::run, "member of " + group);
        thread.start();
    }

    static Queue<ConsumerRecord<String, String>> records() {
        return new ConcurrentLinkedQueue<>();
    }

    private void run() {
        try {
            while (!stopping) {
                var polled = consumer.poll(Duration.ofMillis(100));
                polled.forEach(records::add);
                assignment = consumer.assignment().stream()
                        .map(partition -> partition.topic() + "-" + partition.partition())
                        .collect(Collectors.toCollection(TreeSet::new));
                if (!polled.isEmpty()) {
                    commit();
                }
            }
        } catch (WakeupException e) {
            // It is to end.
        } catch (Throwable e) {
            failure = e;
        } finally {
            consumer.close();
        }
    }

    private void commit() {
        try {
            consumer.commitSync();
        } catch (org.apache.kafka.clients.consumer.CommitFailedException
                | org.apache.kafka.common.errors.RebalanceInProgressException e) {
            // Others read it again; that is what at least once means.
        }
    }

    /** What it had after its last poll, as {@code topic-partition}. */
    Set<String> assignment() {
        if (failure != null) {
            throw new AssertionError("a member failed", failure);
        }
        return assignment;
    }

    /** Leaves the group. */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw new AssertionError("a member failed", failure);
        }
    }
}
