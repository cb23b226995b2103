package io.sluice.server.kafka.groups;

import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Node;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FindCoordinatorRequest.CoordinatorType;

/** FindCoordinator: this broker, for every group. */
public final class FindCoordinatorApi implements ApiHandler<FindCoordinatorRequestData> {
    private static final short FIRST_WITH_MANY = 4;

    private final Node node;

    public FindCoordinatorApi(Node node) {
        this.node = node;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<FindCoordinatorRequestData> request) {
        FindCoordinatorRequestData data = request.message();
        FindCoordinatorResponseData response = new FindCoordinatorResponseData();
        if (request.version() >= FIRST_WITH_MANY) {
            for (String key : data.coordinatorKeys()) {
                response.coordinators().add(find(request, data.keyType(), key));
            }
        } else {
            Coordinator found = find(request, data.keyType(), data.key());
            response.setErrorCode(found.errorCode())
                    .setErrorMessage(found.errorMessage())
                    .setNodeId(found.nodeId())
                    .setHost(found.host())
                    .setPort(found.port());
        }
        return CompletableFuture.completedFuture(response);
    }

    private Coordinator find(ApiRequest<FindCoordinatorRequestData> request, byte type, String key) {
        Coordinator answer =
                new Coordinator().setKey(key).setNodeId(-1).setHost("").setPort(-1);
        if (type == CoordinatorType.TRANSACTION.id()) {
            // Not retriable, and every client shows it: to look for a coordinator for ever would be worse.
            return refuse(
                    answer,
                    Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    "Transactions are not served by this broker.");
        }
        if (type != CoordinatorType.GROUP.id()) {
            return refuse(answer, Errors.INVALID_REQUEST, "There are no coordinators of type " + type + " here.");
        }
        Node.Address address = node.addressFor(request.client());
        return answer.setNodeId(node.id()).setHost(address.host()).setPort(address.port());
    }

    private static Coordinator refuse(Coordinator answer, Errors error, String message) {
        return answer.setErrorCode(error.code()).setErrorMessage(message);
    }
}
