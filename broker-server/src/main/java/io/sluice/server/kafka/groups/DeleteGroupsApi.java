package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import java.util.LinkedHashSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.protocol.ApiMessage;

/** DeleteGroups: groups without members, with their positions. */
public final class DeleteGroupsApi implements ApiHandler<DeleteGroupsRequestData> {
    private final GroupCoordinator groups;

    public DeleteGroupsApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DeleteGroupsRequestData> request) {
        DeleteGroupsResponseData response = new DeleteGroupsResponseData();
        Gather gather = new Gather(response);
        for (String id : new LinkedHashSet<>(request.message().groupsNames())) {
            DeletableGroupResult answer = new AnswerEntries.DeletedGroup().setGroupId(id);
            response.results().add(answer);
            gather.add(
                    groups.delete(id),
                    (outcome, failure) ->
                            answer.setErrorCode(KafkaErrors.of(outcome).code()));
        }
        return gather.seal();
    }
}
