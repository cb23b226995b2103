package io.sluice.server.kafka.groups;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.Offsets;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.TopicNames;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** OffsetCommit: moves the positions of a group. From version 10 on topics are named by their ids. */
public final class OffsetCommitApi implements ApiHandler<OffsetCommitRequestData> {
    private static final short FIRST_WITH_UNKNOWN_GROUP = 9;
    private static final short FIRST_WITH_IDS = 10;

    private final Broker broker;
    private final GroupCoordinator groups;

    public OffsetCommitApi(Broker broker, GroupCoordinator groups) {
        this.broker = broker;
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<OffsetCommitRequestData> request) {
        OffsetCommitRequestData data = request.message();
        OffsetCommitResponseData response = new OffsetCommitResponseData();
        Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
        Map<TopicPartition, OffsetCommitResponsePartition> pending = new HashMap<>();
        boolean byId = request.version() >= FIRST_WITH_IDS;
        long nowMs = System.currentTimeMillis();
        for (OffsetCommitRequestTopic wanted : data.topics()) {
            OffsetCommitResponseTopic topicAnswer =
                    new OffsetCommitResponseTopic().setName(wanted.name()).setTopicId(wanted.topicId());
            response.topics().add(topicAnswer);
            Optional<Topic> topic = byId ? TopicNames.find(broker, wanted.topicId()) : broker.topic(wanted.name());
            for (OffsetCommitRequestPartition wish : wanted.partitions()) {
                OffsetCommitResponsePartition answer =
                        new OffsetCommitResponsePartition().setPartitionIndex(wish.partitionIndex());
                topicAnswer.partitions().add(answer);
                boolean known = topic.isPresent()
                        && wish.partitionIndex() >= 0
                        && wish.partitionIndex() < topic.get().partitions();
                if (!known) {
                    boolean unknownId = byId && topic.isEmpty();
                    answer.setErrorCode(
                            (unknownId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION).code());
                    continue;
                }
                TopicPartition partition = new TopicPartition(topic.get().name(), wish.partitionIndex());
                pending.put(partition, answer);
                positions.put(
                        partition,
                        new CommittedOffset(
                                topic.get().id(),
                                wish.committedOffset(),
                                wish.committedLeaderEpoch(),
                                Texts.orEmpty(wish.committedMetadata()),
                                nowMs));
            }
        }
        Offsets.Commit commit = new Offsets.Commit(
                data.groupId(),
                data.memberId(),
                Texts.orEmpty(data.groupInstanceId()),
                data.generationIdOrMemberEpoch(),
                positions);
        return groups.commit(commit).thenApply(outcomes -> {
            if (outcomes.containsValue(GroupError.NONE)) {
                request.client().entry().member(data.groupId(), data.memberId());
            }
            pending.forEach((partition, answer) -> {
                GroupError outcome = outcomes.getOrDefault(partition, GroupError.NONE);
                // A group that is not known had other words in older versions.
                boolean old = outcome == GroupError.UNKNOWN_GROUP && request.version() < FIRST_WITH_UNKNOWN_GROUP;
                answer.setErrorCode(KafkaErrors.of(old ? GroupError.ILLEGAL_GENERATION : outcome)
                        .code());
            });
            return response;
        });
    }
}
