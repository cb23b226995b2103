package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.RecordFault;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.BatchValidator;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.server.kafka.AnswerEntries;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.EndOfConnection;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.TopicNames;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Produce: one batch per partition, validated once and handed to the log as it came. From version 13 on topics are named by
 * their ids.
 */
public final class ProduceApi implements ApiHandler<ProduceRequestData> {
    private static final short FIRST_WITH_IDS = 13;
    /** So many bytes of tiny records are looked through in less than a millisecond. */
    private static final long MAX_BYTES_ON_LOOP = 1024 * 1024;
    /** Refusals of a partition that is well: they say where its log begins. */
    private static final Set<Errors> OF_THE_RECORDS = EnumSet.of(
            Errors.INVALID_RECORD,
            Errors.INVALID_TIMESTAMP,
            Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
            Errors.INVALID_PRODUCER_EPOCH);

    private final Broker broker;

    public ProduceApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<ProduceRequestData> request) {
        boolean large = sizeOf(request.message()) > MAX_BYTES_ON_LOOP;
        return request.session().get(ProduceLine.KEY, ProduceLine::new).add(request, large, () -> begin(request));
    }

    private static long sizeOf(ProduceRequestData data) {
        long bytes = 0;
        for (TopicProduceData topic : data.topicData()) {
            for (PartitionProduceData partition : topic.partitionData()) {
                bytes += partition.records() == null ? 0 : partition.records().sizeInBytes();
            }
        }
        return bytes;
    }

    /** Hands the batches to the log. On the event loop, or on a worker. */
    private CompletableFuture<ApiMessage> begin(ApiRequest<ProduceRequestData> request) {
        ProduceRequestData data = request.message();
        Optional<Acks> acks = acksOf(data.acks());
        ProduceResponseData response = new ProduceResponseData();
        Gather gather = new Gather(response);
        for (TopicProduceData topicData : data.topicData()) {
            TopicProduceResponse topicAnswer =
                    new AnswerEntries.ProducedTopic().setName(topicData.name()).setTopicId(topicData.topicId());
            response.responses().add(topicAnswer);
            boolean byId = request.version() >= FIRST_WITH_IDS;
            Optional<Topic> topic =
                    byId ? TopicNames.find(broker, topicData.topicId()) : broker.topic(topicData.name());
            for (PartitionProduceData partition : topicData.partitionData()) {
                PartitionProduceResponse answer = new PartitionProduceResponse()
                        .setIndex(partition.index())
                        .setBaseOffset(-1);
                topicAnswer.partitionResponses().add(answer);
                if (topic.isEmpty()) {
                    Errors unknown = byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
                    answer.setErrorCode(unknown.code());
                } else if (!topic.get().hasPartition(partition.index())) {
                    answer.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
                } else if (acks.isEmpty()) {
                    answer.setErrorCode(Errors.INVALID_REQUIRED_ACKS.code());
                } else {
                    request.client().entry().produced(topic.get().name());
                    append(request, gather, topic.get(), partition, acks.get(), answer);
                }
            }
        }
        if (acks.isPresent() && acks.get() == Acks.NONE) {
            return withoutAnswer(response);
        }
        return gather.seal();
    }

    private static Optional<Acks> acksOf(short acks) {
        return switch (acks) {
            case -1 -> Optional.of(Acks.COMMITTED);
            case 0 -> Optional.of(Acks.NONE);
            case 1 -> Optional.of(Acks.WRITTEN);
            default -> Optional.empty();
        };
    }

    /** A client that takes no answers learns of a refusal by the end of its connection, and asks for metadata again. */
    private static CompletableFuture<ApiMessage> withoutAnswer(ProduceResponseData response) {
        for (TopicProduceResponse topic : response.responses()) {
            for (PartitionProduceResponse partition : topic.partitionResponses()) {
                if (partition.errorCode() != Errors.NONE.code()) {
                    return CompletableFuture.failedFuture(new EndOfConnection("a produce with acks=0 to " + topic.name()
                            + "-" + partition.index() + " was refused: "
                            + Errors.forCode(partition.errorCode())
                            + (partition.errorMessage() == null ? "" : ", " + partition.errorMessage())));
                }
            }
        }
        return NO_ANSWER;
    }

    private void append(
            ApiRequest<ProduceRequestData> request,
            Gather gather,
            Topic topic,
            PartitionProduceData partition,
            Acks acks,
            PartitionProduceResponse answer) {
        PartitionLog log;
        CompletableFuture<Appended> appended;
        try {
            TopicName.requireForUsers(topic.name());
            log = broker.partition(topic.name(), partition.index());
            RecordBatch batch = batchOf(partition.records(), topic);
            request.hold();
            appended = log.append(batch, acks, request::letGo);
        } catch (BrokerException e) {
            refuse(request, topic, answer, e);
            return;
        }
        gather.add(appended, (result, failure) -> {
            if (failure != null) {
                refuse(request, topic, answer, failure);
                if (OF_THE_RECORDS.contains(Errors.forCode(answer.errorCode()))) {
                    answer.setLogStartOffset(log.logStartOffset());
                }
            } else {
                answer.setBaseOffset(result.baseOffset())
                        .setLogAppendTimeMs(result.logAppendTimeMs())
                        .setLogStartOffset(result.logStartOffset());
            }
        });
    }

    private static void refuse(ApiRequest<?> request, Topic topic, PartitionProduceResponse answer, Throwable failure) {
        KafkaErrors.Answer error = KafkaErrors.of(
                failure, request.client().entry(), "PRODUCE partition " + answer.index() + " of " + topic.name());
        answer.setErrorCode(error.code()).setErrorMessage(error.message()).setBaseOffset(-1);
        for (RecordFault fault : error.records()) {
            answer.recordErrors()
                    .add(new BatchIndexAndErrorMessage()
                            .setBatchIndex(fault.index())
                            .setBatchIndexErrorMessage(fault.why()));
        }
    }

    private static RecordBatch batchOf(BaseRecords records, Topic topic) {
        if (!(records instanceof MemoryRecords memory) || memory.sizeInBytes() == 0) {
            throw new BrokerException(ErrorCode.INVALID_RECORD, "there is no record batch for the partition");
        }
        ByteBuffer buffer = memory.buffer();
        if (isCutShort(buffer)) {
            throw new BrokerException(ErrorCode.INVALID_RECORD, "the record batch for the partition is not whole");
        }
        int maxBytes = topic.config().maxMessageBytes();
        int size = BatchValidator.sizeOf(buffer, buffer.position(), maxBytes);
        if (size < buffer.remaining()) {
            throw new BrokerException(
                    ErrorCode.INVALID_RECORD,
                    "a produce holds exactly one record batch for a partition, this one has more");
        }
        RecordBatch batch = BatchValidator.validateOne(buffer, maxBytes);
        if (batch.isTransactional()) {
            throw new BrokerException(ErrorCode.INVALID_RECORD, "transactions are not served yet");
        }
        return batch;
    }

    /** Whether a batch claims more bytes than there are. */
    private static boolean isCutShort(ByteBuffer buffer) {
        int position = buffer.position();
        return buffer.remaining() < RecordBatch.LOG_OVERHEAD
                || buffer.getInt(position + RecordBatch.LENGTH_AT) > buffer.remaining() - RecordBatch.LOG_OVERHEAD;
    }
}
