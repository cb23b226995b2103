package io.sluice.server.http.restv2;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.kafka.clients.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What docs/rest-v2.md tells people to type does what it says. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RestPageTest {
    private static final Path PAGE = Path.of("..", "docs", "rest-v2.md");
    private static final Pattern COMMANDS = Pattern.compile("(?ms)^```\\n(curl .*?)^```");

    @TempDir
    Path folder;

    @Test
    void theCommandsOfThePageWork() throws IOException {
        List<String> blocks = COMMANDS.matcher(Files.readString(PAGE))
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(blocks).hasSize(2);
        try (RestFace face = new RestFace(folder, Map.of())) {
            String script = String.join("\n", blocks)
                    .replace("localhost:8080", "127.0.0.1:" + face.server.port())
                    .replace("curl ", "curl -sS --fail-with-body -w '\\n' ");

            String out = ChildProcess.succeed(List.of("bash", "-e", "-c", script), "")
                    .out();

            assertThat(out)
                    .contains(
                            "{\"offsets\":[{\"partition\":0,\"offset\":0}]}",
                            "\"instance_id\":\"worker-1\"",
                            "/consumers/billing/instances/worker-1\"",
                            "\"key\":\"anna\",\"value\":{\"item\": \"tea\"}");
            assertThat(face.server.get("/metrics").body()).contains("sluice_rest_consumer_instances 0");
        }
    }
}
