package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.FakeEngine;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(BlockedThreadsFail.class)
class TopicRoutesTest {
    private final FakeEngine engine = new FakeEngine();
    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.over(engine, Map.of("log.retention.hours", "5", "http.memory.bytes", "1048576"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aNewTopicIsCreatedAndDescribed() {
        var created = server.send("PUT", "/v1/topics/orders", "{\"partitions\":3,\"config\":{\"retention.ms\":1000}}");

        assertThat(created.statusCode()).isEqualTo(201);
        JsonObject topic = new JsonObject(server.get("/v1/topics/orders").body());
        assertThat(topic.getString("name")).isEqualTo("orders");
        assertThat(topic.getJsonArray("partitions")).hasSize(3);
        assertThat(topic.getJsonObject("config").getJsonObject("retention.ms"))
                .isEqualTo(new JsonObject().put("value", "1000").put("source", "topic"));
        assertThat(topic.getJsonObject("config").getJsonObject("segment.bytes").getString("source"))
                .isEqualTo("default");
    }

    @Test
    void aSettingThatComesFromTheBrokerSaysSo() {
        server.send("PUT", "/v1/topics/orders", "{}");

        JsonObject config = new JsonObject(server.get("/v1/topics/orders").body()).getJsonObject("config");

        assertThat(config.getJsonObject("retention.ms"))
                .isEqualTo(new JsonObject().put("value", "18000000").put("source", "broker"));
    }

    @Test
    void creatingTheSameTopicAgainIsFine() {
        server.send("PUT", "/v1/topics/orders", "{\"partitions\":3,\"config\":{\"retention.ms\":1000}}");

        var again =
                server.send("PUT", "/v1/topics/orders", "{\"partitions\":3,\"config\":{\"retention.ms\":\" 1000 \"}}");

        assertThat(again.statusCode()).isEqualTo(200);
    }

    @Test
    void creatingAnotherTopicOfTheSameNameNamesEachDifference() {
        server.send("PUT", "/v1/topics/orders", "{\"partitions\":3,\"config\":{\"retention.ms\":1000}}");

        var other = server.send(
                "PUT", "/v1/topics/orders", "{\"partitions\":4,\"config\":{\"cleanup.policy\":\"compact\"}}");

        assertProblem(other, 409, "topic_exists");
        JsonArray differences = new JsonObject(other.body()).getJsonArray("differences");
        assertThat(differences.stream())
                .map(difference -> ((JsonObject) difference).getString("field"))
                .containsExactly("partitions", "cleanup.policy", "retention.ms");
    }

    @Test
    void aWrongFieldIsAnErrorThatNamesIt() {
        Map<String, String> wrongBodies = Map.of(
                "{\"partition\":3}", "unknown_field partition",
                "{\"partitions\":\"3\"}", "invalid_argument partitions",
                "{\"partitions\":-1}", "invalid_argument partitions",
                "{\"partitions\":0}", "invalid_argument partitions",
                "{\"partitions\":3000000000}", "invalid_argument partitions",
                "{\"config\":[]}", "invalid_argument config",
                "{\"config\":{\"retention.ms\":null}}", "invalid_argument config.retention.ms",
                "{\"config\":{\"retention.ms\":{}}}", "invalid_argument config.retention.ms");
        wrongBodies.forEach((body, expected) -> {
            var answer = server.send("PUT", "/v1/topics/orders", body);

            assertThat(answer.statusCode()).isEqualTo(400);
            JsonObject problem = new JsonObject(answer.body());
            assertThat(problem.getString("code") + " " + problem.getString("field"))
                    .as(body)
                    .isEqualTo(expected);
        });
    }

    @Test
    void aSettingThatDoesNotExistIsAnErrorWithASuggestion() {
        var answer = server.send("PUT", "/v1/topics/orders", "{\"config\":{\"retention.mss\":1}}");

        assertProblem(answer, 400, "invalid_config");
        assertThat(answer.body()).contains("retention.mss").contains("did you mean retention.ms?");
    }

    @Test
    void malformedJsonIsAnErrorThatSaysWhere() {
        for (String body : List.of(
                "{\"partitions\":",
                "{]",
                "{} {}",
                "[1]",
                " ",
                "[".repeat(99),
                "nul",
                "{\"a\":" + "7".repeat(600) + "}")) {
            var answer = server.send("PUT", "/v1/topics/orders", body);

            assertProblem(answer, 400, "invalid_json");
        }
        JsonObject problem =
                new JsonObject(server.send("PUT", "/v1/topics/orders", "{\n  ]").body());
        assertThat(problem.getInteger("line")).isEqualTo(2);
        assertThat(problem.getInteger("column")).isEqualTo(3);
        assertThat(problem.getInteger("byte_offset")).isEqualTo(4);
        assertThat(problem.getString("detail"))
                .isEqualTo("the body is not a JSON object: ']' stands where a name in quotes or } is expected"
                        + " (line 2, column 3)");
    }

    @Test
    void aFieldThatIsThereTwiceIsNamed() {
        var twice = server.send("PUT", "/v1/topics/orders", "{\"partitions\":1,\"partitions\":2}");
        var inside = server.send("PUT", "/v1/topics/orders", "{\"config\":{\"a\":1,\"b\":2,\"a\":3}}");

        assertProblem(twice, 400, "duplicate_field");
        assertThat(new JsonObject(twice.body()).getString("field")).isEqualTo("partitions");
        assertProblem(inside, 400, "duplicate_field");
        assertThat(new JsonObject(inside.body()).getString("detail")).isEqualTo("config.a is there twice");
    }

    @Test
    void anotherContentTypeIsNotTaken() {
        var answer = server.send(HttpRequest.newBuilder(server.uri("/v1/topics/orders"))
                .header("Content-Type", "text/xml")
                .PUT(BodyPublishers.ofString("<topic/>")));

        assertProblem(answer, 415, "unsupported_media_type");
    }

    @Test
    void anotherAnswerThanJsonIsNotGiven() {
        var answer = server.send(
                HttpRequest.newBuilder(server.uri("/v1/topics")).header("Accept", "text/xml, application/json;q=0"));

        assertProblem(answer, 406, "not_acceptable");
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedAndTheAnswerArrives() {
        var answer = server.send("PUT", "/v1/topics/orders", " ".repeat(5_000_000));

        assertProblem(answer, 413, "body_too_large");
    }

    @Test
    void aBodyThatSaysThatItIsTooLargeIsNotWaitedFor() {
        try (RawConnection connection = new RawConnection(server.port())) {
            connection.send(head(5_000_000));

            assertThat(connection.readUntil("body_too_large")).startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void bodiesThatAreNotWholeYetShareTheMemoryOfAllRequests() {
        String most = " ".repeat(300_000);
        try (RawConnection one = new RawConnection(server.port());
                RawConnection other = new RawConnection(server.port())) {
            one.send(head(400_000) + most);
            Await.until("it is counted", () -> server.metric("sluice_http_requests_memory_bytes") >= 600_000);
            other.send(head(400_000) + most);

            assertThat(other.readUntil("overloaded")).startsWith("HTTP/1.1 503");
        }
        Await.until("it is given back", () -> server.metric("sluice_http_requests_memory_bytes") == 0);
        var answer = server.send("PUT", "/v1/topics/orders", "{}" + most);
        assertThat(answer.statusCode()).isEqualTo(201);
        Await.until("that too", () -> server.metric("sluice_http_requests_memory_bytes") == 0);
    }

    private static String head(int bodyBytes) {
        return "PUT /v1/topics/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + bodyBytes + "\r\n\r\n";
    }

    @Test
    void aBodyThatWouldTakeManyTimesItsBytesIsRefused() {
        var answer = server.send("PUT", "/v1/topics/orders", "{\"config\":[" + "{},".repeat(100_000) + "{}]}");

        assertProblem(answer, 400, "invalid_json");
        assertThat(answer.body()).contains("more than 200000 names, values and brackets");
    }

    @Test
    void aCompressedBodyIsNotTaken() {
        var answer = server.send(HttpRequest.newBuilder(server.uri("/v1/topics/orders"))
                .header("Content-Encoding", "gzip")
                .PUT(BodyPublishers.ofString("{}")));

        assertProblem(answer, 415, "unsupported_encoding");
    }

    @Test
    void anUnknownTopicIsNotFound() {
        assertProblem(server.get("/v1/topics/nothing"), 404, "unknown_topic");
        assertProblem(server.send("PATCH", "/v1/topics/nothing", "{}"), 404, "unknown_topic");
        assertProblem(server.send("DELETE", "/v1/topics/nothing"), 404, "unknown_topic");
    }

    @Test
    void settingsChangeAndGoBackToTheirDefault() {
        server.send("PUT", "/v1/topics/orders", "{\"partitions\":2,\"config\":{\"retention.ms\":1000}}");

        var changed = server.send(
                "PATCH",
                "/v1/topics/orders",
                "{\"partitions\":5,\"config\":{\"retention.ms\":null,\"segment.bytes\":1048576}}");

        assertThat(changed.statusCode()).isEqualTo(200);
        JsonObject topic = new JsonObject(changed.body());
        assertThat(topic.getJsonArray("partitions")).hasSize(5);
        assertThat(topic.getJsonObject("config").getJsonObject("retention.ms").getString("source"))
                .isEqualTo("broker");
        assertThat(topic.getJsonObject("config").getJsonObject("segment.bytes").getString("value"))
                .isEqualTo("1048576");
    }

    @Test
    void fewerPartitionsAreRefusedBeforeAnythingChanges() {
        server.send("PUT", "/v1/topics/orders", "{\"partitions\":2}");

        var answer = server.send("PATCH", "/v1/topics/orders", "{\"partitions\":1,\"config\":{\"retention.ms\":7}}");

        assertProblem(answer, 400, "invalid_partitions");
        assertThat(server.get("/v1/topics/orders").body()).doesNotContain("\"value\":\"7\"");
    }

    @Test
    void aTopicIsDeletedOnce() {
        server.send("PUT", "/v1/topics/orders", "{}");

        assertThat(server.send("DELETE", "/v1/topics/orders").statusCode()).isEqualTo(204);
        assertProblem(server.send("DELETE", "/v1/topics/orders"), 404, "unknown_topic");
    }

    @Test
    void aListIsReadPageByPage() {
        for (int i = 0; i < 25; i++) {
            server.send("PUT", "/v1/topics/topic-%02d".formatted(i), "{}");
        }

        List<String> names = new ArrayList<>();
        String path = "/v1/topics?limit=10";
        int pages = 0;
        while (!path.isEmpty()) {
            JsonObject page = new JsonObject(server.get(path).body());
            page.getJsonArray("topics").forEach(topic -> names.add(((JsonObject) topic).getString("name")));
            path = page.containsKey("next") ? "/v1/topics?limit=10&cursor=" + page.getString("next") : "";
            pages++;
        }

        assertThat(pages).isEqualTo(3);
        assertThat(names).hasSize(25).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void aWrongParameterIsAnErrorThatNamesIt() {
        assertProblem(server.get("/v1/topics?limit=0"), 400, "invalid_argument");
        assertProblem(server.get("/v1/topics?limit=x"), 400, "invalid_argument");
        assertProblem(server.get("/v1/topics?limit=1&limit=2"), 400, "invalid_argument");
        assertProblem(server.get("/v1/topics?cursor=%20"), 400, "invalid_argument");
        assertProblem(server.get("/v1/topics?limits=1"), 400, "unknown_parameter");
        assertThat(new JsonObject(server.get("/v1/topics?limits=1").body()).getString("field"))
                .isEqualTo("limits");
    }

    @Test
    void aPartitionWithoutALogIsDescribedWithItsReason() {
        server.send("PUT", "/v1/topics/orders", "{}");

        JsonObject partition = new JsonObject(server.get("/v1/topics/orders").body())
                .getJsonArray("partitions")
                .getJsonObject(0);

        assertThat(partition.getJsonObject("error").getString("code")).isEqualTo("partition_offline");
    }

    @Test
    void aMistakeOfOursIsAnsweredWithoutItsInternals() {
        engine.failOn("secret", new IllegalStateException("password 123 in /etc"));

        var answer = server.get("/v1/topics/secret");

        assertProblem(answer, 500, "internal_error");
        assertThat(answer.body()).doesNotContain("password").doesNotContain("Exception");
    }

    static void assertProblem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        JsonObject problem = new JsonObject(answer.body());
        assertThat(problem.getString("code")).isEqualTo(code);
        assertThat(problem.getInteger("status")).isEqualTo(status);
        assertThat(problem.getString("type")).isEqualTo("urn:sluice:problem:" + code);
        assertThat(problem.getString("title")).isNotBlank();
        assertThat(problem.getString("detail")).isNotBlank();
    }
}
