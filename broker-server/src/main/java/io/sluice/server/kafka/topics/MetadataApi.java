package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Route;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.Node;
import io.sluice.server.kafka.TopicNames;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * Metadata: where the partitions of topics are. Here, if anywhere, at the address by which the client got to us. A topic that
 * is created because somebody asks for it is there before the answer leaves.
 */
public final class MetadataApi implements ApiHandler<MetadataRequestData> {
    private static final int NO_LEADER = -1;
    private static final short FIRST_WITH_IDS = 12;

    private final Broker broker;
    private final Node node;

    public MetadataApi(Broker broker, Node node) {
        this.broker = broker;
        this.node = node;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<MetadataRequestData> request) {
        Node.Address address = node.addressFor(request.client());
        MetadataResponseData response = new MetadataResponseData()
                .setClusterId(broker.engine().clusterId())
                .setControllerId(node.id());
        response.brokers()
                .add(new MetadataResponseBroker()
                        .setNodeId(node.id())
                        .setHost(address.host())
                        .setPort(address.port()));
        Gather gather = new Gather(response);
        List<MetadataRequestTopic> wanted = request.message().topics();
        boolean all = wanted == null || request.version() == 0 && wanted.isEmpty();
        if (all) {
            for (Topic topic : broker.topics()) {
                response.topics().add(describe(topic));
            }
            return gather.seal();
        }
        Set<Object> seen = new HashSet<>();
        for (MetadataRequestTopic topic : wanted) {
            // Some clients leave the name empty, not null, beside an id. Answers have no room for a topic without a
            // name before.
            boolean named = request.version() < FIRST_WITH_IDS
                    || topic.name() != null && topic.topicId().equals(Uuid.ZERO_UUID);
            // And requests of two versions may leave it out: no topic has an empty name.
            String name = topic.name() == null ? "" : topic.name();
            if (!seen.add(named ? name : topic.topicId())) {
                continue;
            }
            if (named) {
                byName(name, request.message().allowAutoTopicCreation(), response, gather);
            } else {
                byId(topic.topicId(), response);
            }
        }
        return gather.seal();
    }

    private void byId(Uuid id, MetadataResponseData response) {
        Optional<Topic> topic = TopicNames.find(broker, id);
        response.topics()
                .add(topic.map(this::describe)
                        .orElseGet(() -> new AnswerEntries.TopicMetadata()
                                .setName(null)
                                .setTopicId(id)
                                .setErrorCode(Errors.UNKNOWN_TOPIC_ID.code())));
    }

    private void byName(String name, boolean create, MetadataResponseData response, Gather gather) {
        Optional<Topic> topic = broker.topic(name);
        if (topic.isPresent()) {
            response.topics().add(describe(topic.get()));
            return;
        }
        MetadataResponseTopic answer = new AnswerEntries.TopicMetadata().setName(name);
        response.topics().add(answer);
        if (!create) {
            boolean possible = TopicNames.isPossible(name);
            answer.setErrorCode((possible ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION).code());
            return;
        }
        gather.add(broker.topicOrCreate(name), (created, failure) -> {
            if (failure != null) {
                answer.setErrorCode(KafkaErrors.of(failure).code());
            } else {
                fill(answer, created);
            }
        });
    }

    private MetadataResponseTopic describe(Topic topic) {
        MetadataResponseTopic answer = new AnswerEntries.TopicMetadata().setName(topic.name());
        fill(answer, topic);
        return answer;
    }

    private void fill(MetadataResponseTopic answer, Topic topic) {
        answer.setTopicId(TopicNames.idOf(topic)).setIsInternal(TopicNames.isInternal(topic));
        for (int i = 0; i < topic.partitions(); i++) {
            Route route = broker.engine().route(new TopicPartition(topic.name(), i));
            MetadataResponsePartition partition =
                    new MetadataResponsePartition().setPartitionIndex(i).setReplicaNodes(List.of(node.id()));
            if (route instanceof Route.Local local) {
                partition
                        .setLeaderId(node.id())
                        .setLeaderEpoch(local.log().epoch())
                        .setIsrNodes(List.of(node.id()));
            } else {
                partition
                        .setErrorCode(Errors.LEADER_NOT_AVAILABLE.code())
                        .setLeaderId(NO_LEADER)
                        .setIsrNodes(List.of())
                        .setOfflineReplicas(List.of(node.id()));
            }
            answer.partitions().add(partition);
        }
    }
}
