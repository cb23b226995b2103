package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.proof.PlainClient.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file system of 256 MB that runs full under several clients: whoever writes is told the truth, what was acknowledged
 * stays, reading and deleting go on, and writing returns by itself.
 */
class FullDiskTest {
    private static final int CLIENTS = 6;
    /** The last topic has nobody who writes to it: it is there to be deleted. */
    private static final String BALLAST = "ballast";

    private static final int REFUSALS = 10;

    @TempDir
    private Path mountPoint;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=256m", "sluice-test", mountPoint.toString());
        assumeTrue(mounted, "this test must mount a tmpfs, which this user may not");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", mountPoint.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aDiskThatReachesTheFloorRefusesWritesAndNothingElse() throws Exception {
        fillAndRecover();
    }

    @Test
    void aDiskWithoutAByteLeftRefusesWritesAndNothingElse() throws Exception {
        fillAndRecover(
                "--set",
                "log.min.free.bytes=0",
                "--set",
                "log.flush.offset.checkpoint.interval.ms=20",
                "--set",
                "log.retention.check.interval.ms=100");
    }

    private void fillAndRecover(String... settings) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--set", "log.segment.bytes=1048576"));
        arguments.addAll(List.of(settings));
        List<DiskLedger> ledgers = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            ledgers.add(new DiskLedger("topic-" + i));
        }
        ChildServer server = new ChildServer(mountPoint.resolve("data"), arguments.toArray(new String[0]));
        try (server) {
            try {
                makeBallast(server);
                writeUntilRefused(server, ledgers);
                // What others leave on the disk can take the last byte, also that of the floor.
                Path filler = mountPoint.resolve("filler");
                fill(filler);
                writeUntilRefused(server, ledgers);
                try (PlainClient client = new PlainClient(server.port())) {
                    topicsAnswerTruthfully(client);
                    verify(client, ledgers);
                    recordsCanBeDeleted(client, ledgers.get(0));
                }
                Files.delete(filler);
                try (PlainClient client = new PlainClient(server.port())) {
                    // Then it has its reserve again, without which a full disk is no place to start.
                    writingReturns(client, ledgers);
                }
                fill(filler);
                writeUntilRefused(server, ledgers);

                server.kill();
                server.start();
                try (PlainClient client = new PlainClient(server.port())) {
                    verify(client, ledgers);
                    writeUntilRefused(server, ledgers);
                    Answer deleted = client.send("DELETE", "/v1/topics/" + BALLAST);
                    assertThat(deleted.status()).as(deleted.body()).isEqualTo(204);
                    writingReturns(client, ledgers);
                    verify(client, ledgers);
                    Files.delete(filler);
                }
                server.killAndRestart();
                try (PlainClient client = new PlainClient(server.port())) {
                    verify(client, ledgers);
                    assertThat(client.get("/health/ready").body()).doesNotContain("partition_offline");
                }
                assertThat(server.stop()).isZero();
            } catch (Exception | AssertionError e) {
                throw new AssertionError(
                        "the server " + (server.isAlive() ? "lives" : "has ended") + " and said:\n"
                                + String.join("\n", server.output()),
                        e);
            }
        }
    }

    private static void makeBallast(ChildServer server) throws IOException {
        try (PlainClient client = new PlainClient(server.port())) {
            for (int i = 0; i < 40; i++) {
                assertThat(client.send(
                                        "POST",
                                        "/v1/topics/" + BALLAST + "/records",
                                        "application/octet-stream",
                                        new byte[1_000_000])
                                .status())
                        .isEqualTo(200);
            }
        }
    }

    /** All clients write at once, until each has been refused a few times. */
    private static void writeUntilRefused(ChildServer server, List<DiskLedger> ledgers) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(ledgers.size());
        try {
            List<Future<?>> writing = new ArrayList<>();
            for (DiskLedger ledger : ledgers) {
                writing.add(clients.submit(() -> {
                    try (PlainClient client = new PlainClient(server.port())) {
                        int refusals = 0;
                        while (refusals < REFUSALS) {
                            refusals += ledger.write(client) ? 0 : 1;
                        }
                        return null;
                    }
                }));
            }
            for (Future<?> one : writing) {
                one.get(120, TimeUnit.SECONDS);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    private static void fill(Path filler) throws IOException {
        byte[] block = new byte[64 * 1024];
        try (OutputStream file = Files.newOutputStream(filler)) {
            while (true) {
                file.write(block);
            }
        } catch (IOException full) {
            assertThat(full.getMessage()).contains("No space left");
        }
    }

    /** A topic may be made or refused, but a made one must be there, and a refused one must not. */
    private static void topicsAnswerTruthfully(PlainClient client) throws IOException {
        for (int i = 0; i < 20; i++) {
            String path = "/v1/topics/late-" + i;
            Answer made = client.send("PUT", path, "application/json", AnswerDecoder.ascii("{\"partitions\":3}"));
            Answer described = client.get(path);
            if (made.status() == 201) {
                assertThat(described.body()).doesNotContain("\"error\"");
                Answer deleted = client.send("DELETE", path);
                assertThat(deleted.status()).as(deleted.body()).isEqualTo(204);
            } else {
                DiskLedger.assertTellsOfTheDisk(made);
                assertThat(described.status()).isEqualTo(404);
            }
        }
        Answer altered = client.send(
                "PATCH",
                "/v1/topics/topic-1",
                "application/json",
                AnswerDecoder.ascii("{\"config\":{\"retention.ms\":\"86400000\"}}"));
        if (altered.status() != 200) {
            DiskLedger.assertTellsOfTheDisk(altered);
        }
    }

    private static void recordsCanBeDeleted(PlainClient client, DiskLedger ledger) throws IOException {
        long before = ledger.size() / 2;
        Answer trimmed =
                client.send("DELETE", "/v1/topics/" + ledger.topic() + "/partitions/0/records?before=" + before);
        assertThat(trimmed.status()).as(trimmed.body()).isEqualTo(200);
        assertThat(trimmed.body()).isEqualTo("{\"log_start_offset\":" + before + "}");
        ledger.deletedBefore(before);
    }

    private static void writingReturns(PlainClient client, List<DiskLedger> ledgers) {
        for (DiskLedger ledger : ledgers) {
            Await.until("writing to " + ledger.topic() + " returns", () -> {
                try {
                    return ledger.write(client);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    private static void verify(PlainClient client, List<DiskLedger> ledgers) throws IOException {
        for (DiskLedger ledger : ledgers) {
            ledger.verify(client);
        }
    }
}
