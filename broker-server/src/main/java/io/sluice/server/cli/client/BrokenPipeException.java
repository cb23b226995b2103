package io.sluice.server.cli.client;

import java.util.Locale;

/** Nobody reads the output any more, as with {@code sluice consume t | head}. The command ends without a word. */
public final class BrokenPipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** There is nothing to say about it. */
    public BrokenPipeException() {
        super("nobody reads the output any more", null, false, false);
    }

    /**
     * What a failed write to the output means: that nobody reads it any more, or that a disk is full, which is an error
     * that is told.
     */
    public static RuntimeException whenWriting(Exception failure) {
        // The system's words; bin/sluice lets it speak English.
        String words = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        boolean full = words.contains("no space left") || words.contains("quota exceeded");
        return full
                ? new CliException(CliException.REFUSED, "the output cannot be written: " + failure.getMessage())
                : new BrokenPipeException();
    }
}
