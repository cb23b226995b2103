package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupState;
import io.sluice.groups.GroupView;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import java.util.LinkedHashSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroupMember;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DescribeGroups: groups with their members, each once. A group that is not known is dead, and from version 6 on not found. */
public final class DescribeGroupsApi implements ApiHandler<DescribeGroupsRequestData> {
    private static final short FIRST_WITH_NOT_FOUND = 6;
    private static final String DEAD = "Dead";

    private final GroupCoordinator groups;

    public DescribeGroupsApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeGroupsRequestData> request) {
        DescribeGroupsResponseData response = new DescribeGroupsResponseData();
        Gather gather = new Gather(response);
        for (String id : new LinkedHashSet<>(request.message().groups())) {
            DescribedGroup answer = new DescribedGroup().setGroupId(id);
            response.groups().add(answer);
            gather.add(groups.describe(id), (group, failure) -> fill(answer, group, request.version()));
        }
        return gather.seal();
    }

    private static void fill(DescribedGroup answer, GroupView group, short version) {
        if (group.error() == GroupError.UNKNOWN_GROUP) {
            answer.setGroupState(DEAD);
            if (version >= FIRST_WITH_NOT_FOUND) {
                answer.setErrorCode(KafkaErrors.of(group.error()).code())
                        .setErrorMessage("Group " + group.id() + " not found.");
            }
            return;
        }
        if (group.type() == GroupView.Type.CONSUMER) {
            // Kafka's tools ask by ConsumerGroupDescribe then.
            answer.setErrorCode(Errors.GROUP_ID_NOT_FOUND.code())
                    .setErrorMessage(
                            version >= FIRST_WITH_NOT_FOUND ? "Group " + group.id() + " is not a classic group." : null)
                    .setGroupState(DEAD);
            return;
        }
        if (group.error() != GroupError.NONE) {
            answer.setErrorCode(KafkaErrors.of(group.error()).code());
            return;
        }
        answer.setGroupState(group.state().title())
                .setProtocolType(group.protocolType())
                .setProtocolData(group.protocol());
        boolean settled = group.state() == GroupState.STABLE;
        for (SettledMember member : group.members()) {
            DescribedGroupMember told = new DescribedGroupMember()
                    .setMemberId(member.id())
                    .setGroupInstanceId(version >= 4 ? Texts.orNull(member.instanceId()) : null)
                    .setClientId(member.clientId())
                    .setClientHost(member.clientHost());
            if (settled) {
                told.setMemberMetadata(member.subscription()).setMemberAssignment(member.assignment());
            }
            answer.members().add(told);
        }
    }
}
