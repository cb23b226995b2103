package io.sluice.server.kafka;

import io.sluice.server.clients.Client;
import io.vertx.core.net.SocketAddress;

/** Who is at the other end of a connection, as far as is known. For the connection's event loop. */
public final class KafkaClient {
    private final SocketAddress remote;
    private final SocketAddress local;
    private final Client entry;

    KafkaClient(SocketAddress remote, SocketAddress local, Client entry) {
        this.remote = remote;
        this.local = local;
        this.entry = entry;
    }

    /** Where the client is. */
    public SocketAddress remote() {
        return remote;
    }

    /** The address of ours that the client reached. */
    public SocketAddress local() {
        return local;
    }

    /** Its entry among all that are connected. */
    public Client entry() {
        return entry;
    }

    @Override
    public String toString() {
        String name = entry.softwareName();
        return remote + (name.isEmpty() ? "" : " (" + name + " " + entry.softwareVersion() + ")");
    }
}
