package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupShard.Leaving;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupResponseData.MemberResponse;
import org.apache.kafka.common.protocol.ApiMessage;

/** LeaveGroup: members leave, or are sent away by an administrator. */
public final class LeaveGroupApi implements ApiHandler<LeaveGroupRequestData> {
    private static final short FIRST_WITH_MANY = 3;

    private final GroupCoordinator groups;

    public LeaveGroupApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<LeaveGroupRequestData> request) {
        LeaveGroupRequestData data = request.message();
        boolean many = request.version() >= FIRST_WITH_MANY;
        List<Leaving> leaving = many
                ? data.members().stream()
                        .map(member -> new Leaving(member.memberId(), Texts.orEmpty(member.groupInstanceId())))
                        .toList()
                : List.of(new Leaving(data.memberId(), ""));
        return groups.leave(data.groupId(), leaving).thenApply(outcomes -> {
            for (int i = 0; i < outcomes.size(); i++) {
                if (outcomes.get(i) == GroupError.NONE) {
                    request.client().entry().left(data.groupId(), leaving.get(i).memberId());
                }
            }
            return many
                    ? answer(leaving, outcomes)
                    : new LeaveGroupResponseData()
                            .setErrorCode(KafkaErrors.of(outcomes.get(0)).code());
        });
    }

    private static LeaveGroupResponseData answer(List<Leaving> leaving, List<GroupError> outcomes) {
        LeaveGroupResponseData response = new LeaveGroupResponseData();
        for (int i = 0; i < outcomes.size(); i++) {
            GroupError outcome = outcomes.get(i);
            // What is true of the whole coordinator is no matter of one member.
            boolean ofAll = outcome == GroupError.LOADING
                    || outcome == GroupError.NOT_COORDINATOR
                    || outcome == GroupError.UNAVAILABLE
                    || outcome == GroupError.INVALID_GROUP;
            if (ofAll) {
                return new LeaveGroupResponseData()
                        .setErrorCode(KafkaErrors.of(outcome).code());
            }
            response.members()
                    .add(new MemberResponse()
                            .setMemberId(leaving.get(i).memberId())
                            .setGroupInstanceId(Texts.orNull(leaving.get(i).instanceId()))
                            .setErrorCode(KafkaErrors.of(outcome).code()));
        }
        return response;
    }
}
