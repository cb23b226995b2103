package io.sluice.server.cli.topics;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import java.util.ArrayList;
import java.util.List;

/** Walks the list of topics page by page, as far as the broker's cursor leads. */
final class TopicPages {
    private final BrokerConnection broker;

    TopicPages(BrokerConnection broker) {
        this.broker = broker;
    }

    List<JsonNode> all() {
        List<JsonNode> topics = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = broker.get(
                    cursor.isEmpty() ? "/v1/topics" : "/v1/topics?cursor=" + BrokerConnection.encode(cursor));
            page.path("topics").forEach(topics::add);
            String next = page.path("next").asText("");
            if (next.equals(cursor) && !next.isEmpty()) {
                throw new CliException(CliException.REFUSED, "the broker's list of topics does not come to an end");
            }
            cursor = next;
        } while (!cursor.isEmpty());
        return topics;
    }
}
