package io.sluice.server.kafka;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.Uuid;

/** Topics and partitions by the names, ids and numbers of the wire, which may be any. */
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

    /**
     * The log of a partition.
     *
     * @throws BrokerException as {@link Broker#partition(String, int)}; UNKNOWN_PARTITION also for a negative number
     */
    public static PartitionLog partition(Broker broker, String topic, int partition) {
        if (partition < 0) {
            throw new BrokerException(
                    ErrorCode.UNKNOWN_PARTITION, "there is no partition " + partition + " of " + topic);
        }
        return broker.partition(topic, partition);
    }

    /** Whether a topic is the broker's own. */
    public static boolean isInternal(Topic topic) {
        return topic.name().startsWith("__");
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
