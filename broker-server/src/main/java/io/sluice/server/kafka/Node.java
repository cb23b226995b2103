package io.sluice.server.kafka;

import io.vertx.core.net.SocketAddress;
import java.util.Optional;

/**
 * This broker as clients see it.
 *
 * @param id its number, {@code node.id}
 * @param advertised where clients are told to connect; empty for the address by which each of them got here
 */
public record Node(int id, Optional<Address> advertised) {
    /** Where something listens. */
    public record Address(String host, int port) {}

    /** Where a client is told to connect. */
    public Address addressFor(KafkaClient client) {
        SocketAddress local = client.local();
        return advertised.orElseGet(() -> new Address(withoutScope(local.hostAddress()), local.port()));
    }

    /** The name of our network interface, behind a link-local address, says nothing to the other side. */
    private static String withoutScope(String host) {
        int scope = host.indexOf('%');
        return scope < 0 ? host : host.substring(0, scope);
    }
}
