package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.classic.Sync;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** SyncGroup: a member wants its assignment; the leader brings everybody's. */
public final class SyncGroupApi implements ApiHandler<SyncGroupRequestData> {
    private static final short FIRST_WITH_PROTOCOL = 5;

    private final GroupCoordinator groups;

    public SyncGroupApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<SyncGroupRequestData> request) {
        SyncGroupRequestData data = request.message();
        boolean saysHow = data.protocolType() != null && data.protocolName() != null;
        if (request.version() >= FIRST_WITH_PROTOCOL && !saysHow) {
            return CompletableFuture.completedFuture(
                    new SyncGroupResponseData().setErrorCode(Errors.INCONSISTENT_GROUP_PROTOCOL.code()));
        }
        Map<String, byte[]> assignments = new HashMap<>();
        data.assignments().forEach(one -> assignments.put(one.memberId(), one.assignment()));
        Sync.Request sync = new Sync.Request(
                data.memberId(),
                Texts.orEmpty(data.groupInstanceId()),
                data.generationId(),
                Texts.orEmpty(data.protocolType()),
                Texts.orEmpty(data.protocolName()),
                assignments);
        return groups.sync(data.groupId(), sync).thenApply(answer -> {
            if (answer.error() == GroupError.NONE) {
                request.client().entry().member(data.groupId(), data.memberId());
            }
            return answer(answer);
        });
    }

    private static SyncGroupResponseData answer(Sync.Answer answer) {
        boolean refused = answer.error() != GroupError.NONE;
        return new SyncGroupResponseData()
                .setErrorCode(KafkaErrors.of(answer.error()).code())
                .setProtocolType(refused ? null : answer.protocolType())
                .setProtocolName(refused ? null : answer.protocol())
                .setAssignment(answer.assignment());
    }
}
