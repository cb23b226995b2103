package io.sluice.core;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The one exception of the core. The message says what was refused, where, and the numbers that led to it; the
 * {@link ErrorCode} is what the faces of the broker map to their own codes.
 */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is refused because of a name, thousands of them in one request: the trace would cost more than all else. */
    private static final Set<ErrorCode> OF_A_NAME =
            EnumSet.of(ErrorCode.UNKNOWN_TOPIC, ErrorCode.UNKNOWN_PARTITION, ErrorCode.INVALID_TOPIC);

    private final ErrorCode code;
    /** Records are no beans of serialization; nobody writes exceptions to a stream. */
    private final transient List<RecordFault> records;

    public BrokerException(ErrorCode code, String message) {
        this(code, message, List.of());
    }

    /** @param records which records of a batch are to blame */
    public BrokerException(ErrorCode code, String message, List<RecordFault> records) {
        super(message, null, true, !OF_A_NAME.contains(code));
        this.code = code;
        this.records = List.copyOf(records);
    }

    public BrokerException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.records = List.of();
    }

    public ErrorCode code() {
        return code;
    }

    /** The records of a refused batch that are to blame, in order: of very many only the first. Empty if it is not a record. */
    public List<RecordFault> records() {
        return records;
    }
}
