package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that go away in the middle leave nothing behind: no waiter, no connection, no open file. */
class AbandonedReadersTest {
    private static final int ROUNDS = 5;
    private static final int POLLS_PER_ROUND = 1_000;
    private static final int HALF_READERS = 200;
    private static final int LARGE_BYTES = 5_000_000;

    @TempDir
    private Path folder;

    @Test
    void fiveThousandAbandonedLongPollsAreForgotten() throws IOException {
        try (ChildServer server = new ChildServer(folder);
                PlainClient client = new PlainClient(server.port())) {
            create(client, "quiet");
            for (int round = 0; round < ROUNDS; round++) {
                List<Socket> polls = new ArrayList<>();
                try {
                    for (int i = 0; i < POLLS_PER_ROUND; i++) {
                        polls.add(ask(server, "quiet", "wait_ms=60000"));
                    }
                    Await.until("all of them wait", () -> metric(client, "sluice_log_waiters") == POLLS_PER_ROUND);
                } finally {
                    leave(polls);
                }
                Await.until("nobody waits", () -> metric(client, "sluice_log_waiters") == 0);
            }

            Await.until("only we are connected", () -> metric(client, "sluice_http_connections") == 1);
            assertThat(client.send("POST", "/v1/topics/quiet/records", "text/plain", new byte[] {'x'})
                            .status())
                    .isEqualTo(200);
            assertThat(client.get("/v1/topics/quiet/partitions/0/records").body())
                    .contains("\"value\":\"x\"");
            assertSound(server);
        }
    }

    @Test
    void readersThatLeaveInTheMiddleOfALargeRecordLeaveNoFileOpen() throws IOException {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "this system does not show open files under /proc");
        try (ChildServer server = new ChildServer(folder);
                PlainClient client = new PlainClient(server.port())) {
            create(client, "large");
            assertThat(client.send("POST", "/v1/topics/large/records", "text/plain", new byte[LARGE_BYTES])
                            .status())
                    .isEqualTo(200);
            List<Socket> readers = new ArrayList<>();
            for (int i = 0; i < HALF_READERS; i++) {
                String form = List.of("application/json", "application/x-ndjson", "application/vnd.sluice.batches")
                        .get(i % 3);
                readers.add(ask(server, "large", "max_bytes=10000000", "Accept: " + form + "\r\n"));
            }
            for (Socket reader : readers) {
                assertThat(reader.getInputStream().readNBytes(1_000)).hasSize(1_000);
            }
            leave(readers);
            Await.until("only we are connected", () -> metric(client, "sluice_http_connections") == 1);

            assertThat(client.send("DELETE", "/v1/topics/large").status()).isEqualTo(204);

            Await.until(
                    "no deleted file is open",
                    () -> openFiles(server).noneMatch(file -> file.contains("large-0") || file.contains("deleted")));
            assertSound(server);
        }
    }

    private static void create(PlainClient client, String topic) throws IOException {
        byte[] config = AnswerDecoder.ascii("{\"config\":{\"max.message.bytes\":\"22020096\"}}");
        assertThat(client.send("PUT", "/v1/topics/" + topic, "application/json", config)
                        .status())
                .isEqualTo(201);
    }

    private static Socket ask(ChildServer server, String topic, String query, String... headers) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(30_000);
        String request = "GET /v1/topics/" + topic + "/partitions/0/records?" + query + " HTTP/1.1\r\nHost: x\r\n"
                + String.join("", headers) + "\r\n";
        socket.getOutputStream().write(AnswerDecoder.ascii(request));
        return socket;
    }

    /** Half of them say goodbye, the others reset the connection. */
    private static void leave(List<Socket> sockets) throws IOException {
        for (int i = 0; i < sockets.size(); i++) {
            if (i % 2 == 0) {
                sockets.get(i).setSoLinger(true, 0);
            }
            sockets.get(i).close();
        }
    }

    private static double metric(PlainClient client, String name) {
        try {
            return client.metric(name);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Stream<String> openFiles(ChildServer server) {
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(server.pid()), "fd"))) {
            return files.map(AbandonedReadersTest::target).toList().stream();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            // Closed between the listing and the look.
            return "";
        }
    }

    private static void assertSound(ChildServer server) {
        assertThat(server.output())
                .noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "))
                .noneMatch(line -> line.contains("BlockedThreadChecker"));
    }
}
