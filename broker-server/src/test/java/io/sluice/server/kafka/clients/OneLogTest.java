package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.server.TestServers;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP writes Kafka's clients read, and the other way round, as it was. */
@ExtendWith(NoErrorsLogged.class)
class OneLogTest {
    private static final long TIME = 1_700_000_000_000L;

    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        assertThat(server.send("PUT", "/v1/topics/t").statusCode()).isEqualTo(201);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private List<ConsumerRecord<byte[], byte[]>> consume(int count) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", server.bootstrap(), "fetch.max.wait.ms", "50"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            TopicPartition partition = new TopicPartition("t", 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (all.size() < count && System.nanoTime() < deadlineNs) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        assertThat(all).hasSize(count);
        return all;
    }

    @Test
    void kafkaReadsWhatHttpWrote() {
        HttpResponse<String> produced = server.send("POST", "/v1/topics/t/records", """
                {"records":[
                  {"key":"k","value":{"a":[1,null,"\\u00e9"]},"headers":{"h":"v","g":"w"},"timestamp":1700000000000},
                  {"value":"plain text"},
                  {"key":"gone","value":null},
                  {"key_base64":"AAH/","value_base64":"/wAB"}
                ]}""");
        assertThat(produced.statusCode()).as(produced.body()).isEqualTo(200);

        List<ConsumerRecord<byte[], byte[]>> records = consume(4);

        ConsumerRecord<byte[], byte[]> first = records.get(0);
        assertThat(first.key()).isEqualTo(utf8("k"));
        assertThat(new String(first.value(), StandardCharsets.UTF_8)).contains("\"a\":[1,null,");
        assertThat(first.timestamp()).isEqualTo(TIME);
        assertThat(first.headers().lastHeader("h").value()).isEqualTo(utf8("v"));
        assertThat(first.headers().lastHeader("g").value()).isEqualTo(utf8("w"));
        assertThat(records.get(1).key()).isNull();
        assertThat(records.get(1).value()).isEqualTo(utf8("plain text"));
        assertThat(records.get(1).headers()).isEmpty();
        assertThat(records.get(2).key()).isEqualTo(utf8("gone"));
        assertThat(records.get(2).value()).isNull();
        assertThat(records.get(3).key()).containsExactly(0, 1, -1);
        assertThat(records.get(3).value()).containsExactly(-1, 0, 1);
        assertThat(records).extracting(ConsumerRecord::offset).containsExactly(0L, 1L, 2L, 3L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void httpReadsWhatKafkaWrote(String compression) throws IOException {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", server.bootstrap(), "compression.type", compression, "linger.ms", "20"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            ProducerRecord<byte[], byte[]> first =
                    new ProducerRecord<>("t", 0, TIME, utf8("k"), utf8("{\"a\":[1,null,\"\u00e9\"]}"));
            first.headers().add("h", utf8("v"));
            producer.send(first);
            producer.send(new ProducerRecord<>("t", 0, TIME + 1, null, utf8("plain text")));
            producer.send(
                    new ProducerRecord<byte[], byte[]>("t", 0, Long.valueOf(TIME + 2), utf8("gone"), (byte[]) null));
            producer.send(new ProducerRecord<>("t", 0, TIME + 3, new byte[] {0, 1, -1}, new byte[] {-1, 0, 1}));
        }

        HttpResponse<String> fetched = server.get("/v1/topics/t/partitions/0/records?offset=0");
        JsonNode answer = new ObjectMapper().readTree(fetched.body());

        assertThat(answer.get("high_watermark").asLong()).isEqualTo(4);
        JsonNode records = answer.get("records");
        assertThat(records).hasSize(4);
        assertThat(records.get(0).get("key").asText()).isEqualTo("k");
        assertThat(records.get(0).get("value").toString()).isEqualTo("{\"a\":[1,null,\"\u00e9\"]}");
        assertThat(records.get(0).get("timestamp").asLong()).isEqualTo(TIME);
        assertThat(records.get(0).get("headers").get("h").asText()).isEqualTo("v");
        assertThat(records.get(1).get("key").isNull()).isTrue();
        assertThat(records.get(1).get("value").asText()).isEqualTo("plain text");
        assertThat(records.get(2).get("key").asText()).isEqualTo("gone");
        assertThat(records.get(2).get("value").isNull()).isTrue();
        assertThat(records.get(3).get("key_base64").asText()).isEqualTo("AAH/");
        assertThat(records.get(3).get("value_base64").asText()).isEqualTo("/wAB");
    }

    @Test
    void bothWriteInTurnAndBothReadItAll() throws Exception {
        int count = 40;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", server.bootstrap(), "linger.ms", "0"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                if (i % 2 == 0) {
                    producer.send(new ProducerRecord<>("t", 0, null, utf8("v" + i)))
                            .get();
                } else {
                    server.send("POST", "/v1/topics/t/records", "{\"records\":[{\"value\":\"v" + i + "\"}]}");
                }
            }
        }
        List<String> byKafka = consume(count).stream()
                .map(record -> new String(record.value(), StandardCharsets.UTF_8))
                .toList();
        List<String> byHttp = new ArrayList<>();
        new ObjectMapper()
                .readTree(server.get("/v1/topics/t/partitions/0/records?offset=0&max_records=100")
                        .body())
                .get("records")
                .forEach(record -> byHttp.add(record.get("value").asText()));

        assertThat(byKafka).hasSize(count).isEqualTo(byHttp);
        for (int i = 0; i < count; i++) {
            assertThat(byKafka.get(i)).isEqualTo("v" + i);
        }
    }
}
