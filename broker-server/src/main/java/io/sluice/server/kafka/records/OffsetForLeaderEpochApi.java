package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.PartitionLog;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** OffsetForLeaderEpoch: where an epoch ended, so that a consumer finds out whether what it read is still there (KIP-320). */
public final class OffsetForLeaderEpochApi implements ApiHandler<OffsetForLeaderEpochRequestData> {
    private final Broker broker;

    public OffsetForLeaderEpochApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<OffsetForLeaderEpochRequestData> request) {
        OffsetForLeaderEpochResponseData response = new OffsetForLeaderEpochResponseData();
        Gather gather = new Gather(response);
        for (OffsetForLeaderTopic topic : request.message().topics()) {
            OffsetForLeaderTopicResult topicAnswer = new AnswerEntries.EpochsTopic().setTopic(topic.topic());
            response.topics().add(topicAnswer);
            for (OffsetForLeaderPartition partition : topic.partitions()) {
                EpochEndOffset answer = new EpochEndOffset().setPartition(partition.partition());
                topicAnswer.partitions().add(answer);
                find(topic.topic(), partition, answer, gather);
            }
        }
        return gather.seal();
    }

    private void find(String topic, OffsetForLeaderPartition partition, EpochEndOffset answer, Gather gather) {
        PartitionLog log;
        try {
            log = broker.partition(topic, partition.partition());
        } catch (BrokerException e) {
            answer.setErrorCode(KafkaErrors.ofRead(e).code());
            return;
        }
        Errors fenced = Epochs.check(partition.currentLeaderEpoch(), log);
        if (fenced != Errors.NONE) {
            answer.setErrorCode(fenced.code());
            return;
        }
        gather.add(log.endOfEpoch(partition.leaderEpoch()), (end, failure) -> {
            if (failure != null) {
                answer.setErrorCode(KafkaErrors.ofRead(failure).code());
            } else if (end.isPresent()) {
                answer.setLeaderEpoch(end.get().epoch()).setEndOffset(end.get().endOffset());
            }
        });
    }
}
