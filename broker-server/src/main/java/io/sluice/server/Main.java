package io.sluice.server;

import io.sluice.core.BrokerException;
import io.sluice.server.cli.CliCommands;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code sluice}. */
@Command(
        name = "sluice",
        description = "A partitioned log broker in one small jar.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        subcommands = CommandLine.HelpCommand.class)
public final class Main implements Runnable {
    /** Every subcommand by its name, in the order of the help: one line each. */
    private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("serve", ServeCommand::new);
        COMMANDS.putAll(CliCommands.byName());
    }

    @Spec
    private CommandSpec spec;

    private Main() {}

    /** Runs a command, and ends the process with its exit code: 0, 1 if it failed, 2 if it was not understood. */
    public static void main(String[] args) {
        System.exit(commandLine(args).execute(args));
    }

    static CommandLine commandLine(String... args) {
        CommandLine commandLine = new CommandLine(new Main());
        CliCommands.add(commandLine, COMMANDS, args);
        return commandLine.setExecutionExceptionHandler(Main::explain);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** A refusal is told in its own words; a stack trace is only for what nobody foresaw. */
    private static int explain(Exception failure, CommandLine commandLine, CommandLine.ParseResult parsed)
            throws Exception {
        if (failure instanceof ServerException || failure instanceof BrokerException) {
            commandLine.getErr().println("sluice: " + failure.getMessage());
            commandLine.getErr().flush();
            return CommandLine.ExitCode.SOFTWARE;
        }
        if (CliCommands.foresees(failure)) {
            return CliCommands.explain(failure, commandLine.getErr());
        }
        throw failure;
    }

    /** What {@code --version} prints. */
    static final class VersionLine implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"sluice " + Version.current()};
        }
    }
}
