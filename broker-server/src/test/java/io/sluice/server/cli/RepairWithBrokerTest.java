package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.LogRead;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.topic.NewTopic;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The offline commands over files that a broker wrote, and the broker over files that they repaired. */
class RepairWithBrokerTest {
    private static final int BATCHES = 40;

    @TempDir
    private Path data;

    private Path folder;

    @BeforeEach
    void writeSeveralSegments() throws Exception {
        folder = data.resolve("t-0");
        try (Broker broker = open()) {
            broker.createTopic(
                            new NewTopic("t", 1, Map.of("segment.bytes", "1048576", "index.interval.bytes", "100000")))
                    .get();
            for (int i = 0; i < BATCHES; i++) {
                append(broker);
            }
        }
        assertThat(logs()).hasSizeGreaterThan(2);
    }

    private Broker open() {
        return Broker.open(BrokerConfig.at(data).with("log.min.free.bytes", "0"));
    }

    private static long append(Broker broker) throws Exception {
        RecordBatchBuilder builder = new RecordBatchBuilder(2048);
        for (int i = 0; i < 10; i++) {
            builder.append(System.currentTimeMillis(), null, new byte[10_000]);
        }
        return broker.append("t", 0, builder.build(), Acks.COMMITTED).get().baseOffset();
    }

    private List<Path> logs() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    private Shell.Result log(String command, String... more) {
        return Shell.run(Stream.concat(Stream.of("log", command, data.toString()), Stream.of(more))
                .toArray(String[]::new));
    }

    private void crash() throws IOException {
        // Without the mark the next start looks at the end of the log as it does after a kill.
        Files.deleteIfExists(data.resolve(".clean-shutdown"));
    }

    private static void flip(Path file, long position) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) position] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void whatABrokerWroteIsSound() {
        Shell.Result result = log("verify");

        assertThat(result.exitCode()).as(result.text() + result.err()).isZero();
    }

    @Test
    void aRunningBrokerIsNotDisturbed() throws Exception {
        flip(logs().get(0), 200);
        try (Broker broker = open()) {
            Shell.Result result = log("repair", "--yes");

            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.err()).contains("a broker is running");
            assertThat(broker.topic("t")).isPresent();
        }
    }

    @Test
    void theBrokerServesARepairedLogWithoutTheDamage() throws Exception {
        flip(logs().get(1), 200);

        assertThat(log("verify").exitCode()).isEqualTo(1);
        assertThat(log("repair", "--yes").exitCode()).isZero();
        assertThat(log("verify").exitCode()).isZero();

        try (Broker broker = open()) {
            assertThat(readable(broker)).isEqualTo((BATCHES - 1) * 10);
            assertThat(append(broker)).isEqualTo(BATCHES * 10);
        }
        assertThat(log("verify").exitCode()).isZero();
    }

    @Test
    void aDamagedEndThatWasDurableIsLostButItsOffsetsAreNotGivenOutAgain() throws Exception {
        List<Path> logs = logs();
        Path last = logs.get(logs.size() - 1);
        try (FileChannel channel = FileChannel.open(last, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 3);
        }
        crash();
        try (Broker broker = open()) {
            assertThatThrownBy(() -> broker.partition("t", 0))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("sluice log repair");
        }

        Shell.Result result = log("repair", "--yes");

        assertThat(result.exitCode()).as(result.text()).isZero();
        assertThat(result.text()).contains("offsets 390 to 399 are gone");
        try (Broker broker = open()) {
            assertThat(readable(broker)).isEqualTo((BATCHES - 1) * 10);
            assertThat(append(broker)).isEqualTo(BATCHES * 10);
        }
    }

    @Test
    void aSegmentThatIsGoneOrEndsEarlyIsToldWithItsOffsets() throws Exception {
        List<Path> logs = logs();
        Files.delete(logs.get(1));
        crash();

        Shell.Result verified = log("verify");
        assertThat(verified.exitCode()).isEqualTo(1);
        assertThat(verified.text()).contains("is missing").containsPattern("offsets \\d+ to \\d+ cannot be read");
        try (Broker broker = open()) {
            assertThatThrownBy(() -> broker.partition("t", 0)).hasMessageContaining("sluice log repair");
        }
        Shell.Result repaired = log("repair", "--yes");

        assertThat(repaired.exitCode()).as(repaired.text()).isZero();
        assertThat(log("verify").exitCode()).isZero();
        try (Broker broker = open()) {
            assertThat(readable(broker)).isLessThan(BATCHES * 10).isPositive();
            assertThat(append(broker)).isEqualTo(BATCHES * 10);
        }
    }

    @Test
    void aPartitionWithoutAnySegmentGoesOnWhereItEnded() throws Exception {
        for (Path log : logs()) {
            Files.delete(log);
        }
        crash();

        assertThat(log("verify").exitCode()).isEqualTo(1);
        Shell.Result result = log("repair", "--yes");

        assertThat(result.exitCode()).as(result.text()).isZero();
        try (Broker broker = open()) {
            assertThat(append(broker)).isEqualTo(BATCHES * 10);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "first, clean", "first, killed", "first, no recovery point",
        "middle, clean", "middle, killed", "middle, no recovery point",
        "last but one, clean", "last but one, killed", "last but one, no recovery point"
    })
    void damageInTheActiveSegmentCostsItsBatchAndNoMore(String which, String end) throws Exception {
        List<Path> logs = logs();
        Path active = logs.get(logs.size() - 1);
        List<Integer> positions = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(active));
        int position = 0;
        for (RecordBatch batch : RecordBatches.in(bytes)) {
            positions.add(position);
            position += batch.sizeInBytes();
        }
        assertThat(positions).hasSizeGreaterThan(3);
        int damaged = which.equals("first") ? 0 : which.equals("middle") ? positions.size() / 2 : positions.size() - 2;
        flip(active, positions.get(damaged) + 200);
        if (!end.equals("clean")) {
            crash();
        }
        if (end.equals("no recovery point")) {
            Files.delete(data.resolve("recovery-point-offset-checkpoint"));
        }

        Shell.Result repaired = log("repair", "--yes");
        assertThat(repaired.exitCode()).as(repaired.text() + repaired.err()).isZero();
        assertThat(log("verify").exitCode()).isZero();
        for (int starts = 0; starts < 2; starts++) {
            try (Broker broker = open()) {
                assertThat(readable(broker)).isEqualTo((BATCHES - 1 + starts) * 10);
                assertThat(append(broker)).isEqualTo((BATCHES + starts) * 10L);
            }
        }
        assertThat(log("verify").exitCode()).isZero();
        assertThat(log("repair").text()).contains("nothing to repair");
    }

    private static int readable(Broker broker) throws Exception {
        int records = 0;
        long offset = 0;
        while (true) {
            LogRead read = broker.partition("t", 0).read(offset, 1 << 20).get();
            if (read.isEmpty()) {
                return records;
            }
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    records += batch.recordCount();
                }
            }
            offset = read.nextOffset();
        }
    }
}
