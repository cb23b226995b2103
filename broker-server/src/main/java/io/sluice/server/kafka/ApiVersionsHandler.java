package io.sluice.server.kafka;

import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** Tells which APIs and versions are served, and learns which software the client is. */
final class ApiVersionsHandler implements ApiHandler<ApiVersionsRequestData> {
    /** The names that KIP-511 allows. */
    private static final Pattern SOFTWARE = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]{0,255}[a-zA-Z0-9])?");

    private final ApiTable table;

    ApiVersionsHandler(ApiTable table) {
        this.table = table;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<ApiVersionsRequestData> request) {
        ApiVersionsRequestData data = request.message();
        if (request.version() >= 3) {
            boolean valid = SOFTWARE.matcher(data.clientSoftwareName()).matches()
                    && SOFTWARE.matcher(data.clientSoftwareVersion()).matches();
            if (!valid) {
                return CompletableFuture.completedFuture(
                        new ApiVersionsResponseData().setErrorCode(Errors.INVALID_REQUEST.code()));
            }
            request.client().entry().software(data.clientSoftwareName(), data.clientSoftwareVersion());
        }
        return CompletableFuture.completedFuture(table.versions());
    }
}
