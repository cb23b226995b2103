package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Node;
import io.sluice.server.kafka.TopicNames;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DescribeConfigs: the settings of topics and of this broker, who decided them, and what they mean. */
public final class DescribeConfigsApi implements ApiHandler<DescribeConfigsRequestData> {
    private final Broker broker;
    private final Node node;
    private final ConfigEntries configs;

    public DescribeConfigsApi(Broker broker, Node node, ConfigEntries configs) {
        this.broker = broker;
        this.node = node;
        this.configs = configs;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeConfigsRequestData> request) {
        CompletableFuture<ApiMessage> answer = new CompletableFuture<>();
        // Hundreds of lines a resource, and somebody may ask about thousands: too long for the event loop.
        request.context()
                .owner()
                .executeBlocking(() -> describe(request.message()), false)
                .onComplete(answer::complete, answer::completeExceptionally);
        return answer;
    }

    /** A resource that is named again is answered once: the answer is many times as large as the question. */
    private DescribeConfigsResponseData describe(DescribeConfigsRequestData request) {
        DescribeConfigsResponseData response = new DescribeConfigsResponseData();
        Set<Map.Entry<Byte, String>> seen = new HashSet<>();
        for (DescribeConfigsResource resource : request.resources()) {
            if (seen.add(Map.entry(resource.resourceType(), resource.resourceName()))) {
                response.results().add(describe(resource, request));
            }
        }
        return response;
    }

    private DescribeConfigsResult describe(DescribeConfigsResource resource, DescribeConfigsRequestData request) {
        DescribeConfigsResult result = new DescribeConfigsResult()
                .setResourceType(resource.resourceType())
                .setResourceName(resource.resourceName());
        String name = resource.resourceName();
        switch (ConfigResource.Type.forId(resource.resourceType())) {
            case TOPIC -> {
                Optional<Topic> topic = broker.topic(name);
                if (topic.isPresent()) {
                    fill(result, configs.ofTopic(topic.get()), resource, request, false);
                } else if (TopicNames.isPossible(name)) {
                    refuse(result, Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.UNKNOWN_TOPIC_OR_PARTITION.message());
                } else {
                    refuse(result, Errors.INVALID_TOPIC_EXCEPTION, "No topic can have the name '" + name + "'.");
                }
            }
            case BROKER -> {
                if (name.equals(String.valueOf(node.id()))) {
                    fill(result, configs.ofBroker(), resource, request, true);
                } else if (!name.isEmpty()) {
                    refuse(
                            result,
                            Errors.INVALID_REQUEST,
                            "Unexpected broker id, expected " + node.id() + " or empty string, but received " + name);
                }
                // The empty name stands for settings of all brokers that are changed while they run: there are none.
            }
            case CLIENT_METRICS, GROUP -> {
                // Nothing of theirs can be set.
            }
            default ->
                refuse(
                        result,
                        Errors.INVALID_REQUEST,
                        "Resources of type " + resource.resourceType() + " have no settings here.");
        }
        return result;
    }

    private static void refuse(DescribeConfigsResult result, Errors error, String message) {
        result.setErrorCode(error.code()).setErrorMessage(message);
    }

    private static void fill(
            DescribeConfigsResult result,
            List<SettingDescription> settings,
            DescribeConfigsResource resource,
            DescribeConfigsRequestData request,
            boolean readOnly) {
        List<String> wanted = resource.configurationKeys();
        for (SettingDescription setting : settings) {
            String name = setting.setting().name();
            if (wanted != null && !wanted.contains(name)) {
                continue;
            }
            DescribeConfigsResourceResult entry = new DescribeConfigsResourceResult()
                    .setName(name)
                    .setValue(setting.value().orElse(null))
                    .setReadOnly(readOnly)
                    .setConfigSource(ConfigEntries.sourceOf(setting.source()))
                    .setIsSensitive(setting.setting().sensitive())
                    .setConfigType(ConfigEntries.typeOf(setting.setting().type()));
            if (request.includeSynonyms()) {
                for (SettingDescription.Synonym synonym : setting.synonyms()) {
                    entry.synonyms()
                            .add(new DescribeConfigsSynonym()
                                    .setName(synonym.name())
                                    .setValue(setting.setting().sensitive() ? null : synonym.value())
                                    .setSource(ConfigEntries.sourceOf(synonym.source())));
                }
            }
            if (request.includeDocumentation()) {
                entry.setDocumentation(setting.setting().documentation());
            }
            result.configs().add(entry);
        }
    }
}
