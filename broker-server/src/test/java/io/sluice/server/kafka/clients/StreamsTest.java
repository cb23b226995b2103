package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Kafka Streams: an application that counts words, in topics that it makes for itself. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class StreamsTest {
    private static final String APPLICATION = "word-count";

    @TempDir
    private Path folder;

    private RunningServer server;
    private Admin admin;

    @BeforeEach
    void start() throws Exception {
        server = TestServers.on(folder.resolve("data"), Map.of());
        admin = Admin.create(Map.of("bootstrap.servers", server.bootstrap()));
        admin.createTopics(List.of(topic("lines", 3), topic("shouted", 1), topic("counts", 1)))
                .all()
                .get(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void nothingFailed() {
        admin.close();
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private static NewTopic topic(String name, int partitions) {
        return new NewTopic(name, Optional.of(partitions), Optional.empty());
    }

    private static Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, String> lines = builder.stream("lines");
        lines.mapValues(line -> line.toUpperCase(Locale.ROOT)).to("shouted");
        lines.flatMapValues(line -> Arrays.asList(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.as("by-word"))
                .count(Materialized.as(Stores.inMemoryKeyValueStore("counts-store")))
                .toStream()
                .to("counts", Produced.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }

    private KafkaStreams application(int number) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, server.bootstrap());
        settings.put(
                StreamsConfig.STATE_DIR_CONFIG, folder.resolve("state" + number).toString());
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
        settings.put("repartition.purge.interval.ms", 200);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        return new KafkaStreams(topology(), settings);
    }

    private void say(String... lines) {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", server.bootstrap()), new StringSerializer(), new StringSerializer())) {
            for (String line : lines) {
                producer.send(new ProducerRecord<>("lines", line, line));
            }
        }
    }

    /** The last value of each key. */
    private <V> Map<String, V> read(String topic, Deserializer<V> form) {
        Map<String, V> last = new TreeMap<>();
        TopicPartition only = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, V> consumer =
                new KafkaConsumer<>(Map.of("bootstrap.servers", server.bootstrap()), new StringDeserializer(), form)) {
            consumer.assign(List.of(only));
            consumer.seekToBeginning(List.of(only));
            long end = consumer.endOffsets(List.of(only)).get(only);
            while (consumer.position(only) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> last.put(record.key(), record.value()));
            }
        }
        return last;
    }

    private void awaitCounts(Map<String, Long> expected) {
        Await.until(
                "counts of " + expected,
                () -> read("counts", new LongDeserializer()).equals(expected));
    }

    @Test
    void wordsAreCountedAndTheCountsComeBackAfterARestart() throws Exception {
        say("to be or not", "to be");
        try (KafkaStreams first = application(1)) {
            first.start();
            awaitCounts(Map.of("to", 2L, "be", 2L, "or", 1L, "not", 1L));
            // As it stands it would stay in the group until its session ends, so that a quick restart moves nothing.
            CloseOptions leaving =
                    CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
            assertThat(first.close(leaving.withTimeout(Duration.ofSeconds(20)))).isTrue();
        }
        // With nothing on its disk: it reads its changelog, and goes on where the group is.
        try (KafkaStreams second = application(2)) {
            second.start();
            say("not to be", "alone");
            awaitCounts(Map.of("to", 3L, "be", 3L, "or", 1L, "not", 2L, "alone", 1L));
        }

        assertThat(read("shouted", new StringDeserializer()))
                .isEqualTo(Map.of(
                        "to be or not", "TO BE OR NOT", "to be", "TO BE", "not to be", "NOT TO BE", "alone", "ALONE"));
        List<String> made = new ArrayList<>(admin.listTopics().names().get(20, TimeUnit.SECONDS));
        made.removeAll(List.of("lines", "shouted", "counts"));
        assertThat(made)
                .containsExactlyInAnyOrder(
                        APPLICATION + "-by-word-repartition", APPLICATION + "-counts-store-changelog");
    }
}
