package io.sluice.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.server.alerts.AlertBook;
import io.sluice.server.alerts.AlertMetrics;
import io.sluice.server.alerts.AlertWatch;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.errors.ErrorLog;
import io.sluice.server.errors.LoggedErrors;
import io.sluice.server.http.HealthRoutes;
import io.sluice.server.http.HttpApi;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.MetaRoutes;
import io.sluice.server.http.MetricsRoutes;
import io.sluice.server.http.RequestFailures;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.TopicRoutes;
import io.sluice.server.http.clients.ClientRoutes;
import io.sluice.server.http.diagnosis.AlertRoutes;
import io.sluice.server.http.diagnosis.ErrorRoutes;
import io.sluice.server.http.diagnosis.WhyRoutes;
import io.sluice.server.http.groups.GroupFacts;
import io.sluice.server.http.groups.GroupRoutes;
import io.sluice.server.http.push.PushRoutes;
import io.sluice.server.http.queues.QueueRoutes;
import io.sluice.server.http.records.RecordRoutes;
import io.sluice.server.http.restv2.RestV2Routes;
import io.sluice.server.kafka.ApiTable;
import io.sluice.server.kafka.FrameMemory;
import io.sluice.server.kafka.KafkaLimits;
import io.sluice.server.kafka.KafkaListener;
import io.sluice.server.kafka.KafkaMetrics;
import io.sluice.server.kafka.topics.ConfigEntries;
import io.sluice.server.metrics.LogMeters;
import io.sluice.server.metrics.ProcessMeters;
import io.sluice.server.why.Overloads;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker with its faces: wiring, and nothing else. Opened and closed by one thread, which both block.
 */
public final class BrokerServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerServer.class);
    /** Beyond what HTTP may take to stop: for the rest of Vert.x. */
    private static final long STOP_MARGIN_MS = 5_000;

    private static final long LISTEN_TIMEOUT_MS = 30_000;

    private final Broker broker;
    private final ServerConfig config;
    private final Health health;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ProcessMeters processMeters = new ProcessMeters();
    private final Vertx vertx;
    private final ErrorLog errors;
    private final LoggedErrors loggedErrors;
    private final AlertBook alerts;
    private final AlertWatch watch;
    private final ClientRegistry clients;
    private final HttpApi http;
    private final GroupCoordinator groups;
    private final QueueCoordinator queues;
    private final KafkaListener kafka;
    private int httpPort;
    private int kafkaPort;
    private boolean closed;

    /**
     * A server that does not listen yet.
     *
     * @param broker an open broker, which the server owns from now on
     */
    BrokerServer(Broker broker, ServerConfig config) {
        this.broker = broker;
        this.config = config;
        this.health = new Health(broker);
        this.vertx = vertx(config.eventLoopCount());
        this.groups = new GroupCoordinator(
                broker.engine(), config.groups(), config.broker().clock());
        this.queues = new QueueCoordinator(
                broker.engine(),
                config.queues(),
                config.broker().codecs(),
                config.broker().clock());
        broker.guard(queues::check);
        this.errors = new ErrorLog(config.broker().clock());
        this.loggedErrors = LoggedErrors.listen(errors);
        this.clients = new ClientRegistry(
                config.broker().clock(),
                (client, code, where, message) -> errors.add(code, where, client.host(), message));
        this.alerts =
                new AlertBook(config.alerts().raiseChecks(), config.alerts().clearChecks());
        AlertMetrics.register(registry, alerts);
        Overloads overloads = new Overloads();
        GroupFacts facts =
                new GroupFacts(broker, groups, clients, config.broker().clock());
        this.watch = new AlertWatch(
                vertx,
                broker,
                groups,
                facts::find,
                config.alerts(),
                config.broker().clock(),
                alerts,
                overloads);
        MemoryBudget memory = new MemoryBudget(config.records().budgetBytes());
        this.http = new HttpApi(
                vertx,
                config.limits(),
                config.cors(),
                routes(
                        vertx, broker, groups, queues, clients, errors, alerts, overloads, config, health, memory,
                        registry),
                clients,
                memory,
                registry);
        this.kafka = kafkaListener();
    }

    private KafkaListener kafkaListener() {
        KafkaLimits limits = config.kafka().limits();
        FrameMemory requests = new FrameMemory(limits.memoryBytes());
        FrameMemory responses = new FrameMemory(limits.responseBytes());
        ApiTable apis = KafkaApis.table(
                broker,
                groups,
                config.kafka().node(),
                limits,
                responses,
                new ConfigEntries(config.broker().given(), config.settings()),
                config.broker().dataDirectory());
        return new KafkaListener(
                vertx, limits, requests, new KafkaMetrics(registry, requests, responses), apis, clients);
    }

    /** Every route of the HTTP face, in groups. */
    static List<RouteGroup> routes(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            QueueCoordinator queues,
            ClientRegistry clients,
            ErrorLog errors,
            AlertBook alerts,
            Overloads overloads,
            ServerConfig config,
            Health health,
            MemoryBudget memory,
            PrometheusMeterRegistry registry) {
        RecordRoutes records = new RecordRoutes(vertx, broker, config.records(), memory, registry);
        QueueRoutes queueRoutes = new QueueRoutes(
                vertx,
                broker,
                queues,
                records,
                config.limits(),
                config.push(),
                config.cors(),
                config.broker().clock());
        // A request is held against one route after the other: those that are asked for most come first.
        return List.of(
                records,
                queueRoutes,
                new GroupRoutes(
                        vertx,
                        broker,
                        groups,
                        clients,
                        config.groups().limits(),
                        records.access(),
                        config.limits(),
                        config.broker().clock(),
                        registry),
                new MetaRoutes(Version.current()),
                new HealthRoutes(health),
                new MetricsRoutes(registry),
                new TopicRoutes(broker, config.broker().given(), config.limits()),
                new ClientRoutes(clients),
                new ErrorRoutes(errors),
                new AlertRoutes(alerts),
                new WhyRoutes(
                        vertx,
                        broker,
                        clients,
                        new GroupFacts(broker, groups, clients, config.broker().clock()),
                        queueRoutes.facts(),
                        errors,
                        overloads,
                        config.broker().clock()),
                new PushRoutes(
                        vertx,
                        broker,
                        groups,
                        config.groups().limits(),
                        records,
                        config.push(),
                        config.cors(),
                        config.broker().clock(),
                        registry),
                new RestV2Routes(
                        vertx,
                        broker,
                        groups,
                        config.groups().limits(),
                        records,
                        config.rest(),
                        config.limits(),
                        config.broker().given(),
                        config.kafka().node().id(),
                        config.broker().clock(),
                        registry));
    }

    private static Vertx vertx(int eventLoopCount) {
        RequestFailures.prepare();
        VertxOptions options = new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(eventLoopCount)
                .setWorkerPoolSize(4)
                .setInternalBlockingPoolSize(4)
                .setDisableTCCL(true)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false));
        Vertx vertx = Vertx.vertx(options);
        RequestFailures.catchAll(vertx);
        if (!vertx.isNativeTransportEnabled()) {
            LOG.info("no native transport on this platform; the JDK's own is used");
        }
        return vertx;
    }

    /**
     * Opens the log and listens. Blocks until the broker is ready.
     *
     * @throws ServerException if the address cannot be listened on
     * @throws io.sluice.core.BrokerException if the log cannot be opened
     */
    public static BrokerServer start(ServerConfig config) {
        // Before the log is opened: a data directory that nobody will use must not be left behind.
        config.http().requireFree();
        return start(Broker.open(config.broker()), config);
    }

    static BrokerServer start(Broker broker, ServerConfig config) {
        BrokerServer server = new BrokerServer(broker, config);
        try {
            server.listen();
            return server;
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** Listens, and is ready when this returns. */
    private void listen() {
        groups.start();
        queues.start();
        httpPort = listen(config.http(), http::listen);
        kafkaPort = listen(config.kafka().listen(), kafka::listen);
        health.enter(Health.Phase.SERVING);
        watch.start();
        // After the broker is ready, and not on an event loop: nobody waits for meters.
        vertx.executeBlocking(() -> {
            processMeters.bind(registry);
            LogMeters.bind(broker.engine(), registry);
            return Boolean.TRUE;
        });
    }

    /** A listener that is to begin. */
    private interface Listener {
        Future<Integer> listen(String host, int port, int loopCount);
    }

    private int listen(HostAndPort address, Listener listener) {
        try {
            return await(listener.listen(address.host(), address.port(), config.eventLoopCount()), LISTEN_TIMEOUT_MS);
        } catch (ServerException e) {
            throw address.cannotListen(e);
        }
    }

    /** The port of Kafka's protocol that is listened on. */
    public int kafkaPort() {
        return kafkaPort;
    }

    /** The HTTP port that is listened on. */
    public int httpPort() {
        return httpPort;
    }

    /**
     * Stops accepting, finishes what is in flight, flushes and marks a clean shutdown. Blocks as long as that takes, but
     * requests that do not end are cut off after {@code http.shutdown.timeout.ms}.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        health.enter(Health.Phase.STOPPING);
        watch.stop();
        long deadlineMs = config.limits().shutdownTimeoutMs() + STOP_MARGIN_MS;
        try {
            await(Future.join(http.stop(), kafka.stop()), deadlineMs);
            await(vertx.close(), deadlineMs);
        } catch (RuntimeException e) {
            // The log is worth more than an orderly end of connections.
            LOG.warn("the listeners did not stop in order", e);
        } finally {
            queues.close();
            groups.close();
            broker.close();
            loggedErrors.close();
            processMeters.close();
            registry.close();
        }
    }

    private static <T> T await(Future<T> future, long timeoutMs) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new ServerException(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new ServerException("not done after " + timeoutMs + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerException("interrupted", e);
        }
    }
}
