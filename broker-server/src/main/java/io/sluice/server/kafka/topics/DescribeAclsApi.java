package io.sluice.server.kafka.topics;

import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DescribeAclsRequestData;
import org.apache.kafka.common.message.DescribeAclsResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DescribeAcls: there are none. Tools that copy topics ask, and go on without when they hear that. */
public final class DescribeAclsApi implements ApiHandler<DescribeAclsRequestData> {
    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeAclsRequestData> request) {
        return CompletableFuture.completedFuture(new DescribeAclsResponseData()
                .setErrorCode(Errors.SECURITY_DISABLED.code())
                .setErrorMessage("this broker has no access control lists"));
    }
}
