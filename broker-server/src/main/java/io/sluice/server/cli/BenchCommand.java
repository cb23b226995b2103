package io.sluice.server.cli;

import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Version;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** {@code sluice bench}, for the list of commands: it is a program of its own, which bin/sluice runs instead of this. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Measure a broker under load. Run it as bin/sluice bench.")
final class BenchCommand implements Callable<Integer> {
    @Unmatched
    private List<String> arguments = List.of();

    @Override
    public Integer call() {
        throw CliException.usage("bench is a program of its own: run it as bin/sluice bench "
                + String.join(" ", arguments).strip());
    }
}
