package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RunningServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a whole broker. */
class WithBrokerTest {
    @TempDir
    private Path data;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of("log.min.free.bytes", "0", "http.max.produce.bytes", "100000"));
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

    private Shell.Result sluice(String line) {
        return sluice(new byte[0], line);
    }

    @Test
    void randomBytesComeBackAsTheyWentIn() {
        String given = System.getProperty("seed", "");
        long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
        byte[] input = randomLines(new Random(seed));
        sluice("topics create t --partitions 1");

        Shell.Result produced = sluice(input, "produce t --batch-bytes 20000");

        assertThat(produced.exitCode()).as("seed %d: %s", seed, produced.err()).isZero();
        assertThat(sluice("consume t").out()).as("seed %d", seed).isEqualTo(input);
        assertThat(sluice("consume t --from -1h").out()).as("seed %d", seed).isEqualTo(input);
    }

    @Test
    void whatWasTakenBeforeABadLineIsToldAndTheLineIsNamed() {
        byte[] input = "{\"value\":1}\n\n{\"value\":2}\n{\"valu\":3}\n{\"value\":4}\n".getBytes(StandardCharsets.UTF_8);
        sluice("topics create t --partitions 1");

        Shell.Result result = sluice(input, "produce t --ndjson");

        assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
        assertThat(result.err())
                .startsWith("sluice: input line 4: unknown field \"valu\"")
                .contains("2 of the 4 records read were acknowledged");
        assertThat(sluice("consume t").text()).isEqualTo("1\n2\n");
    }

    @Test
    void aRecordThatIsTooLargeIsAnInputThatIsWrong() {
        sluice("topics create t --partitions 1 --config max.message.bytes=1000");

        Shell.Result result = sluice("x".repeat(2_000).getBytes(StandardCharsets.UTF_8), "produce t");

        assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
        assertThat(result.err()).contains("max.message.bytes").contains("0 of the 1 record read");
    }

    @Test
    void bytesAreThoseOfTheInput() {
        byte[] lines = "one\ntwo\r\n\nlast".getBytes(StandardCharsets.UTF_8);
        byte[] objects = "{\"value\":1}\n {\"value\":2}".getBytes(StandardCharsets.UTF_8);
        sluice("topics create t --partitions 3");

        assertThat(sluice(lines, "produce t --json").text()).contains("\"records\":4,\"bytes\":" + lines.length + ",");
        assertThat(sluice(lines, "produce new --json").text())
                .contains("\"records\":4,\"bytes\":" + lines.length + ",");
        assertThat(sluice(lines, "produce t --json --file-as-record").text())
                .contains("\"records\":1,\"bytes\":" + lines.length + ",");
        assertThat(sluice(objects, "produce t --json --ndjson").text())
                .contains("\"records\":2,\"bytes\":" + objects.length + ",");
    }

    @Test
    void aTopicIsCreatedWhateverItsFirstRecordIs() {
        byte[] large = ("k\u00e9y:" + "x".repeat(900_000)).getBytes(StandardCharsets.ISO_8859_1);

        Shell.Result result = sluice(large, "produce large --key-separator : --header a=b");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(sluice("consume large --key-separator :").text().length()).isGreaterThan(900_000);
    }

    @Test
    void aPartitionThatANewTopicDoesNotHaveIsRefused() {
        Shell.Result result = sluice("x".getBytes(StandardCharsets.UTF_8), "produce new --partition 7");

        assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
        assertThat(result.err()).contains("topic new has no partition 7");
    }

    private static byte[] randomLines(Random random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (bytes.size() < 1_000_000) {
            byte[] line = new byte[random.nextInt(200)];
            random.nextBytes(line);
            bytes.writeBytes(line);
            bytes.writeBytes(random.nextBoolean() ? new byte[] {'\r', '\n'} : new byte[] {'\n'});
        }
        return bytes.toByteArray();
    }

    @Test
    void topicsAreManaged() {
        assertThat(sluice("topics create t --partitions 2 --config retention.ms=1000")
                        .text())
                .isEqualTo("created topic t\n");
        assertThat(sluice("topics create t --partitions 2 --config retention.ms=1000")
                        .exitCode())
                .isEqualTo(1);
        assertThat(sluice("topics create t --if-not-exists").exitCode()).isZero();
        assertThat(sluice("topics describe t").text())
                .contains("topic t, 2 partitions")
                .containsPattern("retention.ms +1000 +topic");
        assertThat(sluice("topics alter t --unset retention.ms --partitions 3").exitCode())
                .isZero();
        assertThat(sluice("topics describe t").text())
                .contains("topic t, 3 partitions")
                .contains("more have their defaults");
        assertThat(sluice("topics list").text()).contains("t");
        assertThat(sluice("topics delete t").exitCode()).isZero();
        assertThat(sluice("topics describe t").err()).contains("(unknown_topic)");
    }

    @Test
    void theFirstRecordCreatesTheTopic() {
        assertThat(sluice(bytes("a:1\nb:2\n"), "produce new --key-separator :").exitCode())
                .isZero();

        assertThat(sluice("consume new --format key-value").text()).isEqualTo("a\t1\nb\t2\n");
    }

    @Test
    void recordObjectsGoInAndOut() {
        sluice("topics create from --partitions 1");
        byte[] objects = bytes("{\"key\":\"k\",\"value\":{\"a\":[1,2]},\"headers\":{\"h\":\"x\"},\"timestamp\":5}\n"
                + "{\"value_base64\":\"/w==\",\"timestamp\":6,\"headers\":{\"n\":null},"
                + "\"headers_base64\":{\"b\":\"/w==\",\"b\":\"/g==\"}}\n");
        assertThat(sluice(objects, "produce from --ndjson").exitCode()).isZero();

        byte[] lines = sluice("consume from --format ndjson").out();
        sluice("topics create to --partitions 1");
        assertThat(sluice(lines, "produce to --ndjson").exitCode()).isZero();

        assertThat(sluice("consume to --format ndjson").out()).isEqualTo(lines);
        assertThat(new String(lines, StandardCharsets.UTF_8))
                .isEqualTo("{\"partition\":0,\"timestamp\":5,\"key\":\"k\",\"value\":\"{\\\"a\\\":[1,2]}\","
                        + "\"headers\":{\"h\":\"x\"}}\n"
                        + "{\"partition\":0,\"timestamp\":6,\"key\":null,\"value_base64\":\"/w==\",\"headers\":{\"n\":null},"
                        + "\"headers_base64\":{\"b\":\"/w==\",\"b\":\"/g==\"}}\n");
    }

    @Test
    @Timeout(60)
    void followWaitsForWhatComes() throws Exception {
        sluice("topics create t");
        PipedOutputStream out = new PipedOutputStream();
        PipedInputStream lines = new PipedInputStream(out);
        CompletableFuture<Integer> end = Shell.inAThread(() -> Shell.run(
                new PipedInputStream(),
                out,
                new ByteArrayOutputStream(),
                "consume",
                "t",
                "--follow",
                "--max",
                "2",
                "--server",
                "http://127.0.0.1:" + server.port()));

        sluice(bytes("one\n"), "produce t");
        assertThat(line(lines)).isEqualTo("one");
        sluice(bytes("two\n"), "produce t");
        assertThat(line(lines)).isEqualTo("two");
        assertThat(end.get(30, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void deletedRecordsAreToldButDoNotEndAnything() {
        sluice("topics create t");
        sluice(bytes("1\n2\n3\n4\n"), "produce t");
        server.send("DELETE", "/v1/topics/t/partitions/0/records?before=2");

        assertThat(sluice("consume t").text()).isEqualTo("3\n4\n");
        Shell.Result named = sluice("consume t --partition 0 --from 0");
        assertThat(named.exitCode()).isEqualTo(1);
        assertThat(named.err()).contains("(offset_out_of_range)");
    }

    private static String line(PipedInputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
