package io.sluice.server.cli.topics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Pages;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice topics}: the five things one does with topics. */
@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Create, list, describe, alter and delete topics.")
public final class TopicsCommand implements Runnable {
    private static final int CREATED = 201;
    private static final int NOT_FOUND = 404;

    private final Streams streams;

    @Spec
    private CommandSpec spec;

    /** The command, which prints to {@code streams}. */
    public TopicsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "topics: say what to do: create, list, describe, alter or delete");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Create a topic.",
            versionProvider = Version.class)
    int create(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "NAME", description = "The topic's name.") String name,
            @Option(
                            names = "--partitions",
                            paramLabel = "N",
                            description = {"How many partitions.", "Default: num.partitions of the broker"})
                    Integer partitions,
            @Option(
                            names = "--config",
                            paramLabel = "KEY=VALUE",
                            description = {"A setting, by Kafka's name. Repeatable. Example:", "retention.ms=3600000"})
                    Map<String, String> config,
            @Option(names = "--if-not-exists", description = "Do nothing if there is a topic of that name.")
                    boolean ifNotExists) {
        BrokerConnection broker = server.connect();
        if (ifNotExists && exists(broker, name)) {
            answer(server, Json.object().put("name", name).put("created", false), "topic " + name + " exists already");
            return CliException.OK;
        }
        ObjectNode wish = Json.object();
        if (partitions != null) {
            wish.put("partitions", partitions);
        }
        if (config != null) {
            ObjectNode settings = wish.putObject("config");
            config.forEach(settings::put);
        }
        HttpResponse<byte[]> response = broker.send("PUT", BrokerConnection.topicPath(name), wish);
        // The broker takes the same wish twice; a person who creates a topic wants to know that it was there.
        if (response.statusCode() != CREATED && !ifNotExists) {
            throw new CliException(
                    CliException.REFUSED, "topic " + name + " exists already, with these settings (topic_exists)");
        }
        answer(server, broker.json(response), "created topic " + name);
        return CliException.OK;
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "List all topics.",
            versionProvider = Version.class)
    int list(@Mixin ServerOptions server) {
        BrokerConnection broker = server.connect();
        List<JsonNode> topics = Pages.all(broker, "/v1/topics", "topics");
        if (server.json()) {
            ObjectNode document = Json.object();
            document.putArray("topics").addAll(topics);
            streams.print(document);
        } else {
            streams.print(TopicText.list(topics));
        }
        return CliException.OK;
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Show a topic, its partitions and settings.",
            versionProvider = Version.class)
    int describe(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "NAME", description = "The topic's name.") String name,
            @Option(names = "--all", description = "Show the settings that have their defaults too.") boolean all) {
        JsonNode topic = server.connect().get(BrokerConnection.topicPath(name));
        answer(server, topic, TopicText.describe(name, topic, all));
        return CliException.OK;
    }

    @Command(
            name = "alter",
            mixinStandardHelpOptions = true,
            description = "Change settings of a topic, or give it more partitions.",
            versionProvider = Version.class)
    int alter(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "NAME", description = "The topic's name.") String name,
            @Option(names = "--config", paramLabel = "KEY=VALUE", description = "A setting to set. Repeatable.")
                    Map<String, String> config,
            @Option(
                            names = "--unset",
                            paramLabel = "KEY",
                            description = "A setting to give back to the default. Repeatable.")
                    List<String> unset,
            @Option(
                            names = "--partitions",
                            paramLabel = "N",
                            description = "How many partitions there should be: more than there are.")
                    Integer partitions) {
        if (config == null && unset == null && partitions == null) {
            throw CliException.usage("topics alter: nothing to change: give --config, --unset or --partitions");
        }
        ObjectNode change = Json.object();
        if (partitions != null) {
            change.put("partitions", partitions);
        }
        Map<String, String> settings = new LinkedHashMap<>();
        if (unset != null) {
            unset.forEach(key -> settings.put(key, null));
        }
        if (config != null) {
            config.forEach((key, value) -> {
                if (settings.containsKey(key)) {
                    throw CliException.usage("topics alter: " + key + " is both set and unset");
                }
                settings.put(key, value);
            });
        }
        if (!settings.isEmpty()) {
            ObjectNode object = change.putObject("config");
            settings.forEach(object::put);
        }
        BrokerConnection broker = server.connect();
        HttpResponse<byte[]> response = broker.send("PATCH", BrokerConnection.topicPath(name), change);
        answer(server, broker.json(response), "changed topic " + name);
        return CliException.OK;
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete a topic with all its records.",
            versionProvider = Version.class)
    int delete(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "NAME", description = "The topic's name.") String name,
            @Option(names = "--if-exists", description = "Do nothing if there is no topic of that name.")
                    boolean ifExists) {
        BrokerConnection broker = server.connect();
        HttpRequest request =
                broker.request(BrokerConnection.topicPath(name)).DELETE().build();
        boolean deleted = broker.sendUnless(ifExists ? NOT_FOUND : -1, request);
        answer(
                server,
                Json.object().put("name", name).put("deleted", deleted),
                deleted ? "deleted topic " + name : "there is no topic " + name);
        return CliException.OK;
    }

    private static boolean exists(BrokerConnection broker, String name) {
        return broker.sendUnless(
                NOT_FOUND,
                broker.request(BrokerConnection.topicPath(name)).GET().build());
    }

    private void answer(ServerOptions server, JsonNode document, String text) {
        if (server.json()) {
            streams.print(document);
        } else {
            streams.print(text);
        }
    }
}
