package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues ack}. */
@Command(
        name = "ack",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Say that messages are done.")
final class AckCommand implements Callable<Integer> {
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

    @Option(names = "--result", paramLabel = "JSON", description = "What came of it, for who looks at the message.")
    private Optional<String> result = Optional.empty();

    AckCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ObjectNode how = Json.object();
        result.ifPresent(text -> how.set("result", json(text)));
        return SettledLeases.settle(streams, server, queue, "ack", leases, how);
    }

    private static JsonNode json(String text) {
        try {
            return Json.parseWhole(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw CliException.usage("queues ack: --result " + text + " is not JSON");
        }
    }
}
