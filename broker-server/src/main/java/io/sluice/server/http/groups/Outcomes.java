package io.sluice.server.http.groups;

import io.sluice.core.TopicPartition;
import io.vertx.core.json.JsonObject;

/** What is said of one partition. */
final class Outcomes {
    private Outcomes() {}

    /** Names a partition. */
    static JsonObject of(TopicPartition partition) {
        return new JsonObject().put("topic", partition.topic()).put("partition", partition.partition());
    }
}
