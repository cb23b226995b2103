package io.sluice.server.kafka;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.RecordFault;
import io.sluice.groups.GroupError;
import io.sluice.server.clients.Client;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where a failure becomes an error of Kafka's protocol. */
public final class KafkaErrors {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaErrors.class);

    /** What is no fault of a client's. */
    private static final Set<ErrorCode> OWN = EnumSet.of(
            ErrorCode.OVERLOADED,
            ErrorCode.DISK_LOW,
            ErrorCode.PARTITION_OFFLINE,
            ErrorCode.STORAGE_FAILED,
            ErrorCode.DATA_CORRUPT,
            ErrorCode.INTERNAL);

    private KafkaErrors() {}

    /**
     * An error for the wire.
     *
     * @param error Kafka's code
     * @param message a sentence for people, for the responses that have room for one
     * @param records which records of a batch are to blame
     */
    public record Answer(Errors error, String message, List<RecordFault> records) {
        /** An answer that blames no record. */
        public Answer(Errors error, String message) {
            this(error, message, List.of());
        }

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
            case INVALID_TIMESTAMP -> Errors.INVALID_TIMESTAMP;
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

    /** The map for what the group coordinator refuses. */
    public static Errors of(GroupError error) {
        return switch (error) {
            case NONE -> Errors.NONE;
            case INVALID_GROUP -> Errors.INVALID_GROUP_ID;
            case UNKNOWN_GROUP -> Errors.GROUP_ID_NOT_FOUND;
            case GROUP_NOT_EMPTY -> Errors.NON_EMPTY_GROUP;
            case SUBSCRIBED_TO_TOPIC -> Errors.GROUP_SUBSCRIBED_TO_TOPIC;
            case GROUP_FULL -> Errors.GROUP_MAX_SIZE_REACHED;
            case UNKNOWN_MEMBER -> Errors.UNKNOWN_MEMBER_ID;
            case MEMBER_ID_REQUIRED -> Errors.MEMBER_ID_REQUIRED;
            case FENCED_INSTANCE -> Errors.FENCED_INSTANCE_ID;
            case ILLEGAL_GENERATION -> Errors.ILLEGAL_GENERATION;
            case REBALANCE_IN_PROGRESS -> Errors.REBALANCE_IN_PROGRESS;
            case INCONSISTENT_PROTOCOL -> Errors.INCONSISTENT_GROUP_PROTOCOL;
            case INVALID_SESSION_TIMEOUT -> Errors.INVALID_SESSION_TIMEOUT;
            case METADATA_TOO_LARGE -> Errors.OFFSET_METADATA_TOO_LARGE;
            case UNKNOWN_PARTITION -> Errors.UNKNOWN_TOPIC_OR_PARTITION;
            case FENCED_MEMBER_EPOCH -> Errors.FENCED_MEMBER_EPOCH;
            case STALE_MEMBER_EPOCH -> Errors.STALE_MEMBER_EPOCH;
            case UNRELEASED_INSTANCE -> Errors.UNRELEASED_INSTANCE_ID;
            case UNSUPPORTED_ASSIGNOR -> Errors.UNSUPPORTED_ASSIGNOR;
            case INVALID_REGULAR_EXPRESSION -> Errors.INVALID_REGULAR_EXPRESSION;
            // No error of these requests means it; clients give up with this one instead of trying again.
            case TOO_LARGE -> Errors.INVALID_REQUEST;
            // Only other faces ask for what these refuse.
            case MEMBER_OF_OTHER_PROTOCOL, SUPERSEDED, POSITION_HAS_MOVED, UNKNOWN_SNAPSHOT, TOO_MANY_SNAPSHOTS ->
                Errors.INVALID_REQUEST;
            case NOT_COORDINATOR -> Errors.NOT_COORDINATOR;
            case LOADING -> Errors.COORDINATOR_LOAD_IN_PROGRESS;
            case UNAVAILABLE -> Errors.COORDINATOR_NOT_AVAILABLE;
        };
    }

    /** The error for a failure, whatever it is. What nobody foresaw is logged and answered without our internals. */
    public static Answer of(Throwable failure) {
        Throwable cause = causeOf(failure);
        if (cause instanceof BrokerException refusal) {
            return new Answer(of(refusal.code()), refusal.getMessage(), refusal.records());
        }
        if (cause instanceof ApiException error) {
            return new Answer(Errors.forException(error), error.getMessage());
        }
        LOG.error("a request of the Kafka listener failed", cause);
        return new Answer(Errors.UNKNOWN_SERVER_ERROR, Errors.UNKNOWN_SERVER_ERROR.message());
    }

    /** As {@link #of(Throwable)}; what the broker could not do is remembered with the client and the request. */
    public static Answer of(Throwable failure, Client client, String where) {
        Throwable cause = causeOf(failure);
        if (cause instanceof BrokerException refusal && OWN.contains(refusal.code())) {
            client.failed(refusal.code().name().toLowerCase(Locale.ROOT), where, refusal.getMessage());
        }
        return of(cause);
    }

    private static Throwable causeOf(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** As {@link #of(Throwable, Client, String)}, in the codes that consumers know in the answer to a fetch: they give up at others. */
    public static Answer ofRead(Throwable failure, Client client, String where) {
        return forReaders(of(failure, client, where));
    }

    /** See {@link #ofRead(Throwable, Client, String)}; for requests that say where something is, and read nothing. */
    public static Answer ofRead(Throwable failure) {
        return forReaders(of(failure));
    }

    private static Answer forReaders(Answer answer) {
        return answer.error() == Errors.NOT_ENOUGH_REPLICAS
                ? new Answer(Errors.KAFKA_STORAGE_ERROR, answer.message())
                : answer;
    }
}
