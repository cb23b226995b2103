package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.cli.fixture.FakeBroker;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ConsumeTest {
    /** The time of the record at offset 0; each one after it is a second later. */
    private static final long START_MS = 1_700_000_000_000L;

    private FakeBroker broker;

    /** Nine records in batches of three, the second of them compressed. */
    @BeforeEach
    void start() throws IOException {
        broker = new FakeBroker();
        broker.topic("t", 2);
        for (int batch = 0; batch < 3; batch++) {
            RecordBatchBuilder builder = new RecordBatchBuilder(64);
            for (int i = batch * 3; i < batch * 3 + 3; i++) {
                byte[] key = i % 2 == 0 ? bytes("k" + i) : null;
                builder.append(START_MS + i * 1_000, key, i == 7 ? null : bytes("v" + i));
            }
            broker.append(
                    "t", 0, builder.build(batch == 1 ? CompressionType.GZIP : CompressionType.NONE, Codecs.jdk()));
        }
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private Shell.Result consume(String line) {
        return Shell.run(
                ("consume t --server " + broker.url() + " " + line).strip().split(" "));
    }

    @Test
    void readingBeginsWhereItIsToldTo() {
        String all = "v0\nv1\nv2\nv3\nv4\nv5\nv6\nnull\nv8\n";

        assertThat(consume("").text()).isEqualTo(all);
        assertThat(consume("--from earliest").text()).isEqualTo(all);
        assertThat(consume("--from latest").text()).isEmpty();
        assertThat(consume("--from 4 --partition 0").text()).isEqualTo(all.substring(12));
        assertThat(consume("--from " + Instant.ofEpochMilli(START_MS + 4_000)).text())
                .isEqualTo(all.substring(12));
        assertThat(consume("--from -15m").text()).isEmpty();
        assertThat(consume("--from -9999d").text()).isEqualTo(all);
    }

    @Test
    void anOffsetBehindTheEndIsRefusedByItsName() {
        Shell.Result result = consume("--from 99 --partition 0 --follow --max 1");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("offset_out_of_range").contains("--from earliest");
    }

    @Test
    void anOffsetBehindTheEndPrintsNothingAndSaysWhereTheEndIs() {
        Shell.Result beyond = consume("--from 99 --partition 0");

        assertThat(beyond.exitCode()).isZero();
        assertThat(beyond.text()).isEmpty();
        assertThat(beyond.err()).isEqualTo("sluice: partition 0 ends before offset 9, nothing is there from 99 on\n");
        assertThat(consume("--from 9 --partition 0").err()).isEmpty();
        assertThat(consume("--from 3").err())
                .isEqualTo("sluice: partition 1 ends before offset 0, nothing is there from 3 on\n");
    }

    @Test
    void recordsThatAreDeletedWhileWeReadAreToldAndLeftOut() {
        broker.deletedBefore.set(6);

        Shell.Result result = consume("");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.text()).isEqualTo("v6\nnull\nv8\n");
        assertThat(result.err()).contains("offsets 0 to 5 have been deleted");
        assertThat(consume("--from 2 --partition 0").exitCode()).isEqualTo(1);
    }

    @Test
    void maxEndsTheReading() {
        assertThat(consume("--max 4").text()).isEqualTo("v0\nv1\nv2\nv3\n");
        assertThat(consume("--max 0").text()).isEmpty();
    }

    @Test
    void formatsShowWhatTheySay() {
        assertThat(consume("--max 2 --format key-value").text()).isEqualTo("k0\tv0\nnull\tv1\n");
        assertThat(consume("--max 2 --key-separator = --null-value -").text()).isEqualTo("k0=v0\n-=v1\n");
        assertThat(consume("--max 1 --timestamps").text()).isEqualTo(Instant.ofEpochMilli(START_MS) + "\tv0\n");
        assertThat(consume("--from 7 --partition 0 --max 1 --json").text())
                .isEqualTo("{\"partition\":0,\"offset\":7,\"timestamp\":" + (START_MS + 7_000)
                        + ",\"key\":null,\"value\":null,\"headers\":{}}\n");
    }

    @Test
    @Timeout(60)
    void followGoesOnWithWhatComesAndShowsItAtOnce() throws Exception {
        PipedOutputStream out = new PipedOutputStream();
        PipedInputStream lines = new PipedInputStream(out);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        CompletableFuture<Integer> end = Shell.inAThread(() -> Shell.run(
                new ByteArrayInputStream(new byte[0]),
                out,
                err,
                "consume",
                "t",
                "--server",
                broker.url(),
                "--from",
                "8",
                "--partition",
                "0",
                "--follow",
                "--max",
                "3"));

        assertThat(line(lines)).isEqualTo("v8");
        Shell.run(bytes("new 1\n"), "produce", "t", "--partition", "0", "--server", broker.url());
        assertThat(line(lines)).isEqualTo("new 1");
        Shell.run(bytes("new 2\n"), "produce", "t", "--partition", "0", "--server", broker.url());
        assertThat(line(lines)).isEqualTo("new 2");
        assertThat(end.get(30, TimeUnit.SECONDS)).as(err.toString()).isZero();
    }

    private static String line(PipedInputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    @Test
    @Timeout(60)
    void produceSendsALineBeforeTheNextOneComes() throws Exception {
        broker.topic("slow", 1);
        PipedOutputStream writer = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(writer);
        CompletableFuture<Shell.Result> end =
                Shell.inAThread(() -> Shell.run(in, "produce", "slow", "--server", broker.url()));

        writer.write(bytes("first\n"));
        writer.flush();
        Shell.Result seen = Shell.run("consume", "slow", "--follow", "--max", "1", "--server", broker.url());
        writer.write(bytes("second\n"));
        writer.close();

        assertThat(seen.text()).isEqualTo("first\n");
        assertThat(end.get(30, TimeUnit.SECONDS).exitCode()).isZero();
        assertThat(broker.end("slow", 0)).isEqualTo(2);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
