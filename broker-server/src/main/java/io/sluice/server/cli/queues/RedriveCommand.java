package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues redrive}. */
@Command(
        name = "redrive",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Send dead letters again, under the ids that they have.")
final class RedriveCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Mixin
    private JobOptions job;

    @Parameters(paramLabel = "QUEUE", description = "The queue in which they died.")
    private String queue;

    @Option(names = "--id", paramLabel = "ID", description = "Only this message. Repeatable.")
    private List<String> ids = new ArrayList<>();

    @Option(names = "--reason", paramLabel = "TEXT", description = "Only those whose reason has this text in it.")
    private Optional<String> reason = Optional.empty();

    @Option(names = "--consumer", paramLabel = "NAME", description = "Only those that this worker had once.")
    private Optional<String> consumer = Optional.empty();

    @Option(names = "--key", paramLabel = "KEY", description = "Only those with this key.")
    private Optional<String> key = Optional.empty();

    @Option(names = "--header", paramLabel = "NAME=VALUE", description = "Only those with this header. Repeatable.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(
            names = "--died-after",
            paramLabel = "WHEN",
            description = "Only those that died after 2026-01-31T12:00:00Z, or -15m.")
    private Optional<String> after = Optional.empty();

    @Option(names = "--died-before", paramLabel = "WHEN", description = "Only those that died before that.")
    private Optional<String> before = Optional.empty();

    @Option(
            names = "--max-redrives",
            paramLabel = "N",
            description = "Leave those that have been sent again so often. Default: 10")
    private Integer maxRedrives;

    RedriveCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws InterruptedException {
        ObjectNode filter = Json.object();
        ids.forEach(id -> filter.withArray("ids").add(id));
        reason.ifPresent(text -> filter.put("reason", text));
        consumer.ifPresent(name -> filter.put("consumer", name));
        key.ifPresent(text -> filter.put("key", text));
        headers.forEach((name, value) -> filter.withObjectProperty("headers").put(name, value));
        after.ifPresent(when -> filter.put("died_after", when));
        before.ifPresent(when -> filter.put("died_before", when));
        ObjectNode request = Json.object();
        if (!filter.isEmpty()) {
            request.set("filter", filter);
        }
        if (maxRedrives != null) {
            request.put("max_redrives", maxRedrives);
        }
        return job.run(server, streams, queue, "redrive", request);
    }
}
