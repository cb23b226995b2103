package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Node;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DescribeCluster: the cluster's id, and this broker as all there is of it. */
public final class DescribeClusterApi implements ApiHandler<DescribeClusterRequestData> {
    private static final byte BROKERS = 1;
    private static final byte CONTROLLERS = 2;

    private final Broker broker;
    private final Node node;

    public DescribeClusterApi(Broker broker, Node node) {
        this.broker = broker;
        this.node = node;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeClusterRequestData> request) {
        DescribeClusterResponseData response = new DescribeClusterResponseData();
        byte endpoints = request.message().endpointType();
        if (endpoints != BROKERS) {
            Errors error =
                    endpoints == CONTROLLERS ? Errors.MISMATCHED_ENDPOINT_TYPE : Errors.UNSUPPORTED_ENDPOINT_TYPE;
            response.setErrorCode(error.code()).setErrorMessage("this is an endpoint of brokers, type 1");
            return CompletableFuture.completedFuture(response);
        }
        Node.Address address = node.addressFor(request.client());
        response.setClusterId(broker.engine().clusterId()).setControllerId(node.id());
        response.brokers()
                .add(new DescribeClusterBroker()
                        .setBrokerId(node.id())
                        .setHost(address.host())
                        .setPort(address.port()));
        return CompletableFuture.completedFuture(response);
    }
}
