package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues nack}. */
@Command(
        name = "nack",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Say that messages could not be done: they come again, or are dead.")
final class NackCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue.")
    private String queue;

    @Parameters(
            index = "1..*",
            paramLabel = "LEASE",
            description = "What receive gave with the messages. None: from standard input, a line each.")
    private List<String> leases = List.of();

    @Option(
            names = "--delay",
            paramLabel = "TIME",
            description = "When they come again: after 0s, 30s, 5m. Default: as the queue's backoff has it")
    private Optional<String> delay = Optional.empty();

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why; it stands in the case file.")
    private Optional<String> reason = Optional.empty();

    @Option(names = "--dead", description = "They never come again: to the dead letters with them.")
    private boolean dead;

    NackCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ObjectNode how = Json.object();
        delay.ifPresent(
                text -> how.put("delay_ms", Durations.parse("--delay", text).toMillis()));
        reason.ifPresent(text -> how.put("reason", text));
        if (dead) {
            how.put("dead", true);
        }
        return SettledLeases.settle(streams, server, queue, "nack", leases, how);
    }
}
