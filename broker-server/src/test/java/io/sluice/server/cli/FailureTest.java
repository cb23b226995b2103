package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.cli.fixture.FakeBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FailureTest {
    private FakeBroker broker;

    @BeforeEach
    void start() throws IOException {
        broker = new FakeBroker();
        broker.topic("t", 1);
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void aLostAnswerDoesNotAppendTwice() {
        byte[] input = lines(1_000);
        broker.answersToLose.set(3);

        Shell.Result result = Shell.run(input, "produce", "t", "--server", broker.url(), "--batch-records", "100");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(broker.appendRequests.get()).isEqualTo(10 + 3);
        assertThat(broker.keys).hasSize(10);
        assertThat(Shell.run("consume", "t", "--server", broker.url()).out()).isEqualTo(input);
    }

    @Test
    void aLostAnswerToObjectsDoesNotAppendThemTwice() {
        broker.answersToLose.set(2);

        Shell.Result result = Shell.run(
                "{\"value\":\"a\"}\n\n{\"value\":\"b\"}\n".getBytes(StandardCharsets.UTF_8),
                "produce",
                "t",
                "--ndjson",
                "--server",
                broker.url(),
                "--batch-records",
                "1");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(Shell.run("consume", "t", "--server", broker.url()).text()).isEqualTo("a\nb\n");
    }

    @Test
    void anOverloadedBrokerIsAskedAgain() {
        broker.appendsToRefuse.set(2);

        Shell.Result result = Shell.run(lines(10), "produce", "t", "--server", broker.url());

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(broker.end("t", 0)).isEqualTo(10);
    }

    @Test
    void whoGivesUpTellsWhatWasAcknowledged() {
        broker.appendsToRefuse.set(Integer.MAX_VALUE);

        Shell.Result result =
                Shell.run(lines(10), "produce", "t", "--server", broker.url(), "--retry-timeout", "200ms");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("sluice: the queue is full (overloaded); 0 of the 10 records read were acknowledged"
                        + System.lineSeparator());
    }

    @Test
    void aLostConnectionDoesNotEndConsume() {
        Shell.run(lines(500), "produce", "t", "--server", broker.url(), "--batch-records", "10");
        broker.fetchesToLose.set(2);

        Shell.Result result = Shell.run("consume", "t", "--server", broker.url());

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo(lines(500));
        assertThat(result.err()).contains("trying again");
    }

    @Test
    void damageOnTheWayIsNotPrinted() {
        Shell.run(lines(10), "produce", "t", "--server", broker.url());
        broker.fetchesToDamage.set(1);

        Shell.Result result = Shell.run("consume", "t", "--server", broker.url());

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("damaged").contains("checksum");
        assertThat(result.out()).isEmpty();
    }

    @Test
    void aBrokerThatIsNotThereIsExitCodeThree() throws IOException {
        String url;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            url = "http://127.0.0.1:" + free.getLocalPort();
        }

        for (String[] command : new String[][] {
            {"topics", "list"},
            {"topics", "describe", "t"},
            {"topics", "create", "t"},
            {"produce", "t"},
            {"consume", "t"},
            {"consume", "t", "--group", "g"},
            {"groups", "list"},
            {"groups", "describe", "g"},
            {"groups", "seek", "g", "--to", "latest"},
            {"groups", "delete", "g"}
        }) {
            String[] args = Arrays.copyOf(command, command.length + 2);
            args[command.length] = "--server";
            args[command.length + 1] = url;
            Shell.Result result = Shell.run(lines(1), args);

            assertThat(result.exitCode()).as(command[0]).isEqualTo(3);
            assertThat(result.err()).contains("no connection to " + url).doesNotContain("\tat ");
        }
    }

    @Test
    void aRefusalIsExitCodeOneWithDetailAndCode() {
        broker.autoCreate(false);

        for (String[] command : new String[][] {
            {"topics", "describe", "none"}, {"topics", "delete", "none"}, {"consume", "none"}, {"produce", "none"}
        }) {
            String[] args = Arrays.copyOf(command, command.length + 2);
            args[command.length] = "--server";
            args[command.length + 1] = broker.url();
            Shell.Result result = Shell.run(lines(1), args);

            assertThat(result.exitCode()).as(String.join(" ", command)).isEqualTo(1);
            assertThat(result.err())
                    .contains("there is no topic none (unknown_topic)")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aWrongCommandLineIsExitCodeTwo() {
        for (String line : new String[] {
            "topics",
            "topics create",
            "topics create t --partitions many",
            "topics alter t",
            "produce",
            "produce t --acks 2",
            "produce t --ndjson --partition 0",
            "produce t --partition 7",
            "produce t --retry-timeout soon",
            "produce t no-such-file",
            "consume t --from yesterday",
            "consume t --format xml",
            "consume t --partition 7",
            "consume t --server ftp://here",
            "consume t u",
            "consume t --member m",
            "consume t --group g --from 7",
            "consume t --group g --partition 0",
            "groups",
            "groups describe",
            "groups seek g --to yesterday",
            "groups skip g t",
            "log",
            "log verify no-such-path",
            "log dump pom.xml",
            "completion fish",
            "consume t --no-such-option"
        }) {
            String[] args = (line.contains("--server") ? line : line + withServer(line)).split(" ");

            Shell.Result result = Shell.run(args);

            assertThat(result.exitCode()).as(line + ": " + result.err()).isEqualTo(2);
            assertThat(result.err()).as(line).isNotBlank().doesNotContain("\tat ");
        }
    }

    private String withServer(String line) {
        return line.startsWith("produce t") || line.startsWith("consume t") ? " --server " + broker.url() : "";
    }

    @Test
    void aLineWithoutASeparatorIsNamed() {
        Shell.Result result = Shell.run(
                "a:b\nno\n".getBytes(StandardCharsets.UTF_8),
                "produce",
                "t",
                "--key-separator",
                ":",
                "--server",
                broker.url());

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("line 2").contains("separator");
    }

    private static byte[] lines(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append("line ").append(i).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
