package io.sluice.server.cli.diagnosis;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Table;
import io.sluice.server.cli.client.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice errors}: what went wrong lately. */
@Command(
        name = "errors",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "List what went wrong lately, the last first; what is alike is one line.")
public final class ErrorsCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Option(
            names = "--max",
            paramLabel = "COUNT",
            defaultValue = "100",
            description = "At most so many, up to 500. Default: 100")
    private int max;

    /** The command, which prints to {@code streams}. */
    public ErrorsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        JsonNode errors = server.connect().get("/v1/errors?limit=" + max);
        if (server.json()) {
            streams.print(errors);
            return CliException.OK;
        }
        Table table = new Table("CODE", "COUNT", "FIRST", "LAST", "CLIENT", "WHERE", "WHAT");
        for (JsonNode error : errors.path("errors")) {
            table.row(
                    error.path("code").asText(),
                    error.path("count").asText(),
                    AlertsCommand.time(error.path("first_at")),
                    AlertsCommand.time(error.path("last_at")),
                    error.path("client").asText("-"),
                    error.path("where").asText(),
                    error.path("message").asText());
        }
        streams.print(table.toString());
        return CliException.OK;
    }
}
