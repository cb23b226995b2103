package io.sluice.server.kafka;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.Uuid;

/** Topics by the names and ids of the wire, which may be any. */
public final class TopicNames {
    private TopicNames() {}

    /** The id of a topic on the wire. */
    public static Uuid idOf(Topic topic) {
        return uuid(topic.id());
    }

    /** An id as it is on the wire. */
    public static Uuid uuid(UUID id) {
        return new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    /** An id from the wire. */
    public static UUID uuid(Uuid id) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    /** The topic of an id. */
    public static Optional<Topic> find(Broker broker, Uuid id) {
        return broker.topic(uuid(id));
    }

    /** Whether a topic is the broker's own. */
    public static boolean isInternal(Topic topic) {
        return TopicName.isInternal(topic.name());
    }

    /** Whether a topic could have the name. */
    public static boolean isPossible(String name) {
        try {
            TopicName.requireValid(name);
            return true;
        } catch (BrokerException e) {
            return false;
        }
    }
}
