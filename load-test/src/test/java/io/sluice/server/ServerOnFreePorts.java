package io.sluice.server;

import java.nio.file.Path;

/** A whole server in this process. */
public final class ServerOnFreePorts {
    private ServerOnFreePorts() {}

    /** One over a folder. */
    public static BrokerServer over(Path dataDirectory) {
        ConfigSources sources = new ConfigSources();
        sources.set("http", "127.0.0.1:0", "test");
        sources.set("kafka", "127.0.0.1:0", "test");
        sources.set("data.dir", dataDirectory.toString(), "test");
        return BrokerServer.start(ServerConfig.read(sources, false));
    }
}
