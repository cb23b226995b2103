package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiMessage;

/** Heartbeat: a member says that it is alive, and hears whether it must join again. */
public final class HeartbeatApi implements ApiHandler<HeartbeatRequestData> {
    private final GroupCoordinator groups;

    public HeartbeatApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<HeartbeatRequestData> request) {
        HeartbeatRequestData data = request.message();
        return groups.heartbeat(
                        data.groupId(), data.memberId(), Texts.orEmpty(data.groupInstanceId()), data.generationId())
                .thenApply(outcome -> {
                    if (outcome == GroupError.NONE || outcome == GroupError.REBALANCE_IN_PROGRESS) {
                        request.client().entry().member(data.groupId(), data.memberId());
                    }
                    return new HeartbeatResponseData()
                            .setErrorCode(KafkaErrors.of(outcome).code());
                });
    }
}
