package io.sluice.server.http.groups;

import static io.sluice.server.http.groups.GroupFace.ask;
import static io.sluice.server.http.groups.GroupFace.objects;
import static io.sluice.server.http.groups.GroupFace.ok;
import static io.sluice.server.http.groups.GroupFace.problem;
import static io.sluice.server.http.groups.GroupFace.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.BlockedThreadsFail;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kafka's own consumer and members over HTTP in one group, and its consumer moved while it runs. */
@ExtendWith(BlockedThreadsFail.class)
class MixedGroupTest {
    private static final Duration STEP = Duration.ofMillis(50);

    @TempDir
    private Path folder;

    private GroupFace face;

    @BeforeEach
    void start() {
        face = new GroupFace(folder, Map.of("group.max.size", "2", "group.consumer.heartbeat.interval.ms", "100"));
        face.topic("t", 4);
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private void produce(String prefix) {
        for (int partition = 0; partition < 4; partition++) {
            String[] values = new String[25];
            for (int i = 0; i < values.length; i++) {
                values[i] = prefix + partition + "-" + i;
            }
            face.produce("t", partition, values);
        }
    }

    /** A consumer that stands for itself in a test: its thread is the test's. */
    private KafkaConsumer<String, String> consumer(String protocol) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers",
                face.server.bootstrap(),
                "group.id",
                "g",
                "auto.offset.reset",
                "earliest",
                "auto.commit.interval.ms",
                "50",
                "fetch.max.wait.ms",
                "50",
                "metadata.max.age.ms",
                "1000"));
        switch (protocol) {
            case "consumer" -> settings.put("group.protocol", "consumer");
            case "range" -> {
                settings.put("partition.assignment.strategy", RangeAssignor.class.getName());
                settings.put("heartbeat.interval.ms", "100");
            }
            default -> {
                settings.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
                settings.put("heartbeat.interval.ms", "100");
            }
        }
        KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of("t"));
        return consumer;
    }

    /** Polls a consumer until something holds; its values are added to a list. */
    private static void pollUntil(
            String what, KafkaConsumer<String, String> consumer, List<String> values, BooleanSupplier condition) {
        long deadlineNs = System.nanoTime() + Duration.ofSeconds(40).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what + "; so far " + values).isLessThan(deadlineNs);
            consumer.poll(STEP).forEach(record -> values.add(record.value()));
        }
    }

    private static Set<Integer> partitions(KafkaConsumer<String, String> consumer) {
        Set<Integer> all = new TreeSet<>();
        consumer.assignment().forEach(partition -> all.add(partition.partition()));
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"consumer", "range", "cooperative"})
    void aConsumerAndAPollerShareThePartitions(String protocol) {
        produce("first-");
        List<String> consumed = new CopyOnWriteArrayList<>();
        List<String> polled = new ArrayList<>();
        JsonObject[] last = {new JsonObject().put("cursor", "")};
        try (KafkaConsumer<String, String> consumer = consumer(protocol)) {
            pollUntil("the consumer reads all", consumer, consumed, () -> consumed.size() == 100);

            pollUntil("the poller has its share", consumer, consumed, () -> {
                last[0] = face.poll(ask("http").put("commit", last[0].getString("cursor")));
                polled.addAll(values(last[0]));
                return last[0].getJsonArray("assignment").size() == 2
                        && consumer.assignment().size() == 2;
            });
            produce("second-");
            pollUntil("all is read", consumer, consumed, () -> {
                last[0] = face.poll(ask("http").put("commit", last[0].getString("cursor")));
                polled.addAll(values(last[0]));
                return consumed.size() + polled.size() >= 200;
            });

            Set<Integer> over = new TreeSet<>();
            objects(last[0].getJsonArray("assignment")).forEach(one -> over.add(one.getInteger("partition")));
            assertThat(over).hasSize(2).doesNotContainAnyElementsOf(partitions(consumer));
            List<String> all = new ArrayList<>(consumed);
            all.addAll(polled);
            assertThat(all).doesNotHaveDuplicates().hasSize(200);
            assertThat(polled).hasSize(50).allMatch(value -> value.startsWith("second-"));
            assertThat(members())
                    .containsExactlyInAnyOrder("http", protocol.equals("consumer") ? "consumer" : "classic");
            assertThat(problem(face.post("g/poll", ask("third")), 409)).isEqualTo("group_full");
        }
    }

    private List<String> members() {
        return objects(ok(face.server.get("/v1/groups/g")).getJsonArray("members")).stream()
                .map(member -> member.getString("protocol"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"consumer", "range", "cooperative"})
    void aRunningConsumerGoesOnWhereItsGroupIsSent(String protocol) {
        produce("");
        List<String> consumed = new CopyOnWriteArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(protocol)) {
            pollUntil("the consumer reads all", consumer, consumed, () -> consumed.size() == 100);

            // What is not committed is read again by whoever joins again.
            consumer.commitSync();
            JsonObject moved = ok(face.post(
                    "g/seek", new JsonObject().put("to", new JsonObject().put("t", new JsonObject().put("2", 20)))));

            assertThat(moved.getJsonArray("evicted")).hasSize(1);
            consumed.clear();
            pollUntil("it reads again", consumer, consumed, () -> consumed.size() >= 5);
            assertThat(consumed).containsExactly("2-20", "2-21", "2-22", "2-23", "2-24");
            face.produce("t", 1, "after");
            pollUntil("it goes on", consumer, consumed, () -> consumed.contains("after"));
            assertThat(consumed).hasSize(6);
        }
    }

    @Test
    void aNameOfAnotherProtocolsMemberIsRefused() {
        List<String> consumed = new CopyOnWriteArrayList<>();
        produce("");
        try (KafkaConsumer<String, String> consumer = consumer("consumer")) {
            pollUntil("the consumer reads all", consumer, consumed, () -> consumed.size() == 100);

            assertThat(problem(face.post("g/poll", ask(consumer.groupMetadata().memberId())), 409))
                    .isEqualTo("member_of_other_protocol");
            assertThat(problem(
                            face.post(
                                    "g/commit",
                                    new JsonObject()
                                            .put("positions", new JsonObject().put("t", new JsonObject().put("0", 1)))),
                            409))
                    .isEqualTo("group_not_empty");
        }
    }
}
