package io.sluice.server.kafka.groups;

import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupSummary;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiMessage;

/** ListGroups: all groups, or those in some states or of some types. */
public final class ListGroupsApi implements ApiHandler<ListGroupsRequestData> {
    private final GroupCoordinator groups;

    public ListGroupsApi(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<ListGroupsRequestData> request) {
        ListGroupsRequestData data = request.message();
        return groups.list().thenApply(listing -> {
            ListGroupsResponseData response = new ListGroupsResponseData()
                    .setErrorCode(KafkaErrors.of(listing.error()).code());
            for (GroupSummary group : listing.groups()) {
                String state = group.state().title();
                String type = group.type().title();
                if (isWanted(data.statesFilter(), state) && isWanted(data.typesFilter(), type)) {
                    response.groups()
                            .add(new ListedGroup()
                                    .setGroupId(group.id())
                                    .setProtocolType(group.protocolType())
                                    .setGroupState(state)
                                    .setGroupType(type));
                }
            }
            return response;
        });
    }

    private static boolean isWanted(List<String> filter, String value) {
        return filter.isEmpty() || filter.stream().anyMatch(value::equalsIgnoreCase);
    }
}
