package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Heartbeat;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.Subscription;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.TopicNames;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData.TopicPartitions;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData.Assignment;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** ConsumerGroupHeartbeat: a member of the consumer protocol says what it wants and has, and is told what it is to have. */
public final class ConsumerGroupHeartbeatApi implements ApiHandler<ConsumerGroupHeartbeatRequestData> {
    private static final short FIRST_WITH_OWN_IDS = 1;
    private static final int NOT_SAID = -1;

    private final GroupCoordinator groups;

    public ConsumerGroupHeartbeatApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<ConsumerGroupHeartbeatRequestData> request) {
        ConsumerGroupHeartbeatRequestData data = request.message();
        Optional<String> fault = faultOf(data, request.version());
        if (fault.isPresent()) {
            return CompletableFuture.completedFuture(new ConsumerGroupHeartbeatResponseData()
                    .setErrorCode(Errors.INVALID_REQUEST.code())
                    .setErrorMessage(fault.get()));
        }
        String memberId = data.memberId().isEmpty() ? Uuid.randomUuid().toString() : data.memberId();
        Heartbeat.Request heartbeat = new Heartbeat.Request(
                memberId,
                data.memberEpoch(),
                Texts.orEmpty(data.instanceId()),
                Optional.ofNullable(data.rackId()),
                Optional.of(data.rebalanceTimeoutMs()).filter(ms -> ms != NOT_SAID),
                Optional.ofNullable(data.subscribedTopicNames()),
                Optional.ofNullable(data.subscribedTopicRegex()),
                Optional.ofNullable(data.serverAssignor()),
                Optional.ofNullable(data.topicPartitions()).map(ConsumerGroupHeartbeatApi::owned),
                request.clientId(),
                "/" + request.client().remote().hostAddress());
        return groups.consumerHeartbeat(data.groupId(), heartbeat).thenApply(answer -> {
            if (answer.error() == GroupError.NONE) {
                noteMember(request.client().entry(), data.groupId(), heartbeat);
            }
            return answer(answer);
        });
    }

    private static void noteMember(Client client, String group, Heartbeat.Request heartbeat) {
        if (heartbeat.epoch() < 0) {
            client.left(group, heartbeat.memberId());
        } else if (heartbeat.topics().isPresent()) {
            client.subscribed(new Subscription(
                    group, heartbeat.memberId(), heartbeat.topics().get(), List.of()));
        } else {
            client.member(group, heartbeat.memberId());
        }
    }

    private static Optional<String> faultOf(ConsumerGroupHeartbeatRequestData data, short version) {
        boolean joins = data.memberEpoch() == Heartbeat.JOIN;
        if (data.memberId().isBlank() && (version >= FIRST_WITH_OWN_IDS || !joins)) {
            return Optional.of("MemberId can't be empty.");
        }
        if (data.groupId().isBlank()) {
            return Optional.of("GroupId can't be empty.");
        }
        if (isBlank(data.instanceId())) {
            return Optional.of("InstanceId can't be empty.");
        }
        if (isBlank(data.rackId())) {
            return Optional.of("RackId can't be empty.");
        }
        if (joins) {
            return faultOfJoin(data);
        }
        if (data.memberEpoch() == Heartbeat.LEAVE_FOR_A_WHILE && data.instanceId() == null) {
            return Optional.of("InstanceId can't be null.");
        }
        if (data.memberEpoch() < Heartbeat.LEAVE_FOR_A_WHILE) {
            return Optional.of("MemberEpoch is invalid.");
        }
        return Optional.empty();
    }

    private static Optional<String> faultOfJoin(ConsumerGroupHeartbeatRequestData data) {
        if (data.rebalanceTimeoutMs() == NOT_SAID) {
            return Optional.of("RebalanceTimeoutMs must be provided in first request.");
        }
        if (data.topicPartitions() == null || !data.topicPartitions().isEmpty()) {
            return Optional.of("TopicPartitions must be empty when (re-)joining.");
        }
        if (data.subscribedTopicNames() == null && data.subscribedTopicRegex() == null) {
            return Optional.of(
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
        }
        return Optional.empty();
    }

    private static boolean isBlank(String text) {
        return text != null && text.isBlank();
    }

    private static Set<TopicIdPartition> owned(List<TopicPartitions> topics) {
        Set<TopicIdPartition> all = new HashSet<>();
        for (TopicPartitions topic : topics) {
            UUID id = TopicNames.uuid(topic.topicId());
            topic.partitions().forEach(partition -> all.add(new TopicIdPartition(id, partition)));
        }
        return all;
    }

    private static ConsumerGroupHeartbeatResponseData answer(Heartbeat.Answer answer) {
        ConsumerGroupHeartbeatResponseData response = new ConsumerGroupHeartbeatResponseData();
        if (answer.error() != GroupError.NONE) {
            return response.setErrorCode(KafkaErrors.of(answer.error()).code())
                    .setErrorMessage(Texts.orNull(answer.message()));
        }
        response.setMemberId(answer.memberId())
                .setMemberEpoch(answer.epoch())
                .setHeartbeatIntervalMs(answer.intervalMs());
        answer.assignment().ifPresent(partitions -> {
            Map<UUID, ConsumerGroupHeartbeatResponseData.TopicPartitions> topics = new TreeMap<>();
            partitions.stream()
                    .sorted()
                    .forEach(partition -> topics.computeIfAbsent(
                                    partition.topicId(),
                                    id -> new ConsumerGroupHeartbeatResponseData.TopicPartitions()
                                            .setTopicId(TopicNames.uuid(id)))
                            .partitions()
                            .add(partition.partition()));
            response.setAssignment(new Assignment().setTopicPartitions(List.copyOf(topics.values())));
        });
        return response;
    }
}
