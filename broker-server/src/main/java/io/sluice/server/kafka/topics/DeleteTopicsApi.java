package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.TopicNames;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DeleteTopics: each topic for itself, by its name, or from version 6 on by its id. */
public final class DeleteTopicsApi implements ApiHandler<DeleteTopicsRequestData> {
    private static final short FIRST_WITH_STATES = 6;

    private final Broker broker;

    public DeleteTopicsApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DeleteTopicsRequestData> request) {
        DeleteTopicsRequestData data = request.message();
        List<DeleteTopicState> wanted = request.version() >= FIRST_WITH_STATES
                ? data.topics()
                : data.topicNames().stream()
                        .map(name -> new DeleteTopicState().setName(name))
                        .toList();
        DeleteTopicsResponseData response = new DeleteTopicsResponseData();
        Gather gather = new Gather(response);
        Set<String> asked = new HashSet<>();
        Set<String> seen = new HashSet<>();
        for (DeleteTopicState wish : wanted) {
            if (!asked.add(wish.name() + "/" + wish.topicId())) {
                continue;
            }
            boolean hasId = !wish.topicId().equals(Uuid.ZERO_UUID);
            boolean isClear = hasId == (wish.name() == null);
            Optional<Topic> topic = Optional.empty();
            if (isClear) {
                topic = hasId ? TopicNames.find(broker, wish.topicId()) : broker.topic(wish.name());
            }
            DeletableTopicResult answer = new AnswerEntries.DeletedTopic()
                    .setName(topic.map(Topic::name).orElse(wish.name()))
                    .setTopicId(topic.map(TopicNames::idOf).orElse(wish.topicId()));
            response.responses().add(answer);
            if (!isClear) {
                refuse(answer, Errors.INVALID_REQUEST, "Name a topic by its name or by its id, and not by both.");
                continue;
            }
            if (topic.isEmpty()) {
                Errors unknown = hasId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
                refuse(answer, unknown, unknown.message());
                continue;
            }
            if (!seen.add(topic.get().name())) {
                refuse(answer, Errors.INVALID_REQUEST, "Duplicate topic name.");
                continue;
            }
            if (TopicNames.isInternal(topic.get())) {
                refuse(answer, Errors.INVALID_REQUEST, "The topic is the broker's own.");
                continue;
            }
            gather.add(broker.deleteTopic(topic.get().name()), (deleted, failure) -> {
                if (failure != null) {
                    KafkaErrors.Answer error = KafkaErrors.of(failure);
                    refuse(answer, error.error(), error.message());
                }
            });
        }
        return gather.seal();
    }

    private static void refuse(DeletableTopicResult answer, Errors error, String message) {
        answer.setErrorCode(error.code()).setErrorMessage(message);
    }
}
