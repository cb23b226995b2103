package io.sluice.loadtest.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.BrokerServer;
import io.sluice.server.ServerOnFreePorts;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The loops of the comparison, over the two systems that are there wherever this is built. */
@Timeout(120)
class QueueSystemsTest {
    @TempDir
    private Path folder;

    @Test
    void sluiceDoesTurnsBatchesAndAFixedRate() throws Exception {
        try (BrokerServer server = ServerOnFreePorts.over(folder);
                QueueSystem sluice = new SluiceQueues("Sluice", "http://127.0.0.1:" + server.httpPort())) {
            doesItAll(sluice);
        }
    }

    @Test
    void sluiceDoesTheSameOverOneWebSocket() throws Exception {
        try (BrokerServer server = ServerOnFreePorts.over(folder);
                QueueSystem sluice =
                        new SluiceSocketQueues("Sluice, WebSocket", "http://127.0.0.1:" + server.httpPort())) {
            doesItAll(sluice);
        }
    }

    @Test
    void sqliteDoesTurnsBatchesAndAFixedRate() throws Exception {
        try (QueueSystem sqlite = new SqliteQueues("WAL", "FULL", folder)) {
            doesItAll(sqlite);
        }

        assertThat(folder).isEmptyDirectory();
    }

    private static void doesItAll(QueueSystem system) throws Exception {
        try (TestQueue queue = system.create("turns", 4, 1)) {
            Measured turns = run(system, queue).turns(4, 1);
            assertThat(turns.messages()).isEqualTo(turns.times().getTotalCount());
        }
        try (TestQueue queue = system.create("batches", 1, 10)) {
            Measured batches = run(system, queue).turns(1, 10);
            assertThat(batches.messages()).isEqualTo(10 * batches.times().getTotalCount());
        }
        try (TestQueue queue = system.create("rate", 4, 1)) {
            Measured atRate = run(system, queue).atRate(100);
            assertThat(atRate.messages()).isBetween(1L, 101L);
            assertThat(atRate.abandoned()).isZero();
            assertThat(atRate.arrivals().getTotalCount()).isEqualTo(atRate.messages());
        }
    }

    private static QueueRun run(QueueSystem system, TestQueue queue) {
        return new QueueRun(queue, system.server(), new Bodies(1), Duration.ZERO, Duration.ofSeconds(1));
    }
}
