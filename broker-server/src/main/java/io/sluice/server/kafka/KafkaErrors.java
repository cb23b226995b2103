package io.sluice.server.kafka;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.util.concurrent.CompletionException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where a failure becomes an error of Kafka's protocol. */
public final class KafkaErrors {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaErrors.class);

    private KafkaErrors() {}

    /**
     * An error for the wire.
     *
     * @param error Kafka's code
     * @param message a sentence for people, for the responses that have room for one
     */
    public record Answer(Errors error, String message) {
        /** The code on the wire. */
        public short code() {
            return error.code();
        }
    }

    /**
     * The map. A switch without a default: a new code does not compile until it has its place here. What may be different
     * in a moment is retriable for clients, and says that nothing was written if nothing was.
     */
    static Errors of(ErrorCode code) {
        return switch (code) {
            case UNKNOWN_TOPIC, UNKNOWN_PARTITION -> Errors.UNKNOWN_TOPIC_OR_PARTITION;
            case TOPIC_EXISTS -> Errors.TOPIC_ALREADY_EXISTS;
            case INVALID_TOPIC -> Errors.INVALID_TOPIC_EXCEPTION;
            case INVALID_PARTITIONS -> Errors.INVALID_PARTITIONS;
            case INVALID_CONFIG -> Errors.INVALID_CONFIG;
            case INVALID_ARGUMENT -> Errors.INVALID_REQUEST;
            case OFFSET_OUT_OF_RANGE -> Errors.OFFSET_OUT_OF_RANGE;
            case CORRUPT_BATCH, DATA_CORRUPT -> Errors.CORRUPT_MESSAGE;
            case INVALID_RECORD, IDEMPOTENCY_KEY_REUSED -> Errors.INVALID_RECORD;
            case UNSUPPORTED_FORMAT -> Errors.UNSUPPORTED_FOR_MESSAGE_FORMAT;
            case RECORD_TOO_LARGE -> Errors.MESSAGE_TOO_LARGE;
            case OUT_OF_ORDER_SEQUENCE -> Errors.OUT_OF_ORDER_SEQUENCE_NUMBER;
            case INVALID_PRODUCER_EPOCH -> Errors.INVALID_PRODUCER_EPOCH;
            // Every client tries again after it, and knows that nothing was written.
            case OVERLOADED -> Errors.NOT_ENOUGH_REPLICAS;
            // Clients give up at once and show the message, instead of trying in silence until their time is over.
            case DISK_LOW -> Errors.POLICY_VIOLATION;
            case PARTITION_OFFLINE, STORAGE_FAILED, DATA_DIRECTORY_LOCKED -> Errors.KAFKA_STORAGE_ERROR;
            case FENCED, NOT_OWNER, SHUTTING_DOWN -> Errors.NOT_LEADER_OR_FOLLOWER;
            case INTERNAL -> Errors.UNKNOWN_SERVER_ERROR;
        };
    }

    /** The error for a failure, whatever it is. What nobody foresaw is logged and answered without our internals. */
    public static Answer of(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof BrokerException refusal) {
            return new Answer(of(refusal.code()), refusal.getMessage());
        }
        if (cause instanceof ApiException error) {
            return new Answer(Errors.forException(error), error.getMessage());
        }
        LOG.error("a request of the Kafka listener failed", cause);
        return new Answer(Errors.UNKNOWN_SERVER_ERROR, Errors.UNKNOWN_SERVER_ERROR.message());
    }

    /** As {@link #of(Throwable)}, in the codes that consumers know in the answer to a fetch: they give up at others. */
    public static Answer ofRead(Throwable failure) {
        Answer answer = of(failure);
        return answer.error() == Errors.NOT_ENOUGH_REPLICAS
                ? new Answer(Errors.KAFKA_STORAGE_ERROR, answer.message())
                : answer;
    }
}
