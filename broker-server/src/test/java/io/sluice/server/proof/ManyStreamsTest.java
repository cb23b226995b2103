package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many event streams, of which half take nothing, cost a bounded memory while a producer goes as fast as it can. */
class ManyStreamsTest {
    private static final boolean LONG = "long".equals(System.getProperty("proof.budget"));
    private static final int STREAMS = LONG ? 5_000 : 400;
    private static final long PRODUCING_MS = LONG ? 60_000 : 4_000;
    private static final long MEMORY_BYTES = 24L << 20;
    private static final long MAX_RESIDENT_KB = 700_000;

    @TempDir
    Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicLong taken = new AtomicLong();
    private volatile boolean done;

    @Test
    void manyStreamsAreHeldInBoundedMemoryWhileAFastProducerRuns() throws Exception {
        assumeTrue(
                ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                        && system.getMaxFileDescriptorCount() > STREAMS + 1_000,
                "this process may not have that many open files");
        List<SocketChannel> streams = new ArrayList<>();
        try (ChildServer server = new ChildServer(
                        folder, "--set", "http.push.memory.bytes=" + MEMORY_BYTES, "--set", "log.min.free.bytes=0");
                Selector selector = Selector.open()) {
            send(server, "PUT", "/v1/topics/t", "{\"partitions\": 8}");
            for (int i = 0; i < STREAMS; i++) {
                streams.add(listen(server, i, i % 2 == 0 ? selector : null));
            }
            Await.until("all listen", () -> meter(server, "sluice_http_push_subscriptions") == STREAMS);
            Thread taker = new Thread(() -> take(selector), "taker");
            taker.start();

            String record = "{\"value\": \"" + "x".repeat(500) + "\"}";
            String body = "{\"records\": [" + (record + ",").repeat(199) + record + "]}";
            long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PRODUCING_MS);
            long records = 0;
            double mostMemory = 0;
            long mostResidentKb = 0;
            while (System.nanoTime() < endNs) {
                assertThat(send(server, "POST", "/v1/topics/t/records", body)).contains("offset");
                records += 200;
                mostMemory = Math.max(mostMemory, meter(server, "sluice_http_push_memory_bytes"));
                mostResidentKb = Math.max(mostResidentKb, server.residentKb());
            }

            System.out.printf(
                    "%d streams, %d records produced, %d MiB taken, at most %d KiB in pieces, %d MiB resident%n",
                    STREAMS, records, taken.get() >> 20, (long) mostMemory >> 10, mostResidentKb >> 10);
            assertThat(mostMemory).isLessThanOrEqualTo(MEMORY_BYTES);
            assertThat(mostResidentKb).isLessThan(MAX_RESIDENT_KB);
            assertThat(taken.get()).isPositive();
            assertThat(meter(server, "sluice_http_push_subscriptions")).isEqualTo(STREAMS);
            assertThat(server.output()).noneMatch(line -> line.contains("OutOfMemory"));
            done = true;
            selector.wakeup();
            taker.join();
        } finally {
            for (SocketChannel stream : streams) {
                stream.close();
            }
        }
    }

    private static SocketChannel listen(ChildServer server, int number, Selector selector) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getByName("127.0.0." + (2 + number % 2)), 0));
        channel.connect(new InetSocketAddress("127.0.0.1", server.port()));
        channel.write(ByteBuffer.wrap(
                "GET /v1/topics/t/events HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        if (selector != null) {
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
        }
        return channel;
    }

    private void take(Selector selector) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(256 * 1024);
        try {
            while (!done) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    bytes.clear();
                    int read = ((SocketChannel) key.channel()).read(bytes);
                    if (read < 0) {
                        key.cancel();
                    } else {
                        taken.addAndGet(read);
                    }
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String send(ChildServer server, String method, String path, String body) throws Exception {
        return client.send(
                        HttpRequest.newBuilder(server.uri(path))
                                .header("Content-Type", "application/json")
                                .method(method, BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    private double meter(ChildServer server, String name) {
        try {
            return send(server, "GET", "/metrics", "")
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .sum();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
