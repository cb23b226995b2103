package io.sluice.loadtest.target;

/** The server's answer is not what HTTP/1.1, or the route that was asked, promises. */
public final class MalformedAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MalformedAnswerException(String message) {
        super(message);
    }
}
