package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.fixture.FakeBroker;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoundTripTest {
    private FakeBroker broker;

    @BeforeEach
    void start() throws IOException {
        broker = new FakeBroker();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    @Test
    void randomBytesComeBackAsTheyWentIn() {
        String given = System.getProperty("seed", "");
        long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
        Random random = new Random(seed);
        broker.topic("t", 1);
        byte[] input = randomLines(random, 300_000);

        Shell.Result produced = Shell.run(input, "produce", "t", "--server", broker.url(), "--batch-bytes", "4096");
        Shell.Result consumed = Shell.run("consume", "t", "--server", broker.url());

        assertThat(produced.exitCode()).as("seed %d: %s", seed, produced.err()).isZero();
        assertThat(consumed.exitCode()).as("seed %d: %s", seed, consumed.err()).isZero();
        assertThat(consumed.out()).as("seed %d", seed).isEqualTo(input);
    }

    /** Every byte value, empty lines, CRLF, and now and then a line longer than a batch. */
    private static byte[] randomLines(Random random, int size) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (bytes.size() < size) {
            byte[] line = new byte[random.nextInt(20) == 0 ? random.nextInt(20_000) : random.nextInt(60)];
            random.nextBytes(line);
            bytes.writeBytes(line);
            bytes.writeBytes(random.nextBoolean() ? new byte[] {'\r', '\n'} : new byte[] {'\n'});
        }
        return bytes.toByteArray();
    }

    @Test
    void emptyLinesAreRecordsAndALastLineNeedsNoEnd() {
        broker.topic("t", 1);

        Shell.run(bytes("a\n\nb\r\nlast"), "produce", "t", "--server", broker.url());

        assertThat(broker.end("t", 0)).isEqualTo(4);
        assertThat(Shell.run("consume", "t", "--server", broker.url()).text()).isEqualTo("a\n\nb\r\nlast\n");
    }

    @Test
    void anEmptyInputIsNoRecord() {
        broker.topic("t", 1);

        Shell.Result result = Shell.run("produce", "t", "--server", broker.url());

        assertThat(result.exitCode()).isZero();
        assertThat(broker.end("t", 0)).isZero();
    }

    @Test
    void keysGoWhereKafkasPartitionerPutsThemAndKeepTheirOrder() {
        broker.topic("t", 5);
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            input.append("key-").append(i % 37).append(':').append(i).append('\n');
        }

        Shell.Result result = Shell.run(
                bytes(input.toString()),
                "produce",
                "t",
                "--server",
                broker.url(),
                "--key-separator",
                ":",
                "--batch-records",
                "100");

        assertThat(result.exitCode()).as(result.err()).isZero();
        Map<String, Integer> last = new HashMap<>();
        for (int partition = 0; partition < 5; partition++) {
            for (String[] record : records("t", partition)) {
                int expected = Utils.toPositive(Utils.murmur2(bytes(record[0]))) % 5;
                assertThat(partition).as(record[0]).isEqualTo(expected);
                int number = Integer.parseInt(record[1]);
                assertThat(number).isGreaterThan(last.getOrDefault(record[0], -1));
                last.put(record[0], number);
            }
        }
        assertThat(last).hasSize(37);
        assertThat(Shell.run("consume", "t", "--server", broker.url()).text().lines())
                .hasSize(5_000);
    }

    @Test
    void recordsWithoutAKeyUseAllPartitions() {
        broker.topic("t", 3);

        Shell.run(bytes("line\n".repeat(10_000)), "produce", "t", "--server", broker.url(), "--batch-records", "100");

        for (int partition = 0; partition < 3; partition++) {
            assertThat(broker.end("t", partition)).as("partition %d", partition).isPositive();
        }
        assertThat(broker.end("t", 0) + broker.end("t", 1) + broker.end("t", 2)).isEqualTo(10_000);
    }

    @Test
    void theFirstRecordCreatesTheTopicAndKeepsItsPlace() {
        Shell.Result result =
                Shell.run(bytes("k:1\nk:2\nk:3\n"), "produce", "new", "--server", broker.url(), "--key-separator", ":");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(broker.end("new", 0) + broker.end("new", 1) + broker.end("new", 2))
                .isEqualTo(3);
        assertThat(result.err()).contains("3 records acknowledged");
    }

    @Test
    void filesCanBeRecordsWithTheirNamesAsKeys(@TempDir Path folder) throws IOException {
        broker.topic("t", 1);
        Path one = Files.write(folder.resolve("one.bin"), new byte[] {(byte) 0xff, '\n', 0});
        Path two = Files.writeString(folder.resolve("two words.txt"), "2");

        Shell.run(
                "produce",
                "t",
                one.toString(),
                two.toString(),
                "--file-as-record",
                "--file-key",
                "--server",
                broker.url(),
                "--header",
                "source=test");

        Shell.Result json = Shell.run("consume", "t", "--format", "ndjson", "--server", broker.url());
        assertThat(json.text().replaceAll("\"timestamp\":\\d+,", ""))
                .isEqualTo("{\"partition\":0,\"key\":\"one.bin\",\"value_base64\":\"/woA\","
                        + "\"headers\":{\"source\":\"test\"}}\n"
                        + "{\"partition\":0,\"key\":\"two words.txt\",\"value\":\"2\","
                        + "\"headers\":{\"source\":\"test\"}}\n");
    }

    @Test
    void whatConsumePrintsAsNdjsonProduceTakesBack() {
        broker.topic("from", 1).topic("to", 1);
        byte[] input = {'k', ':', (byte) 0xc3, (byte) 0x28, '\n', 'x', ':', 'y', '\n'};
        Shell.run(input, "produce", "from", "--key-separator", ":", "--server", broker.url());

        byte[] lines = Shell.run("consume", "from", "--format", "ndjson", "--server", broker.url())
                .out();
        Shell.Result back = Shell.run(lines, "produce", "to", "--ndjson", "--server", broker.url());

        assertThat(back.exitCode()).as(back.err()).isZero();
        assertThat(Shell.run("consume", "to", "--key-separator", ":", "--server", broker.url())
                        .out())
                .isEqualTo(input);
    }

    @Test
    void anOutputOnAFullDiskIsAnError() {
        broker.topic("t", 1);
        Shell.run(bytes("line\n"), "produce", "t", "--server", broker.url());
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        for (String[] command :
                new String[][] {{"consume", "t", "--server", broker.url()}, {"topics", "list", "--server", broker.url()}
                }) {
            ByteArrayOutputStream err = new ByteArrayOutputStream();

            assertThat(Shell.run(new ByteArrayInputStream(new byte[0]), full, err, command))
                    .isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8)).contains("No space left on device");
        }
    }

    @Test
    void aReaderThatGoesAwayEndsConsumeQuietly() {
        broker.topic("t", 1);
        Shell.run(bytes("line\n".repeat(100_000)), "produce", "t", "--server", broker.url());
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();

        int exitCode =
                Shell.run(new ByteArrayInputStream(new byte[0]), closed, err, "consume", "t", "--server", broker.url());

        assertThat(exitCode).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    private List<String[]> records(String topic, int partition) {
        List<String[]> records = new ArrayList<>();
        for (RecordBatch batch : broker.batches(topic, partition)) {
            RecordCursor cursor = RecordCursor.over(batch);
            while (cursor.next()) {
                records.add(new String[] {
                    StandardCharsets.UTF_8.decode(cursor.key()).toString(),
                    StandardCharsets.UTF_8.decode(cursor.value()).toString()
                });
            }
        }
        return records;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
