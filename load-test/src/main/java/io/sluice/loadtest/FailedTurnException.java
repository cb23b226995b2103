package io.sluice.loadtest;

/** A turn of requests that were all answered well came to nothing; the message is the kind of error, one of few. */
final class FailedTurnException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FailedTurnException(String kind) {
        super(kind, null, false, false);
    }
}
