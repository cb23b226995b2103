package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.engine.Change;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.Node;
import io.sluice.server.kafka.TopicNames;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.protocol.Errors;

/** Changes of settings. Those of topics can be changed while the broker runs, its own cannot. */
final class ConfigChanges {
    private static final KafkaErrors.Answer DONE = new KafkaErrors.Answer(Errors.NONE, null);

    private final Broker broker;
    private final Node node;

    ConfigChanges(Broker broker, Node node) {
        this.broker = broker;
        this.node = node;
    }

    /**
     * Changes the settings of a resource.
     *
     * @param changes works out what is to change of a topic: values set, empty ones go back to the default. It may throw
     *     {@link ApiException}.
     * @return the outcome; it does not fail
     */
    CompletableFuture<KafkaErrors.Answer> change(
            byte type, String name, boolean validateOnly, Function<Topic, Map<String, Optional<String>>> changes) {
        try {
            Topic topic = require(ConfigResource.Type.forId(type), name);
            return broker.alterTopic(name, changes.apply(topic), validateOnly ? Change.VALIDATE : Change.APPLY)
                    .handle((altered, failure) -> failure == null ? DONE : KafkaErrors.of(failure));
        } catch (ApiException e) {
            return CompletableFuture.completedFuture(KafkaErrors.of(e));
        }
    }

    private Topic require(ConfigResource.Type type, String name) {
        return switch (type) {
            case TOPIC -> {
                if (name.isEmpty()) {
                    throw new InvalidRequestException("Default topic resources are not allowed.");
                }
                if (!TopicNames.isPossible(name)) {
                    throw new InvalidTopicException("No topic can have the name '" + name + "'.");
                }
                yield broker.topic(name)
                        .orElseThrow(
                                () -> new UnknownTopicOrPartitionException("The topic '" + name + "' does not exist."));
            }
            case BROKER -> {
                if (!name.isEmpty() && !name.equals(String.valueOf(node.id()))) {
                    throw new InvalidRequestException(
                            "Unexpected broker id, expected " + node.id() + " or empty string, but received " + name);
                }
                throw new InvalidRequestException(
                        "The settings of the broker cannot be changed while it runs: change its"
                                + " configuration and start it again.");
            }
            default -> throw new InvalidRequestException("Resources of type " + type + " have no settings here.");
        };
    }
}
