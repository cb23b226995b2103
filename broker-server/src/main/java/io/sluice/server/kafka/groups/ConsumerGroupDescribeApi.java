package io.sluice.server.kafka.groups;

import io.sluice.core.Broker;
import io.sluice.core.topic.Topic;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupView;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.ConsumerMember;
import io.sluice.groups.consumer.MemberState;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.TopicNames;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.Assignment;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.DescribedGroup;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.Member;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.TopicPartitions;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** ConsumerGroupDescribe: groups whose partitions the broker assigns, with their members, each once. */
public final class ConsumerGroupDescribeApi implements ApiHandler<ConsumerGroupDescribeRequestData> {
    private static final byte CLASSIC_MEMBER = 0;
    private static final byte CONSUMER_MEMBER = 1;

    private final Broker broker;
    private final GroupCoordinator groups;

    public ConsumerGroupDescribeApi(Broker broker, GroupCoordinator groups) {
        this.broker = broker;
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<ConsumerGroupDescribeRequestData> request) {
        ConsumerGroupDescribeResponseData response = new ConsumerGroupDescribeResponseData();
        Gather gather = new Gather(response);
        for (String id : new LinkedHashSet<>(request.message().groupIds())) {
            DescribedGroup answer = new DescribedGroup().setGroupId(id);
            response.groups().add(answer);
            if (id.isEmpty()) {
                answer.setErrorCode(Errors.INVALID_GROUP_ID.code());
            } else {
                gather.add(groups.describe(id), (group, failure) -> fill(answer, group, request.version()));
            }
        }
        return gather.seal();
    }

    private void fill(DescribedGroup answer, GroupView group, short version) {
        boolean isUnknown = group.error() == GroupError.UNKNOWN_GROUP
                || group.error() == GroupError.NONE && group.type() != GroupView.Type.CONSUMER;
        if (isUnknown) {
            String what = group.error() == GroupError.NONE ? " is not a consumer group." : " not found.";
            answer.setErrorCode(Errors.GROUP_ID_NOT_FOUND.code()).setErrorMessage("Group " + group.id() + what);
            return;
        }
        if (group.error() != GroupError.NONE) {
            answer.setErrorCode(KafkaErrors.of(group.error()).code());
            return;
        }
        answer.setGroupState(group.state().title())
                .setGroupEpoch(group.generation())
                .setAssignmentEpoch(group.generation())
                .setAssignorName(group.protocol());
        for (ConsumerMember one : group.consumers()) {
            answer.members().add(member(one.state(), version));
        }
    }

    private Member member(MemberState state, short version) {
        Member member = new Member()
                .setMemberId(state.id())
                .setInstanceId(Texts.orNull(state.client().instanceId()))
                .setRackId(Texts.orNull(state.client().rackId()))
                .setMemberEpoch(state.standing().epoch())
                .setClientId(state.client().clientId())
                .setClientHost(state.client().clientHost())
                .setSubscribedTopicNames(state.subscription().topics())
                .setSubscribedTopicRegex(Texts.orNull(state.subscription().regex()))
                .setAssignment(assignment(state.standing().assigned().keySet()))
                .setTargetAssignment(assignment(state.target()));
        if (version >= 1) {
            boolean isClassic = state.kind() == MemberState.Kind.CLASSIC;
            member.setMemberType(isClassic ? CLASSIC_MEMBER : CONSUMER_MEMBER);
        }
        return member;
    }

    private Assignment assignment(Collection<TopicIdPartition> partitions) {
        Map<UUID, TopicPartitions> topics = new TreeMap<>();
        partitions.stream().sorted().forEach(partition -> {
            Optional<Topic> topic = broker.topic(partition.topicId());
            topic.ifPresent(known -> topics.computeIfAbsent(
                            known.id(),
                            id -> new TopicPartitions()
                                    .setTopicId(TopicNames.uuid(id))
                                    .setTopicName(known.name()))
                    .partitions()
                    .add(partition.partition()));
        });
        return new Assignment().setTopicPartitions(List.copyOf(topics.values()));
    }
}
