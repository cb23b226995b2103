package io.sluice.server.http.restv2;

import static io.sluice.server.http.restv2.RestFace.JSON;
import static io.sluice.server.http.restv2.RestFace.V2;
import static io.sluice.server.http.restv2.RestFace.ok;
import static io.sluice.server.http.restv2.RestFace.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Topics and partitions as the REST v2 face shows them, the routes about the bridge itself, and the form of errors. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RestTopicsTest {
    @TempDir
    Path folder;

    private RestFace face;

    @BeforeEach
    void start() {
        face = new RestFace(folder, Map.of());
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private HttpResponse<String> get(String path) {
        return face.server.get(path);
    }

    @Test
    void aTopicIsMadeAsItIsWished() {
        HttpResponse<String> created = face.post("/admin/topics", JSON, """
                {"topic_name": "my-topic", "partitions_count": 3, "replication_factor": 2,
                 "configs": {"cleanup.policy": "compact"}}""");

        assertThat(ok(created, 201).body()).isEmpty();
        JsonObject topic = new JsonObject(ok(get("/topics/my-topic"), 200).body());
        assertThat(topic.getString("name")).isEqualTo("my-topic");
        assertThat(topic.getJsonObject("configs").getString("cleanup.policy")).isEqualTo("compact");
        assertThat(topic.getJsonArray("partitions")).hasSize(3);
    }

    @Test
    void whatIsNotSaidIsTheBrokersChoice() {
        ok(face.post("/admin/topics", JSON, "{\"topic_name\": \"a\"}"), 201);
        ok(
                face.post(
                        "/admin/topics",
                        JSON,
                        "{\"topic_name\": \"b\", \"partitions_count\": null, \"replication_factor\": null}"),
                201);

        assertThat(get("/topics").body()).isEqualTo("[\"a\",\"b\"]");
        assertThat(get("/topics").headers().firstValue("Content-Type")).hasValue(V2);
    }

    @Test
    void aTopicThatIsThereIsNotMadeAgain() {
        face.topic("a", 1);

        assertThat(problem(face.post("/admin/topics", JSON, "{\"topic_name\": \"a\"}"), 409))
                .contains("a");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                              | topic_name is missing
            {"topic_name": 1}                               | topic_name must be text
            {"topic_name": "a", "partitions": 1}            | unknown field partitions
            {"topic_name": "a", "partitions_count": 0}      | partitions_count must be
            {"topic_name": "a", "partitions_count": "1"}    | partitions_count must be
            {"topic_name": "a", "replication_factor": 0}    | replication_factor must be
            {"topic_name": "a b"}                           | U+0020
            {"topic_name": "a", "configs": {"nonsense": 1}} | nonsense
            """)
    void aWishThatCannotBeIsNamed(String body, String fault) {
        assertThat(problem(face.post("/admin/topics", JSON, body), 400)).contains(fault);
        assertThat(get("/topics").body()).isEqualTo("[]");
    }

    @Test
    void partitionsAreShownWithTheirReplicas() {
        face.topic("t", 2);

        JsonArray all = new JsonArray(ok(get("/topics/t/partitions"), 200).body());
        JsonObject one = new JsonObject(ok(get("/topics/t/partitions/1"), 200).body());

        assertThat(all).hasSize(2);
        assertThat(one).isEqualTo(all.getJsonObject(1));
        assertThat(one.getInteger("partition")).isEqualTo(1);
        int leader = one.getInteger("leader");
        assertThat(one.getJsonArray("replicas").getJsonObject(0))
                .isEqualTo(new JsonObject()
                        .put("broker", leader)
                        .put("leader", true)
                        .put("in_sync", true));
    }

    @Test
    void offsetsAreWhereAPartitionBeginsAndEnds() {
        face.topic("t", 1);
        face.produce("t", 0, 1, 2, 3);
        face.server.send("DELETE", "/v1/topics/t/partitions/0/records?before=1");

        assertThat(new JsonObject(ok(get("/topics/t/partitions/0/offsets"), 200).body()))
                .isEqualTo(new JsonObject().put("beginning_offset", 1).put("end_offset", 3));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /topics/none                      | The specified topic was not found.
            /topics/__groups                  | The specified topic was not found.
            /topics/none/partitions           | The specified topic was not found.
            /topics/none/partitions/0         | The specified partition was not found.
            /topics/t/partitions/1            | The specified partition was not found.
            /topics/none/partitions/0/offsets | The specified topic partition was not found.
            /topics/t/partitions/1/offsets    | The specified topic partition was not found.
            """)
    void whatIsNotThereIsNotFound(String path, String message) {
        face.topic("t", 1);

        assertThat(problem(get(path), 404)).isEqualTo(message);
    }

    @Test
    void theBridgeTellsOfItself() {
        assertThat(get("/healthy").statusCode()).isEqualTo(200);
        assertThat(get("/ready").statusCode()).isEqualTo(200);
        assertThat(new JsonObject(get("/").body()).getString("bridge_version")).isNotBlank();
        assertThat(get("/metrics").body()).contains("sluice_rest_consumer_instances 0");
        String document = get("/openapi").body();
        assertThat(get("/openapi/v3").body()).isEqualTo(document);
        assertThat(new JsonObject(document).getJsonObject("paths").fieldNames())
                .contains("/consumers/{groupid}/instances/{name}/records");
    }

    @Test
    void whatNoRouteTakesIsToldInTheWordsOfThisFace() {
        assertThat(problem(face.server.send("DELETE", "/topics/t"), 405)).contains("DELETE");
        assertThat(problem(get("/consumers/g/nothing"), 404)).contains("/consumers/g/nothing");
        assertThat(problem(get("/topics?limit=1"), 400)).contains("limit");
        assertThat(get("/nothing").headers().firstValue("Content-Type")).hasValue("application/problem+json");
    }
}
