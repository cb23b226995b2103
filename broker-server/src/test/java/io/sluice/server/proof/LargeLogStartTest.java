package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * After a kill, a start over a large log reads what lies beyond the recovery point, the indexes, and a little of each
 * segment: not the log. What the process reads is what the kernel counts for it in {@code /proc/PID/io}.
 */
class LargeLogStartTest {
    private static final long MIB = 1 << 20;
    private static final long LOG_BYTES = Seeds.longBudget() ? 10_240 * MIB : 300 * MIB;
    private static final long SEGMENT_BYTES = Seeds.longBudget() ? 1024 * MIB : 64 * MIB;
    /** Synced every half second, not for every batch: what is measured is the start, not the writing. */
    private static final String CONFIG =
            "\"segment.bytes\":" + SEGMENT_BYTES + ",\"flush.messages\":1000000000,\"flush.ms\":500";

    private static final int VALUE_BYTES = 1000;
    private static final int RECORDS_PER_BATCH = 4;
    private static final int BATCHES_PER_BODY = 2048;
    private static final int TAIL_BATCHES = 512;

    /** What came after the recovery point is checked, written again, and searched for producers. */
    private static final int READS_OF_THE_TAIL = 3;
    /** The producers' state is saved when that much has been appended since it was saved last, or at a new segment. */
    private static final long BETWEEN_SNAPSHOTS_BYTES = 32 * MIB;
    /** The end of a segment behind its last index entry, small files beside it. */
    private static final long PER_SEGMENT_BYTES = 64 * 1024;
    /** How much two starts of the same program differ by themselves. */
    private static final long NOISE_BYTES = MIB;

    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    @Test
    void aStartReadsOnlyWhatLiesBeyondTheRecoveryPoint() throws Exception {
        assertThat(Files.getFileStore(folder).getUsableSpace())
                .as("free bytes for a log of %d", LOG_BYTES)
                .isGreaterThan(LOG_BYTES + LOG_BYTES / 4 + 2048 * MIB);
        Path data = Files.createDirectory(folder.resolve("data"));
        byte[] body = batches(BATCHES_PER_BODY);
        byte[] tail = batches(TAIL_BATCHES);
        long batchBytes = body.length / BATCHES_PER_BODY;
        long nothing = bytesReadByAStartOf(Files.createDirectory(folder.resolve("empty")));

        long end = 0;
        long recoveryPoint;
        try (ChildServer broker = start(data)) {
            create(broker);
            for (long written = 0; written < LOG_BYTES; written += body.length) {
                append(broker, body);
                end += (long) BATCHES_PER_BODY * RECORDS_PER_BATCH;
            }
            long large = end;
            Await.until("the recovery point reaches the end", () -> recoveryPoint(data) == large);
            append(broker, tail);
            end += (long) TAIL_BATCHES * RECORDS_PER_BATCH;
            broker.kill();
            recoveryPoint = recoveryPoint(data);

            broker.start();
            long read = bytesRead(broker) - nothing;

            long beyond = (end - recoveryPoint) / RECORDS_PER_BATCH * batchBytes;
            long indexes = sizeOf(data, "index");
            long segments = files(data, ".log").size();
            long bound = READS_OF_THE_TAIL * beyond
                    + indexes
                    + BETWEEN_SNAPSHOTS_BYTES
                    + segments * PER_SEGMENT_BYTES
                    + NOISE_BYTES;
            System.out.println("start over " + sizeOf(data, ".log") + " bytes in " + segments + " segments: " + beyond
                    + " bytes beyond the recovery point, indexes of " + indexes + ", " + read + " read, "
                    + broker.output().get(broker.output().size() - 1));
            assertThat(read).as("bytes read until ready").isLessThanOrEqualTo(bound);
            assertThat(bound).as("the bound means something").isLessThan(LOG_BYTES / 4);
            lastRecordIsThere(broker, end);
        }
    }

    private static ChildServer start(Path data) {
        return new ChildServer(data, "--set", "log.flush.offset.checkpoint.interval.ms=1000");
    }

    private static long bytesReadByAStartOf(Path data) throws IOException {
        try (ChildServer broker = start(data)) {
            return bytesRead(broker);
        }
    }

    /** What the process has read so far, from whatever file. */
    private static long bytesRead(ChildServer broker) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + broker.pid() + "/io")).stream()
                .filter(line -> line.startsWith("rchar: "))
                .mapToLong(line -> Long.parseLong(line.substring("rchar: ".length())))
                .findFirst()
                .orElseThrow();
    }

    /** Batches of the same size, one behind the other. */
    private static byte[] batches(int count) {
        SplittableRandom random = new SplittableRandom(count);
        ByteBuffer body = ByteBuffer.allocate(count * 2 * RECORDS_PER_BATCH * VALUE_BYTES);
        long now = System.currentTimeMillis();
        for (int i = 0; i < count; i++) {
            RecordBatchBuilder builder = new RecordBatchBuilder(2 * RECORDS_PER_BATCH * VALUE_BYTES);
            for (int j = 0; j < RECORDS_PER_BATCH; j++) {
                byte[] value = new byte[VALUE_BYTES];
                random.nextBytes(value);
                builder.append(now, new byte[] {1}, value);
            }
            RecordBatch batch = builder.build();
            body.put(batch.bytes());
        }
        byte[] bytes = new byte[body.position()];
        body.get(0, bytes);
        return bytes;
    }

    private void create(ChildServer broker) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(broker.uri("/v1/topics/large"))
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString("{\"partitions\":1,\"config\":{" + CONFIG + "}}"))
                .build();
        assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(201);
    }

    private void append(ChildServer broker, byte[] body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(broker.uri("/v1/topics/large/records?partition=0"))
                .header("Content-Type", "application/vnd.sluice.batches")
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private void lastRecordIsThere(ChildServer broker, long end) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        broker.uri("/v1/topics/large/partitions/0/records?values=base64&offset=" + (end - 1)))
                .build();
        JsonObject answer =
                new JsonObject(client.send(request, BodyHandlers.ofString()).body());
        assertThat(answer.getLong("high_watermark")).isEqualTo(end);
        assertThat(answer.getJsonArray("records")).hasSize(1);
    }

    private static long recoveryPoint(Path data) {
        try {
            Path checkpoint = data.resolve("recovery-point-offset-checkpoint");
            return !Files.exists(checkpoint)
                    ? -1
                    : Files.readAllLines(checkpoint).stream()
                            .filter(line -> line.startsWith("large 0 "))
                            .mapToLong(line -> Long.parseLong(line.substring("large 0 ".length())))
                            .findFirst()
                            .orElse(-1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long sizeOf(Path data, String ending) throws IOException {
        long bytes = 0;
        for (Path file : files(data, ending)) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static List<Path> files(Path data, String ending) throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("large-0"))) {
            return files.filter(file -> file.toString().endsWith(ending)).toList();
        }
    }
}
