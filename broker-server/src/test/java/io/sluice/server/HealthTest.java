package io.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.EngineHealth;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.FakeEngine;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HealthTest {
    private final FakeEngine engine = new FakeEngine();

    @Test
    void itIsReadyOnlyBetweenStartingAndStopping() {
        Health health = new Health(new Broker(engine, false));

        assertThat(codes(health)).containsExactly("starting");
        health.enter(Health.Phase.SERVING);
        assertThat(codes(health)).isEmpty();
        health.enter(Health.Phase.STOPPING);
        assertThat(codes(health)).containsExactly("stopping");
    }

    @Test
    void everythingThatIsInTheWayIsNamed() {
        engine.setHealth(new EngineHealth(
                false,
                true,
                5,
                10,
                Map.of(new TopicPartition("b", 1), "its disk failed", new TopicPartition("a", 0), "damaged")));
        try (RunningServer server = TestServers.over(engine, Map.of())) {
            for (String path : List.of("/health/ready", "/ready")) {
                var answer = server.get(path);

                // The alias has the status of the REST v2 interface.
                assertThat(answer.statusCode()).isEqualTo(path.equals("/ready") ? 500 : 503);
                assertThat(new JsonObject(answer.body())
                                .getJsonArray("reasons").stream()
                                        .map(reason -> ((JsonObject) reason).getString("code") + ": "
                                                + ((JsonObject) reason).getString("detail")))
                        .containsExactly(
                                "log_closed: the log does not serve",
                                "disk_low: writes are refused: 5 bytes are free and the floor is 10",
                                "partition_offline: a-0: damaged",
                                "partition_offline: b-1: its disk failed");
            }
            assertThat(server.get("/health/live").statusCode()).isEqualTo(200);
            assertThat(server.get("/healthy").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theLogsCountersAreMeters() {
        engine.metrics().appendedRecords().add(42);
        engine.setHealth(new EngineHealth(true, true, 5, 10, Map.of()));
        try (RunningServer server = TestServers.over(engine, Map.of())) {
            Await.until(
                    "the meters are bound", () -> server.get("/metrics").body().contains("sluice_disk_floor_bytes"));

            assertThat(server.get("/metrics").body())
                    .contains("sluice_log_appended_records_total 42.0")
                    .contains("sluice_disk_low 1.0")
                    .contains("jvm_memory_used_bytes")
                    .contains("process_cpu_usage")
                    .contains("process_files_open_files");
        }
    }

    private static List<String> codes(Health health) {
        return health.obstacles().stream().map(Health.Obstacle::code).toList();
    }
}
