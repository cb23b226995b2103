package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.loadtest.fixture.FakeBroker;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LoadTestCommandTest {
    private final PrintStream realOut = System.out;
    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void listen() {
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(realOut);
        System.setErr(realErr);
    }

    @Test
    void runsNamedWorkloadsAndWritesAllResults(@TempDir Path folder) throws Exception {
        int code;
        try (FakeBroker broker = new FakeBroker()) {
            code = LoadTest.run(
                    "--server",
                    broker.url(),
                    "--workload",
                    "http-produce-10x100B-relaxed",
                    "--workload",
                    "http-fetch-100B-json-1r",
                    "--repeats",
                    "2",
                    "--warm-up",
                    "0ms",
                    "--duration",
                    "200ms",
                    "--connections",
                    "2",
                    "--preload-records",
                    "2000",
                    "--config",
                    "retention.ms=1000",
                    "--header",
                    "Authorization: Bearer x",
                    "--out",
                    folder.toString(),
                    "--json",
                    "--fail-on-error");
            assertThat(broker.created.values())
                    .hasSize(4)
                    .allSatisfy(topic -> assertThat(topic.encode())
                            .contains("\"retention.ms\":\"1000\"")
                            .contains("\"flush.messages\":\"9223372036854775807\""));
        }

        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        JsonNode printed = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
        assertThat(printed.at("/workloads/0/name").asText()).isEqualTo("http-produce-10x100B-relaxed");
        assertThat(printed.at("/workloads/1/repeats")).hasSize(2);
        assertThat(Files.readString(folder.resolve("result.json"))).isEqualTo(out.toString(StandardCharsets.UTF_8));
        assertThat(Files.readString(folder.resolve("report.md"))).contains("http-fetch-100B-json-1r");
        assertThat(Files.readString(folder.resolve("latency.svg"))).startsWith("<svg");
    }

    @Test
    void errorsAreInTheExitCodeWhenAskedFor() throws Exception {
        try (FakeBroker broker = new FakeBroker()) {
            broker.produceStatus = 507;
            String[] args = {
                "--server", broker.url(), "--repeats", "1", "--warm-up", "0ms", "--duration", "100ms", "--rate", "50/s"
            };
            String[] strict = java.util.Arrays.copyOf(args, args.length + 1);
            strict[args.length] = "--fail-on-error";

            assertThat(LoadTest.run(args)).isZero();
            assertThat(LoadTest.run(strict)).isEqualTo(3);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("ERRORS 5 x HTTP 507 OVERLOADED");
    }

    @Test
    void urlAloneMakesAPostWorkload() throws Exception {
        try (FakeBroker broker = new FakeBroker()) {
            int code = LoadTest.run(
                    "--url",
                    broker.url() + "/enqueue",
                    "--body",
                    "{\"message\":\"{record}\"}",
                    "--repeats",
                    "1",
                    "--warm-up",
                    "0ms",
                    "--duration",
                    "100ms",
                    "--fail-on-error");
            assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        }
    }

    @Test
    void wrongUsageSaysWhatIsWrong() {
        assertThat(LoadTest.run("--connections", "0")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("command line: connections = 0");
        assertThat(LoadTest.run("--server", "https://127.0.0.1")).isEqualTo(2);
        assertThat(LoadTest.run("--header", "nonsense")).isEqualTo(2);
        assertThat(LoadTest.run("--repeats", "0")).isEqualTo(2);
        assertThat(LoadTest.run("--workload", "nowhere")).isEqualTo(2);
        assertThat(LoadTest.run("--no-such-option")).isEqualTo(2);
    }

    @Test
    void listShowsTheWorkloads() {
        assertThat(LoadTest.run("--list-workloads")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("http-produce-1x100B ")
                .contains("http-fetch-1KB-json-4r");
    }
}
