package io.sluice.server.http.clients;

import io.sluice.server.clients.Client;
import io.sluice.server.clients.Subscription;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;

/** Connections as JSON. Safe on any thread. */
final class ClientDocuments {
    private ClientDocuments() {}

    static JsonObject document(Client client) {
        JsonObject document = new JsonObject()
                .put("id", client.id())
                .put("protocol", name(client.protocol()))
                .put("address", client.remote())
                .put("local_address", client.local())
                .put("library", client.softwareName())
                .put("version", client.softwareVersion())
                .put("client_id", client.clientId())
                .put("principal", null)
                .put("connected_at", client.connectedAtMs())
                .put("active_at", client.activeAtMs())
                .put("in_flight", client.inFlight())
                .put("received_bytes", client.receivedBytes())
                .put("sent_bytes", client.sentBytes())
                .put("produces", new JsonArray(client.producedTopics()))
                .put("fetches", new JsonArray(client.fetchedTopics()));
        JsonArray subscriptions = new JsonArray();
        client.subscriptions().forEach(subscription -> subscriptions.add(document(subscription)));
        document.put("subscriptions", subscriptions);
        if (client.isForgetful()) {
            document.put("subscriptions_truncated", true);
        }
        return document;
    }

    static String name(Client.Protocol protocol) {
        return protocol.name().toLowerCase(Locale.ROOT);
    }

    private static JsonObject document(Subscription subscription) {
        JsonObject document = new JsonObject();
        putUnlessEmpty(document, "queue", subscription.queue());
        putUnlessEmpty(document, "group", subscription.group());
        putUnlessEmpty(document, subscription.queue().isEmpty() ? "member" : "consumer", subscription.member());
        document.put("topics", new JsonArray(subscription.topics()));
        putUnlessEmpty(document, "filters", subscription.filters());
        return document;
    }

    private static void putUnlessEmpty(JsonObject document, String name, String text) {
        if (!text.isEmpty()) {
            document.put(name, text);
        }
    }

    private static void putUnlessEmpty(JsonObject document, String name, List<String> list) {
        if (!list.isEmpty()) {
            document.put(name, new JsonArray(list));
        }
    }
}
