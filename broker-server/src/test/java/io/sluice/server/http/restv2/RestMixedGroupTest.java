package io.sluice.server.http.restv2;

import static io.sluice.server.http.restv2.RestFace.fromEarliest;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An instance and a Kafka client read together: each partition has one of them, and positions are of both. */
@ExtendWith(BlockedThreadsFail.class)
class RestMixedGroupTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"classic", "consumer"})
    void anInstanceAndAKafkaClientShareAGroup(String protocol) {
        Map<String, String> settings =
                Map.of("group.consumer.heartbeat.interval.ms", "100", "group.initial.rebalance.delay.ms", "0");
        try (RestFace face = new RestFace(folder, settings);
                KafkaConsumer<String, String> kafka = kafka(face, protocol)) {
            face.topic("t", 4);
            String instance = face.consumer(fromEarliest("c"));
            face.subscribe(instance, "t");
            kafka.subscribe(List.of("t"));
            List<String> byKafka = new ArrayList<>();
            List<String> byRest = new ArrayList<>();
            Await.until("both have partitions", () -> {
                poll(kafka, byKafka);
                face.valuesNow(instance).forEach(value -> byRest.add(value.toString()));
                return kafka.assignment().size() == 2 && held(face, instance) == 2;
            });

            for (int i = 0; i < 40; i++) {
                face.produce("t", i % 4, i);
            }

            Await.until("all is read", () -> {
                poll(kafka, byKafka);
                face.valuesNow(instance).forEach(value -> byRest.add(value.toString()));
                return byKafka.size() + byRest.size() >= 40;
            });
            assertThat(byKafka).hasSize(20);
            assertThat(byRest).hasSize(20);
            TreeSet<String> all = new TreeSet<>(byKafka);
            all.addAll(byRest);
            assertThat(all).hasSize(40);

            // What the instance has committed is where a Kafka client that takes over goes on.
            face.server.send("DELETE", instance);
            face.produce("t", 0, "a");
            face.produce("t", 1, "b");
            face.produce("t", 2, "c");
            face.produce("t", 3, "d");
            Set<String> last = Set.of("\"a\"", "\"b\"", "\"c\"", "\"d\"");
            Await.until("the Kafka client has everything", () -> {
                poll(kafka, byKafka);
                return byKafka.containsAll(last);
            });
            // It may do again what it had not committed itself, but nothing that the instance had done.
            assertThat(byKafka).doesNotContainAnyElementsOf(byRest);
        }
    }

    private static KafkaConsumer<String, String> kafka(RestFace face, String protocol) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        face.server.bootstrap(),
                        "group.id",
                        "g",
                        "group.protocol",
                        protocol,
                        "auto.offset.reset",
                        "earliest"),
                new StringDeserializer(),
                new StringDeserializer());
    }

    private static void poll(KafkaConsumer<String, String> kafka, List<String> values) {
        kafka.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
    }

    private static int held(RestFace face, String instance) {
        return new JsonObject(face.server.get(instance + "/subscription").body())
                .getJsonArray("partitions").stream()
                        .mapToInt(
                                topic -> ((JsonObject) topic).getJsonArray("t").size())
                        .sum();
    }
}
