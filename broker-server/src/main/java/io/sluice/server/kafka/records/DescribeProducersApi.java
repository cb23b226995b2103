package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.ActiveProducer;
import io.sluice.core.engine.PartitionLog;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData.PartitionResponse;
import org.apache.kafka.common.message.DescribeProducersResponseData.ProducerState;
import org.apache.kafka.common.message.DescribeProducersResponseData.TopicResponse;
import org.apache.kafka.common.protocol.ApiMessage;

/** DescribeProducers: the idempotent producers that a partition remembers, of each partition once. */
public final class DescribeProducersApi implements ApiHandler<DescribeProducersRequestData> {
    private final Broker broker;

    public DescribeProducersApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeProducersRequestData> request) {
        DescribeProducersResponseData response = new DescribeProducersResponseData();
        Gather gather = new Gather(response);
        Set<Map.Entry<String, Integer>> seen = new HashSet<>();
        for (TopicRequest topic : request.message().topics()) {
            TopicResponse topicAnswer = new TopicResponse().setName(topic.name());
            response.topics().add(topicAnswer);
            for (int partition : topic.partitionIndexes()) {
                if (!seen.add(Map.entry(topic.name(), partition))) {
                    continue;
                }
                PartitionResponse answer = new PartitionResponse().setPartitionIndex(partition);
                topicAnswer.partitions().add(answer);
                find(topic.name(), partition, answer, gather);
            }
        }
        return gather.seal();
    }

    private void find(String topic, int partition, PartitionResponse answer, Gather gather) {
        PartitionLog log;
        try {
            log = broker.partition(topic, partition);
        } catch (BrokerException e) {
            refuse(answer, e);
            return;
        }
        gather.add(log.activeProducers(), (producers, failure) -> {
            if (failure != null) {
                refuse(answer, failure);
                return;
            }
            for (ActiveProducer producer : producers) {
                answer.activeProducers()
                        .add(new ProducerState()
                                .setProducerId(producer.producerId())
                                .setProducerEpoch(producer.epoch())
                                .setLastSequence(producer.lastSequence())
                                .setLastTimestamp(producer.lastTimestampMs())
                                .setCoordinatorEpoch(-1)
                                .setCurrentTxnStartOffset(-1));
            }
        });
    }

    private static void refuse(PartitionResponse answer, Throwable failure) {
        KafkaErrors.Answer error = KafkaErrors.of(failure);
        answer.setErrorCode(error.code()).setErrorMessage(error.message());
    }
}
