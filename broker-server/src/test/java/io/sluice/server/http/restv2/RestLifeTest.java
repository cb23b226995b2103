package io.sluice.server.http.restv2;

import static io.sluice.server.http.restv2.RestFace.fromEarliest;
import static io.sluice.server.http.restv2.RestFace.list;
import static io.sluice.server.http.restv2.RestFace.ok;
import static io.sluice.server.http.restv2.RestFace.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The life of instances: how many there may be, how long they stay, and what is left of them. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RestLifeTest {
    private static final Pattern LINE = Pattern.compile("(?m)^ *\\d+: +(\\d+) +\\d+ +(\\S+)");
    private static final List<String> OF_INSTANCES = List.of(
            Instance.class.getName(),
            InstancePoll.class.getName(),
            Place.class.getName(),
            "io.sluice.groups.consumer.Seat",
            "io.sluice.server.http.records.RecordsAnswer");

    @TempDir
    Path folder;

    private static RestFace withTimeout(Path folder, String timeoutMs) {
        return new RestFace(folder, Map.of("rest.consumer.instance.timeout.ms", timeoutMs));
    }

    private static double instances(RestFace face) {
        return face.server.metric("sluice_rest_consumer_instances");
    }

    @Test
    void aThousandAbandonedInstancesLeaveNothingBehind() {
        // Short sessions, because their timers know members until they are due.
        Map<String, String> settings =
                Map.of("rest.consumer.instance.timeout.ms", "4000", "group.max.session.timeout.ms", "2000");
        try (RestFace face = new RestFace(folder, settings)) {
            face.topic("t", 2);
            face.produce("t", 0, "a", "b");
            Map<String, Long> before = objects();
            for (int i = 0; i < 1_000; i++) {
                String consumer = face.consumer("group-" + i % 100, fromEarliest("c" + i));
                face.subscribe(consumer, "t");
                face.valuesNow(consumer);
            }
            assertThat(instances(face)).isPositive();

            Await.until("all instances are gone", () -> instances(face) == 0);

            assertThat(face.server.metric("sluice_rest_consumer_instances_expired_total"))
                    .isEqualTo(1_000);
            Await.until(
                    "all groups without positions are forgotten",
                    () -> new JsonObject(face.server.get("/v1/groups").body())
                                    .getJsonArray("groups").stream()
                                            .mapToInt(group -> ((JsonObject) group).getInteger("members"))
                                            .sum()
                            == 0);
            // Servers of other tests may be there still; what is new must not be.
            Map<String, Long> left = new HashMap<>();
            Await.until("nothing of them is in memory", () -> {
                Map<String, Long> after = objects();
                OF_INSTANCES.forEach(type ->
                        left.put(type, Math.max(0, after.getOrDefault(type, 0L) - before.getOrDefault(type, 0L))));
                return left.values().stream().allMatch(count -> count == 0);
            });
            assertThat(face.server.metric("sluice_http_requests_memory_bytes")).isZero();
        }
    }

    /** How many objects of each class somebody still holds, after a full collection. */
    private static Map<String, Long> objects() {
        try {
            Object histogram = ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
            Map<String, Long> objects = LINE.matcher(histogram.toString())
                    .results()
                    .collect(Collectors.toMap(line -> line.group(2), line -> Long.parseLong(line.group(1)), Long::sum));
            assertThat(objects.get("java.lang.String")).isPositive();
            return objects;
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anInstanceThatIsAskedStays() {
        try (RestFace face = withTimeout(folder, "1000")) {
            face.topic("t", 1);
            String asked = face.consumer(fromEarliest("asked"));
            face.subscribe(asked, "t");
            face.consumer(fromEarliest("abandoned"));

            Await.until("the other one is gone", () -> {
                face.valuesNow(asked);
                return instances(face) == 1;
            });

            face.produce("t", 0, "a");
            assertThat(face.values(asked)).containsExactly("a");
            assertThat(problem(face.server.send("DELETE", "/consumers/g/instances/abandoned"), 404))
                    .isEqualTo("The specified consumer instance was not found.");
        }
    }

    @Test
    void anInstanceKeepsItsPartitionsWhileItsClientWorks() {
        try (RestFace face = new RestFace(folder, Map.of("group.max.session.timeout.ms", "600"))) {
            face.topic("t", 1);
            face.produce("t", 0, "a");
            String working = face.consumer(fromEarliest("working").put("enable.auto.commit", false));
            face.subscribe(working, "t");
            assertThat(face.values(working)).containsExactly("a");
            String other = face.consumer(fromEarliest("other"));
            face.subscribe(other, "t");
            long beginNs = System.nanoTime();

            // For some sessions long the other one asks, and the one that has the partition is silent.
            Await.until("some sessions have passed", () -> {
                assertThat(face.valuesNow(other)).isEmpty();
                return System.nanoTime() - beginNs > 2_000_000_000L;
            });

            ok(face.post(working + "/offsets", new JsonObject()), 204);
            assertThat(face.committed("g", "t", 0)).isEqualTo(1);
        }
    }

    @Test
    void aPollThatWaitsKeepsItsInstance() {
        try (RestFace face = withTimeout(folder, "200")) {
            face.topic("t", 1);
            String consumer = face.consumer(fromEarliest("waits"));
            face.subscribe(consumer, "t");
            CompletableFuture<HttpResponse<String>> waiting = face.recordsAsync(consumer, "?timeout=20000");
            face.consumer(fromEarliest("abandoned"));
            Await.until(
                    "the other one is gone",
                    () -> face.server.metric("sluice_rest_consumer_instances_expired_total") == 1);

            face.produce("t", 0, "a");

            assertThat(list(waiting.join())).hasSize(1);
        }
    }

    @Test
    void aClientThatDoesNotReadItsAnswerCannotKeepItsInstance() throws IOException {
        try (RestFace face = new RestFace(folder, Map.of())) {
            ok(
                    face.post(
                            "/admin/topics",
                            new JsonObject()
                                    .put("topic_name", "t")
                                    .put("partitions_count", 1)
                                    .put("configs", new JsonObject().put("max.message.bytes", "9000000"))),
                    201);
            face.produce("t", 0, "x".repeat(8_000_000));
            String consumer = face.consumer(fromEarliest("c"));
            face.subscribe(consumer, "t");
            try (Socket stalled = new Socket()) {
                stalled.setReceiveBufferSize(4_096);
                stalled.connect(new InetSocketAddress("127.0.0.1", face.server.port()));
                stalled.getOutputStream()
                        .write(("GET " + consumer + "/records?timeout=20000 HTTP/1.1\r\nHost: x\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                assertThat(stalled.getInputStream().read()).isEqualTo('H');

                ok(face.server.send("DELETE", consumer), 204);

                assertThat(instances(face)).isZero();
            }
            // What was not taken was not committed.
            assertThat(face.committed("g", "t", 0)).isNotEqualTo(1L);
        }
    }

    @Test
    void whatAnAbandonedInstanceHasPolledComesAgain() {
        try (RestFace face = withTimeout(folder, "500")) {
            face.topic("t", 1);
            face.produce("t", 0, "a");
            String abandoned = face.consumer(fromEarliest("abandoned"));
            face.subscribe(abandoned, "t");
            assertThat(face.values(abandoned)).containsExactly("a");
            Await.until("it is gone", () -> instances(face) == 0);

            String next = face.consumer(fromEarliest("next"));
            face.subscribe(next, "t");

            assertThat(face.values(next)).containsExactly("a");
        }
    }

    @Test
    void thereAreNoMoreInstancesThanThereMayBe() {
        try (RestFace face = new RestFace(folder, Map.of("rest.max.consumer.instances", "2"))) {
            face.consumer(fromEarliest("a"));
            String second = face.consumer(fromEarliest("b"));

            HttpResponse<String> refused = face.post("/consumers/g", fromEarliest("c"));
            assertThat(problem(refused, 503)).contains("rest.max.consumer.instances");
            assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            assertThat(problem(face.post("/consumers/g", fromEarliest("b")), 503))
                    .contains("2");

            ok(face.server.send("DELETE", second), 204);
            face.consumer(fromEarliest("c"));
        }
    }

    @Test
    void whatInstancesWantIsCountedAsLongAsTheyWantIt() {
        try (RestFace face = new RestFace(folder, Map.of("http.memory.bytes", "1048576"))) {
            JsonArray topics = new JsonArray();
            IntStream.range(0, 5_000).forEach(i -> topics.add("topic-of-many-" + i));
            JsonObject many = new JsonObject().put("topics", topics);
            String one = face.consumer(fromEarliest("one"));
            ok(face.post(one + "/subscription", many), 204);
            Await.until(
                    "the body is forgotten", () -> face.server.metric("sluice_http_requests_memory_bytes") < 500_000);
            assertThat(face.server.metric("sluice_http_requests_memory_bytes")).isGreaterThan(5_000 * 64);
            String two = face.consumer(fromEarliest("two"));
            ok(face.post(two + "/subscription", many), 204);
            String three = face.consumer(fromEarliest("three"));
            assertThat(problem(face.post(three + "/subscription", many), 503)).contains("1048576 is the limit");

            ok(face.server.send("DELETE", one + "/subscription"), 204);
            ok(face.server.send("DELETE", two), 204);

            Await.until("nothing is held", () -> face.server.metric("sluice_http_requests_memory_bytes") == 0);
        }
    }

    @Test
    void anInstanceEndsWithItsBrokerAndItsPositionDoesNot() {
        try (RestFace face = new RestFace(folder, Map.of())) {
            face.topic("t", 1);
            face.produce("t", 0, "a", "b");
            String consumer = face.consumer(fromEarliest("c").put("enable.auto.commit", false));
            face.subscribe(consumer, "t");
            face.values(consumer);
            ok(face.post(consumer + "/offsets", RestFace.offsets("t", 0, 1)), 204);

            face.server.restart();

            assertThat(problem(face.records(consumer, "", "*/*"), 404)).contains("not found");
            String next = face.consumer(fromEarliest("c"));
            face.subscribe(next, "t");
            // In the place of the one before, whose session has not ended.
            assertThat(face.values(next)).containsExactly("b");
        }
    }
}
