package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.ApiMessage;

/** AlterConfigs: sets what is named and takes back everything else. */
public final class AlterConfigsApi implements ApiHandler<AlterConfigsRequestData> {
    private final ConfigChanges changes;

    public AlterConfigsApi(Broker broker, Node node) {
        this.changes = new ConfigChanges(broker, node);
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<AlterConfigsRequestData> request) {
        AlterConfigsRequestData data = request.message();
        AlterConfigsResponseData response = new AlterConfigsResponseData();
        Gather gather = new Gather(response);
        for (AlterConfigsResource resource : data.resources()) {
            AlterConfigsResourceResponse answer = new AlterConfigsResourceResponse()
                    .setResourceType(resource.resourceType())
                    .setResourceName(resource.resourceName());
            response.responses().add(answer);
            gather.add(
                    changes.change(
                            resource.resourceType(),
                            resource.resourceName(),
                            data.validateOnly(),
                            topic -> changesOf(topic, resource)),
                    (outcome, failure) -> answer.setErrorCode(outcome.code()).setErrorMessage(outcome.message()));
        }
        return gather.seal();
    }

    private static Map<String, Optional<String>> changesOf(Topic topic, AlterConfigsResource resource) {
        Map<String, Optional<String>> result = new HashMap<>();
        topic.config().overrides().keySet().forEach(name -> result.put(name, Optional.empty()));
        for (AlterableConfig config : resource.configs()) {
            if (config.value() == null) {
                throw new InvalidRequestException("Null value not supported for : " + config.name());
            }
            result.put(config.name(), Optional.of(config.value()));
        }
        return result;
    }
}
