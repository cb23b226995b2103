package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry;
import io.vertx.core.net.SocketAddress;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeTest {
    @Test
    void aLinkLocalAddressIsToldWithoutOurInterface() throws UnknownHostException {
        byte[] address = new byte[16];
        address[0] = (byte) 0xfe;
        address[1] = (byte) 0x80;
        address[15] = 1;
        SocketAddress local = SocketAddress.inetSocketAddress(
                new InetSocketAddress(Inet6Address.getByAddress(null, address, 3), 9092));
        assertThat(local.hostAddress()).contains("%");

        Client client =
                new ClientRegistry(InstantSource.system()).connected(Client.Protocol.KAFKA, "them", "us", () -> {});
        Node.Address told = new Node(1, Optional.empty()).addressFor(new KafkaClient(local, local, client));

        assertThat(told.host()).isEqualTo("fe80:0:0:0:0:0:0:1");
        assertThat(told.port()).isEqualTo(9092);
    }
}
