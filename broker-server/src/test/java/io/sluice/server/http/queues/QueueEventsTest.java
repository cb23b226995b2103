package io.sluice.server.http.queues;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.http.push.EventReader;
import io.sluice.server.http.push.EventReader.Event;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith({BlockedThreadsFail.class, NoErrorsLogged.class})
class QueueEventsTest {
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

    private EventReader listen(String query) {
        EventReader reader = new EventReader(queues.server.port(), "/v1/queues/jobs/events" + query);
        reader.own("ready");
        return reader;
    }

    private JsonObject receive(JsonObject request) {
        return QueueFace.ok(queues.post("jobs/receive", request))
                .getJsonArray("messages")
                .getJsonObject(0);
    }

    private static JsonObject leases(String lease) {
        return new JsonObject().put("leases", new JsonArray().add(lease));
    }

    private static List<String> told(EventReader reader) {
        return reader.records().stream()
                .map(event -> event.name() + " " + event.json().getString("id", ""))
                .map(String::strip)
                .toList();
    }

    @Test
    void theLifeOfAMessageIsTold() {
        queues.create("jobs", json("{'dead_letter_queue': null, 'backoff': {'initial_ms': 0}}"));
        try (EventReader reader = listen("")) {
            assertThat(reader.head()).contains("200").contains("text/event-stream");
            assertThat(reader.own("ready").json().getString("name")).isEqualTo("jobs");
            assertThat(reader.own("ready").json().getLong("lag")).isZero();

            queues.produce("jobs", "a");
            reader.awaitRecords(1);
            String first = receive(json("{'consumer': 'w'}")).getString("lease");
            queues.post("jobs/extend", leases(first).put("progress", json("{'percent': 4}")));
            queues.post("jobs/nack", leases(first).put("reason", "no luck").put("delay_ms", 0));
            String second = receive(new JsonObject()).getString("lease");
            queues.post("jobs/ack", leases(second));
            queues.post("jobs/pause");
            queues.post("jobs/purge");
            reader.awaitRecords(9);

            assertThat(told(reader))
                    .containsExactly(
                            "sent",
                            "received 0-0",
                            "progress 0-0",
                            "extended 0-0",
                            "failed 0-0",
                            "received 0-0",
                            "acknowledged 0-0",
                            "changed",
                            "purged");
            List<Event> events = reader.records();
            assertThat(events.get(0).json()).isEqualTo(json("{'partition': 0, 'offset': 0, 'messages': 1}"));
            JsonObject received = events.get(1).json();
            assertThat(received.getString("consumer")).isEqualTo("w");
            assertThat(received.getLong("lease_expires_at") - received.getLong("at"))
                    .isEqualTo(30_000);
            assertThat(events.get(2).json()).isEqualTo(json("{'id': '0-0', 'progress': {'percent': 4}}"));
            assertThat(events.get(4).json().getString("reason")).isEqualTo("no luck");
            assertThat(events.get(7).json().getBoolean("paused")).isTrue();
            assertThat(events.get(8).json().getLong("before")).isEqualTo(1);
        }
    }

    @Test
    void onlyWhatIsAskedForIsTold() {
        queues.create("jobs", json("{'dead_letter_queue': null}"));
        queues.produce("jobs", "a", "b");
        try (EventReader dead = listen("?types=dead,dropped");
                EventReader second = listen("?id=0-1");
                EventReader sent = listen("?types=sent")) {
            assertThat(sent.own("ready").json().getLong("lag")).isEqualTo(2);
            String a = receive(new JsonObject()).getString("lease");
            String b = receive(new JsonObject()).getString("lease");
            queues.post("jobs/nack", leases(a).put("dead", true));
            queues.post("jobs/ack", leases(b));
            queues.produce("jobs", "c");
            queues.delete("jobs/messages/0-2");

            dead.awaitRecords(2);
            second.awaitRecords(2);
            sent.awaitRecords(1);
            assertThat(told(dead)).containsExactly("dead 0-0", "dropped 0-2");
            assertThat(told(second)).containsExactly("received 0-1", "acknowledged 0-1");
            assertThat(sent.records().get(0).json()).isEqualTo(json("{'partition': 0, 'offset': 2, 'messages': 1}"));
        }
    }

    @Test
    void aMessageThatWasSentAgainIsToldUnderTheIdThatItKeeps() {
        queues.create("jobs");
        queues.produce("jobs", "a");
        try (EventReader all = listen("?types=dead,redriven,received,progress,acknowledged");
                EventReader one = listen("?id=0-0")) {
            queues.post(
                    "jobs/nack",
                    leases(receive(new JsonObject()).getString("lease")).put("dead", true));
            all.awaitRecords(2);
            queues.produce("jobs", "b");
            assertThat(queues.post("jobs/redrive", new JsonObject()).statusCode())
                    .isEqualTo(202);
            all.awaitRecords(3);
            receive(new JsonObject());
            String lease = receive(new JsonObject()).getString("lease");
            queues.post("jobs/extend", leases(lease).put("progress", 1));
            queues.post("jobs/ack", leases(lease));

            all.awaitRecords(7);
            one.awaitRecords(8);
            assertThat(told(all))
                    .containsExactly(
                            "received 0-0",
                            "dead 0-0",
                            "redriven 0-0",
                            "received 0-1",
                            "received 0-0",
                            "progress 0-0",
                            "acknowledged 0-0");
            assertThat(told(one))
                    .containsExactly(
                            "received 0-0",
                            "dying 0-0",
                            "dead 0-0",
                            "redriven 0-0",
                            "received 0-0",
                            "progress 0-0",
                            "extended 0-0",
                            "acknowledged 0-0");
            assertThat(one.records().get(3).json()).isEqualTo(json("{'id': '0-0', 'partition': 0, 'offset': 2}"));
            assertThat(one.records().get(4).json().getLong("offset")).isEqualTo(2);
            assertThat(one.records().get(5).json())
                    .isEqualTo(json("{'id': '0-0', 'partition': 0, 'offset': 2, 'progress': 1}"));
        }
    }

    @Test
    void newWorkIsToldOfEveryPartitionThatThereIs() {
        queues.create("jobs");
        try (EventReader reader = listen("?types=sent")) {
            queues.patch("jobs", json("{'partitions': 2}"));
            // A partition is noticed some time after it has come: what is sent until then is told with what follows.
            int[] sent = {0};
            Await.until("it is told", () -> {
                queues.produce("jobs", new JsonObject().put("value", sent[0]++).put("partition", 1));
                return reader.records().stream().anyMatch(event -> event.json().getInteger("partition") == 1);
            });
        }
    }

    @Test
    void theStreamEndsWithTheQueue() {
        queues.create("jobs");
        try (EventReader reader = listen("")) {
            queues.delete("jobs");

            assertThat(reader.own("end").json().getString("code")).isEqualTo("queue_deleted");
            Await.until("it ends", reader::hasEnded);
        }
    }

    @Test
    void theStreamEndsInOrderWhenTheBrokerStops() {
        queues.create("jobs");
        try (EventReader reader = listen("")) {
            queues.server.restart();

            assertThat(reader.own("end").json().getString("code")).isEqualTo("shutting_down");
            Await.until("it ends", reader::hasEnded);
        }
    }

    @Test
    void whoHearsNothingHearsThatTheStreamIsThere() {
        queues.create("jobs");
        try (EventReader reader = listen("?heartbeat_ms=100")) {
            Await.until("signs of life", () -> reader.comments().size() >= 2);
        }
    }

    @Test
    void whoListensIsAmongTheClients() {
        queues.create("jobs");
        EventReader reader = listen("");
        assertThat(queues.server.get("/v1/clients?topic=jobs").body()).contains("\"topics\":[\"jobs\"]");
        reader.close();
        Await.until(
                "it is gone",
                () -> !queues.server.get("/v1/clients?topic=jobs").body().contains("\"topics\":[\"jobs\"]"));
    }

    @Test
    void whoDoesNotListenHoldsUpNobodyAndIsToldWhatHeLost() throws IOException {
        queues.create("jobs", json("{'max_deliveries': 0}"));
        try (Socket slow = new Socket()) {
            slow.setReceiveBufferSize(4_096);
            slow.connect(new InetSocketAddress("127.0.0.1", queues.server.port()));
            slow.getOutputStream()
                    .write("GET /v1/queues/jobs/events?types=received,failed HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
            BufferedReader lines = new BufferedReader(new InputStreamReader(slow.getInputStream(), US_ASCII));
            skipTo(lines, "event: sluice.ready");
            JsonArray batch = new JsonArray();
            for (int i = 0; i < 1_000; i++) {
                batch.add(new JsonObject().put("value", i).put("key", "k" + i % 100));
            }
            queues.server.send(
                    "POST",
                    "/v1/topics/jobs/records",
                    new JsonObject().put("records", batch).encode());

            // So much that no buffers of the system hold all of it.
            String reason = "r".repeat(1_000);
            for (int round = 0; round < 10; round++) {
                JsonArray leases = new JsonArray();
                QueueFace.objects(QueueFace.ok(queues.post("jobs/receive", json("{'max': 1000}")))
                                .getJsonArray("messages"))
                        .forEach(message -> leases.add(message.getString("lease")));
                assertThat(leases.size()).isEqualTo(1_000);
                QueueFace.ok(queues.post(
                        "jobs/nack",
                        new JsonObject()
                                .put("leases", leases)
                                .put("delay_ms", 0)
                                .put("reason", reason)));
            }

            skipTo(lines, "event: sluice.lost");
            JsonObject lost = new JsonObject(lines.readLine().substring("data: ".length()));
            assertThat(lost.getLong("events")).isBetween(1_000L, 19_000L);
        }
    }

    private static void skipTo(BufferedReader lines, String wanted) throws IOException {
        for (String line = lines.readLine(); !wanted.equals(line); line = lines.readLine()) {
            assertThat(line).as("before " + wanted).isNotNull();
        }
    }

    private EventReader again(String query, String lastId) {
        EventReader reader =
                new EventReader(queues.server.port(), "/v1/queues/jobs/events" + query, "Last-Event-ID", lastId);
        reader.own("ready");
        return reader;
    }

    private static boolean isTold(EventReader reader, String kind) {
        return reader.all().stream().anyMatch(event -> event.name().equals("sluice." + kind));
    }

    @Test
    void whoComesBackHearsWhatItMissed() {
        queues.create("jobs", json("{'dead_letter_queue': null}"));
        EventReader first = listen("");
        queues.produce("jobs", "a", "b", "c");
        String leases =
                QueueFace.ok(queues.post("jobs/receive", json("{'max': 3}"))).encode();
        Await.until("all are received", () -> told(first).contains("received 0-2"));
        first.close();
        String heard = first.records().stream()
                .filter(event -> event.name().equals("received"))
                .findFirst()
                .orElseThrow()
                .id();
        QueueFace.objects(new JsonObject(leases).getJsonArray("messages"))
                .forEach(message -> queues.post("jobs/ack", leases(message.getString("lease"))));
        queues.produce("jobs", "d");

        try (EventReader second = again("", heard);
                EventReader some = again("?types=acknowledged&id=0-1", heard)) {
            second.awaitRecords(6);
            // The middle of what was received together is a place too.
            assertThat(told(second).stream().filter(one -> !one.equals("sent")))
                    .containsExactly(
                            "received 0-1", "received 0-2", "acknowledged 0-0", "acknowledged 0-1", "acknowledged 0-2");
            some.awaitRecords(1);
            queues.delete("jobs/messages/0-3");
            Await.until("it goes on", () -> told(second).contains("dropped 0-3"));
            assertThat(told(some)).containsExactly("acknowledged 0-1");
            assertThat(isTold(second, "gap")).isFalse();
            assertThat(second.own("ready").id()).isEqualTo(heard);
        }
    }

    @Test
    void newWorkIsRememberedWhileNobodyListens() {
        queues.create("jobs");
        EventReader first = listen("?types=sent");
        queues.produce("jobs", "a");
        first.awaitRecords(1);
        first.close();
        Await.until(
                "it is gone",
                () -> !queues.server.get("/v1/clients?topic=jobs").body().contains("\"topics\":[\"jobs\"]"));
        queues.produce("jobs", "b");

        try (EventReader second = again("?types=sent", first.records().get(0).id())) {
            second.awaitRecords(1);
            assertThat(second.records().get(0).json().getInteger("offset")).isEqualTo(1);
        }
    }

    @Test
    void whatIsNotRememberedIsAGap() {
        queues.create("jobs", json("{'dead_letter_queue': null, 'max_deliveries': 0}"));
        String heard;
        try (EventReader first = listen("")) {
            assertThat(isTold(first, "gap")).isFalse();
            heard = first.own("ready").id();
            JsonArray batch = new JsonArray();
            for (int i = 0; i < 1_000; i++) {
                batch.add(new JsonObject().put("value", i));
            }
            queues.server.send(
                    "POST",
                    "/v1/topics/jobs/records",
                    new JsonObject().put("records", batch).encode());
            for (int round = 0; round < 3; round++) {
                JsonArray leases = new JsonArray();
                QueueFace.objects(QueueFace.ok(queues.post("jobs/receive", json("{'max': 1000}")))
                                .getJsonArray("messages"))
                        .forEach(message -> leases.add(message.getString("lease")));
                QueueFace.ok(queues.post(
                        "jobs/nack", new JsonObject().put("leases", leases).put("delay_ms", 0)));
            }
        }
        for (String place : List.of(heard, "elsewhere-1", heard.replaceAll("-.*", "-99999999"), "x", "-", "--1")) {
            try (EventReader second = again("?types=dropped", place)) {
                assertThat(second.own("gap").json().getString("after")).isEqualTo(place);
                queues.produce("jobs", "more");
                assertThat(second.own("ready").id()).isNotEqualTo(place);
            }
        }
        queues.server.restart();
        try (EventReader third = again("", heard)) {
            third.own("gap");
            queues.produce("jobs", "later");
            third.awaitRecords(1);
        }
    }

    @Test
    void whatIsAskedForWronglyIsRefused() {
        queues.create("jobs");

        for (String query :
                List.of("?types=born", "?types=", "?id=x", "?session=", "?heartbeat_ms=99", "?heartbeat_ms=300001")) {
            JsonObject problem = QueueFace.problem(queues.get("jobs/events" + query), 400, "invalid_argument");
            assertThat(problem.getString("field")).isEqualTo(query.substring(1, query.indexOf('=')));
        }
        QueueFace.problem(queues.get("jobs/events?x=1"), 400, "unknown_parameter");
        QueueFace.problem(queues.get("nowhere/events"), 404, "unknown_queue");
        assertThat(queues.server.send("HEAD", "/v1/queues/jobs/events").statusCode())
                .isEqualTo(200);
        assertThat(queues.server.send("HEAD", "/v1/queues/nowhere/events").statusCode())
                .isEqualTo(404);
    }
}
