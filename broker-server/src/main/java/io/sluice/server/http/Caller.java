package io.sluice.server.http;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.sluice.server.clients.Client;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.RoutingContext;

/** Who makes a request: the entry of its connection among those that are connected. For the connection's event loop. */
public final class Caller {
    private static final AttributeKey<Client> CLIENT = AttributeKey.valueOf("sluice.client");

    private Caller() {}

    /** The connection of a request. */
    public static Client of(RoutingContext ctx) {
        return of(ctx.request());
    }

    /** The connection of a request. */
    public static Client of(HttpServerRequest request) {
        var connection = (HttpServerConnection) request.connection();
        return connection.channelHandlerContext().channel().attr(CLIENT).get();
    }

    static void is(Client client, Channel channel) {
        channel.attr(CLIENT).set(client);
    }

    /** Learns the client's library from the first request that says it: {@code name/version}, or any other text as a name. */
    static void introduce(Client client, HttpServerRequest request) {
        if (!client.softwareName().isEmpty()) {
            return;
        }
        String agent = request.getHeader("User-Agent");
        if (agent == null || agent.isBlank()) {
            return;
        }
        int slash = agent.indexOf('/');
        int space = agent.indexOf(' ');
        int end = space < 0 ? agent.length() : space;
        // Browsers call themselves by the name of another, and tell more behind it.
        if (slash <= 0 || slash > end || agent.startsWith("Mozilla/")) {
            client.software(agent, "");
        } else {
            client.software(agent.substring(0, slash), agent.substring(slash + 1, end));
        }
    }
}
