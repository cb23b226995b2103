package io.sluice.server.kafka.groups;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.Offsets;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** OffsetDelete: forgets positions of a group in topics that its members do not read. */
public final class OffsetDeleteApi implements ApiHandler<OffsetDeleteRequestData> {
    private final Broker broker;
    private final GroupCoordinator groups;

    public OffsetDeleteApi(Broker broker, GroupCoordinator groups) {
        this.broker = broker;
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<OffsetDeleteRequestData> request) {
        OffsetDeleteRequestData data = request.message();
        List<TopicPartition> which = new ArrayList<>();
        for (OffsetDeleteRequestTopic topic : data.topics()) {
            for (OffsetDeleteRequestPartition partition : topic.partitions()) {
                if (isThere(topic.name(), partition)) {
                    which.add(new TopicPartition(topic.name(), partition.partitionIndex()));
                }
            }
        }
        return groups.deletePositions(data.groupId(), which).thenApply(deleted -> answer(data, deleted));
    }

    /** A client may name any number. What is gone has no positions any more. */
    private boolean isThere(String topic, OffsetDeleteRequestPartition partition) {
        return partition.partitionIndex() >= 0
                && broker.topic(topic)
                        .filter(known -> partition.partitionIndex() < known.partitions())
                        .isPresent();
    }

    private OffsetDeleteResponseData answer(OffsetDeleteRequestData data, Offsets.Deleted deleted) {
        OffsetDeleteResponseData response = new OffsetDeleteResponseData()
                .setErrorCode(KafkaErrors.of(deleted.error()).code());
        if (deleted.error() != GroupError.NONE) {
            return response;
        }
        Map<String, OffsetDeleteResponseTopic> answers = new HashMap<>();
        Map<String, Set<Integer>> seen = new HashMap<>();
        for (OffsetDeleteRequestTopic topic : data.topics()) {
            OffsetDeleteResponseTopic topicAnswer = answers.computeIfAbsent(topic.name(), name -> {
                OffsetDeleteResponseTopic first = new AnswerEntries.PositionsTopic().setName(name);
                response.topics().add(first);
                return first;
            });
            Set<Integer> partitions = seen.computeIfAbsent(topic.name(), name -> new HashSet<>());
            for (OffsetDeleteRequestPartition partition : topic.partitions()) {
                if (!partitions.add(partition.partitionIndex())) {
                    // Named again: the answer has a place for each once.
                    continue;
                }
                Errors outcome = isThere(topic.name(), partition)
                        ? KafkaErrors.of(deleted.partitions()
                                .getOrDefault(
                                        new TopicPartition(topic.name(), partition.partitionIndex()), GroupError.NONE))
                        : Errors.UNKNOWN_TOPIC_OR_PARTITION;
                topicAnswer
                        .partitions()
                        .add(new AnswerEntries.PositionsPartition()
                                .setPartitionIndex(partition.partitionIndex())
                                .setErrorCode(outcome.code()));
            }
        }
        return response;
    }
}
