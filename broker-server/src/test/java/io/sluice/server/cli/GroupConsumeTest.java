package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.cli.fixture.LossyProxy;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.RunningServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code consume --group} against a whole broker. Members whose names differ follow each other: whoever did not leave holds the next one up. */
@Timeout(120)
class GroupConsumeTest {
    @TempDir
    private Path data;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of("log.min.free.bytes", "0"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String[] args(String url, String line) {
        String[] words = line.split(" ");
        String[] args = Arrays.copyOf(words, words.length + 2);
        args[words.length] = "--server";
        args[words.length + 1] = url;
        return args;
    }

    private String url() {
        return "http://127.0.0.1:" + server.port();
    }

    private Shell.Result sluice(String line) {
        return Shell.run(args(url(), line));
    }

    private void produce(String topic, byte[] input) {
        Shell.Result produced = Shell.run(input, args(url(), "produce " + topic));
        assertThat(produced.exitCode()).as(produced.err()).isZero();
    }

    private void produce(String topic, String input) {
        produce(topic, input.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aGroupReadsEveryByteOnce() {
        String given = System.getProperty("seed", "");
        long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
        Random random = new Random(seed);
        ByteArrayOutputStream input = new ByteArrayOutputStream();
        while (input.size() < 3_000_000) {
            byte[] line = new byte[random.nextInt(300)];
            random.nextBytes(line);
            input.writeBytes(line);
            input.write('\n');
        }
        // Text that is JSON too must come out as it is.
        input.writeBytes("\"quoted\"\n null \n{ }\n".getBytes(StandardCharsets.UTF_8));
        sluice("topics create t --partitions 1");
        produce("t", input.toByteArray());

        Shell.Result first = sluice("consume t --group g");

        assertThat(first.exitCode()).as("seed %d: %s", seed, first.err()).isZero();
        assertThat(first.out()).as("seed %d", seed).isEqualTo(input.toByteArray());
        assertThat(sluice("consume t --group g").out()).isEmpty();
        assertThat(sluice("consume t --group other").out()).as("seed %d", seed).isEqualTo(input.toByteArray());
    }

    @Test
    void maxCommitsWhatWasPrintedAndNoMore() {
        sluice("topics create t --partitions 1");
        produce("t", "1\n2\n3\n4\n5\n");

        assertThat(sluice("consume t --group g --max 2").text()).isEqualTo("1\n2\n");
        assertThat(sluice("consume t --group g --max 2").text()).isEqualTo("3\n4\n");
        assertThat(sluice("consume t --group g --max 0").text()).isEmpty();
        assertThat(sluice("consume t --group g").text()).isEqualTo("5\n");
    }

    @Test
    void aNewGroupBeginsWhereItIsTold() {
        sluice("topics create t --partitions 1");
        produce("t", "old\n");

        assertThat(sluice("consume t --group g --from latest").text()).isEmpty();
        produce("t", "new\n");
        assertThat(sluice("consume t --group g --from earliest").text()).isEqualTo("new\n");
    }

    @Test
    void recordsOfSeveralTopicsNameTheirTopic() {
        sluice("topics create a --partitions 1");
        sluice("topics create b --partitions 1");
        Shell.run(
                "{\"key\":\"k\",\"value\":1,\"timestamp\":5,\"headers\":{\"n\":null,\"h\":\"x\",\"h\":\"y\"}}\n"
                        .getBytes(StandardCharsets.UTF_8),
                args(url(), "produce a --ndjson"));
        produce("b", "2\n");

        List<String> lines =
                sluice("consume a b --group g --json").text().lines().toList();

        assertThat(lines).hasSize(2);
        assertThat(lines)
                .contains("{\"topic\":\"a\",\"partition\":0,\"offset\":0,\"timestamp\":5,\"key\":\"k\",\"value\":\"1\","
                        + "\"headers\":{\"n\":null,\"h\":\"x\",\"h\":\"y\"}}");
        assertThat(sluice("consume a --group h --format ndjson").text())
                .startsWith("{\"partition\":0,\"timestamp\":5,\"key\":\"k\"");
    }

    @Test
    void whatCouldNotBeWrittenIsNotCommitted() {
        sluice("topics create t --partitions 1");
        produce("t", "1\n2\n3\n");
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };

        int exitCode = Shell.run(
                new ByteArrayInputStream(new byte[0]),
                closed,
                new ByteArrayOutputStream(),
                args(url(), "consume t --group g --follow"));

        assertThat(exitCode).isZero();
        assertThat(sluice("consume t --group g").text()).isEqualTo("1\n2\n3\n");
    }

    @Test
    void lostAnswersAndAnOverloadedBrokerCostNoRecordAndRepeatNone() throws IOException {
        sluice("topics create t --partitions 1");
        produce("t", "1\n2\n3\n");
        try (LossyProxy proxy = new LossyProxy(server.port())) {
            proxy.answersToLose.set(2);
            proxy.requestsToRefuse.set(1);

            Shell.Result result = Shell.run(args(proxy.url(), "consume t --group g --max 3"));

            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.text()).isEqualTo("1\n2\n3\n");
            assertThat(result.err()).contains("trying again");
            assertThat(sluice("consume t --group g").text()).isEmpty();
        }
    }

    @Test
    void whoGivesUpSaysWhy() throws IOException {
        sluice("topics create t --partitions 1");
        produce("t", "1\n");
        try (LossyProxy proxy = new LossyProxy(server.port())) {
            proxy.requestsToRefuse.set(Integer.MAX_VALUE);

            Shell.Result result = Shell.run(args(proxy.url(), "consume t --group g --retry-timeout 200ms"));

            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.err()).endsWith("sluice: refused by the test (refused)" + System.lineSeparator());
        }
    }

    @Test
    void deletedRecordsAreToldAndLeftOut() {
        sluice("topics create t --partitions 1");
        produce("t", "1\n2\n3\n4\n");
        assertThat(sluice("consume t --group g --max 1").text()).isEqualTo("1\n");
        server.send("DELETE", "/v1/topics/t/partitions/0/records?before=3");

        Shell.Result result = sluice("consume t --group g");

        assertThat(result.text()).isEqualTo("4\n");
        assertThat(result.err())
                .isEqualTo("sluice: partition 0 of topic t: offsets 1 to 2 have been deleted before the group read"
                        + " them; going on at 3" + System.lineSeparator());
    }

    @Test
    void whatMayNotBeCommittedAnyMoreIsTold() throws Exception {
        sluice("topics create t --partitions 1");
        String record = "x".repeat(5_000) + "\n";
        produce("t", record);
        PipedOutputStream out = new PipedOutputStream();
        PipedInputStream printed = new PipedInputStream(out);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        CompletableFuture<Integer> end = Shell.inAThread(() -> Shell.run(
                new ByteArrayInputStream(new byte[0]),
                out,
                err,
                args(url(), "consume t --group g --member m --follow --max 2")));
        // It is in the middle of its output, and cannot go on before we read.
        assertThat(printed.read()).isEqualTo('x');
        server.send("POST", "/v1/groups/g/leave", "{\"member\":\"m\"}");

        String rest = new String(printed.readNBytes(record.length() * 2 - 1), StandardCharsets.UTF_8);

        assertThat(end.get(30, TimeUnit.SECONDS)).as(err.toString()).isZero();
        assertThat("x" + rest).isEqualTo(record + record);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("partition 0 of topic t", "is not committed");
    }

    @Test
    void whoIsInterruptedCommitsAndLeaves() throws Exception {
        sluice("topics create t --partitions 1");
        produce("t", "1\n");
        PipedOutputStream out = new PipedOutputStream();
        PipedInputStream printed = new PipedInputStream(out);
        CompletableFuture<Integer> end = new CompletableFuture<>();
        Thread command = new Thread(() -> end.complete(Shell.run(
                new ByteArrayInputStream(new byte[0]),
                out,
                new ByteArrayOutputStream(),
                args(url(), "consume t --group g --follow"))));
        command.start();
        assertThat(printed.read()).isEqualTo('1');

        command.interrupt();

        assertThat(end.get(30, TimeUnit.SECONDS)).isZero();
        produce("t", "2\n");
        assertThat(sluice("consume t --group g").text()).isEqualTo("2\n");
    }

    @Test
    void anUnknownTopicAndANameThatIsTakenAreRefused() throws Exception {
        assertThat(sluice("consume t --group g").err()).contains("there is no topic t (unknown_topic)");
        sluice("topics create t --partitions 1");
        PipedOutputStream out = new PipedOutputStream();
        PipedInputStream printed = new PipedInputStream(out);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        produce("t", "1\n");
        CompletableFuture<Integer> first = Shell.inAThread(() -> Shell.run(
                new ByteArrayInputStream(new byte[0]),
                out,
                err,
                args(url(), "consume t --group g --member m --follow")));
        assertThat(printed.read()).isEqualTo('1');

        // Each poll of that name ends the one under way, if there is one already.
        Await.until("the first has ended", () -> {
            server.send("POST", "/v1/groups/g/poll", "{\"member\":\"m\",\"topics\":[\"t\"]}");
            return first.isDone();
        });

        assertThat(first.get()).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("(superseded)");
    }
}
