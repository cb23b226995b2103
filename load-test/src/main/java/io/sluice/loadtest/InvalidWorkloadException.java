package io.sluice.loadtest;

/** A workload that cannot be run as it is written; the message names the source, the setting and its bound. */
public final class InvalidWorkloadException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InvalidWorkloadException(String message) {
        super(message);
    }
}
