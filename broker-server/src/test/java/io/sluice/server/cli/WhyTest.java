package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code why} against a whole broker. */
class WhyTest {
    @TempDir
    private Path data;

    @Test
    void alertsAndErrorsAreListed() {
        Map<String, String> quick =
                Map.of("alert.check.interval.ms", "100", "alert.raise.checks", "1", "alert.topic.idle.ms", "1");
        try (RunningServer server = TestServers.on(data, quick)) {
            String at = "http://127.0.0.1:" + server.port();
            server.send("PUT", "/v1/topics/quiet", "{}");
            Await.until(
                    "the alert",
                    () -> Shell.run("alerts", "--server", at).text().contains("quiet"));

            assertThat(Shell.run("alerts", "--lately", "--server", at).text())
                    .containsPattern("topic_idle +quiet +20\\S+Z +- +nothing has been written to topic quiet");
            assertThat(new JsonObject(Shell.run("alerts", "--json", "--server", at)
                                    .text())
                            .getJsonArray("raised"))
                    .hasSize(1);
            assertThat(Shell.run("errors", "--max", "5", "--server", at).text())
                    .containsPattern("\\S+ +1 +20\\S+Z +20\\S+Z +- +\\S+ +alert topic_idle raised");
            assertThat(Shell.run("errors", "--max", "0", "--server", at).err()).contains("limit is 0");
        }
    }

    @Test
    void reasonsAreShownWithTheirCulprits() {
        try (RunningServer server = TestServers.on(data, Map.of())) {
            String at = "http://127.0.0.1:" + server.port();
            server.send("PUT", "/v1/topics/t", "{}");
            server.send("POST", "/v1/topics/t/records", "{\"records\": [{\"value\": 1}]}");
            server.send("POST", "/v1/groups/g/poll", "{\"member\": \"m\", \"topics\": [\"t\"], \"wait_ms\": 0}");

            Shell.Result group = Shell.run("why", "group", "g", "--idle-ms", "0", "--server", at);
            assertThat(group.exitCode()).as(group.err()).isZero();
            assertThat(group.text())
                    .containsPattern("! +record_in_flight +20\\S+Z +client=\\d+ .*member=m")
                    .contains("members_idle");

            Shell.Result topic = Shell.run("why", "topic", "t", "--json", "--server", at);
            assertThat(new JsonObject(topic.text()).getString("topic")).isEqualTo("t");
            assertThat(Shell.run("why", "topic", "nowhere", "--server", at).err())
                    .contains("(unknown_topic)");
            assertThat(Shell.run("why").err()).contains("topic, group or queue");

            server.send("PUT", "/v1/queues/q", "{}");
            server.send("POST", "/v1/topics/q/records", "{\"records\": [{\"value\": 1}]}");
            assertThat(Shell.run("why", "queue", "q", "--server", at).text()).containsPattern("! +no_consumers");
            assertThat(Shell.run("why", "queue", "q", "--message", "0-0", "--server", at)
                            .text())
                    .containsPattern("! +no_consumers");
            assertThat(Shell.run("why", "queue", "q", "--message", "0-7", "--server", at)
                            .err())
                    .contains("(unknown_message)");
        }
    }
}
