package io.sluice.server.http.groups;

import static io.sluice.server.http.groups.GroupFace.objects;
import static io.sluice.server.http.groups.GroupFace.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.ManualClock;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a group's view and the metrics say of positions to which something has happened while nobody asked. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class NoticesTest {
    @TempDir
    private Path folder;

    private final ManualClock clock = new ManualClock(System.currentTimeMillis());
    private GroupFace face;

    @BeforeEach
    void start() {
        face = new GroupFace(folder, Map.of("offsets.retention.minutes", "60"), clock);
        face.topic("t", 2);
        face.produce("t", 0, "a", "b", "c");
        // The group exists without members, and stands before the records.
        ok(face.post(
                "g/commit",
                new JsonObject().put("positions", new JsonObject().put("t", new JsonObject().put("0", 1)))));
    }

    @AfterEach
    void stop() {
        face.close();
    }

    private JsonArray notices() {
        return ok(face.server.get("/v1/groups/g")).getJsonArray("notices", new JsonArray());
    }

    private double lost(String reason) {
        return face.server.metric("sluice_groups_positions_lost_total{reason=\"" + reason + "\"}");
    }

    @Test
    void recordsThatAreDeletedUnderAPositionAreToldOnce() {
        assertThat(face.server
                        .send("DELETE", "/v1/topics/t/partitions/0/records?before=3")
                        .statusCode())
                .isEqualTo(200);
        clock.advance(Duration.ofMinutes(2));
        Await.until("the group is told", () -> !notices().isEmpty());

        assertThat(objects(notices())).singleElement().satisfies(notice -> {
            assertThat(notice.getString("reason")).isEqualTo("data_gone");
            assertThat(notice.getString("topic")).isEqualTo("t");
            assertThat(notice.getInteger("partition")).isZero();
            assertThat(notice.getInteger("offset")).isEqualTo(1);
            assertThat(notice.getInteger("records")).isEqualTo(2);
        });
        assertThat(lost("data_gone")).isEqualTo(1);
        assertThat(lost("expired")).isZero();
    }

    @Test
    void positionsOfAGroupThatStayedAwayForTooLongExpire() {
        // The snapshot outlives the positions, and the group with it.
        ok(face.server.send("PUT", "/v1/groups/g/snapshots/kept"));

        clock.advance(Duration.ofMinutes(61));
        Await.until("the group is told", () -> !notices().isEmpty());

        JsonObject group = ok(face.server.get("/v1/groups/g"));
        assertThat(objects(group.getJsonArray("positions"))).isEmpty();
        assertThat(objects(notices())).singleElement().satisfies(notice -> {
            assertThat(notice.getString("reason")).isEqualTo("expired");
            assertThat(notice.getInteger("offset")).isEqualTo(1);
        });
        assertThat(lost("expired")).isEqualTo(1);
        assertThat(lost("data_gone")).isZero();
    }
}
