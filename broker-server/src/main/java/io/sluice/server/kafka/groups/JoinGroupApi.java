package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.server.clients.Subscription;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;
import org.apache.kafka.common.protocol.ApiMessage;

/** JoinGroup: a member wants to be part of the next generation. */
public final class JoinGroupApi implements ApiHandler<JoinGroupRequestData> {
    private static final short FIRST_WITH_REBALANCE_TIMEOUT = 1;
    private static final short FIRST_WITH_REQUIRED_ID = 4;
    private static final short FIRST_WITHOUT_PROTOCOL = 7;
    private static final short FIRST_WITH_SKIPPED_ASSIGNMENT = 9;

    private final GroupCoordinator groups;

    public JoinGroupApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<JoinGroupRequestData> request) {
        JoinGroupRequestData data = request.message();
        short version = request.version();
        String instanceId = Texts.orEmpty(data.groupInstanceId());
        List<Protocol> protocols = data.protocols().stream()
                .map(protocol -> new Protocol(protocol.name(), protocol.metadata()))
                .toList();
        Join.Request join = new Join.Request(
                data.memberId(),
                (instanceId.isEmpty() ? request.clientId() : instanceId) + "-" + UUID.randomUUID(),
                instanceId,
                request.clientId(),
                "/" + request.client().remote().hostAddress(),
                data.sessionTimeoutMs(),
                version >= FIRST_WITH_REBALANCE_TIMEOUT ? data.rebalanceTimeoutMs() : data.sessionTimeoutMs(),
                data.protocolType(),
                protocols,
                version >= FIRST_WITH_REQUIRED_ID,
                version >= FIRST_WITH_SKIPPED_ASSIGNMENT);
        return groups.join(data.groupId(), join).thenApply(answer -> {
            if (answer.error() == GroupError.NONE) {
                request.client()
                        .entry()
                        .subscribed(new Subscription(data.groupId(), answer.memberId(), topics(join), List.of()));
            }
            return answer(answer, version);
        });
    }

    /** The topics that the member wants, if it is a consumer and says so readably. */
    private static List<String> topics(Join.Request join) {
        if (!join.protocolType().equals("consumer") || join.protocols().isEmpty()) {
            return List.of();
        }
        try {
            return ConsumerProtocol.subscription(join.protocols().get(0).metadata())
                    .topics();
        } catch (IllegalArgumentException e) {
            // What clients write there is their own affair.
            return List.of();
        }
    }

    private static JoinGroupResponseData answer(Join.Answer answer, short version) {
        boolean refused = answer.error() != GroupError.NONE;
        JoinGroupResponseData response = new JoinGroupResponseData()
                .setErrorCode(KafkaErrors.of(answer.error()).code())
                .setGenerationId(answer.generation())
                .setProtocolType(refused ? null : answer.protocolType())
                .setProtocolName(refused && version >= FIRST_WITHOUT_PROTOCOL ? null : answer.protocol())
                .setLeader(answer.leader())
                .setMemberId(answer.memberId());
        if (version >= FIRST_WITH_SKIPPED_ASSIGNMENT) {
            response.setSkipAssignment(answer.skipAssignment());
        }
        for (Join.JoinedMember member : answer.members()) {
            response.members()
                    .add(new JoinGroupResponseMember()
                            .setMemberId(member.id())
                            .setGroupInstanceId(Texts.orNull(member.instanceId()))
                            .setMetadata(member.metadata()));
        }
        return response;
    }
}
