package io.sluice.server.proof;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a group with Kafka's Java library whose deserializer throws on one record, in a process of its own. It says what it did
 * and where it is stuck, and tries again. It leaves when its standard input ends.
 */
final class PoisonedConsumer {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private PoisonedConsumer() {}

    /** Knows one text that it cannot read. */
    private static final class Picky implements Deserializer<String> {
        private final String poison;

        Picky(String poison) {
            this.poison = poison;
        }

        @Override
        public String deserialize(String topic, byte[] data) {
            String text = new String(data, StandardCharsets.UTF_8);
            if (text.equals(poison)) {
                throw new SerializationException("this cannot be read");
            }
            return text;
        }
    }

    /** @param arguments bootstrap, group, topic, poison, and how: consumer, range or cooperative */
    public static void main(String[] arguments) {
        AtomicBoolean leaving = leavesWhenInputEnds();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                settings(arguments[0], arguments[1], arguments[4]),
                new StringDeserializer(),
                new Picky(arguments[3]))) {
            consumer.subscribe(List.of(arguments[2]));
            while (!leaving.get()) {
                step(consumer);
            }
        }
    }

    static AtomicBoolean leavesWhenInputEnds() {
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
        return leaving;
    }

    private static Map<String, Object> settings(String bootstrap, String group, String how) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers", bootstrap,
                "group.id", group,
                "auto.offset.reset", "earliest",
                "enable.auto.commit", "false",
                "fetch.max.wait.ms", "50"));
        if (how.equals("consumer")) {
            settings.put("group.protocol", "consumer");
        } else {
            Class<?> assignor = how.equals("range") ? RangeAssignor.class : CooperativeStickyAssignor.class;
            settings.put("partition.assignment.strategy", assignor.getName());
            settings.put("session.timeout.ms", "6000");
            settings.put("heartbeat.interval.ms", "200");
        }
        return settings;
    }

    private static void step(KafkaConsumer<String, String> consumer) {
        ConsumerRecords<String, String> records;
        try {
            records = consumer.poll(POLL);
        } catch (RecordDeserializationException e) {
            System.out.println("stuck " + e.topicPartition().partition() + " " + e.offset());
            LockSupport.parkNanos(AGAIN_NS);
            return;
        }
        records.forEach(record -> System.out.println("did " + record.partition() + " " + record.offset()));
        if (!records.isEmpty()) {
            try {
                consumer.commitSync();
            } catch (CommitFailedException | RebalanceInProgressException e) {
                System.out.println("could not commit: " + e);
            }
        }
    }
}
