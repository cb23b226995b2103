package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Route;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Node;
import io.sluice.server.kafka.TopicNames;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponsePartition;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DescribeTopicPartitions: topics in the order of their names, so many partitions at a time, with a cursor to go on from. */
public final class DescribeTopicPartitionsApi implements ApiHandler<DescribeTopicPartitionsRequestData> {
    private static final int MAX_PARTITIONS = 2_000;

    private final Broker broker;
    private final Node node;

    public DescribeTopicPartitionsApi(Broker broker, Node node) {
        this.broker = broker;
        this.node = node;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeTopicPartitionsRequestData> request) {
        DescribeTopicPartitionsRequestData data = request.message();
        String firstTopic = data.cursor() == null ? "" : data.cursor().topicName();
        int firstPartition =
                data.cursor() == null ? 0 : Math.max(0, data.cursor().partitionIndex());
        TreeSet<String> names = new TreeSet<>();
        if (data.topics().isEmpty()) {
            broker.topics().forEach(topic -> names.add(topic.name()));
        } else {
            data.topics().stream().map(TopicRequest::name).forEach(names::add);
        }
        DescribeTopicPartitionsResponseData response = new DescribeTopicPartitionsResponseData();
        int left = Math.max(1, Math.min(data.responsePartitionLimit(), MAX_PARTITIONS));
        for (String name : names.tailSet(firstTopic)) {
            int from = name.equals(firstTopic) ? firstPartition : 0;
            if (left == 0) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(from));
                break;
            }
            Optional<Topic> topic = broker.topic(name);
            if (topic.isEmpty()) {
                boolean asked = !data.topics().isEmpty();
                if (asked) {
                    response.topics().add(unknown(name));
                }
                continue;
            }
            int to = Math.min(topic.get().partitions(), from + left);
            response.topics().add(describe(topic.get(), from, to));
            left -= Math.max(0, to - from);
            if (to < topic.get().partitions()) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(to));
                break;
            }
        }
        return CompletableFuture.completedFuture(response);
    }

    private static DescribeTopicPartitionsResponseTopic unknown(String name) {
        Errors error = TopicNames.isPossible(name) ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION;
        return new AnswerEntries.DescribedTopic().setName(name).setErrorCode(error.code());
    }

    private DescribeTopicPartitionsResponseTopic describe(Topic topic, int from, int to) {
        DescribeTopicPartitionsResponseTopic answer = new AnswerEntries.DescribedTopic()
                .setName(topic.name())
                .setTopicId(TopicNames.idOf(topic))
                .setIsInternal(TopicNames.isInternal(topic));
        List<Integer> replicas = List.of(node.id());
        for (int i = from; i < to; i++) {
            DescribeTopicPartitionsResponsePartition partition = new DescribeTopicPartitionsResponsePartition()
                    .setPartitionIndex(i)
                    .setReplicaNodes(replicas)
                    .setEligibleLeaderReplicas(List.of())
                    .setLastKnownElr(List.of());
            if (broker.engine().route(new TopicPartition(topic.name(), i)) instanceof Route.Local local) {
                partition
                        .setLeaderId(node.id())
                        .setLeaderEpoch(local.log().epoch())
                        .setIsrNodes(replicas);
            } else {
                partition
                        .setErrorCode(Errors.LEADER_NOT_AVAILABLE.code())
                        .setLeaderId(-1)
                        .setOfflineReplicas(replicas);
            }
            answer.partitions().add(partition);
        }
        return answer;
    }
}
