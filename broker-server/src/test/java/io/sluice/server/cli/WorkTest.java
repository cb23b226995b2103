package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.cli.fixture.LossyProxy;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code queues work} against a whole broker, with commands that are processes. */
@Timeout(120)
class WorkTest {
    @TempDir
    private Path data;

    /** Where commands leave traces. */
    @TempDir
    private Path traces;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of("log.min.free.bytes", "0"));
        Shell.run("queues", "create", "q", "--set", "backoff.initial_ms=0", "--server", url());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String url() {
        return "http://127.0.0.1:" + server.port();
    }

    private void send(String... messages) {
        sendTo(url(), messages);
    }

    private static void sendTo(String url, String... messages) {
        for (String message : messages) {
            Shell.Result sent = Shell.run("queues", "send", "q", "-q", "-m", message, "--server", url);
            assertThat(sent.exitCode()).as(sent.err()).isZero();
        }
    }

    /** The words of a worker that runs a script of the shell, in which {@code $T} is the folder of traces. */
    private String[] work(String url, String options, String script) {
        List<String> words = new ArrayList<>(List.of("queues", "work", "q", "--server", url));
        words.addAll(Arrays.asList(options.split(" ")));
        words.addAll(List.of("--", "sh", "-c", "T='" + traces + "'; " + script));
        return words.toArray(String[]::new);
    }

    private Shell.Result worked(String options, String script) {
        return Shell.run(work(url(), options, script));
    }

    private String trace(String name) {
        try {
            return Files.exists(traces.resolve(name)) ? Files.readString(traces.resolve(name)) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isTrace(String name) {
        return Files.exists(traces.resolve(name));
    }

    /** A number of the queue: how many messages are in a state, or what has become of all there were. */
    private long counter(String name) {
        JsonObject queue = new JsonObject(server.get("/v1/queues/q").body());
        JsonObject now = queue.getJsonObject("messages");
        return (now.containsKey(name) ? now : queue.getJsonObject("counters")).getLong(name);
    }

    /** A worker in a thread of its own, which is told to end by an interrupt, as a signal does. */
    private static final class Running {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final CompletableFuture<Integer> end = new CompletableFuture<>();
        final Thread thread;

        Running(String... args) {
            thread = new Thread(
                    () -> end.complete(Shell.run(new ByteArrayInputStream(new byte[0]), out, err, args)), "worker");
            thread.setDaemon(true);
            thread.start();
        }

        int end() throws Exception {
            thread.interrupt();
            return end.get(60, TimeUnit.SECONDS);
        }

        String err() {
            return err.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void aCommandRunsForEachMessageAndKnowsIt() {
        server.send(
                "POST",
                "/v1/queues/q/messages",
                "{\"messages\":[{\"value\":\"one\",\"key\":\"k\",\"headers\":{\"trace-id\":\"t\"}},"
                        + "{\"value\":{\"n\":2}}]}");

        Shell.Result ended = worked(
                "--until-empty",
                "echo $SLUICE_QUEUE $SLUICE_MESSAGE_ID $SLUICE_DELIVERIES ${SLUICE_KEY-none}"
                        + " ${SLUICE_HEADER_TRACE_ID-none} $(cat)");

        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(ended.text().lines()).containsExactlyInAnyOrder("q 0-0 1 k t one", "q 0-1 1 none none {\"n\":2}");
        assertThat(counter("acknowledged")).isEqualTo(2);
        assertThat(ended.err()).isEmpty();
    }

    @Test
    void aFailureIsAReasonAndTheMessageComesAgain() {
        send("one");

        Shell.Result ended = worked(
                "--until-empty", "echo first >&2; echo worst >&2; echo >&2; [ $SLUICE_DELIVERIES = 3 ] || exit 7");

        assertThat(ended.exitCode()).isZero();
        assertThat(ended.err())
                .contains("first\nworst\n", "message 0-0, delivery 1, rejected: exit 7: worst", "delivery 2, rejected")
                .doesNotContain("delivery 3, rejected");
        assertThat(counter("returned")).isEqualTo(2);
        assertThat(counter("acknowledged")).isEqualTo(1);
        assertThat(server.get("/v1/queues/q/messages/0-0").body()).contains("exit 7: worst");
    }

    @Test
    void manyRunAtATimeAndNoMoreThanTold() {
        send("1", "2", "3", "4", "5", "6");

        // Each waits until three have come, and looks whether there are more than three.
        Shell.Result ended = worked(
                "-c 3 --until-empty",
                "mkdir $T/running-$SLUICE_MESSAGE_ID; touch $T/came-$SLUICE_MESSAGE_ID;"
                        + " while [ $(ls $T | grep -c ^came-) -lt 3 ]; do sleep 0.02; done;"
                        + " [ $(ls $T | grep -c ^running-) -le 3 ]; OK=$?;"
                        + " rmdir $T/running-$SLUICE_MESSAGE_ID; exit $OK");

        assertThat(ended.exitCode()).isZero();
        assertThat(ended.err()).isEmpty();
        assertThat(counter("acknowledged")).isEqualTo(6);
    }

    @Test
    void whatRunsMayComeAgainBeforeThereIsNothing() {
        send("one");

        Shell.Result ended = worked("-c 4 --until-empty", "sleep 0.3; [ $SLUICE_DELIVERIES = 3 ]");

        assertThat(ended.exitCode()).isZero();
        assertThat(counter("acknowledged")).as(ended.err()).isEqualTo(1);
    }

    @Test
    void aCommandNeedNotReadItsInput() {
        send("x".repeat(300_000));

        assertThat(worked("--until-empty", "exit 0").err()).isEmpty();
        assertThat(counter("acknowledged")).isEqualTo(1);
    }

    @Test
    void whatIsPrintedMayBeTheResult() {
        send("1", "2");

        worked("--until-empty --result", "echo '{\"sum\":' $(cat) '}'");
        send("3");
        worked("--until-empty --result", "echo 404 not found");

        assertThat(server.get("/v1/queues/q/messages/0-1").body()).contains("\"result\":{\"sum\":2}");
        assertThat(server.get("/v1/queues/q/messages/0-2").body()).contains("\"result\":\"404 not found\"");
    }

    @Test
    void aResultThatIsTooLargeOrRefusedIsLeftOutAndTheMessageIsDone() {
        send("quotes", "deep");

        Shell.Result ended = worked(
                "--until-empty --result",
                "if grep -q quotes; then head -c 60000 /dev/zero | tr '\\0' '\"';"
                        + " else head -c 900 /dev/zero | tr '\\0' '['; head -c 900 /dev/zero | tr '\\0' ']'; fi");

        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(counter("acknowledged")).as(ended.err()).isEqualTo(2);
        assertThat(counter("returned")).isZero();
        assertThat(ended.err()).contains("the result is left out", "trying again without the result");
        assertThat(server.get("/v1/queues/q/messages/0-0").body()).doesNotContain("\"result\"");
    }

    @Test
    void whatBecomesOfMessagesIsToldAsJson() {
        send("1", "2");

        Shell.Result ended = worked("--max 2 --json", "echo seen; [ $(cat) = 1 ]");

        assertThat(ended.text().lines())
                .hasSize(2)
                .anyMatch(line ->
                        line.matches("\\{\"id\":\"0-0\",\"deliveries\":1,\"outcome\":\"acknowledged\",\"exit_code\":0,"
                                + "\"duration_ms\":\\d+}"))
                .anyMatch(line -> line.contains("\"outcome\":\"rejected\",\"exit_code\":1")
                        && line.endsWith("\"reason\":\"exit 1\"}"));
        assertThat(ended.err()).contains("seen");
    }

    @Test
    void aCommandThatTakesTooLongIsEnded() {
        send("one");

        Shell.Result ended =
                worked("--until-empty --timeout 300ms", "[ $SLUICE_DELIVERIES = 2 ] || sleep 60 && touch $T/second");

        assertThat(ended.err()).contains("delivery 1, rejected: timed out after 300 ms");
        assertThat(isTrace("second")).isTrue();
        assertThat(counter("acknowledged")).isEqualTo(1);
    }

    @Test
    void whoseSessionIsLostIsToldAndDoesNotAcknowledge() throws Exception {
        send("one");
        Running worker = new Running(work(
                url(),
                "--session-timeout 1s --consumer w --max 2",
                "[ $SLUICE_DELIVERIES = 1 ] || exit 0; trap 'touch $T/told; exit 0' TERM; touch $T/began;"
                        + " while :; do sleep 0.05; done"));
        Await.until("the command runs", () -> isTrace("began"));

        server.send("DELETE", "/v1/queues/q/consumers/w");

        assertThat(worker.end.get(60, TimeUnit.SECONDS)).as(worker.err()).isZero();
        assertThat(isTrace("told")).isTrue();
        assertThat(worker.err()).contains("message 0-0, delivery 1, lost: the lease is over");
        assertThat(counter("acknowledged")).isEqualTo(1);
        assertThat(counter("received")).isEqualTo(2);
    }

    @Test
    void aCommandThatTakesLongerThanTheSessionKeepsItsMessage() {
        send("one");

        Shell.Result ended = worked("--session-timeout 1s --until-empty", "sleep 3");

        assertThat(ended.err()).isEmpty();
        assertThat(counter("received")).isEqualTo(1);
        assertThat(counter("acknowledged")).isEqualTo(1);
    }

    @Test
    void whoIsToldToEndTakesNoMoreAndFinishesWhatRuns() throws Exception {
        send("one", "two");
        Running worker =
                new Running(work(url(), "--grace 30s", "touch $T/began; while ! [ -e $T/go ]; do sleep 0.05; done"));
        Await.until("the command runs", () -> isTrace("began"));

        worker.thread.interrupt();
        Files.createFile(traces.resolve("go"));

        assertThat(worker.end.get(60, TimeUnit.SECONDS)).as(worker.err()).isZero();
        assertThat(counter("acknowledged")).isEqualTo(1);
        assertThat(counter("visible")).isEqualTo(1);
        assertThat(counter("in_flight")).isZero();
    }

    @Test
    void whoHasNothingToDoEndsAtOnce() throws Exception {
        Running worker = new Running(work(url(), "-c 4 --grace 1h", "true"));
        Await.until("the worker waits", () -> server.get("/v1/queues/q").body().contains("\"receivers\":1"));

        assertThat(worker.end()).as(worker.err()).isZero();
        assertThat(Shell.run("queues", "work", "none", "--grace", "1h", "--server", url(), "--", "true")
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void whatDoesNotEndInTimeIsGivenBack() throws Exception {
        send("one");
        Running worker = new Running(work(url(), "--grace 0s", "touch $T/began; sleep 60"));
        Await.until("the command runs", () -> isTrace("began"));

        assertThat(worker.end()).as(worker.err()).isZero();

        assertThat(worker.err()).contains("message 0-0, delivery 1, given back: the worker was told to end");
        assertThat(counter("visible")).isEqualTo(1);
        assertThat(counter("acknowledged")).isZero();
    }

    @Test
    void aLostAnswerLeavesNoMessageBehind() throws Exception {
        send("one");
        try (LossyProxy proxy = new LossyProxy(server.port())) {
            proxy.answersToLose.set(1);
            Running worker =
                    new Running(work(proxy.url(), "--session-timeout 1s --consumer w --max 1", "touch $T/done"));

            assertThat(worker.end.get(60, TimeUnit.SECONDS)).as(worker.err()).isZero();

            assertThat(isTrace("done")).isTrue();
            assertThat(worker.err()).contains("trying again");
            assertThat(counter("acknowledged")).isEqualTo(1);
        }
    }

    @Test
    void anAcknowledgementWhoseAnswerIsLostHasBeenDone() throws Exception {
        send("one");
        try (LossyProxy proxy = new LossyProxy(server.port())) {
            Running worker = new Running(
                    work(proxy.url(), "--max 1", "touch $T/began; while ! [ -e $T/go ]; do sleep 0.05; done"));
            Await.until("the command runs", () -> isTrace("began"));
            proxy.answersToLose.set(1);
            Files.createFile(traces.resolve("go"));

            assertThat(worker.end.get(60, TimeUnit.SECONDS)).as(worker.err()).isZero();

            assertThat(worker.err()).contains("trying again").doesNotContain("lost: ");
            assertThat(counter("acknowledged")).isEqualTo(1);
            assertThat(counter("received")).isEqualTo(1);
        }
    }

    @Test
    void theDefaultQueueIsMadeByWhoWorksOnIt() throws Exception {
        Shell.Result nothing = Shell.run("queues", "work", "default", "--until-empty", "--server", url(), "--", "cat");
        assertThat(nothing.exitCode()).as(nothing.err()).isZero();
        assertThat(nothing.err()).isEmpty();
        server.send("POST", "/enqueue", "{\"message\":\"hello\"}");
        // It is the one that is made for who sends.
        JsonObject settings = new JsonObject(server.get("/v1/queues/default").body()).getJsonObject("settings");
        assertThat(settings.getInteger("partitions")).isEqualTo(1);
        assertThat(settings.getString("dead_letter_queue")).isEqualTo("default.dead");

        Shell.Result one = Shell.run("queues", "work", "default", "--until-empty", "--server", url(), "--", "cat");

        assertThat(one.text()).isEqualTo("hello\n");
    }

    @Test
    void whatCannotBeIsSaidAtOnce() {
        assertThat(Shell.run("queues", "work", "q", "--server", url(), "--", "no-such-command")
                        .err())
                .contains("there is no command no-such-command");
        assertThat(Shell.run("queues", "work", "none", "--server", url(), "--", "true"))
                .satisfies(result -> assertThat(result.exitCode()).isEqualTo(1))
                .satisfies(result -> assertThat(result.err()).contains("(unknown_queue)"));
        assertThat(worked("-c 0", "true").err()).contains("--concurrency 0");
        assertThat(worked("--session-timeout 10ms", "true").err()).contains("--session-timeout 10ms");
        assertThat(worked("--max 0", "true").err()).contains("--max 0");
        assertThat(Shell.run("queues", "work", "q", "--server", url()).exitCode())
                .isEqualTo(2);
    }

    @Test
    void aBrokerThatIsKilledAndStartedAgainCostsNothing(@TempDir Path own) throws Exception {
        try (ChildServer child = ChildServer.onPortsOfItsOwn(own)) {
            String url = child.uri("").toString();
            assertThat(Shell.run("queues", "create", "q", "--server", url).exitCode())
                    .isZero();
            sendTo(url, "one");
            Running worker = new Running(work(
                    url,
                    "--session-timeout 5s --max 2",
                    "touch $T/began-$SLUICE_MESSAGE_ID; while ! [ -e $T/go ]; do sleep 0.05; done"));
            Await.until("the command runs", () -> isTrace("began-0-0"));

            child.kill();
            Files.createFile(traces.resolve("go"));
            Await.until("the worker has noticed", () -> worker.err().contains("trying again"));
            child.start();
            sendTo(url, "two");

            assertThat(worker.end.get(60, TimeUnit.SECONDS)).as(worker.err()).isZero();
            assertThat(worker.err()).doesNotContain("lost", "rejected");
            Shell.Result stats = Shell.run("queues", "stats", "q", "--json", "--server", url);
            assertThat(stats.text()).contains("\"acknowledged\":2", "\"returned\":0");
        }
    }

    @Test
    void aWorkerThatIsKilledIsReplacedWithinItsSession() throws Exception {
        send("one", "two");
        Process worker = process("--session-timeout 1s", "touch $T/began; exec sleep 60");
        try {
            Await.until("the command runs", () -> isTrace("began"));
            worker.destroyForcibly();

            Shell.Result other = worked("--max 2", "touch $T/done-$SLUICE_MESSAGE_ID");

            assertThat(other.exitCode()).isZero();
            assertThat(isTrace("done-0-0") && isTrace("done-0-1")).isTrue();
            assertThat(server.get("/v1/queues/q/messages/0-0").body()).contains("session expired");
        } finally {
            kill(worker);
        }
    }

    @Test
    void aSignalEndsAWorkerInOrder() throws Exception {
        send("one");
        Process worker = process("--grace 30s", "touch $T/began; while ! [ -e $T/go ]; do sleep 0.05; done");
        try {
            Await.until("the command runs", () -> isTrace("began"));
            worker.destroy();
            Files.createFile(traces.resolve("go"));

            assertThat(worker.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(worker.exitValue()).isEqualTo(143);
            assertThat(counter("acknowledged")).isEqualTo(1);
            assertThat(trace("began")).isEmpty();
        } finally {
            kill(worker);
        }
    }

    /** A worker in a process of its own. */
    private Process process(String options, String script) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sluice.server.Main"));
        command.addAll(List.of(work(url(), options, script)));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(traces.resolve("output").toFile())
                .start();
    }

    private static void kill(Process worker) {
        worker.descendants().forEach(ProcessHandle::destroyForcibly);
        worker.destroyForcibly();
    }
}
