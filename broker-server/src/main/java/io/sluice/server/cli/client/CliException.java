package io.sluice.server.cli.client;

import java.util.Optional;

/** Ends a command with an exit code and one message for the person who typed it. */
public final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** All went well. */
    public static final int OK = 0;
    /** The broker refused, or what was checked is not sound. */
    public static final int REFUSED = 1;
    /** The command line or the input is wrong. */
    public static final int USAGE = 2;
    /** The broker cannot be reached. */
    public static final int NOT_CONNECTED = 3;

    private final int exitCode;
    private final transient Optional<Problem> problem;

    /**
     * @param exitCode one of the constants of this class
     * @param message what went wrong, for a person
     */
    public CliException(int exitCode, String message) {
        this(exitCode, message, Optional.empty());
    }

    private CliException(int exitCode, String message, Optional<Problem> problem) {
        super(message, null, false, false);
        this.exitCode = exitCode;
        this.problem = problem;
    }

    /** The broker said no. */
    public static CliException refused(Problem problem) {
        return new CliException(REFUSED, problem.message(), Optional.of(problem));
    }

    /** The broker did not take what the input holds. */
    public static CliException wrongInput(Problem problem) {
        return new CliException(USAGE, problem.message(), Optional.of(problem));
    }

    /** The command line or its input is wrong. */
    public static CliException usage(String message) {
        return new CliException(USAGE, message);
    }

    /** The broker's refusal, if that is the reason. */
    public Optional<Problem> problem() {
        return problem;
    }

    /** What the process ends with. */
    public int exitCode() {
        return exitCode;
    }
}
