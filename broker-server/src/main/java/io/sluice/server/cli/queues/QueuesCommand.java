package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Pages;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice queues}: queues and what is in them. */
@Command(
        name = "queues",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Create queues, send to them, work on what is in them, and look after them.")
public final class QueuesCommand implements Runnable {
    private static final int CREATED = 201;
    private static final int NOT_FOUND = 404;
    private static final int MAX_PAGE = 100;

    private final Streams streams;

    @Spec
    private CommandSpec spec;

    /** The command, which prints to {@code streams}. */
    public QueuesCommand(Streams streams) {
        this.streams = streams;
    }

    /** The commands below it that are classes of their own. */
    public List<Object> commands() {
        return List.of(
                new SendCommand(streams),
                new ReceiveCommand(streams),
                new AckCommand(streams),
                new NackCommand(streams),
                new WorkCommand(streams),
                new RedriveCommand(streams),
                new ReplayCommand(streams));
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "queues: say what to do: create, list, describe, alter, stats, send, receive, ack, nack, work,"
                        + " dead, redrive, replay, jobs, purge, keys, park, unpark,"
                        + " pause, resume or delete");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Create a queue.",
            versionProvider = Version.class)
    int create(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Option(
                            names = "--set",
                            paramLabel = "NAME=VALUE",
                            description = {
                                "A setting, by its name over HTTP. Repeatable.",
                                "Examples: max_deliveries=3, order=key,",
                                "visibility_timeout_ms=30s, backoff.initial_ms=1s"
                            })
                    Map<String, String> settings,
            @Option(names = "--if-not-exists", description = "Do nothing if there is a queue of that name.")
                    boolean ifNotExists) {
        BrokerConnection broker = server.connect();
        if (ifNotExists
                && broker.sendUnless(
                        NOT_FOUND, broker.request(QueueApi.path(queue)).GET().build())) {
            answer(
                    server,
                    Json.object().put("name", queue).put("created", false),
                    "queue " + queue + " exists already");
            return CliException.OK;
        }
        HttpResponse<byte[]> response = broker.send("PUT", QueueApi.path(queue), QueueSettings.of(orNone(settings)));
        // The broker takes the same wish twice; a person who creates a queue wants to know that it was there.
        if (response.statusCode() != CREATED && !ifNotExists) {
            throw new CliException(
                    CliException.REFUSED, "queue " + queue + " exists already, with these settings (queue_exists)");
        }
        answer(server, broker.json(response), "created queue " + queue);
        return CliException.OK;
    }

    @Command(
            name = "alter",
            mixinStandardHelpOptions = true,
            description = "Change settings of a queue.",
            versionProvider = Version.class)
    int alter(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Option(
                            names = "--set",
                            required = true,
                            paramLabel = "NAME=VALUE",
                            description = "A setting, by its name over HTTP. Repeatable.")
                    Map<String, String> settings) {
        BrokerConnection broker = server.connect();
        HttpResponse<byte[]> response = broker.send("PATCH", QueueApi.path(queue), QueueSettings.of(settings));
        answer(server, broker.json(response), "changed queue " + queue);
        return CliException.OK;
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "List all queues.",
            versionProvider = Version.class)
    int list(@Mixin ServerOptions server) {
        List<JsonNode> queues = Pages.all(server.connect(), "/v1/queues", "queues");
        ObjectNode document = Json.object();
        document.putArray("queues").addAll(queues);
        answer(server, document, QueueText.list(queues));
        return CliException.OK;
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Show a queue, its settings, its counters and who works on it.",
            versionProvider = Version.class)
    int describe(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue) {
        JsonNode description = server.connect().get(QueueApi.path(queue));
        answer(server, description, QueueText.describe(description));
        return CliException.OK;
    }

    @Command(
            name = "stats",
            mixinStandardHelpOptions = true,
            description = "Show the counters and rates of queues.",
            versionProvider = Version.class)
    int stats(
            @Mixin ServerOptions server,
            @Parameters(arity = "0..*", paramLabel = "QUEUE", description = "Queues. Default: all")
                    List<String> names) {
        BrokerConnection broker = server.connect();
        List<String> wanted = names == null || names.isEmpty()
                ? Pages.all(broker, "/v1/queues", "queues").stream()
                        .map(queue -> queue.path("name").asText())
                        .toList()
                : names;
        List<JsonNode> queues =
                wanted.stream().map(queue -> broker.get(QueueApi.path(queue))).toList();
        ArrayNode all = Json.object().putArray("queues").addAll(queues);
        answer(server, Json.object().set("queues", all), QueueText.stats(queues));
        return CliException.OK;
    }

    @Command(
            name = "purge",
            mixinStandardHelpOptions = true,
            description = "Drop all messages of a queue that nobody has at the moment.",
            versionProvider = Version.class)
    int purge(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue) {
        JsonNode purged = post(server, queue, "purge");
        answer(
                server,
                purged,
                "purged " + QueueText.counted(purged.path("purged").asLong(), "message") + " of queue " + queue);
        return CliException.OK;
    }

    @Command(
            name = "dead",
            mixinStandardHelpOptions = true,
            description = "List what has died in a queue, and why.",
            versionProvider = Version.class)
    int dead(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue in which they died.") String queue,
            @Option(
                            names = "--max",
                            paramLabel = "N",
                            defaultValue = "100",
                            description = "How many at most, the oldest first. Default: ${DEFAULT-VALUE}")
                    int max) {
        if (max < 1) {
            throw CliException.usage("queues dead: --max " + max + " is not at least 1");
        }
        BrokerConnection broker = server.connect();
        List<JsonNode> messages = new ArrayList<>();
        String after = "";
        do {
            JsonNode page = broker.get(QueueApi.path(queue) + "/dead-letters?limit="
                    + Math.min(MAX_PAGE, max - messages.size())
                    + (after.isEmpty() ? "" : "&after=" + BrokerConnection.encode(after)));
            page.path("messages").forEach(messages::add);
            after = page.path("next").asText("");
        } while (!after.isEmpty() && messages.size() < max);
        ObjectNode document = Json.object();
        document.putArray("messages").addAll(messages);
        answer(server, document, JobText.deadLetters(messages));
        return CliException.OK;
    }

    @Command(
            name = "jobs",
            mixinStandardHelpOptions = true,
            description = "Show how far redrives and replays of a queue are.",
            versionProvider = Version.class)
    int jobs(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue.") String queue,
            @Option(names = "--stop", paramLabel = "JOB", description = "Stop this one.") Optional<String> stop) {
        BrokerConnection broker = server.connect();
        String path = QueueApi.path(queue) + "/jobs";
        if (stop.isPresent()) {
            JsonNode stopped = broker.json(broker.send(broker.request(path + "/" + BrokerConnection.encode(stop.get()))
                    .DELETE()
                    .build()));
            answer(server, stopped, JobText.of(stopped));
        } else {
            JsonNode jobs = broker.get(path);
            answer(server, jobs, JobText.jobs(jobs.path("jobs")));
        }
        return CliException.OK;
    }

    @Command(
            name = "pause",
            mixinStandardHelpOptions = true,
            description = "Give nothing out, until it is resumed. Sending goes on.",
            versionProvider = Version.class)
    int pause(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue) {
        answer(server, post(server, queue, "pause"), "paused queue " + queue);
        return CliException.OK;
    }

    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            description = "Give messages out again.",
            versionProvider = Version.class)
    int resume(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue) {
        answer(server, post(server, queue, "resume"), "resumed queue " + queue);
        return CliException.OK;
    }

    @Command(
            name = "keys",
            mixinStandardHelpOptions = true,
            description = "List keys that stand still, those that do for longest first.",
            versionProvider = Version.class)
    int keys(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Option(
                            names = "--max",
                            paramLabel = "COUNT",
                            defaultValue = "100",
                            description = "At most so many, up to 1,000. Default: 100")
                    int max) {
        JsonNode keys = server.connect().get(QueueApi.path(queue) + "/keys?limit=" + max);
        answer(server, keys, QueueText.keys(keys));
        return CliException.OK;
    }

    @Command(
            name = "park",
            mixinStandardHelpOptions = true,
            description = "Let nobody receive messages of a key, until it is taken up again.",
            versionProvider = Version.class)
    int park(
            @Mixin ServerOptions server,
            @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Parameters(index = "1", paramLabel = "KEY", description = "The key.") String key,
            @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why.") String reason) {
        JsonNode parked =
                post(server, queue, "keys/park", Json.object().put("key", key).put("reason", reason));
        answer(server, parked, "parked key " + key + " of queue " + queue);
        return CliException.OK;
    }

    @Command(
            name = "unpark",
            mixinStandardHelpOptions = true,
            description = "Let messages of a parked key go on.",
            versionProvider = Version.class)
    int unpark(
            @Mixin ServerOptions server,
            @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Parameters(index = "1", paramLabel = "KEY", description = "The key.") String key) {
        JsonNode parked = post(server, queue, "keys/unpark", Json.object().put("key", key));
        answer(server, parked, "key " + key + " of queue " + queue + " goes on");
        return CliException.OK;
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete a queue with all its messages.",
            versionProvider = Version.class)
    int delete(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Option(names = "--if-exists", description = "Do nothing if there is no queue of that name.")
                    boolean ifExists) {
        BrokerConnection broker = server.connect();
        boolean deleted = broker.sendUnless(
                ifExists ? NOT_FOUND : -1,
                broker.request(QueueApi.path(queue)).DELETE().build());
        answer(
                server,
                Json.object().put("name", queue).put("deleted", deleted),
                deleted ? "deleted queue " + queue : "there is no queue " + queue);
        return CliException.OK;
    }

    private static JsonNode post(ServerOptions server, String queue, String what) {
        return post(server, queue, what, Json.object());
    }

    private static JsonNode post(ServerOptions server, String queue, String what, ObjectNode body) {
        BrokerConnection broker = server.connect();
        return broker.json(broker.send("POST", QueueApi.path(queue) + "/" + what, body));
    }

    private static Map<String, String> orNone(Map<String, String> settings) {
        return settings == null ? new LinkedHashMap<>() : settings;
    }

    private void answer(ServerOptions server, JsonNode document, String text) {
        if (server.json()) {
            streams.print(document);
        } else {
            streams.print(text);
        }
    }
}
