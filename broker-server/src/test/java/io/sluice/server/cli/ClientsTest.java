package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RawConnection;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code clients} against a whole broker. */
class ClientsTest {
    @TempDir
    private Path data;

    private RunningServer server;
    private RawConnection member;

    /** Member m of group g has polled by a connection that is still there. */
    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of());
        server.send("PUT", "/v1/topics/t", "{}");
        member = new RawConnection(server.port());
        String body = "{\"member\": \"m\", \"topics\": [\"t\"]}";
        member.send("POST /v1/groups/g/poll HTTP/1.1\r\nHost: x\r\nUser-Agent: worker/1.2\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        assertThat(member.readUntil("waiting_for")).startsWith("HTTP/1.1 200");
    }

    @AfterEach
    void stop() {
        member.close();
        server.close();
    }

    private Shell.Result sluice(String line) {
        String[] words = line.split(" ");
        String[] args = Arrays.copyOf(words, words.length + 2);
        args[words.length] = "--server";
        args[words.length + 1] = "http://127.0.0.1:" + server.port();
        return Shell.run(args);
    }

    private String ok(String line) {
        Shell.Result result = sluice(line);
        assertThat(result.exitCode()).as(line + ": " + result.err()).isZero();
        return result.text();
    }

    private long id() {
        return new JsonObject(ok("clients list --group g --json"))
                .getJsonArray("clients")
                .getJsonObject(0)
                .getLong("id");
    }

    @Test
    void whoIsConnectedIsListed() {
        assertThat(ok("clients list"))
                .startsWith("ID")
                .containsPattern("\\d+ +http +127.0.0.1:\\d+ +worker 1.2 +- +0 +20\\S+Z +g +t")
                .contains("Java-http-client");
        assertThat(ok("clients list --topic t --protocol http")).contains("worker 1.2");
        assertThat(ok("clients list --group other").lines()).hasSize(1);
        assertThat(sluice("clients list --protocol mqtt").err()).contains("known are http, kafka");
    }

    @Test
    void aConnectionIsDescribedAndClosed() {
        long id = id();
        assertThat(ok("clients describe " + id))
                .containsPattern("library +worker 1.2")
                .containsPattern("principal +-")
                .containsPattern("g +- +m +t +-");
        assertThat(ok("clients describe " + id + " --json")).contains("\"principal\":null");

        assertThat(ok("clients close " + id).strip()).isEqualTo("closed connection " + id);

        member.readToEnd();
        assertThat(ok("clients list --group g").lines()).hasSize(1);
        assertThat(sluice("clients close " + id).err()).contains("(unknown_client)");
        assertThat(sluice("clients describe x").exitCode()).isEqualTo(2);
        assertThat(Shell.run("clients").err()).contains("list, describe or close");
    }

    @Test
    void whatAClientSaysOfItselfDoesNotMoveTheCursorOfATerminal() {
        try (RawConnection odd = new RawConnection(server.port())) {
            odd.send("GET /v1/topics HTTP/1.1\r\nHost: x\r\nUser-Agent: odd\u009b31m\r\n\r\n");
            odd.readUntil("topics");

            assertThat(ok("clients list")).contains("odd\\u009b31m").doesNotContain("\u009b");
        }
    }
}
