package io.sluice.server.cli.diagnosis;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Table;
import io.sluice.server.cli.client.Version;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice alerts}: what is wrong by the rules. */
@Command(
        name = "alerts",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "List the alerts that are raised.")
public final class AlertsCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Option(names = "--lately", description = "Also those that are over, the last first.")
    private boolean lately;

    /** The command, which prints to {@code streams}. */
    public AlertsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        JsonNode alerts = server.connect().get("/v1/alerts");
        if (server.json()) {
            streams.print(alerts);
            return CliException.OK;
        }
        Table table = new Table("RULE", "SUBJECT", "RAISED", "CLEARED", "WHAT");
        alerts.path("raised").forEach(alert -> add(table, alert));
        if (lately) {
            alerts.path("lately").forEach(alert -> add(table, alert));
        }
        streams.print(table.toString());
        return CliException.OK;
    }

    private static void add(Table table, JsonNode alert) {
        table.row(
                alert.path("rule").asText(),
                alert.path("subject").asText(),
                time(alert.path("raised_at")),
                time(alert.path("cleared_at")),
                alert.path("message").asText());
    }

    /** A time for a person. */
    static String time(JsonNode ms) {
        return ms.isNumber() ? Instant.ofEpochMilli(ms.asLong()).toString() : "-";
    }
}
