package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.engine.Change;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.Node;
import io.sluice.server.kafka.TopicNames;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicConfigs;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** CreateTopics: each topic for itself. There is one broker, so one replica. */
public final class CreateTopicsApi implements ApiHandler<CreateTopicsRequestData> {
    private static final int UNSET = -1;
    /** Of one request, as with Kafka. */
    static final int MAX_PARTITIONS = 10_000;

    private final Broker broker;
    private final Node node;
    private final ConfigEntries configs;
    private final int defaultPartitions;

    public CreateTopicsApi(Broker broker, Node node, ConfigEntries configs) {
        this.broker = broker;
        this.node = node;
        this.configs = configs;
        this.defaultPartitions = configs.defaultPartitions();
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<CreateTopicsRequestData> request) {
        CreateTopicsRequestData data = request.message();
        CreateTopicsResponseData response = new CreateTopicsResponseData();
        Gather gather = new Gather(response);
        Change change = data.validateOnly() ? Change.VALIDATE : Change.APPLY;
        Set<String> seen = new HashSet<>();
        Set<String> twice = new HashSet<>();
        data.topics().forEach(topic -> {
            if (!seen.add(topic.name())) {
                twice.add(topic.name());
            }
        });
        boolean isTooMuch = partitionsOf(data) > MAX_PARTITIONS;
        for (String name : seen) {
            CreatableTopicResult answer = new AnswerEntries.CreatedTopic()
                    .setName(name)
                    .setNumPartitions(UNSET)
                    .setReplicationFactor((short) UNSET);
            response.topics().add(answer);
            if (isTooMuch) {
                answer.setErrorCode(Errors.POLICY_VIOLATION.code())
                        .setErrorMessage("Excessively large number of partitions per request.");
                continue;
            }
            if (twice.contains(name)) {
                answer.setErrorCode(Errors.INVALID_REQUEST.code()).setErrorMessage("Duplicate topic name.");
                continue;
            }
            NewTopic wish;
            try {
                wish = wishOf(data.topics().find(name));
            } catch (ApiException e) {
                refuse(answer, e);
                continue;
            }
            gather.add(broker.createTopic(wish, change), (topic, failure) -> {
                if (failure != null) {
                    refuse(answer, failure);
                } else {
                    describe(answer, topic);
                }
            });
        }
        return gather.seal();
    }

    /** How many a request asks for, all its topics together. */
    private long partitionsOf(CreateTopicsRequestData data) {
        long partitions = 0;
        for (CreatableTopic topic : data.topics()) {
            if (!topic.assignments().isEmpty()) {
                partitions += topic.assignments().size();
            } else {
                partitions += Math.max(0, topic.numPartitions() == UNSET ? defaultPartitions : topic.numPartitions());
            }
        }
        return partitions;
    }

    private static void refuse(CreatableTopicResult answer, Throwable failure) {
        KafkaErrors.Answer error = KafkaErrors.of(failure);
        answer.setErrorCode(error.code()).setErrorMessage(error.message());
    }

    private NewTopic wishOf(CreatableTopic topic) {
        int partitions = topic.numPartitions();
        if (!topic.assignments().isEmpty()) {
            if (partitions != UNSET || topic.replicationFactor() != UNSET) {
                throw new InvalidRequestException(
                        "A manual partition assignment was specified, but numPartitions or replicationFactor was not set"
                                + " to -1.");
            }
            partitions = partitionsOf(topic);
        } else if (topic.replicationFactor() != UNSET && topic.replicationFactor() != 1) {
            throw new InvalidReplicationFactorException(
                    topic.replicationFactor() < 1
                            ? "Replication factor must be larger than 0, or -1 to use the default value."
                            : "Unable to replicate the partition " + topic.replicationFactor()
                                    + " time(s): there is 1 broker.");
        }
        Map<String, String> config = new HashMap<>();
        for (CreatableTopicConfig entry : topic.configs()) {
            if (entry.value() == null) {
                throw new InvalidConfigurationException("Null value not supported for topic configs: " + entry.name());
            }
            if (config.put(entry.name(), entry.value()) != null) {
                throw new InvalidConfigurationException("The setting " + entry.name() + " is given twice.");
            }
        }
        return new NewTopic(topic.name(), partitions, config);
    }

    private int partitionsOf(CreatableTopic topic) {
        Set<Integer> indexes = new HashSet<>();
        for (CreatableReplicaAssignment assignment : topic.assignments()) {
            if (!assignment.brokerIds().equals(List.of(node.id()))) {
                throw new InvalidReplicaAssignmentException("Partition " + assignment.partitionIndex()
                        + " is assigned to brokers " + assignment.brokerIds() + "; there is broker " + node.id()
                        + " alone.");
            }
            if (!indexes.add(assignment.partitionIndex())) {
                throw new InvalidReplicaAssignmentException(
                        "Partition " + assignment.partitionIndex() + " is assigned twice.");
            }
        }
        for (int i = 0; i < indexes.size(); i++) {
            if (!indexes.contains(i)) {
                throw new InvalidReplicaAssignmentException(
                        "Partitions should be a consecutive 0-based integer sequence; " + i + " is missing.");
            }
        }
        return indexes.size();
    }

    private void describe(CreatableTopicResult answer, Topic topic) {
        answer.setTopicId(TopicNames.idOf(topic))
                .setErrorMessage(null)
                .setNumPartitions(topic.partitions())
                .setReplicationFactor((short) 1);
        for (SettingDescription setting : configs.ofTopic(topic)) {
            answer.configs()
                    .add(new CreatableTopicConfigs()
                            .setName(setting.setting().name())
                            .setValue(setting.value().orElse(null))
                            .setConfigSource(ConfigEntries.sourceOf(setting.source()))
                            .setIsSensitive(setting.setting().sensitive()));
        }
    }
}
