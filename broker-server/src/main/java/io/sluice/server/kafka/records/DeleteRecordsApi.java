package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.TopicName;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.DeleteRecordsRequest;
import org.apache.kafka.common.requests.DeleteRecordsResponse;

/** DeleteRecords: moves the log start. Only topics that are deleted by policy; what is compacted has no beginning to move. */
public final class DeleteRecordsApi implements ApiHandler<DeleteRecordsRequestData> {
    private final Broker broker;

    public DeleteRecordsApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DeleteRecordsRequestData> request) {
        DeleteRecordsResponseData response = new DeleteRecordsResponseData();
        Gather gather = new Gather(response);
        Map<String, DeleteRecordsTopicResult> answers = new HashMap<>();
        Map<String, Set<Integer>> seen = new HashMap<>();
        for (DeleteRecordsTopic topic : request.message().topics()) {
            DeleteRecordsTopicResult topicAnswer = answers.computeIfAbsent(topic.name(), name -> {
                DeleteRecordsTopicResult first = new AnswerEntries.TrimmedTopic().setName(name);
                response.topics().add(first);
                return first;
            });
            Set<Integer> partitions = seen.computeIfAbsent(topic.name(), name -> new HashSet<>());
            for (DeleteRecordsPartition partition : topic.partitions()) {
                if (!partitions.add(partition.partitionIndex())) {
                    // Named again: the answer has a place for each once.
                    continue;
                }
                DeleteRecordsPartitionResult answer = new AnswerEntries.TrimmedPartition()
                        .setPartitionIndex(partition.partitionIndex())
                        .setLowWatermark(DeleteRecordsResponse.INVALID_LOW_WATERMARK);
                topicAnswer.partitions().add(answer);
                delete(topic.name(), partition, answer, gather);
            }
        }
        return gather.seal();
    }

    private void delete(
            String topic, DeleteRecordsPartition partition, DeleteRecordsPartitionResult answer, Gather gather) {
        PartitionLog log;
        try {
            TopicName.requireForUsers(topic);
            log = broker.partition(topic, partition.partitionIndex());
            if (!broker.requireTopic(topic).config().deleted()) {
                answer.setErrorCode(Errors.POLICY_VIOLATION.code());
                return;
            }
        } catch (BrokerException e) {
            answer.setErrorCode(KafkaErrors.of(e).code());
            return;
        }
        long before =
                partition.offset() == DeleteRecordsRequest.HIGH_WATERMARK ? log.highWatermark() : partition.offset();
        gather.add(log.trimBefore(before), (logStart, failure) -> {
            if (failure != null) {
                answer.setErrorCode(KafkaErrors.of(failure).code());
            } else {
                answer.setLowWatermark(logStart);
            }
        });
    }
}
