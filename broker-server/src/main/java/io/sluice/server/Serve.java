package io.sluice.server;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The life of a broker process: open, listen, say so, wait for the signal, stop in order. */
final class Serve {
    private static final Logger LOG = LoggerFactory.getLogger(Serve.class);

    private final ServerConfig config;
    private final PrintStream out;

    /**
     * A process that has not begun.
     *
     * @param out where it says what it listens on, a line each
     */
    Serve(ServerConfig config, PrintStream out) {
        this.config = config;
        this.out = out;
    }

    /** Serves until the process is told to end. Returns only if the thread is interrupted. */
    int run() throws InterruptedException {
        config.chosen().forEach(line -> out.println("config " + line));
        out.println("config: all other settings have their defaults");
        BrokerServer server = BrokerServer.start(config);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop"));
        out.println("http " + config.http().withPort(server.httpPort()));
        out.println("kafka " + config.kafka().listen().withPort(server.kafkaPort()));
        out.println("data " + config.broker().dataDirectory());
        out.println("ready in " + ManagementFactory.getRuntimeMXBean().getUptime() + " ms");
        out.flush();
        new CountDownLatch(1).await();
        return 0;
    }

    private static void stop(BrokerServer server) {
        long beginNs = System.nanoTime();
        LOG.info("stopping: finishing what is in flight");
        int exitCode = 0;
        try {
            server.close();
            LOG.info("stopped in {} ms", (System.nanoTime() - beginNs) / 1_000_000);
        } catch (RuntimeException e) {
            LOG.error("the broker did not stop in order", e);
            exitCode = 1;
        }
        // A signal would make the JVM end with 128 + its number, as if it had been struck down.
        Runtime.getRuntime().halt(exitCode);
    }
}
