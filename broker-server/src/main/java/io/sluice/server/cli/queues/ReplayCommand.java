package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues replay}. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Send messages that are done once more, as new ones.")
final class ReplayCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Mixin
    private JobOptions job;

    @Parameters(paramLabel = "QUEUE", description = "The queue.")
    private String queue;

    @Option(names = "--from", paramLabel = "WHEN", description = "Those sent since 2026-01-31T12:00:00Z, or -2h.")
    private Optional<String> from = Optional.empty();

    @Option(names = "--to", paramLabel = "WHEN", description = "Those sent before that.")
    private Optional<String> to = Optional.empty();

    @Option(names = "--from-id", paramLabel = "ID", description = "From this message on.")
    private Optional<String> fromId = Optional.empty();

    @Option(names = "--to-id", paramLabel = "ID", description = "Up to this message.")
    private Optional<String> toId = Optional.empty();

    @Option(names = "--key", paramLabel = "KEY", description = "Only those with this key.")
    private Optional<String> key = Optional.empty();

    @Option(names = "--header", paramLabel = "NAME=VALUE", description = "Only those with this header. Repeatable.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(
            names = "--outcome",
            paramLabel = "WHAT",
            description = "acknowledged, dead, expired, dropped or any. Default: acknowledged")
    private Optional<String> outcome = Optional.empty();

    ReplayCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws InterruptedException {
        ObjectNode request = Json.object();
        from.ifPresent(when -> request.put("from", when));
        to.ifPresent(when -> request.put("to", when));
        fromId.ifPresent(id -> request.put("from_id", id));
        toId.ifPresent(id -> request.put("to_id", id));
        key.ifPresent(text -> request.put("key", text));
        headers.forEach((name, value) -> request.withObjectProperty("headers").put(name, value));
        outcome.ifPresent(what -> request.put("outcome", what));
        return job.run(server, streams, queue, "replay", request);
    }
}
