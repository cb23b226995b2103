package io.sluice.server.cli;

import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.clients.ClientsCommand;
import io.sluice.server.cli.consume.ConsumeCommand;
import io.sluice.server.cli.diagnosis.AlertsCommand;
import io.sluice.server.cli.diagnosis.ErrorsCommand;
import io.sluice.server.cli.groups.GroupsCommand;
import io.sluice.server.cli.log.LogCommand;
import io.sluice.server.cli.produce.ProduceCommand;
import io.sluice.server.cli.queues.QueuesCommand;
import io.sluice.server.cli.tail.TailCommand;
import io.sluice.server.cli.topics.TopicsCommand;
import io.sluice.server.cli.why.WhyCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/** The commands beside {@code serve}, and how any of them ends: one message, an exit code, no stack trace. */
public final class CliCommands {
    private static final String COMPLETION = "completion";

    private CliCommands() {}

    /** What makes each command, by its name and in the order of the help, on the streams of this process. */
    public static Map<String, Supplier<Object>> byName() {
        return byName(Streams.system());
    }

    private static Map<String, Supplier<Object>> byName(Streams streams) {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("topics", () -> new TopicsCommand(streams));
        commands.put("produce", () -> new ProduceCommand(streams));
        commands.put("consume", () -> new ConsumeCommand(streams));
        commands.put("tail", () -> new TailCommand(streams));
        commands.put("groups", () -> new GroupsCommand(streams));
        commands.put("queues", () -> withBelow(new QueuesCommand(streams)));
        commands.put("clients", () -> new ClientsCommand(streams));
        commands.put("why", () -> new WhyCommand(streams));
        commands.put("alerts", () -> new AlertsCommand(streams));
        commands.put("errors", () -> new ErrorsCommand(streams));
        commands.put("log", () -> withBelow(new LogCommand(streams)));
        commands.put("bench", BenchCommand::new);
        commands.put(COMPLETION, () -> new CompletionCommand(streams));
        return commands;
    }

    /**
     * Adds commands to the root command. Building the model of a command costs time by reflection, so that only the command that
     * is wanted is built, and all of them where none is: for help and for mistakes.
     *
     * @param args what was typed; the first word may be a command
     */
    public static void add(CommandLine root, Map<String, Supplier<Object>> commands, String... args) {
        // What completes a line must know all others.
        if (args.length > 0 && commands.containsKey(args[0]) && !args[0].equals(COMPLETION)) {
            root.addSubcommand(args[0], commands.get(args[0]).get());
        } else {
            commands.forEach((name, command) -> root.addSubcommand(name, command.get()));
        }
    }

    private static CommandLine withBelow(QueuesCommand queues) {
        CommandLine line = new CommandLine(queues);
        queues.commands().forEach(line::addSubcommand);
        return line;
    }

    private static CommandLine withBelow(LogCommand log) {
        CommandLine line = new CommandLine(log);
        log.commands().forEach(line::addSubcommand);
        return line;
    }

    /** Adds commands to the root command and makes failures end as they should. */
    static CommandLine addTo(CommandLine root, Streams streams, String... args) {
        add(root, byName(streams), args);
        return root.setExecutionExceptionHandler((failure, command, parsed) -> explain(failure, root.getErr()));
    }

    /** Whether a failure is one that a command may end with; anything else is a mistake of the program's own. */
    public static boolean foresees(Exception failure) {
        return failure instanceof BrokenPipeException
                || failure instanceof CliException
                || failure instanceof IOException
                || failure instanceof UncheckedIOException;
    }

    /** Tells a person why a command failed, in one line, and returns what the process should end with. */
    public static int explain(Exception failure, PrintWriter err) {
        if (failure instanceof BrokenPipeException) {
            return CliException.OK;
        }
        boolean known = failure instanceof CliException;
        err.println("sluice: " + (known ? failure.getMessage() : describe(failure)));
        err.flush();
        return known ? ((CliException) failure).exitCode() : CliException.REFUSED;
    }

    private static String describe(Exception failure) {
        Throwable cause = failure instanceof UncheckedIOException ? failure.getCause() : failure;
        String message = cause.getMessage();
        if (cause instanceof IOException) {
            return message == null
                    ? cause.toString()
                    : message + " (" + cause.getClass().getSimpleName() + ")";
        }
        return "a mistake of the program's own: " + cause;
    }
}
