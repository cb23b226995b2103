package io.sluice.server.kafka;

import io.vertx.core.net.SocketAddress;

/** Who is at the other end of a connection, as far as is known. For the connection's event loop. */
public final class KafkaClient {
    private final SocketAddress remote;
    private final SocketAddress local;
    private String softwareName = "";
    private String softwareVersion = "";

    KafkaClient(SocketAddress remote, SocketAddress local) {
        this.remote = remote;
        this.local = local;
    }

    /** Where the client is. */
    public SocketAddress remote() {
        return remote;
    }

    /** The address of ours that the client reached. */
    public SocketAddress local() {
        return local;
    }

    /** The client's library; empty if it has not said. */
    public String softwareName() {
        return softwareName;
    }

    /** The version of the client's library; empty if it has not said. */
    public String softwareVersion() {
        return softwareVersion;
    }

    void software(String name, String version) {
        softwareName = name;
        softwareVersion = version;
    }

    @Override
    public String toString() {
        return remote + (softwareName.isEmpty() ? "" : " (" + softwareName + " " + softwareVersion + ")");
    }
}
