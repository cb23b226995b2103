package io.sluice.server;

/** The server cannot start, or cannot stop in order. The message is for people. */
public final class ServerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A reason without a cause. */
    public ServerException(String message) {
        super(message);
    }

    /** A reason with its cause. */
    public ServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
