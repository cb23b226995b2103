package io.sluice.server.http.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.kafka.clients.ChildProcess;
import io.sluice.server.kafka.clients.Installed;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The programs in {@code examples} do what they say. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class ExamplesTest {
    private static final Path EXAMPLES =
            Path.of("..", "examples").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void readsTwice(String group, String command, String file) {
        String url = "http://127.0.0.1:" + server.port();

        ChildProcess ended =
                ChildProcess.succeed(List.of(command, EXAMPLES.resolve(file).toString(), url), "");

        List<String> records = List.of("offset 0: one", "offset 1: two", "offset 2: three");
        assertThat(ended.out().lines().toList())
                .startsWith("reading")
                .containsSubsequence(records)
                .endsWith("reading again", records.get(0), records.get(1), records.get(2), "done")
                .hasSize(9);
        assertThat(server.get("/v1/groups/" + group).body()).contains("\"members\":[]", "\"lag\":0");
    }

    @Test
    void python() {
        readsTwice("example-python", Installed.python(), "group.py");
    }

    @Test
    void node() {
        Installed.node();
        readsTwice("example-node", "node", "group.mjs");
    }

    @Test
    void java() {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        readsTwice("example-java", java, "Group.java");
    }
}
