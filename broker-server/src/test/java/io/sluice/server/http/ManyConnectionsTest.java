package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.fixture.RawConnection;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManyConnectionsTest {
    private static final int COUNT = 10_000;
    private static final long MAX_RESIDENT_KB = 400_000;

    @Test
    void tenThousandIdleConnectionsAreFine(@TempDir Path folder) throws IOException {
        assumeTrue(
                ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                        && system.getMaxFileDescriptorCount() > COUNT + 1_000,
                "this process may not have that many open files");
        List<SocketChannel> idle = new ArrayList<>();
        try (ChildServer server = new ChildServer(folder)) {
            for (int i = 0; i < COUNT; i++) {
                SocketChannel channel = SocketChannel.open();
                idle.add(channel);
                // Two addresses of our own, because one has too few ports if other tests run beside this one.
                channel.bind(new InetSocketAddress(InetAddress.getByName("127.0.0." + (2 + i % 2)), 0));
                channel.connect(new InetSocketAddress("127.0.0.1", server.port()));
            }
            Await.until("all are accepted", () -> get(server, "/metrics").contains("sluice_http_connections 10001.0"));

            long beginNs = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                assertThat(get(server, "/health/ready")).startsWith("HTTP/1.1 200 ");
            }

            assertThat(System.nanoTime() - beginNs).isLessThan(TimeUnit.SECONDS.toNanos(20));
            assertThat(residentKb(server.pid())).isLessThan(MAX_RESIDENT_KB);
            assertThat(server.output()).noneMatch(line -> line.contains("BlockedThreadChecker"));
        } finally {
            for (SocketChannel channel : idle) {
                channel.close();
            }
        }
    }

    private static String get(ChildServer server, String path) {
        try (RawConnection client = new RawConnection(server.port())) {
            client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            return client.readToEnd();
        }
    }

    /** Resident memory in KB, or 0 where the system does not say. */
    private static long residentKb(long pid) throws IOException {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
    }
}
