package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Every reason why a queue or a message does not move, brought about and asked for, with the culprit that it names. */
@ExtendWith(BlockedThreadsFail.class)
class QueueWhyTest {
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

    private JsonObject why(String path) {
        return QueueFace.ok(queues.get("jobs/" + path));
    }

    private JsonObject why() {
        return why("why");
    }

    private static List<String> codes(JsonObject why) {
        return QueueFace.objects(why.getJsonArray("reasons")).stream()
                .map(one -> one.getString("code"))
                .toList();
    }

    private static JsonObject reason(JsonObject why, String code) {
        return QueueFace.objects(why.getJsonArray("reasons")).stream()
                .filter(one -> one.getString("code").equals(code))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + code + " in " + why.encodePrettily()));
    }

    private static JsonObject culprit(JsonObject reason) {
        return reason.getJsonObject("culprit");
    }

    private static JsonObject details(JsonObject reason) {
        return reason.getJsonObject("details");
    }

    private static void assertRecent(JsonObject reason) {
        assertThat(reason.getLong("since")).isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
    }

    private List<JsonObject> receive(JsonObject request) {
        return QueueFace.objects(
                QueueFace.ok(queues.post("jobs/receive", request)).getJsonArray("messages"));
    }

    private static JsonObject leases(JsonObject... messages) {
        JsonArray leases = new JsonArray();
        for (JsonObject message : messages) {
            leases.add(message.getString("lease"));
        }
        return new JsonObject().put("leases", leases);
    }

    @Test
    void anEmptyQueueHasNothingWrong() {
        queues.create("jobs");

        JsonObject why = why();

        assertThat(codes(why)).containsExactly("finished");
        assertThat(why.getString("queue")).isEqualTo("jobs");
        assertThat(why.getBoolean("wrong")).isFalse();
        assertThat(reason(why, "finished").getString("message")).contains("nothing was ever sent");

        queues.produce("jobs", "a");
        queues.post("jobs/ack", leases(receive(new JsonObject()).get(0)));
        assertThat(codes(why())).containsExactly("working", "finished");
        assertThat(reason(why(), "finished").getString("message")).contains("all messages are finished");
    }

    @Test
    void nobodyAsks() {
        queues.create("jobs");
        queues.produce("jobs", "a", "b");

        JsonObject never = reason(why(), "no_consumers");
        assertThat(never.getString("message")).contains("since the broker has been running");
        assertThat(never.getValue("since")).isNull();
        assertThat(details(never).getLong("visible")).isEqualTo(2);
        assertThat(codes(why("messages/0-0/why"))).containsExactly("no_consumers");

        receive(new JsonObject());
        assertThat(codes(why())).doesNotContain("no_consumers");
        assertThat(codes(why("messages/0-1/why"))).containsExactly("waiting");
        JsonObject later = reason(why("why?idle_ms=0"), "no_consumers");
        assertThat(later.getString("message")).contains("nobody has asked for messages for");
        assertRecent(later);
    }

    @Test
    void aPausedQueueSaysSo() {
        queues.create("jobs");
        queues.produce("jobs", "a");
        queues.post("jobs/pause");

        JsonObject paused = reason(why(), "queue_paused");

        assertRecent(paused);
        assertThat(why().getBoolean("wrong")).isTrue();
        assertThat(codes(why("messages/0-0/why"))).contains("queue_paused");
    }

    @Test
    void whoHasAllMessagesIsNamed() {
        queues.create("jobs");
        queues.produce("jobs", "a", "b");
        receive(json("{'consumer': 'w1'}"));
        receive(json("{'consumer': 'w2', 'session_timeout_ms': 60000}"));

        JsonObject leased = reason(why(), "leased");
        assertThat(culprit(leased).getJsonArray("consumers")).containsExactlyInAnyOrder("w1", "w2");
        assertThat(details(leased).getLong("in_flight")).isEqualTo(2);
        assertRecent(leased);

        JsonObject first = reason(why("messages/0-0/why"), "leased");
        assertThat(culprit(first).getJsonArray("consumers")).containsExactly("w1");
        assertThat(first.getString("message")).contains("and until");
        assertRecent(first);
        assertThat(reason(why("messages/0-1/why"), "leased").getString("message"))
                .contains("w2 has message 0-1")
                .contains("as long as it is heard");
    }

    @Test
    void theLimitOfMessagesUnderWayIsNamedWithWhoHasThem() {
        queues.create("jobs", json("{'max_in_flight': 1}"));
        queues.produce("jobs", "a", "b");
        receive(json("{'consumer': 'w1', 'max': 2}"));

        JsonObject limit = reason(why(), "in_flight_limit");

        assertThat(culprit(limit).getString("setting")).isEqualTo("max_in_flight");
        assertThat(culprit(limit).getJsonArray("consumers")).containsExactly("w1");
        assertRecent(limit);
        assertThat(codes(why("messages/0-1/why"))).contains("in_flight_limit");
    }

    /** Retries are not with anybody. */
    @Test
    void whatWaitsForItsNextDeliveryDoesNotKeepOthersFromTheirs() {
        queues.create("jobs", json("{'max_in_flight': 1}"));
        queues.produce("jobs", "a", "b");
        JsonArray leases = new JsonArray();
        leases.add(receive(json("{'consumer': 'w1'}")).get(0).getString("lease"));
        QueueFace.ok(
                queues.post("jobs/nack", new JsonObject().put("leases", leases).put("delay_ms", 86_400_000)));

        assertThat(receive(json("{'consumer': 'w1'}")).get(0).getString("id")).isEqualTo("0-1");
    }

    @Test
    void whatIsNotDueSaysWhen() {
        queues.create("jobs", json("{'delay_ms': 3600000}"));
        queues.produce("jobs", "a");
        long dueMs = QueueFace.ok(queues.get("jobs/messages/0-0")).getLong("deliver_at");

        // Nobody has looked at it: its record tells.
        assertThat(codes(why())).containsExactly("delayed");
        JsonObject message = reason(why("messages/0-0/why"), "delayed");
        assertThat(details(message).getLong("deliver_at")).isEqualTo(dueMs);

        assertThat(receive(new JsonObject())).isEmpty();
        assertThat(codes(why())).containsExactly("delayed");
        assertThat(details(reason(why(), "delayed")).getLong("next_due_at")).isBetween(dueMs - 120_000, dueMs);
        assertThat(codes(why("messages/0-0/why"))).containsExactly("delayed");
    }

    @Test
    void theMessageOfTheKeyThatComesFirstIsNamed() {
        queues.create("jobs", json("{'order': 'key'}"));
        for (int i = 0; i < 3; i++) {
            queues.produce(
                    "jobs", new JsonObject().put("key", "k").put("value", i).put("partition", 0));
        }
        JsonObject first = receive(json("{'consumer': 'w'}")).get(0);
        assertThat(receive(new JsonObject())).isEmpty();

        assertThat(culprit(reason(why(), "key_blocked")).getJsonArray("messages"))
                .containsExactly("0-0");
        JsonObject message = reason(why("messages/0-2/why"), "key_blocked");
        assertThat(culprit(message).getJsonArray("messages")).containsExactly("0-0");
        assertThat(culprit(message).getJsonArray("consumers")).containsExactly("w");
        assertRecent(message);
        // Somebody has it for the first time: that passes.
        assertThat(why().getBoolean("wrong")).isFalse();
        assertThat(codes(why())).contains("leased").doesNotContain("no_consumers");
        assertThat(why("messages/0-2/why").getBoolean("wrong")).isFalse();

        queues.post("jobs/nack", leases(first).put("delay_ms", 3_600_000).put("reason", "no"));
        assertThat(reason(why("messages/0-2/why"), "key_blocked").getString("message"))
                .contains("which is delayed");
        assertThat(reason(why("messages/0-2/why"), "key_blocked").getBoolean("wrong"))
                .isTrue();
        assertThat(codes(why())).startsWith("key_blocked");
        assertThat(reason(why(), "key_blocked").getBoolean("wrong")).isTrue();
        assertRecent(reason(why(), "key_blocked"));
    }

    @Test
    void manyThatWaitForOneOfTheirKeyDoNotHideTheRest() {
        queues.create("jobs", json("{'order': 'key'}"));
        for (int i = 0; i < 40; i++) {
            queues.produce(
                    "jobs",
                    new JsonObject()
                            .put("key", i < 30 ? "same" : "k" + i)
                            .put("value", i)
                            .put("partition", 0));
        }
        receive(json("{'consumer': 'w'}"));

        Await.until(
                "nobody has asked for a while",
                () -> codes(why("why?idle_ms=50")).contains("no_consumers"));
        assertThat(codes(why("why?idle_ms=50"))).doesNotContain("key_blocked", "leased");

        List<JsonObject> others = receive(json("{'max': 10}"));
        assertThat(others).hasSize(10);
        assertThat(receive(json("{'max': 10}"))).isEmpty();
        assertThat(codes(why("why?idle_ms=1")))
                .contains("key_blocked", "leased")
                .doesNotContain("no_consumers");
    }

    @Test
    void consumersThatFailAreToldWithAReason() {
        queues.create("jobs");
        queues.produce("jobs", "a", "b");
        List<JsonObject> messages = receive(json("{'max': 2}"));
        queues.post("jobs/nack", leases(messages.get(0), messages.get(1)).put("reason", "no such file"));

        JsonObject failing = reason(why(), "consumers_failing");

        assertThat(failing.getString("message")).contains("no such file");
        assertThat(details(failing).getDouble("return_rate")).isPositive();
        assertThat(reason(why("messages/0-0/why"), "delayed").getString("message"))
                .contains("no such file");
    }

    @Test
    void whatBecomesTooOldIsTold() {
        queues.create("jobs");
        queues.produce("jobs", json("{'value': 'a', 'partition': 0, 'headers': {'sluice-expires-at': '1000'}}"));

        assertThat(culprit(reason(why(), "messages_expire")).getString("setting"))
                .isEqualTo("ttl_ms");
        assertThat(reason(why("messages/0-0/why"), "messages_expire").getLong("since"))
                .isEqualTo(1_000);

        assertThat(receive(new JsonObject())).isEmpty();
        assertThat(details(reason(why(), "messages_expire")).getDouble("expire_rate"))
                .isPositive();
        assertThat(reason(why("messages/0-0/why"), "finished").getString("message"))
                .contains("expired");
    }

    @Test
    void aFullQueueNamesItsLimit() {
        queues.create("jobs", json("{'max_messages': 1}"));
        queues.produce("jobs", "a");

        JsonObject full = reason(why(), "queue_full");

        assertThat(culprit(full).getString("setting")).isEqualTo("max_messages");
        assertThat(details(full).getLong("messages")).isEqualTo(1);

        queues.patch("jobs", json("{'max_messages': 0, 'max_bytes': 1}"));
        Await.until("it is counted", () -> codes(why()).contains("queue_full"));
        assertThat(culprit(reason(why(), "queue_full")).getString("setting")).isEqualTo("max_bytes");
    }

    @Test
    void whatIsFinishedSaysHow() {
        queues.create("jobs", json("{'dead_letter_queue': null}"));
        queues.produce("jobs", "a", "b");
        List<JsonObject> messages = receive(json("{'max': 2, 'consumer': 'w'}"));
        queues.post("jobs/ack", leases(messages.get(0)));
        queues.post("jobs/nack", leases(messages.get(1)).put("dead", true));

        JsonObject done = reason(why("messages/0-0/why"), "finished");
        assertThat(done.getString("message")).contains("acknowledged, last by w");
        assertRecent(done);
        assertThat(reason(why("messages/0-1/why"), "finished").getString("message"))
                .contains("dead");
        assertThat(why("messages/0-1/why").getString("message")).isEqualTo("0-1");
    }

    @Test
    void deadLettersThatCannotBeBroughtSayWhy() {
        queues.create("jobs", json("{'dead_letter_queue': 'state'}"));
        queues.server.send("PUT", "/v1/topics/state", "{\"config\":{\"cleanup.policy\":\"compact\"}}");
        QueueFace.problem(queues.put("others", json("{'dead_letter_queue': 'state'}")), 400, "invalid_argument");
        queues.create("others");
        JsonObject refused = QueueFace.problem(
                queues.patch("others", json("{'dead_letter_queue': 'state'}")), 400, "invalid_argument");
        assertThat(refused.getString("field")).isEqualTo("dead_letter_queue");
        assertThat(refused.getString("detail")).contains("state", "compacted");
        queues.produce("jobs", "a");
        String lease = receive(new JsonObject()).get(0).getString("lease");
        QueueFace.ok(queues.post("jobs/nack", json("{'leases': ['" + lease + "'], 'dead': true}")));

        Await.until(
                "it is told",
                () -> reason(why("messages/0-0/why"), "dead_letters_wait")
                        .getString("message")
                        .contains("topic state is compacted"));

        assertThat(queues.described("jobs").getJsonObject("messages").getInteger("dying"))
                .isEqualTo(1);
        QueueFace.ok(queues.patch("jobs", json("{'dead_letter_queue': 'jobs.dead'}")));
        Await.until(
                "it is dead",
                () -> queues.described("jobs").getJsonObject("messages").getInteger("dying") == 0);
    }

    @Test
    void aLowDiskIsToldWithItsFloor() {
        queues.create("jobs");
        queues.close();
        queues = new QueueFace(folder, Map.of("log.min.free.bytes", Long.toString(Long.MAX_VALUE / 4)));
        Await.until("it is read", () -> queues.get("jobs").statusCode() == 200);

        assertThat(culprit(reason(why(), "disk_low")).getString("setting")).isEqualTo("log.min.free.bytes");
    }

    @Test
    void aClosedPartitionIsNamed() throws Exception {
        queues.create("jobs");
        queues.produce("jobs", "a");
        queues.close();
        Path log = folder.resolve("jobs-0").resolve("00000000000000000000.log");
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 3);
        }
        Files.delete(folder.resolve(".clean-shutdown"));
        queues = new QueueFace(folder);
        Await.until("it is read", () -> queues.get("jobs").statusCode() == 200);

        assertThat(culprit(reason(why(), "partition_offline")).getInteger("partition"))
                .isZero();
    }

    @Test
    void whatIsNotThereIsRefused() {
        queues.create("jobs");

        QueueFace.problem(queues.get("nowhere/why"), 404, "unknown_queue");
        QueueFace.problem(queues.get("nowhere/messages/0-0/why"), 404, "unknown_queue");
        QueueFace.problem(queues.get("jobs/messages/0-0/why"), 404, "unknown_message");
        QueueFace.problem(queues.get("jobs/messages/x/why"), 400, "invalid_argument");
        QueueFace.problem(queues.get("jobs/why?idle_ms=-1"), 400, "invalid_argument");
        QueueFace.problem(queues.get("jobs/why?x=1"), 400, "unknown_parameter");
    }
}
