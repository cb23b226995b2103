package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.engine.Change;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.Node;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsAssignment;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** CreatePartitions: more partitions for topics, each topic for itself. */
public final class CreatePartitionsApi implements ApiHandler<CreatePartitionsRequestData> {
    private final Broker broker;
    private final Node node;

    public CreatePartitionsApi(Broker broker, Node node) {
        this.broker = broker;
        this.node = node;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<CreatePartitionsRequestData> request) {
        CreatePartitionsRequestData data = request.message();
        CreatePartitionsResponseData response = new CreatePartitionsResponseData();
        Gather gather = new Gather(response);
        Change change = data.validateOnly() ? Change.VALIDATE : Change.APPLY;
        Set<String> seen = new HashSet<>();
        boolean isTooMuch = morePartitions(data) > CreateTopicsApi.MAX_PARTITIONS;
        for (CreatePartitionsTopic wish : data.topics()) {
            CreatePartitionsTopicResult answer = new CreatePartitionsTopicResult().setName(wish.name());
            response.results().add(answer);
            if (!seen.add(wish.name())) {
                refuse(answer, Errors.INVALID_REQUEST, "Duplicate topic name.");
                continue;
            }
            if (isTooMuch) {
                refuse(answer, Errors.POLICY_VIOLATION, "Excessively large number of partitions per request.");
                continue;
            }
            Optional<String> fault = faultOf(wish);
            if (fault.isPresent()) {
                refuse(answer, Errors.INVALID_REPLICA_ASSIGNMENT, fault.get());
                continue;
            }
            gather.add(broker.createPartitions(wish.name(), wish.count(), change), (topic, failure) -> {
                if (failure != null) {
                    KafkaErrors.Answer error = KafkaErrors.of(failure);
                    refuse(answer, error.error(), error.message());
                }
            });
        }
        return gather.seal();
    }

    /** How many partitions a request would add, all its topics together. */
    private long morePartitions(CreatePartitionsRequestData data) {
        long more = 0;
        for (CreatePartitionsTopic wish : data.topics()) {
            int before = broker.topic(wish.name()).map(Topic::partitions).orElse(wish.count());
            more += Math.max(0, wish.count() - before);
        }
        return more;
    }

    /** What is wrong with a manual assignment. */
    private Optional<String> faultOf(CreatePartitionsTopic wish) {
        List<CreatePartitionsAssignment> assignments = wish.assignments();
        Optional<Topic> topic = broker.topic(wish.name());
        if (assignments == null || topic.isEmpty()) {
            return Optional.empty();
        }
        int more = wish.count() - topic.get().partitions();
        if (assignments.size() != more) {
            return Optional.of("There are " + more + " new partitions, and " + assignments.size() + " assignments.");
        }
        for (CreatePartitionsAssignment assignment : assignments) {
            if (!assignment.brokerIds().equals(List.of(node.id()))) {
                return Optional.of("A partition is assigned to brokers " + assignment.brokerIds() + "; there is broker "
                        + node.id() + " alone.");
            }
        }
        return Optional.empty();
    }

    private static void refuse(CreatePartitionsTopicResult answer, Errors error, String message) {
        answer.setErrorCode(error.code()).setErrorMessage(message);
    }
}
