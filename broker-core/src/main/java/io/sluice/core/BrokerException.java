package io.sluice.core;

import java.util.List;

/**
 * The one exception of the core. The message says what was refused, where, and the numbers that led to it; the
 * {@link ErrorCode} is what the faces of the broker map to their own codes.
 */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    /** Records are no beans of serialization; nobody writes exceptions to a stream. */
    private final transient List<RecordFault> records;

    public BrokerException(ErrorCode code, String message) {
        this(code, message, List.of());
    }

    /** @param records which records of a batch are to blame */
    public BrokerException(ErrorCode code, String message, List<RecordFault> records) {
        super(message);
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
