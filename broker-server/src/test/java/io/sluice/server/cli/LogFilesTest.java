package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The offline commands over files that are written here byte for byte: two segments of ten batches of three records. */
class LogFilesTest {
    private static final int BATCHES = 10;
    private static final int RECORDS = 3;

    @TempDir
    private Path data;

    private Path folder;
    private Path first;
    private final List<Integer> positions = new ArrayList<>();

    @BeforeEach
    void writeTwoSegments() throws IOException {
        folder = Files.createDirectory(data.resolve("t-0"));
        first = writeSegment(0);
        positions.clear();
        writeSegment(BATCHES * RECORDS);
        positions.clear();
        writeSegment(0);
    }

    private Path writeSegment(long base) throws IOException {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        ByteBuffer index = ByteBuffer.allocate(8 * (BATCHES - 1));
        ByteBuffer times = ByteBuffer.allocate(12 * (BATCHES - 1));
        for (int i = 0; i < BATCHES; i++) {
            RecordBatchBuilder builder = new RecordBatchBuilder(64);
            for (int j = 0; j < RECORDS; j++) {
                long offset = base + i * RECORDS + j;
                builder.append(1_000 + offset, null, ("value " + offset).getBytes(StandardCharsets.UTF_8));
            }
            RecordBatch batch = builder.build();
            batch.assign(base + i * RECORDS, 0);
            byte[] bytes = new byte[batch.sizeInBytes()];
            batch.bytes().get(bytes);
            positions.add(log.size());
            if (i > 0) {
                index.putInt((int) (batch.lastOffset() - base)).putInt(log.size());
                times.putLong(batch.maxTimestamp()).putInt((int) (batch.lastOffset() - base));
            }
            log.write(bytes);
        }
        String name = String.format("%020d", base);
        Files.write(folder.resolve(name + ".index"), index.array());
        Files.write(folder.resolve(name + ".timeindex"), times.array());
        return Files.write(folder.resolve(name + ".log"), log.toByteArray());
    }

    private static void flip(Path file, int position) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[position] ^= 0x40;
        Files.write(file, bytes);
    }

    private Shell.Result log(String command, Object path, String... more) {
        List<String> args = new ArrayList<>(List.of("log", command, path.toString()));
        args.addAll(List.of(more));
        return Shell.run(args.toArray(String[]::new));
    }

    @Test
    void aSoundLogIsSaidToBeSoundByAnyOfItsPaths() {
        for (Path path : List.of(data, folder, first)) {
            Shell.Result result = log("verify", path);

            assertThat(result.exitCode()).as(result.text() + result.err()).isZero();
            assertThat(result.text()).contains("sound, 10 batches, 30 records, offsets 0 to 29");
        }
    }

    @Test
    void verifyFindsAFlippedBitAnywhereInASegment() throws IOException {
        byte[] sound = Files.readAllBytes(first);
        for (int position = 0; position < sound.length; position++) {
            int inBatch = position - batchBegin(position);
            // Of batches in the middle one is like another.
            if (batchBegin(position) > positions.get(0)
                    && batchBegin(position) != positions.get(4)
                    && batchBegin(position) < positions.get(BATCHES - 1)) {
                continue;
            }
            // The leader epoch is the broker's own and lies outside the checksum: any value may be right.
            if (inBatch >= RecordBatch.LEADER_EPOCH_AT && inBatch < RecordBatch.MAGIC_AT) {
                continue;
            }
            flip(first, position);

            assertThat(log("verify", first).exitCode())
                    .as("position %d", position)
                    .isEqualTo(1);

            Files.write(first, sound);
        }
    }

    private int batchBegin(int position) {
        return positions.stream()
                .mapToInt(Integer::intValue)
                .filter(at -> at <= position)
                .max()
                .orElseThrow();
    }

    @Test
    void verifyFindsAFlippedBitAnywhereInAnIndex() throws IOException {
        for (String suffix : List.of(".index", ".timeindex")) {
            Path index = folder.resolve(String.format("%020d", 0) + suffix);
            byte[] sound = Files.readAllBytes(index);
            for (int position = 0; position < sound.length; position++) {
                flip(index, position);

                assertThat(log("verify", first).exitCode())
                        .as("position %d of %s", position, suffix)
                        .isEqualTo(1);

                Files.write(index, sound);
            }
        }
    }

    @Test
    void dumpShowsBatchesAndRecords() {
        Shell.Result text = log("dump", first, "--records");
        Shell.Result json = log("dump", first, "--records", "--json");

        assertThat(text.exitCode()).isZero();
        assertThat(text.text())
                .contains("position " + positions.get(4) + ": offsets 12 to 14, 3 records")
                .contains("{\"offset\":29,\"timestamp\":1029,\"key\":null,\"value\":\"value 29\",\"headers\":{}}");
        assertThat(json.text().lines()).hasSize(1 + BATCHES + BATCHES * RECORDS);
    }

    @Test
    void dumpNamesHeadersAsTheOtherCommandsDo() throws IOException {
        Headers headers = new Headers();
        headers.add("t", "text".getBytes(StandardCharsets.UTF_8));
        headers.add("b", new byte[] {(byte) 0xff});
        headers.add("b", new byte[] {(byte) 0xfe});
        RecordBatch batch =
                new RecordBatchBuilder(64).append(7, null, null, headers).build();
        byte[] bytes = new byte[batch.sizeInBytes()];
        batch.bytes().get(bytes);
        Path segment = Files.write(
                Files.createDirectories(data.resolve("headers-0")).resolve("%020d.log".formatted(0)), bytes);

        assertThat(log("dump", segment, "--records", "--json").text())
                .endsWith("{\"offset\":0,\"timestamp\":7,\"key\":null,\"value\":null,\"headers\":{\"t\":\"text\"},"
                        + "\"headers_base64\":{\"b\":\"/w==\",\"b\":\"/g==\"}}\n");
    }

    @Test
    void verifyEndsWithASummaryAndAnEmptySegmentIsEmpty() throws IOException {
        Path empty = Files.createFile(
                Files.createDirectories(data.resolve("empty-0")).resolve("%020d.log".formatted(5)));

        assertThat(log("verify", empty).text())
                .contains(": sound, no batches, the next offset is 5, 0 bytes")
                .endsWith("all sound: 1 segment, 0 records, 0 bytes\n");
        assertThat(log("verify", empty, "--json").text())
                .endsWith("{\"segments\":1,\"records\":0,\"size_bytes\":0,\"faults\":0,\"sound\":true}\n");
        Files.write(empty, new byte[] {1});
        assertThat(log("verify", empty).text()).endsWith("1 fault in 1 segment, 0 records, 1 byte\n");
    }

    @Test
    void repairChangesNothingWithoutYes() throws IOException {
        flip(first, positions.get(4) + 70);
        byte[] before = Files.readAllBytes(first);

        Shell.Result result = log("repair", folder);

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.text()).contains("would be lost: offsets 12 to 14");
        assertThat(result.err()).contains("--yes");
        assertThat(first).hasBinaryContent(before);
    }

    @Test
    void repairKeepsTheRestAndTheDamagedBytes() throws IOException {
        byte[] sound = Files.readAllBytes(first);
        int from = positions.get(4);
        int to = positions.get(5);
        flip(first, from + 70);
        byte[] damaged = Arrays.copyOfRange(Files.readAllBytes(first), from, to);

        Shell.Result result = log("repair", data, "--yes");

        assertThat(result.exitCode()).as(result.text() + result.err()).isZero();
        assertThat(result.text()).contains("lost: offsets 12 to 14");
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        rest.write(sound, 0, from);
        rest.write(sound, to, sound.length - to);
        assertThat(first).hasBinaryContent(rest.toByteArray());
        assertThat(folder.resolve(first.getFileName() + ".damaged-" + from)).hasBinaryContent(damaged);
        assertThat(folder.resolve(String.format("%020d.index", 0))).doesNotExist();
        assertThat(log("verify", data).exitCode()).isZero();
    }

    @Test
    void repairKeepsAllOtherBatchesWhereverTheDamageIs() throws IOException {
        byte[] sound = Files.readAllBytes(first);
        for (int position = 0; position < sound.length; position += 7) {
            flip(first, position);
            if (log("verify", first).exitCode() == 0) {
                // The leader epoch.
                Files.write(first, sound);
                continue;
            }

            Shell.Result result = log("repair", first, "--yes");

            assertThat(result.exitCode()).as("position %d", position).isZero();
            assertThat(log("verify", first).text())
                    .as("position %d: %s", position, result.text())
                    .contains(": sound, 9 batches, 27 records");
            Files.write(first, sound);
        }
    }

    @Test
    void repairRefusesWhileABrokerHasTheDirectory() throws IOException {
        flip(first, positions.get(4) + 70);
        byte[] before = Files.readAllBytes(first);
        Path lock = Files.createFile(data.resolve(".lock"));

        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            assertThat(channel.tryLock()).isNotNull();
            Shell.Result result = log("repair", folder, "--yes");

            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.err()).contains("a broker is running on " + data);
        }
        assertThat(first).hasBinaryContent(before);
    }
}
