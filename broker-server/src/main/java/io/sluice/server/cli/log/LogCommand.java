package io.sluice.server.cli.log;

import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice log}: what one does to the files of a partition without a broker. */
@Command(
        name = "log",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Look at, check and repair the files of a log, without a broker.",
            "",
            "PATH is a data directory, the folder of one partition, or one segment."
        })
public final class LogCommand implements Runnable {
    private final Streams streams;

    @Spec
    private CommandSpec spec;

    /** The command, which prints to {@code streams}. */
    public LogCommand(Streams streams) {
        this.streams = streams;
    }

    /** What can be done to a log, to be added below this command. */
    public List<Object> commands() {
        return List.of(new DumpCommand(streams), new VerifyCommand(streams), new RepairCommand(streams));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "log: say what to do: dump, verify or repair");
    }
}
