package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.fixture.ChildServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** This machine's own text goes through {@code sluice produce} and comes back out of {@code sluice consume}. */
class RealTextTest {
    private static final long MIB = 1 << 20;
    private static final long BYTES = Seeds.longBudget() ? 300 * MIB : 30 * MIB;
    private static final int PARTITIONS = 4;
    private static final int MAX_KEY_BYTES = 40;

    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    @Test
    void onePartitionGivesBackTheSameBytes() throws Exception {
        Path text = folder.resolve("text");
        long once = MachineText.pack(text, BYTES);
        try (ChildServer broker = new ChildServer(folder.resolve("data"))) {
            create(broker, "text", 1);
            Path nothing = Files.createFile(folder.resolve("nothing"));
            long beganNs = System.nanoTime();

            SluiceCommand.run(broker.address(), text, folder.resolve("produced"), "produce", "text");
            long producedNs = System.nanoTime();
            SluiceCommand.run(broker.address(), nothing, folder.resolve("back"), "consume", "text");

            System.out.println("real text: " + Files.size(text) + " bytes, " + Math.min(once, BYTES)
                    + " before they repeat; produced in "
                    + TimeUnit.NANOSECONDS.toMillis(producedNs - beganNs) + " ms, consumed in "
                    + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - producedNs) + " ms");
            assertThat(Files.mismatch(text, folder.resolve("back")))
                    .as("where the bytes differ first")
                    .isEqualTo(-1);
        }
    }

    @Test
    void overSeveralPartitionsEachKeyKeepsItsOrder() throws Exception {
        Path text = folder.resolve("text");
        MachineText.pack(text, BYTES / 2);
        Path keyed = folder.resolve("keyed");
        long lines = numberLines(text, keyed);
        try (ChildServer broker = new ChildServer(folder.resolve("data"))) {
            create(broker, "words", PARTITIONS);
            Path nothing = Files.createFile(folder.resolve("nothing"));

            SluiceCommand.run(
                    broker.address(), keyed, folder.resolve("produced"), "produce", "words", "--key-separator", "\t");
            SluiceCommand.run(
                    broker.address(), nothing, folder.resolve("back"), "consume", "words", "--key-separator", "\t");

            Map<String, Sequence> sent = sequences(keyed);
            assertThat(sent).hasSizeGreaterThan(PARTITIONS);
            assertThat(sent.values().stream()
                            .mapToLong(sequence -> sequence.lines)
                            .sum())
                    .isEqualTo(lines);
            assertThat(sequences(folder.resolve("back"))).isEqualTo(sent);
            JsonArray partitions = new JsonObject(client.send(
                                    HttpRequest.newBuilder(broker.uri("/v1/topics/words"))
                                            .build(),
                                    BodyHandlers.ofString())
                            .body())
                    .getJsonArray("partitions");
            for (int i = 0; i < PARTITIONS; i++) {
                assertThat(partitions.getJsonObject(i).getLong("high_watermark"))
                        .as("records in partition " + i)
                        .isPositive();
            }
        }
    }

    /** The lines of a key in their order, as a checksum over all of them. */
    private static final class Sequence {
        private final CRC32C checksum = new CRC32C();
        private long lines;

        void add(byte[] line) {
            checksum.update(line);
            checksum.update('\n');
            lines++;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Sequence sequence
                    && sequence.lines == lines
                    && sequence.checksum.getValue() == checksum.getValue();
        }

        @Override
        public int hashCode() {
            return Long.hashCode(checksum.getValue());
        }

        @Override
        public String toString() {
            return lines + " lines, " + Long.toHexString(checksum.getValue());
        }
    }

    /** Something done with a line, which comes without its end. */
    @FunctionalInterface
    private interface LineConsumer {
        void accept(byte[] line) throws IOException;
    }

    /** Puts the first word of each line in front as its key, then the line's number. */
    private static long numberLines(Path text, Path keyed) throws IOException {
        long[] number = {0};
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(keyed))) {
            forEachLine(text, line -> {
                int end = 0;
                while (end < Math.min(line.length, MAX_KEY_BYTES) && line[end] != ' ' && line[end] != '\t') {
                    end++;
                }
                out.write(line, 0, end);
                out.write(("\t" + number[0]++ + " ").getBytes(StandardCharsets.US_ASCII));
                out.write(line);
                out.write('\n');
            });
        }
        return number[0];
    }

    private static Map<String, Sequence> sequences(Path keyed) throws IOException {
        Map<String, Sequence> sequences = new HashMap<>();
        forEachLine(keyed, line -> {
            int tab = 0;
            while (line[tab] != '\t') {
                tab++;
            }
            String key = new String(line, 0, tab, StandardCharsets.ISO_8859_1);
            sequences.computeIfAbsent(key, k -> new Sequence()).add(line);
        });
        return sequences;
    }

    private static void forEachLine(Path file, LineConsumer consumer) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            for (int next = in.read(); next >= 0; next = in.read()) {
                if (next == '\n') {
                    consumer.accept(line.toByteArray());
                    line.reset();
                } else {
                    line.write(next);
                }
            }
        }
        assertThat(line.size()).as("bytes behind the last line end").isZero();
    }

    private void create(ChildServer broker, String topic, int partitions) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(broker.uri("/v1/topics/" + topic))
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(
                        "{\"partitions\":" + partitions + ",\"config\":{\"max.message.bytes\":8388608}}"))
                .build();
        assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(201);
    }
}
