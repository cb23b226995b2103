package io.sluice.server.http.clients;

import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is connected.
 *
 * <pre>
 *  GET         /v1/clients         the connections of all protocols, page by page
 *  GET, DELETE /v1/clients/{id}    one of them
 * </pre>
 */
public final class ClientRoutes implements RouteGroup {
    private static final Logger LOG = LoggerFactory.getLogger(ClientRoutes.class);
    private static final String CLIENT = "/v1/clients/:client";
    private static final Set<String> PARAMETERS = Set.of("limit", "after", "protocol", "group", "topic");
    private static final int DEFAULT_PAGE = 100;
    private static final int MAX_PAGE = 1_000;

    private final ClientRegistry clients;

    public ClientRoutes(ClientRegistry clients) {
        this.clients = clients;
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/v1/clients", JsonAnswer.answering(this::list));
        Routes.get(router, CLIENT, JsonAnswer.answering(this::describe));
        router.delete(CLIENT).handler(JsonAnswer.answering(this::close));
    }

    private Future<JsonAnswer> list(RoutingContext ctx) {
        Query query = Query.of(ctx, PARAMETERS);
        int limit = (int) query.number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        long after = query.number("after", 0, 0, Long.MAX_VALUE);
        Optional<Client.Protocol> protocol = query.text("protocol").map(ClientRoutes::protocol);
        Optional<String> topic = query.text("topic");
        Predicate<Client> matches =
                client -> protocol.filter(wanted -> wanted != client.protocol()).isEmpty()
                        && topic.filter(wanted -> !client.isAbout(wanted)).isEmpty();
        ClientRegistry.Page page = query.text("group")
                .map(group -> clients.page(group, after, limit, matches))
                .orElseGet(() -> clients.page(after, limit, matches));
        JsonArray documents = new JsonArray();
        page.clients().forEach(client -> documents.add(ClientDocuments.document(client)));
        JsonObject answer = new JsonObject().put("clients", documents);
        page.next().ifPresent(next -> answer.put("next", next));
        return Future.succeededFuture(JsonAnswer.of(200, answer));
    }

    private static Client.Protocol protocol(String name) {
        return Arrays.stream(Client.Protocol.values())
                .filter(known -> ClientDocuments.name(known).equals(name))
                .findFirst()
                .orElseThrow(() -> Query.invalid(
                        "protocol",
                        "is \"" + name + "\"; known are "
                                + Arrays.stream(Client.Protocol.values())
                                        .map(ClientDocuments::name)
                                        .collect(Collectors.joining(", "))));
    }

    private Future<JsonAnswer> describe(RoutingContext ctx) {
        Query.refuse(ctx);
        return Future.succeededFuture(JsonAnswer.of(200, ClientDocuments.document(known(ctx))));
    }

    private Client known(RoutingContext ctx) {
        String text = ctx.pathParam("client");
        return clients.find(Query.number("client", text, 1, Long.MAX_VALUE))
                .orElseThrow(() -> new HttpProblem(404, "unknown_client", "there is no connection " + text));
    }

    /** Ends a connection; if it is the very one that asks, when it has the answer. */
    private Future<JsonAnswer> close(RoutingContext ctx) {
        Query.refuse(ctx);
        Client client = known(ctx);
        LOG.info(
                "the {} connection {} of {} is closed, as {} asked",
                ClientDocuments.name(client.protocol()),
                client.id(),
                client.remote(),
                ctx.request().remoteAddress());
        if (client == Caller.of(ctx)) {
            HttpErrors.closeAfterResponse(ctx.request());
        } else {
            client.close();
        }
        return Future.succeededFuture(JsonAnswer.NOTHING);
    }
}
