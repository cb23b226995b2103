package io.sluice.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.core.Broker;
import io.sluice.core.engine.LogEngine;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueSetup;
import io.sluice.server.alerts.AlertBook;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.errors.ErrorLog;
import io.sluice.server.fixture.FakeEngine;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.why.Overloads;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes servers for tests of any package. */
public final class TestServers {
    private TestServers() {}

    /** A configuration on any free port of this machine, with these settings. */
    public static ServerConfig config(Map<String, String> settings) {
        ConfigSources sources = new ConfigSources();
        sources.set("http", "127.0.0.1:0", "test");
        sources.set("kafka", "127.0.0.1:0", "test");
        settings.forEach((name, text) -> sources.set(name, text, "test"));
        return ServerConfig.read(sources, false);
    }

    /** A whole server over a folder. */
    public static RunningServer on(Path dataDirectory, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("data.dir", dataDirectory.toString());
        return new RunningServer(() -> BrokerServer.start(config(all)));
    }

    /** A whole server over a folder, to which it is as late as the clock says. */
    public static RunningServer on(Path dataDirectory, Map<String, String> settings, InstantSource clock) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("data.dir", dataDirectory.toString());
        return new RunningServer(() -> BrokerServer.start(config(all).withClock(clock)));
    }

    /** A server over an engine that has been started. */
    public static RunningServer over(LogEngine engine, Map<String, String> settings) {
        return new RunningServer(() -> BrokerServer.start(new Broker(engine, false), config(settings)));
    }

    /** Every route of a server, over a broker without topics. */
    public static List<RouteGroup> routes(Vertx vertx) {
        Broker broker = new Broker(new FakeEngine(), false);
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        ServerConfig config = config(Map.of());
        GroupCoordinator groups = new GroupCoordinator(
                broker.engine(), config.groups(), config.broker().clock());
        return BrokerServer.routes(
                vertx,
                broker,
                groups,
                new QueueCoordinator(
                        broker.engine(),
                        QueueSetup.defaults(),
                        config.broker().codecs(),
                        config.broker().clock()),
                new ClientRegistry(config.broker().clock()),
                new ErrorLog(config.broker().clock()),
                new AlertBook(1, 1),
                new Overloads(),
                config,
                new Health(broker),
                new MemoryBudget(1 << 20),
                registry);
    }
}
