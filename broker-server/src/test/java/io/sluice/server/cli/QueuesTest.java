package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.cli.fixture.LossyProxy;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.RunningServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code queues} against a whole broker. */
@Timeout(120)
class QueuesTest {
    @TempDir
    private Path data;

    @TempDir
    private Path files;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of("log.min.free.bytes", "0"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Shell.Result sluice(byte[] in, String line) {
        String[] words = line.split(" ");
        String[] args = Arrays.copyOf(words, words.length + 2);
        args[words.length] = "--server";
        args[words.length + 1] = "http://127.0.0.1:" + server.port();
        return Shell.run(in, args);
    }

    private String ok(String in, String line) {
        Shell.Result result = sluice(in.getBytes(StandardCharsets.UTF_8), line);
        assertThat(result.exitCode()).as(line + ": " + result.err()).isZero();
        return result.text();
    }

    private String ok(String line) {
        return ok("", line);
    }

    private String refused(String line, int exitCode) {
        Shell.Result result = sluice(new byte[0], line);
        assertThat(result.exitCode()).as(line + ": " + result.text()).isEqualTo(exitCode);
        return result.err();
    }

    @Test
    void aQueueIsCreatedDescribedChangedAndDeleted() {
        assertThat(ok("queues create q --set visibility_timeout_ms=1m --set order=key --set backoff.initial_ms=500"
                        + " --set dead_letter_queue=null --set partitions=2"))
                .isEqualTo("created queue q\n");
        assertThat(refused("queues create q", 1)).contains("exists already");
        assertThat(refused("queues create q --set order=none", 1)).contains("order is key and not none");
        assertThat(ok("queues create q --if-not-exists --set order=none")).contains("exists already");
        assertThat(ok("queues describe q"))
                .startsWith("queue q, 2 partitions, running")
                .containsPattern("visibility_timeout_ms +60000")
                .containsPattern("backoff.initial_ms +500")
                .containsPattern("dead_letter_queue +null")
                .containsPattern("order +key");
        assertThat(ok("queues alter q --set max_deliveries=3")).isEqualTo("changed queue q\n");
        assertThat(ok("queues describe q --json")).contains("\"max_deliveries\":3");
        assertThat(ok("queues list").lines().toList().get(1)).matches("q +2 +0 +0 +0 +0 +running");
        assertThat(ok("queues park q k --reason broken")).isEqualTo("parked key k of queue q\n");
        assertThat(ok("queues keys q")).contains("k ").contains("broken");
        ok("queues park q other");
        assertThat(ok("queues keys q").lines()).hasSize(3);
        assertThat(ok("queues keys q --max 1").lines()).hasSize(3).last().isEqualTo("1 of 2");
        assertThat(refused("queues keys q --max 0", 1)).contains("limit");
        assertThat(ok("queues unpark q k")).isEqualTo("key k of queue q goes on\n");
        assertThat(ok("queues keys q")).doesNotContain("broken");
        assertThat(ok("queues pause q")).isEqualTo("paused queue q\n");
        assertThat(ok("queues list")).contains("paused");
        assertThat(ok("queues resume q")).isEqualTo("resumed queue q\n");
        assertThat(ok("queues delete q")).isEqualTo("deleted queue q\n");
        assertThat(refused("queues delete q", 1)).contains("(unknown_queue)");
        assertThat(ok("queues delete q --if-exists --json")).isEqualTo("{\"name\":\"q\",\"deleted\":false}\n");
        assertThat(refused("queues create q --set no_such=1", 1)).contains("no_such");
        assertThat(refused("queues create q --set backoff=1 --set backoff.jitter=1", 2))
                .contains("backoff");
        assertThat(Shell.run("queues").err()).contains("say what to do");
    }

    @Test
    void linesAreSentReceivedAndSettled() {
        ok("queues create q");

        assertThat(ok("one\ntwo\nthree\nfour\n", "queues send q").lines()).containsExactly("0-0", "0-1", "0-2", "0-3");
        List<String> taken =
                ok("queues receive q --max 3 --consumer me").lines().toList();

        assertThat(taken).hasSize(3).allMatch(line -> line.matches("0-\\d-[0-9a-f]+\t(one|two|three)"));
        assertThat(refused("queues ack q 0-0-1", 1)).contains("me has the message now (stale_lease)");
        String leases = taken.get(0) + "\n" + taken.get(1).split("\t")[0] + "\n";
        assertThat(ok(leases, "queues ack q --json")).contains("\"ok\":true");
        assertThat(refused("queues ack q " + taken.get(0).split("\t")[0], 1)).contains("(stale_lease)");
        ok("queues nack q " + taken.get(2).split("\t")[0] + " --delay 0s --reason tired");
        assertThat(ok("queues receive q --max 5 --wait 5s --ack").lines()).contains("four");
        assertThat(refused("queues ack q", 2)).contains("no lease is given");
        assertThat(refused("queues receive none", 1)).contains("(unknown_queue)");
    }

    @Test
    void whatReceivePrintedComesThroughAPipe() throws Exception {
        ok("queues create q");
        ok("one\ntwo\n", "queues send q");
        String taken = ok("queues receive q --max 2");
        Process ack = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.sluice.server.Main",
                        "queues",
                        "ack",
                        "q",
                        "--server",
                        "http://127.0.0.1:" + server.port())
                .redirectErrorStream(true)
                .redirectOutput(files.resolve("said").toFile())
                .start();
        try {
            try (OutputStream pipe = ack.getOutputStream()) {
                pipe.write(taken.getBytes(StandardCharsets.UTF_8));
            }

            assertThat(ack.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(ack.exitValue())
                    .as(Files.readString(files.resolve("said")))
                    .isZero();
        } finally {
            ack.destroyForcibly();
        }
        assertThat(ok("queues describe q --json")).contains("\"acknowledged\":2");
    }

    @Test
    void whatIsNoLeaseOrTooManyIsRefusedByItsLine() {
        Shell.Result noLease =
                sluice(("0-0-1\n" + "x".repeat(300) + "\n").getBytes(StandardCharsets.UTF_8), "queues ack q");
        Shell.Result tooMany = sluice("0-0-1\n".repeat(100_001).getBytes(StandardCharsets.UTF_8), "queues nack q");

        assertThat(noLease.exitCode()).isEqualTo(2);
        assertThat(noLease.err()).contains("queues ack: input line 2 is not a lease");
        assertThat(tooMany.exitCode()).isEqualTo(2);
        assertThat(tooMany.err()).contains("queues nack: the input has more than 100000 leases");
    }

    @Test
    void whatWasGivenBackComesAgainAndStatsCountIt() {
        ok("queues create q");
        ok("queues send q -m hello -q");
        String lease = ok("queues receive q").split("\t")[0];
        ok("queues nack q " + lease + " --delay 0s");

        assertThat(ok("queues receive q --wait 5s --json")).contains("\"deliveries\":2", "\"value\":\"hello\"");

        assertThat(ok("queues stats").lines().toList().get(1)).matches("q +0 +1 +0 +\\S+ s +1 +2 +0 +1 +0 +\\S+ +\\S+");
        assertThat(ok("queues stats q --json")).startsWith("{\"queues\":[{\"name\":\"q\"");
        ok("1\n2\n", "queues send q -q");
        assertThat(ok("queues purge q")).isEqualTo("purged 2 messages of queue q\n");
    }

    @Test
    void anythingThatIsBytesComesBackAsItWentIn() throws IOException {
        ok("queues create q");
        byte[] line = {(byte) 0xff, 0, 'x', '\r', '"'};
        byte[] in = Arrays.copyOf(line, line.length + 1);
        in[line.length] = '\n';

        assertThat(sluice(in, "queues send q").exitCode()).isZero();
        assertThat(sluice(new byte[0], "queues receive q --ack").out()).isEqualTo(in);

        Path file = Files.write(files.resolve("body"), new byte[] {'a', '\n', 'b', '\n'});
        ok("queues send q --file-as-message " + file);
        assertThat(ok("queues receive q --ack")).isEqualTo("a\nb\n\n");
    }

    @Test
    void keysHeadersAndDelaysGoAlong() {
        ok("queues create q");
        ok("k:v", "queues send q --key-separator : --header h=x");
        ok("{\"value\":1,\"key\":\"j\"}\n\n{\"value\":2,\"dedup_id\":\"d\"}\n", "queues send q --ndjson");
        ok("queues send q -m later --delay 1d");

        String all = ok("queues receive q --max 9 --json");

        assertThat(all.lines()).hasSize(3);
        assertThat(all)
                .contains("\"key\":\"k\",\"value\":\"v\",\"headers\":{\"h\":\"x\"}")
                .contains("\"key\":\"j\",\"value\":1")
                .doesNotContain("later");
        assertThat(ok("queues list").lines().toList().get(1)).matches("q +1 +0 +3 +1 +4 +running");
    }

    @Test
    void whatCannotBeSentIsSaid() {
        ok("queues create q");
        assertThat(sluice("{\"value\":1}]}\n".getBytes(StandardCharsets.UTF_8), "queues send q --ndjson")
                        .err())
                .contains("input line 1 is not a JSON object");
        assertThat(sluice("no key".getBytes(StandardCharsets.UTF_8), "queues send q --key-separator :")
                        .err())
                .contains("line 1 has no key separator");
        assertThat(refused("queues send q -m x --delay 1d --at 2030-01-01", 2)).contains("--delay and --at");
        assertThat(refused("queues send q -m x --delay soon", 2)).contains("--delay soon");
        assertThat(refused("queues send q -m x --at soon", 2)).contains("--at soon");
        assertThat(refused("queues send q --ndjson --key k", 2)).contains("--ndjson");
        assertThat(refused("queues send q --dedup-id d", 2)).contains("--message");
        assertThat(refused("queues send none -m x", 1)).contains("(unknown_queue)");
        assertThat(refused("queues send q nowhere.txt", 2)).contains("queues send: cannot read nowhere.txt");
    }

    @Test
    void linesAtFaultAreToldAndTheOthersSent() {
        ok("queues create q");
        // As many as go with one request, so that the good one goes with the next.
        String faulty = "{\"x\":1}\n".repeat(500);

        Shell.Result sent =
                sluice((faulty + "{\"value\":1}\n").getBytes(StandardCharsets.UTF_8), "queues send q --ndjson");

        assertThat(sent.exitCode()).isEqualTo(1);
        assertThat(sent.err()).contains("input line 1: ", "input line 500: ", "(unknown_field)");
        assertThat(ok("queues receive q --max 9 --ack").lines()).containsExactly("1");
    }

    @Test
    void aLostAnswerSendsNothingTwice() throws IOException {
        ok("queues create q");
        try (LossyProxy proxy = new LossyProxy(server.port())) {
            proxy.answersToLose.set(2);

            Shell.Result sent = Shell.run(lines(1_500), "queues", "send", "q", "--server", proxy.url());

            assertThat(sent.exitCode()).as(sent.err()).isZero();
            assertThat(sent.text().lines().distinct()).hasSize(1_500);
        }
        assertThat(ok("queues list").lines().toList().get(1)).matches("q +1 +1500 .*");
    }

    @Test
    void whatDiedIsListedSentAgainAndDoneOnceMore() {
        ok("queues create q --set max_deliveries=1");
        ok("one\ntwo\n", "queues send q");
        List<String> taken =
                ok("queues receive q --max 2 --consumer me").lines().toList();
        ok("queues nack q " + taken.get(0).split("\t")[0] + " --reason unreadable");
        ok("queues nack q " + taken.get(1).split("\t")[0] + " --reason late");
        Await.until("both are dead", () -> ok("queues dead q").lines().count() == 3);

        assertThat(ok("queues dead q").lines().toList().get(1)).matches("0-0 +20\\S+Z +1 +0 +me +unreadable");
        assertThat(ok("queues dead q --max 1 --json")).contains("unreadable").doesNotContain("late");
        assertThat(ok("queues redrive q --reason late --dry-run")).isEqualTo("would send 1 message\n");
        assertThat(ok("queues redrive q --reason late --died-after -1h"))
                .isEqualTo("redrive-1 done: sent 1 message to q\n");
        assertThat(ok("queues receive q --wait 5s --json")).contains("\"id\":\"0-1\"", "\"deliveries\":1");

        ok("queues create again");
        assertThat(ok("queues replay q --outcome dead --target again --from -1h --to-id 0-0"))
                .contains("done: sent 1 message to again");
        assertThat(ok("queues receive again --wait 5s --ack")).isEqualTo("one\n");
        assertThat(ok("queues jobs q").lines()).hasSize(3).anyMatch(line -> line.startsWith("redrive-1  done"));
        assertThat(refused("queues jobs q --stop none-1", 1)).contains("(unknown_job)");
        assertThat(refused("queues replay q --outcome perhaps", 1)).contains("perhaps");
    }

    private static byte[] lines(int count) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            lines.writeBytes((i + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return lines.toByteArray();
    }
}
