package io.sluice.server.kafka.clients;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a user of Kafka's Java library does: topics, records, offsets, groups. It is made of what the library has had since 2.1, so
 * that the same class runs with an old one in a process of its own. It ends with 0 if all went as it should, and says how far
 * it came.
 */
public final class ClientScript {
    private static final long TIME = 1_700_000_000_000L;
    private static final int RECORDS = 20;
    private static final Duration POLL = Duration.ofMillis(200);

    private final String bootstrap;
    private int checks;

    private ClientScript(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** @param arguments where the broker is */
    public static void main(String[] arguments) throws Exception {
        ClientScript script = new ClientScript(arguments[0]);
        try (AdminClient admin = AdminClient.create(script.properties())) {
            script.cluster(admin);
            script.topics(admin);
            script.records(admin);
            script.offsets(admin);
            script.groups(admin);
        }
        System.out.println("done, " + script.checks + " checks");
        System.exit(0);
    }

    private Properties properties(String... more) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("client.id", "script");
        properties.put("request.timeout.ms", "10000");
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        return properties;
    }

    private void check(String what, Object expected, Object actual) {
        checks++;
        if (!expected.equals(actual)) {
            throw new AssertionError(what + ": expected " + expected + ", got " + actual);
        }
    }

    private void checkFails(String what, Class<? extends Exception> expected, Future<?> future) throws Exception {
        try {
            future.get();
        } catch (ExecutionException e) {
            check(what, expected, e.getCause().getClass());
            return;
        }
        throw new AssertionError(what + ": expected " + expected);
    }

    private void cluster(AdminClient admin) throws Exception {
        check("nodes", 1, admin.describeCluster().nodes().get().size());
        check("controller", 1, admin.describeCluster().controller().get().id());
        check("cluster id", false, admin.describeCluster().clusterId().get().isEmpty());
    }

    private void topics(AdminClient admin) throws Exception {
        NewTopic topic = new NewTopic("script", 2, (short) 1);
        topic.configs(Map.of("retention.ms", "123456789"));
        admin.createTopics(Set.of(topic)).all().get();
        checkFails(
                "a second time",
                TopicExistsException.class,
                admin.createTopics(Set.of(topic)).all());
        check("names", Set.of("script"), admin.listTopics().names().get());
        check("partitions", 2, describe(admin, "script").partitions().size());
        admin.createPartitions(Map.of("script", NewPartitions.increaseTo(3)))
                .all()
                .get();
        check("more partitions", 3, describe(admin, "script").partitions().size());
        check(
                "leader",
                1,
                describe(admin, "script").partitions().get(2).leader().id());

        check("set", "123456789", config(admin, "retention.ms"));
        check("not set", "delete", config(admin, "cleanup.policy"));
        changeRetention(admin);
        check("changed", "987654321", config(admin, "retention.ms"));

        admin.createTopics(Set.of(new NewTopic("doomed", 1, (short) 1))).all().get();
        admin.deleteTopics(Set.of("doomed")).all().get();
        checkFails(
                "not there",
                UnknownTopicOrPartitionException.class,
                admin.deleteTopics(Set.of("doomed")).all());
        check("names", Set.of("script"), admin.listTopics().names().get());
    }

    /** The result has changed its methods over the years. */
    @SuppressWarnings("unchecked")
    private static TopicDescription describe(AdminClient admin, String topic) throws Exception {
        Object result =
                admin.getClass().getMethod("describeTopics", Collection.class).invoke(admin, Set.of(topic));
        boolean isNew = List.of(result.getClass().getMethods()).stream()
                .anyMatch(method -> method.getName().equals("allTopicNames"));
        Object all =
                result.getClass().getMethod(isNew ? "allTopicNames" : "all").invoke(result);
        return ((KafkaFuture<Map<String, TopicDescription>>) all).get().get(topic);
    }

    private static String config(AdminClient admin, String name) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "script");
        Config config = admin.describeConfigs(Set.of(resource)).all().get().get(resource);
        return config.get(name).value();
    }

    /** Whole sets of settings were replaced until 3.9; single ones can be changed since 2.3. */
    private static void changeRetention(AdminClient admin) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "script");
        try {
            Class.forName("org.apache.kafka.clients.admin.AlterConfigOp");
            SingleSettings.change(admin, resource);
        } catch (ClassNotFoundException e) {
            Config whole =
                    new Config(List.of(new org.apache.kafka.clients.admin.ConfigEntry("retention.ms", "987654321")));
            Object result =
                    admin.getClass().getMethod("alterConfigs", Map.class).invoke(admin, Map.of(resource, whole));
            ((KafkaFuture<?>) result.getClass().getMethod("all").invoke(result)).get();
        }
    }

    /** In a class of its own: libraries before 2.3 cannot load it. */
    private static final class SingleSettings {
        static void change(AdminClient admin, ConfigResource resource) throws Exception {
            org.apache.kafka.clients.admin.AlterConfigOp set = new org.apache.kafka.clients.admin.AlterConfigOp(
                    new org.apache.kafka.clients.admin.ConfigEntry("retention.ms", "987654321"),
                    org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, Set.of(set))).all().get();
        }
    }

    private void records(AdminClient admin) throws Exception {
        int topics = 0;
        for (String compression : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            for (String acks : List.of("0", "1", "all", "idempotent")) {
                // Each of its own topic, so that all of them are there when they have been read.
                String topic = "records-" + compression + "-" + acks;
                admin.createTopics(Set.of(new NewTopic(topic, 1, (short) 1)))
                        .all()
                        .get();
                produce(topic, compression, acks);
                consume(topic);
                topics++;
            }
        }
        check("topics", topics + 1, admin.listTopics().names().get().size());
    }

    private void produce(String topic, String compression, String acks) throws Exception {
        boolean idempotent = acks.equals("idempotent");
        Properties properties = properties(
                "compression.type",
                compression,
                "acks",
                idempotent ? "all" : acks,
                "enable.idempotence",
                String.valueOf(idempotent),
                "batch.size",
                "400",
                "linger.ms",
                "2");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                sent.add(producer.send(record(topic, i)));
            }
        }
        for (int i = 0; i < RECORDS; i++) {
            RecordMetadata metadata = sent.get(i).get();
            check("offset with acks " + acks, acks.equals("0") ? -1L : (long) i, metadata.offset());
        }
    }

    /** Now and then without key, value or header. */
    private static ProducerRecord<byte[], byte[]> record(String topic, int i) {
        byte[] key = i % 3 == 0 ? null : bytes("key " + i);
        byte[] value = i % 5 == 0 ? null : bytes("value " + i + " " + "x".repeat(10 * i));
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, 0, TIME + 1_000L * i, key, value);
        if (i % 2 == 0) {
            record.headers().add(new RecordHeader("header", bytes("h" + i)));
            record.headers().add(new RecordHeader("header", null));
        }
        return record;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
    }

    private KafkaConsumer<byte[], byte[]> consumer(String... more) {
        Properties properties = properties(more);
        // A consumer that closes waits for its last fetch.
        properties.put("fetch.max.wait.ms", "20");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private void consume(String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<byte[], byte[]> consumer =
                consumer("enable.auto.commit", "false", "isolation.level", "read_committed")) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            List<ConsumerRecord<byte[], byte[]>> records = poll(consumer, RECORDS);
            for (int i = 0; i < RECORDS; i++) {
                ConsumerRecord<byte[], byte[]> record = records.get(i);
                ProducerRecord<byte[], byte[]> wanted = record(topic, i);
                check("offset", (long) i, record.offset());
                check("key", text(wanted.key()), text(record.key()));
                check("value", text(wanted.value()), text(record.value()));
                check("timestamp", wanted.timestamp(), record.timestamp());
                check("headers", wanted.headers(), record.headers());
            }
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> poll(KafkaConsumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        long deadlineNs = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (all.size() < count) {
            consumer.poll(POLL).forEach(all::add);
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("of " + count + " records only " + all.size() + " came");
            }
        }
        return all;
    }

    private void offsets(AdminClient admin) throws Exception {
        TopicPartition partition = new TopicPartition("records-gzip-all", 0);
        Set<TopicPartition> one = Set.of(partition);
        try (KafkaConsumer<byte[], byte[]> consumer =
                consumer("enable.auto.commit", "false", "auto.offset.reset", "earliest", "max.poll.records", "5")) {
            check("partitions", 3, consumer.partitionsFor("script").size());
            check(
                    "topics",
                    21L,
                    consumer.listTopics().keySet().stream()
                            .filter(name -> !name.startsWith("__"))
                            .count());
            check("beginning", 0L, consumer.beginningOffsets(one).get(partition));
            check("end", (long) RECORDS, consumer.endOffsets(one).get(partition));
            Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(Map.of(partition, TIME + 7_500));
            check("offset for a time", 8L, found.get(partition).offset());
            check("its time", TIME + 8_000, found.get(partition).timestamp());
            found = consumer.offsetsForTimes(Map.of(partition, TIME + 1_000_000));
            check("offset for a time to come", true, found.get(partition) == null);

            consumer.assign(one);
            consumer.seek(partition, 13);
            check("after a seek", 13L, poll(consumer, 5).get(0).offset());
            check("position", 18L, consumer.position(partition));
            consumer.seek(partition, 3);
            check("back", 3L, poll(consumer, 1).get(0).offset());

            long low = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(6)))
                    .lowWatermarks()
                    .get(partition)
                    .get()
                    .lowWatermark();
            check("low watermark", 6L, low);
            check("beginning", 6L, consumer.beginningOffsets(one).get(partition));
            consumer.seek(partition, 2);
            check("from where there is something", 6L, poll(consumer, 1).get(0).offset());
        }
    }

    private void groups(AdminClient admin) throws Exception {
        String topic = "records-lz4-idempotent";
        TopicPartition partition = new TopicPartition(topic, 0);
        String[] settings = {
            "group.id",
            "script",
            "enable.auto.commit",
            "false",
            "auto.offset.reset",
            "earliest",
            "max.poll.records",
            "7"
        };
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(settings)) {
            consumer.subscribe(List.of(topic));
            check("read", 7, poll(consumer, 7).size());
            consumer.commitSync();
        }
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(settings)) {
            consumer.subscribe(List.of(topic));
            check("from where it was committed", 7L, poll(consumer, 1).get(0).offset());
            check("assigned", Set.of(partition), consumer.assignment());
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(11, "eleven")));
        }
        OffsetAndMetadata committed = admin.listConsumerGroupOffsets("script")
                .partitionsToOffsetAndMetadata()
                .get()
                .get(partition);
        check("committed", 11L, committed.offset());
        check("its note", "eleven", committed.metadata());
        admin.deleteConsumerGroups(Set.of("script")).all().get();
        checkFails(
                "a group that is gone",
                GroupIdNotFoundException.class,
                admin.deleteConsumerGroups(Set.of("script")).all());
    }
}
