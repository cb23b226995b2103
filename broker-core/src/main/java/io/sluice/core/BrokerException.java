package io.sluice.core;

/**
 * The one exception of the core. The message says what was refused, where, and the numbers that led to it; the
 * {@link ErrorCode} is what the faces of the broker map to their own codes.
 */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public BrokerException(ErrorCode code, String message) {
        super(message);
        this.code = code;
    }

    public BrokerException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }
}
