package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ListOffsetsRequest;

/**
 * ListOffsets: the ends of a partition, the offset for a time, the offset of the largest time. There is one storage, so what
 * asks for the local one of tiered logs gets the earliest, and what lies in the remote one is nothing.
 */
public final class ListOffsetsApi implements ApiHandler<ListOffsetsRequestData> {
    private static final short FIRST_WITH_MAX_TIMESTAMP = 7;
    private static final short FIRST_WITH_EARLIEST_LOCAL = 8;
    private static final short FIRST_WITH_LATEST_TIERED = 9;
    private static final short FIRST_WITH_EARLIEST_PENDING = 11;
    private static final short FIRST_WITH_LEADER_EPOCH = 4;
    private static final long NONE = -1;

    private final Broker broker;

    public ListOffsetsApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<ListOffsetsRequestData> request) {
        ListOffsetsResponseData response = new ListOffsetsResponseData();
        Gather gather = new Gather(response);
        for (ListOffsetsTopic topic : request.message().topics()) {
            ListOffsetsTopicResponse topicAnswer = new ListOffsetsTopicResponse().setName(topic.name());
            response.topics().add(topicAnswer);
            for (ListOffsetsPartition partition : topic.partitions()) {
                ListOffsetsPartitionResponse answer = new ListOffsetsPartitionResponse()
                        .setPartitionIndex(partition.partitionIndex())
                        .setOffset(NONE)
                        .setTimestamp(NONE);
                topicAnswer.partitions().add(answer);
                find(request.version(), topic.name(), partition, answer, gather);
            }
        }
        return gather.seal();
    }

    private void find(
            short version,
            String topic,
            ListOffsetsPartition partition,
            ListOffsetsPartitionResponse answer,
            Gather gather) {
        if (!isKnown(partition.timestamp(), version)) {
            answer.setErrorCode(Errors.UNSUPPORTED_VERSION.code());
            return;
        }
        PartitionLog log;
        try {
            log = broker.partition(topic, partition.partitionIndex());
        } catch (BrokerException e) {
            answer.setErrorCode(KafkaErrors.ofRead(e).code());
            return;
        }
        Errors fenced = Epochs.check(partition.currentLeaderEpoch(), log);
        if (fenced != Errors.NONE) {
            answer.setErrorCode(fenced.code());
            return;
        }
        long timestamp = partition.timestamp();
        if (timestamp == ListOffsetsRequest.EARLIEST_TIMESTAMP
                || timestamp == ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP) {
            found(version, answer, log.logStartOffset(), NONE, log.epoch());
        } else if (timestamp == ListOffsetsRequest.LATEST_TIMESTAMP) {
            found(version, answer, log.highWatermark(), NONE, log.epoch());
        } else if (timestamp == ListOffsetsRequest.MAX_TIMESTAMP) {
            gather.add(log.offsetOfMaxTimestamp(), (found, failure) -> take(version, found, failure, answer));
        } else if (timestamp >= 0) {
            gather.add(log.offsetForTimestamp(timestamp), (found, failure) -> take(version, found, failure, answer));
        }
    }

    /** Whether a version of the API knows what is asked for; the negative ones came one by one. */
    private static boolean isKnown(long timestamp, short version) {
        if (timestamp >= ListOffsetsRequest.EARLIEST_TIMESTAMP) {
            return true;
        }
        return timestamp == ListOffsetsRequest.MAX_TIMESTAMP && version >= FIRST_WITH_MAX_TIMESTAMP
                || timestamp == ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP && version >= FIRST_WITH_EARLIEST_LOCAL
                || timestamp == ListOffsetsRequest.LATEST_TIERED_TIMESTAMP && version >= FIRST_WITH_LATEST_TIERED
                || timestamp == ListOffsetsRequest.EARLIEST_PENDING_UPLOAD_TIMESTAMP
                        && version >= FIRST_WITH_EARLIEST_PENDING;
    }

    private static void take(
            short version, Optional<TimestampedOffset> found, Throwable failure, ListOffsetsPartitionResponse answer) {
        if (failure != null) {
            answer.setErrorCode(KafkaErrors.ofRead(failure).code());
        } else if (found.isPresent()) {
            TimestampedOffset at = found.get();
            found(version, answer, at.offset(), at.timestampMs(), at.leaderEpoch());
        }
    }

    private static void found(
            short version, ListOffsetsPartitionResponse answer, long offset, long timestampMs, int leaderEpoch) {
        answer.setOffset(offset).setTimestamp(timestampMs);
        if (version >= FIRST_WITH_LEADER_EPOCH) {
            answer.setLeaderEpoch(leaderEpoch);
        }
    }
}
