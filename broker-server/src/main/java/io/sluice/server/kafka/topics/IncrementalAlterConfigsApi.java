package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.config.SettingType;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.ApiMessage;

/** IncrementalAlterConfigs: sets, takes back, adds to lists and takes from them. All of a resource's changes or none. */
public final class IncrementalAlterConfigsApi implements ApiHandler<IncrementalAlterConfigsRequestData> {
    private final ConfigChanges changes;
    private final ConfigEntries configs;

    public IncrementalAlterConfigsApi(Broker broker, Node node, ConfigEntries configs) {
        this.changes = new ConfigChanges(broker, node);
        this.configs = configs;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<IncrementalAlterConfigsRequestData> request) {
        IncrementalAlterConfigsRequestData data = request.message();
        IncrementalAlterConfigsResponseData response = new IncrementalAlterConfigsResponseData();
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

    private Map<String, Optional<String>> changesOf(Topic topic, AlterConfigsResource resource) {
        Map<String, Optional<String>> result = new HashMap<>();
        Set<String> seen = new HashSet<>();
        for (AlterableConfig config : resource.configs()) {
            if (!seen.add(config.name())) {
                throw new InvalidRequestException("Error due to duplicate config keys: " + config.name());
            }
            OpType operation = OpType.forId(config.configOperation());
            if (operation == null) {
                throw new InvalidRequestException("Operation " + config.configOperation() + " is unknown.");
            }
            if (operation != OpType.DELETE && config.value() == null) {
                throw new InvalidRequestException("Null value not supported for : " + config.name());
            }
            result.put(config.name(), valueOf(topic, config, operation));
        }
        return result;
    }

    private Optional<String> valueOf(Topic topic, AlterableConfig config, OpType operation) {
        return switch (operation) {
            case SET -> Optional.of(config.value());
            case DELETE -> Optional.empty();
            case APPEND, SUBTRACT -> {
                List<String> list = new ArrayList<>(listOf(topic, config.name(), operation));
                List<String> given = split(config.value());
                if (operation == OpType.APPEND) {
                    given.stream().filter(one -> !list.contains(one)).forEach(list::add);
                } else {
                    list.removeAll(given);
                }
                yield Optional.of(String.join(",", list));
            }
        };
    }

    /** What a setting that is a list holds now. */
    private List<String> listOf(Topic topic, String name, OpType operation) {
        SettingDescription setting = configs.ofTopic(topic).stream()
                .filter(one -> one.setting().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new InvalidConfigurationException("Unknown topic config name: " + name));
        if (setting.setting().type() != SettingType.LIST) {
            throw new InvalidConfigurationException(
                    "Can't " + operation + " to key " + name + " because its type is not LIST.");
        }
        return split(setting.value().orElse(""));
    }

    private static List<String> split(String list) {
        return Arrays.stream(list.split(","))
                .map(String::trim)
                .filter(one -> !one.isEmpty())
                .toList();
    }
}
