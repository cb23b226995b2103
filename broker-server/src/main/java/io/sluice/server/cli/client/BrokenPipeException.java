package io.sluice.server.cli.client;

/** Nobody reads the output any more, as with {@code sluice consume t | head}. The command ends without a word. */
public final class BrokenPipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** There is nothing to say about it. */
    public BrokenPipeException() {
        super("nobody reads the output any more", null, false, false);
    }
}
