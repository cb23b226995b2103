package io.sluice.server.cli.why;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Table;
import io.sluice.server.cli.client.Version;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice why}: reasons, the gravest first. */
@Command(
        name = "why",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Tell why a topic, a group or a queue does not move.")
public final class WhyCommand implements Runnable {
    private final Streams streams;

    @Spec
    private CommandSpec spec;

    /** The command, which prints to {@code streams}. */
    public WhyCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "why: say of what: topic, group or queue");
    }

    @Command(
            name = "topic",
            mixinStandardHelpOptions = true,
            description = "Tell why a topic does not move.",
            versionProvider = Version.class)
    int topic(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "TOPIC", description = "The topic's name.") String topic) {
        return answer(server, BrokerConnection.topicPath(topic) + "/why");
    }

    @Command(
            name = "group",
            mixinStandardHelpOptions = true,
            description = "Tell why a group does not move.",
            versionProvider = Version.class)
    int group(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group,
            @Option(
                            names = "--idle-ms",
                            paramLabel = "MS",
                            defaultValue = "30000",
                            description = {
                                "For how long a member must not have asked",
                                "for records to count as idle. Default: 30000"
                            })
                    long idleMs) {
        return answer(server, BrokerConnection.groupPath(group) + "/why?idle_ms=" + idleMs);
    }

    @Command(
            name = "queue",
            mixinStandardHelpOptions = true,
            description = "Tell why a queue, or one of its messages, does not move.",
            versionProvider = Version.class)
    int queue(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "QUEUE", description = "The queue's name.") String queue,
            @Option(
                            names = "--message",
                            paramLabel = "ID",
                            description = "Tell of this message of the queue, like 0-17.")
                    String message,
            @Option(
                            names = "--idle-ms",
                            paramLabel = "MS",
                            defaultValue = "30000",
                            description = {
                                "For how long nobody must have asked for messages",
                                "to count as nobody being there. Default: 30000"
                            })
                    long idleMs) {
        String of = message == null ? "" : "/messages/" + BrokerConnection.encode(message);
        return answer(server, BrokerConnection.queuePath(queue) + of + "/why?idle_ms=" + idleMs);
    }

    private int answer(ServerOptions server, String path) {
        JsonNode why = server.connect().get(path);
        if (server.json()) {
            streams.print(why);
        } else {
            streams.print(text(why));
        }
        return CliException.OK;
    }

    private static String text(JsonNode why) {
        Table table = new Table("", "REASON", "SINCE", "CULPRIT", "WHAT");
        for (JsonNode reason : why.path("reasons")) {
            JsonNode since = reason.path("since");
            table.row(
                    reason.path("wrong").asBoolean() ? "!" : "",
                    reason.path("code").asText(),
                    since.isNumber() ? Instant.ofEpochMilli(since.asLong()).toString() : "-",
                    culprit(reason.path("culprit")),
                    reason.path("message").asText());
        }
        return table.toString();
    }

    private static String culprit(JsonNode culprit) {
        List<String> parts = new ArrayList<>();
        culprit.properties()
                .forEach(part -> parts.add(part.getKey() + "="
                        + (part.getValue().isValueNode()
                                ? part.getValue().asText()
                                : part.getValue().toString())));
        parts.sort(null);
        return parts.isEmpty() ? "-" : String.join(" ", parts);
    }
}
