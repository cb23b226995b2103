package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(BlockedThreadsFail.class)
class QueueAdminTest {
    @TempDir
    private Path folder;

    private QueueFace queues;

    @BeforeEach
    void start() {
        queues = new QueueFace(folder);
    }

    @AfterEach
    void stop() {
        queues.close();
    }

    private static JsonObject json(String text) {
        return new JsonObject(text.replace('\'', '"'));
    }

    // ---- create ----

    @Test
    void aQueueOfWhichNothingIsSaidHasDefaults() {
        JsonObject queue = queues.create("jobs");

        assertThat(queue.getString("name")).isEqualTo("jobs");
        assertThat(queue.getInteger("partitions")).isEqualTo(1);
        assertThat(queue.getBoolean("paused")).isFalse();
        assertThat(queue.getLong("created_at"))
                .isEqualTo(queue.getLong("modified_at"))
                .isPositive();
        assertThat(queue.getJsonObject("settings"))
                .isEqualTo(json("{'visibility_timeout_ms': 30000, 'max_deliveries': 10,"
                        + " 'backoff': {'initial_ms': 1000, 'multiplier': 2.0, 'max_ms': 300000, 'jitter': 0.2},"
                        + " 'dead_letter_queue': 'jobs.dead', 'delay_ms': 0, 'ttl_ms': 0, 'max_messages': 0,"
                        + " 'max_bytes': 0, 'max_in_flight': 20000, 'order': 'none', 'dedup_window_ms': 300000,"
                        + " 'retention_ms': 604800000, 'partitions': 1}"));
        assertThat(queues.described("jobs")).isEqualTo(queue);
        assertThat(queues.server.get("/v1/topics/jobs").body())
                .contains("\"retention.ms\":{\"value\":\"-1\",\"source\":\"topic\"}");
    }

    @Test
    void whatASettingsDocumentSaysCanBeSentAgain() {
        JsonObject wanted = json("{'visibility_timeout_ms': 1, 'max_deliveries': 0,"
                + " 'backoff': {'initial_ms': 0, 'multiplier': 1.5, 'max_ms': 7, 'jitter': 1.0},"
                + " 'dead_letter_queue': null, 'delay_ms': 5, 'ttl_ms': 6, 'max_messages': 9007199254740991,"
                + " 'max_bytes': 8, 'max_in_flight': 9, 'order': 'key', 'dedup_window_ms': 0,"
                + " 'retention_ms': -1, 'partitions': 3}");

        assertThat(queues.create("jobs", wanted).getJsonObject("settings")).isEqualTo(wanted);

        HttpResponse<String> again = queues.put("jobs", queues.described("jobs").getJsonObject("settings"));
        assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
    }

    @Test
    void theBoundsAndDefaultsOfSettingsAreToldAsThePageListsThem() throws Exception {
        JsonObject bounds = queues.create("jobs").getJsonObject("bounds");

        JsonObject rows = new JsonObject();
        for (String line : Files.readAllLines(Path.of("..", "docs", "queues.md"))) {
            Matcher row = SETTING.matcher(line);
            if (row.matches() && bounds.containsKey(row.group(1))) {
                rows.put(row.group(1), row.group(2) + ", " + row.group(3));
            }
        }
        JsonObject told = new JsonObject();
        bounds.forEach(setting -> {
            JsonObject bound = (JsonObject) setting.getValue();
            told.put(
                    setting.getKey(),
                    switch (setting.getKey()) {
                        case "dead_letter_queue" -> "the name and `.dead`, a queue's name, null";
                        case "order" -> "`none`, `none`, `key`";
                        case "partitions" -> "the broker's, 1 and more";
                        case "backoff.max_ms" ->
                            bound.getValue("default") + ", `initial_ms` to " + bound.getValue("max");
                        default ->
                            bound.getValue("default") + ", " + bound.getValue("min") + " to " + bound.getValue("max");
                    });
        });
        assertThat(told).isEqualTo(rows);
        assertThat(told).hasSize(16);
        // The broker's max.partitions.per.topic decides.
        assertThat(bounds.getJsonObject("partitions").fieldNames()).containsExactly("min");
        assertThat(bounds.getJsonObject("dead_letter_queue").getString("default"))
                .isEqualTo("jobs.dead");
        assertThat(bounds.getJsonObject("order").getJsonArray("values")).isEqualTo(new JsonArray("[\"none\",\"key\"]"));
    }

    private static final Pattern SETTING = Pattern.compile("\\| `([a-z_.]+)` \\| ([^|]+) \\| ([^|]+) \\| .*");

    @Test
    void theTopicOfAQueueCannotBecomeACompactedOne() throws Exception {
        queues.create("jobs");
        queues.server.send("PUT", "/v1/topics/plain", "{}");

        JsonObject refused = QueueFace.problem(
                queues.server.send("PATCH", "/v1/topics/jobs", "{\"config\":{\"cleanup.policy\":\"compact,delete\"}}"),
                400,
                "invalid_config");

        assertThat(refused.getString("detail")).contains("queue jobs");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", queues.server.bootstrap()))) {
            AlterConfigOp compact = new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), OpType.SET);
            assertThatThrownBy(() -> admin.incrementalAlterConfigs(
                                    Map.of(new ConfigResource(ConfigResource.Type.TOPIC, "jobs"), List.of(compact)))
                            .all()
                            .get(30, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(InvalidConfigurationException.class)
                    .hasMessageContaining("queue jobs");
        }
        assertThat(queues.server.get("/v1/topics/jobs").body()).contains("\"cleanup.policy\":{\"value\":\"delete\"");
        assertThat(queues.server
                        .send("PATCH", "/v1/topics/plain", "{\"config\":{\"cleanup.policy\":\"compact\"}}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(queues.server
                        .send("PATCH", "/v1/topics/jobs", "{\"config\":{\"segment.bytes\":\"1048576\"}}")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void creatingAgainIsFineIfNothingThatIsSaidDiffers() {
        JsonObject first = queues.create("jobs", json("{'max_deliveries': 3, 'partitions': 2}"));

        assertThat(QueueFace.ok(queues.put("jobs", new JsonObject()))).isEqualTo(first);
        assertThat(QueueFace.ok(queues.put("jobs", json("{'max_deliveries': 3, 'order': 'none'}"))))
                .isEqualTo(first);
        assertThat(QueueFace.ok(queues.put("jobs", json("{'partitions': 2, 'backoff': {'multiplier': 2}}"))))
                .isEqualTo(first);
        assertThat(QueueFace.ok(queues.server.send("PUT", "/v1/queues/jobs"))).isEqualTo(first);
    }

    @Test
    void eachDifferenceIsNamedAndNothingChanges() {
        JsonObject first = queues.create("jobs");

        JsonObject problem = QueueFace.problem(
                queues.put(
                        "jobs",
                        json("{'max_deliveries': 3, 'order': 'key', 'delay_ms': 0, 'dead_letter_queue': null,"
                                + " 'backoff': {'max_ms': 5000, 'jitter': 0.2}, 'partitions': 4}")),
                409,
                "queue_exists");

        assertThat(problem.getJsonArray("differences"))
                .containsExactlyInAnyOrder(
                        json("{'field': 'max_deliveries', 'current': 10, 'wanted': 3}"),
                        json("{'field': 'order', 'current': 'none', 'wanted': 'key'}"),
                        json("{'field': 'dead_letter_queue', 'current': 'jobs.dead', 'wanted': null}"),
                        json("{'field': 'backoff.max_ms', 'current': 300000, 'wanted': 5000}"),
                        json("{'field': 'partitions', 'current': 1, 'wanted': 4}"));
        assertThat(problem.getString("detail")).contains("max_deliveries is 10 and not 3");
        assertThat(queues.described("jobs")).isEqualTo(first);
    }

    @Test
    void ofManyWhoCreateAtOnceOneIsTheFirst() {
        List<CompletableFuture<Integer>> all = IntStream.range(0, 20)
                .mapToObj(i -> CompletableFuture.supplyAsync(
                        () -> queues.put("jobs", new JsonObject()).statusCode()))
                .toList();

        List<Integer> statuses = all.stream().map(CompletableFuture::join).toList();

        assertThat(statuses).containsOnly(200, 201);
        assertThat(statuses.stream().filter(status -> status == 201)).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'visibility_timeout_ms': 0} | visibility_timeout_ms | from 1 to 43200000",
                "{'visibility_timeout_ms': 43200001} | visibility_timeout_ms | from 1 to 43200000",
                "{'max_deliveries': -1} | max_deliveries | from 0 to 1000000",
                "{'max_deliveries': 1.5} | max_deliveries | whole number",
                "{'max_deliveries': null} | max_deliveries | whole number",
                "{'backoff': 3} | backoff | object",
                "{'backoff': {'initial_ms': -1}} | backoff.initial_ms | from 0 to 2592000000",
                "{'backoff': {'multiplier': 0.9}} | backoff.multiplier | from 1 to 100",
                "{'backoff': {'multiplier': 'x'}} | backoff.multiplier | number",
                "{'backoff': {'jitter': 1.1}} | backoff.jitter | from 0 to 1",
                "{'backoff': {'max_ms': 99, 'initial_ms': 100}} | backoff.max_ms | less than backoff.initial_ms",
                "{'dead_letter_queue': 7} | dead_letter_queue | text",
                "{'dead_letter_queue': ''} | dead_letter_queue | empty",
                "{'dead_letter_queue': 'a b'} | dead_letter_queue | no name of a queue",
                "{'dead_letter_queue': '__groups'} | dead_letter_queue | no name of a queue",
                "{'dead_letter_queue': 'jobs'} | dead_letter_queue | leads back",
                "{'delay_ms': -1} | delay_ms | from 0 to 315360000000",
                "{'ttl_ms': 315360000001} | ttl_ms | from 0 to 315360000000",
                "{'max_messages': 9007199254740992} | max_messages | from 0 to 9007199254740991",
                "{'max_bytes': -1} | max_bytes | from 0",
                "{'max_in_flight': 0} | max_in_flight | from 1 to 1000000",
                "{'max_in_flight': 1000001} | max_in_flight | from 1 to 1000000",
                "{'order': 'fifo'} | order | not none or key",
                "{'order': null} | order | text",
                "{'dedup_window_ms': 604800001} | dedup_window_ms | from 0 to 604800000",
                "{'retention_ms': -2} | retention_ms | from -1 to 315360000000",
                "{'partitions': 0} | partitions | from 1",
            })
    void everySettingHasBounds(String settings, String field, String says) {
        queues.create("there");

        for (HttpResponse<String> answer : List.of(
                queues.put("jobs", json(settings)), queues.patch("there", json(settings.replace("jobs", "there"))))) {
            JsonObject problem = QueueFace.problem(answer, 400, "invalid_argument");
            assertThat(problem.getString("field")).isEqualTo(field);
            assertThat(problem.getString("detail")).startsWith(field).contains(says);
        }
        QueueFace.problem(queues.get("jobs"), 404, "unknown_queue");
        assertThat(queues.server.get("/v1/topics/jobs").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'max_delivery': 1}", "{'backoff': {'initial': 1}}"})
    void whatIsNotKnownIsNamed(String settings) {
        JsonObject problem = QueueFace.problem(queues.put("jobs", json(settings)), 400, "unknown_field");

        assertThat(problem.getString("field")).isIn("max_delivery", "backoff.initial");
    }

    @Test
    void namesThatTopicsCannotHaveAreRefused() {
        QueueFace.problem(queues.put("__groups", new JsonObject()), 400, "invalid_topic");
        QueueFace.problem(queues.put("__queues", new JsonObject()), 400, "invalid_topic");
        QueueFace.problem(queues.put("a%20b", new JsonObject()), 400, "invalid_topic");
        // The name of its dead letter queue would be too long.
        JsonObject problem = QueueFace.problem(queues.put("q".repeat(246), new JsonObject()), 400, "invalid_argument");
        assertThat(problem.getString("field")).isEqualTo("dead_letter_queue");
        queues.create("q".repeat(246), json("{'dead_letter_queue': null}"));
    }

    @Test
    void deadLetterQueuesDoNotLeadBack() {
        queues.create("c", json("{'dead_letter_queue': 'a'}"));
        queues.create("b", json("{'dead_letter_queue': 'c'}"));

        JsonObject created =
                QueueFace.problem(queues.put("a", json("{'dead_letter_queue': 'b'}")), 400, "invalid_argument");
        assertThat(created.getString("detail")).contains("a, b, c, a");

        queues.create("a", json("{'dead_letter_queue': null}"));
        QueueFace.problem(queues.patch("a", json("{'dead_letter_queue': 'c'}")), 400, "invalid_argument");
        assertThat(queues.described("a").getJsonObject("settings").getValue("dead_letter_queue"))
                .isNull();
    }

    @Test
    void aTopicThatIsThereBecomesAQueueWithWhatItHolds() {
        queues.server.send("PUT", "/v1/topics/jobs", "{\"partitions\": 2}");
        queues.produce("jobs", "a", "b");

        JsonObject problem = QueueFace.problem(queues.put("jobs", json("{'partitions': 3}")), 409, "topic_exists");
        assertThat(problem.getJsonArray("differences"))
                .containsExactly(json("{'field': 'partitions', 'current': 2, 'wanted': 3}"));

        JsonObject queue = queues.create("jobs", json("{'partitions': 2}"));
        assertThat(queue.getJsonObject("messages").getLong("visible")).isEqualTo(2);
    }

    @Test
    void aCompactedTopicCannotBecomeAQueue() {
        queues.server.send("PUT", "/v1/topics/jobs", "{\"config\": {\"cleanup.policy\": \"compact\"}}");

        QueueFace.problem(queues.put("jobs", new JsonObject()), 409, "topic_compacted");
    }

    // ---- look ----

    @Test
    void aDescriptionCountsWhatIsThere() {
        queues.create("jobs", json("{'partitions': 2}"));
        long beforeMs = System.currentTimeMillis();
        queues.produce("jobs", "a", "b");
        queues.produce("jobs", new JsonObject().put("value", "c").put("partition", 1));

        JsonObject queue = queues.described("jobs");

        assertThat(queue.getJsonObject("counters"))
                .isEqualTo(json("{'sent': 3, 'received': 0, 'acknowledged': 0, 'returned': 0, 'dead': 0, 'expired': 0,"
                        + " 'dropped': 0, 'gone': 0}"));
        assertThat(queue.getJsonObject("messages"))
                .isEqualTo(json("{'visible': 3, 'in_flight': 0, 'delayed': 0, 'dying': 0}"));
        assertThat(queue.getLong("lag")).isEqualTo(3);
        assertThat(queue.getJsonObject("oldest").getString("id")).isEqualTo("0-0");
        assertThat(queue.getJsonObject("oldest").getLong("enqueued_at"))
                .isBetween(beforeMs, System.currentTimeMillis());
        assertThat(queue.getJsonObject("oldest").getLong("age_ms")).isBetween(0L, 60_000L);
        assertThat(queue.getJsonObject("rates").getDouble("sent")).isPositive();
        assertThat(queue.getJsonObject("rates").getDouble("received")).isZero();
        assertThat(queue.getInteger("receivers")).isZero();
        assertThat(queue.getJsonArray("sessions")).isEmpty();
        assertThat(queue.containsKey("received_at")).isFalse();
    }

    @Test
    void queuesAreListedByNamePageByPage() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            names.add(String.format("q%02d", i));
        }
        names.stream().map(name -> CompletableFuture.runAsync(() -> queues.create(name))).toList().stream()
                .forEach(CompletableFuture::join);
        queues.server.send("PUT", "/v1/topics/no-queue", "{}");

        List<String> found = new ArrayList<>();
        String cursor = "";
        do {
            JsonObject page = QueueFace.ok(queues.server.get("/v1/queues?limit=10" + cursor));
            QueueFace.objects(page.getJsonArray("queues")).forEach(one -> found.add(one.getString("name")));
            cursor = page.containsKey("next") ? "&cursor=" + page.getString("next") : "";
        } while (!cursor.isEmpty());

        assertThat(found).isEqualTo(names);
        QueueFace.problem(queues.server.get("/v1/queues?limit=0"), 400, "invalid_argument");
        QueueFace.problem(queues.server.get("/v1/queues?limit=1001"), 400, "invalid_argument");
        QueueFace.problem(queues.server.get("/v1/queues?cursor=%25"), 400, "invalid_argument");
        QueueFace.problem(queues.server.get("/v1/queues?x=1"), 400, "unknown_parameter");
    }

    // ---- change ----

    @Test
    void onlyWhatIsSaidChanges() {
        JsonObject before = queues.create("jobs", json("{'max_deliveries': 3}"));

        JsonObject after = QueueFace.ok(queues.patch(
                "jobs", json("{'ttl_ms': 5000, 'backoff': {'initial_ms': 7}, 'dead_letter_queue': null}")));

        JsonObject expected = before.getJsonObject("settings").copy().put("ttl_ms", 5000);
        expected.getJsonObject("backoff").put("initial_ms", 7);
        expected.putNull("dead_letter_queue");
        assertThat(after.getJsonObject("settings")).isEqualTo(expected);
        assertThat(after.getLong("modified_at")).isGreaterThanOrEqualTo(before.getLong("modified_at"));
        assertThat(queues.described("jobs").getJsonObject("settings")).isEqualTo(expected);

        queues.server.restart();
        Await.until("it is read", () -> queues.get("jobs").statusCode() == 200);
        assertThat(queues.described("jobs").getJsonObject("settings")).isEqualTo(expected);
    }

    @Test
    void whatDoesNotGoTogetherWithWhatIsThereIsRefused() {
        queues.create("jobs", json("{'backoff': {'max_ms': 2000}}"));

        JsonObject problem = QueueFace.problem(
                queues.patch("jobs", json("{'backoff': {'initial_ms': 2001}}")), 400, "invalid_argument");

        assertThat(problem.getString("field")).isEqualTo("backoff.max_ms");
    }

    @Test
    void partitionsBecomeMoreAndNeverFewer() {
        queues.create("jobs", json("{'partitions': 2}"));

        assertThat(QueueFace.ok(queues.patch("jobs", json("{'partitions': 3}"))).getInteger("partitions"))
                .isEqualTo(3);
        QueueFace.problem(queues.patch("jobs", json("{'partitions': 2, 'ttl_ms': 1}")), 400, "invalid_partitions");
        assertThat(queues.described("jobs").getJsonObject("settings").getLong("ttl_ms"))
                .isZero();
        queues.produce("jobs", new JsonObject().put("value", "c").put("partition", 2));
        assertThat(queues.described("jobs").getLong("lag")).isEqualTo(1);
    }

    @Test
    void pausingLastsUntilItIsResumed() {
        queues.create("jobs");

        assertThat(QueueFace.ok(queues.post("jobs/pause")).getBoolean("paused")).isTrue();
        assertThat(QueueFace.ok(queues.post("jobs/pause")).getBoolean("paused")).isTrue();
        queues.server.restart();
        Await.until("it is read", () -> queues.get("jobs").statusCode() == 200);
        assertThat(queues.described("jobs").getBoolean("paused")).isTrue();
        QueueFace.problem(queues.post("jobs/pause", json("{'for_ms': 5}")), 400, "unknown_field");

        assertThat(QueueFace.ok(queues.post("jobs/resume")).getBoolean("paused"))
                .isFalse();
        assertThat(queues.described("jobs").getBoolean("paused")).isFalse();
    }

    @Test
    void whatTakesNoFieldsSaysSo() {
        queues.create("jobs");
        for (String route : List.of("jobs/purge", "jobs/pause", "jobs/consumers/w/heartbeat")) {
            assertThat(QueueFace.problem(queues.post(route, json("{'x': 1}")), 400, "unknown_field")
                            .getString("detail"))
                    .isEqualTo("unknown field x; there are none here");
        }
    }

    @Test
    void purgingTellsHowMuch() {
        queues.create("jobs");
        queues.produce("jobs", "a", "b", "c");

        assertThat(QueueFace.ok(queues.post("jobs/purge"))).isEqualTo(json("{'queue': 'jobs', 'purged': 3}"));

        JsonObject queue = queues.described("jobs");
        assertThat(queue.getLong("lag")).isZero();
        assertThat(queue.getJsonObject("counters").getLong("dropped")).isEqualTo(3);
        assertThat(queue.getValue("oldest")).isNull();
        assertThat(QueueFace.ok(queues.post("jobs/purge")).getLong("purged")).isZero();
    }

    @Test
    void aDeletedQueueIsGoneWithItsTopic() {
        queues.create("jobs");
        queues.produce("jobs", "a");

        assertThat(queues.delete("jobs").statusCode()).isEqualTo(204);

        QueueFace.problem(queues.get("jobs"), 404, "unknown_queue");
        assertThat(queues.server.get("/v1/topics/jobs").statusCode()).isEqualTo(404);
        assertThat(queues.create("jobs").getLong("lag")).isZero();
    }

    @Test
    void aQueueWhoseTopicIsDeletedIsGone() {
        queues.create("jobs");

        queues.server.send("DELETE", "/v1/topics/jobs");

        Await.until("it is gone", () -> queues.get("jobs").statusCode() == 404);
    }

    @Test
    void noMoreReceiversWaitThanMay() {
        queues.close();
        queues = new QueueFace(folder, Map.of("queues.max.receivers", "1"));
        queues.create("jobs");
        var parked = queues.postAsync("jobs/receive", json("{'wait_ms': 30000}"));
        Await.until("it waits", () -> queues.described("jobs").getInteger("receivers") == 1);

        HttpResponse<String> second = queues.post("jobs/receive", json("{'wait_ms': 30000}"));

        QueueFace.problem(second, 429, "too_many_receivers");
        assertThat(second.headers().firstValue("Retry-After")).isPresent();
        queues.produce("jobs", "a");
        assertThat(QueueFace.ok(parked.join()).getJsonArray("messages")).hasSize(1);
    }

    @Test
    void whatIsNotThereIsRefused() {
        for (HttpResponse<String> answer : List.of(
                queues.get("jobs"),
                queues.patch("jobs", new JsonObject()),
                queues.delete("jobs"),
                queues.post("jobs/purge"),
                queues.post("jobs/pause"),
                queues.post("jobs/resume"))) {
            QueueFace.problem(answer, 404, "unknown_queue");
        }
        QueueFace.problem(queues.get("jobs?x=1"), 400, "unknown_parameter");
        QueueFace.problem(queues.put("jobs?x=1", new JsonObject()), 400, "unknown_parameter");
        assertThat(QueueFace.ok(queues.server.get("/v1/queues")).getJsonArray("queues"))
                .isEqualTo(new JsonArray());
    }
}
