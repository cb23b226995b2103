package io.sluice.server.proof;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a group with Kafka's Java library, in a process of its own. It reads, says so in the journal, and commits. It leaves
 * when its standard input ends.
 */
final class JavaMember {
    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<String, String> consumer;
    private final GroupJournal journal;
    private final String name;

    private JavaMember(KafkaConsumer<String, String> consumer, GroupJournal journal, String name) {
        this.consumer = consumer;
        this.journal = journal;
        this.name = name;
    }

    /** @param arguments bootstrap, group, topic, journal, the member's name, and how: consumer, range or cooperative */
    public static void main(String[] arguments) {
        AtomicBoolean leaving = new AtomicBoolean();
        Thread watch = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {}
            } catch (IOException e) {
                System.err.println("standard input: " + e);
            }
            leaving.set(true);
        });
        watch.setDaemon(true);
        watch.start();
        try (GroupJournal journal = new GroupJournal(java.nio.file.Path.of(arguments[3]));
                KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                        settings(arguments[0], arguments[1], arguments[5]),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            new JavaMember(consumer, journal, arguments[4]).run(arguments[2], leaving);
        }
    }

    private static Map<String, Object> settings(String bootstrap, String group, String how) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers", bootstrap,
                "group.id", group,
                "auto.offset.reset", "earliest",
                "enable.auto.commit", "false",
                "max.poll.records", "200",
                "reconnect.backoff.max.ms", "200",
                "retry.backoff.max.ms", "200"));
        if (how.equals("consumer")) {
            settings.put("group.protocol", "consumer");
        } else {
            Class<?> assignor = how.equals("range") ? RangeAssignor.class : CooperativeStickyAssignor.class;
            settings.put("partition.assignment.strategy", assignor.getName());
            settings.put("session.timeout.ms", "6000");
            settings.put("heartbeat.interval.ms", "500");
        }
        return settings;
    }

    private void run(String topic, AtomicBoolean leaving) {
        // With a listener the library gives partitions back only between two polls.
        consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                journal.add(name, "gives back " + partitions);
            }

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                journal.add(name, "gets " + partitions);
            }

            @Override
            public void onPartitionsLost(Collection<TopicPartition> partitions) {
                journal.add(name, "has lost " + partitions);
            }
        });
        while (!leaving.get()) {
            ConsumerRecords<String, String> records = consumer.poll(POLL);
            if (!records.isEmpty()) {
                List<String> did = new ArrayList<>();
                records.forEach(
                        record -> did.add(GroupJournal.did(record.partition(), record.offset(), record.value())));
                journal.add(name, did);
                commit(records.nextOffsets());
            }
        }
    }

    private void commit(Map<TopicPartition, OffsetAndMetadata> positions) {
        try {
            consumer.commitSync(positions);
        } catch (CommitFailedException | RebalanceInProgressException | TimeoutException e) {
            // Others do it again; that is what at least once means.
            journal.add(name, "could not commit " + positions + ": " + e);
            return;
        }
        List<String> committed = new ArrayList<>();
        positions.forEach((partition, position) ->
                committed.add(GroupJournal.committed(partition.partition(), position.offset())));
        journal.add(name, committed);
    }
}
