package io.sluice.server.cli.groups;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Pages;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice groups}: where consumer groups stand, and moving them. */
@Command(
        name = "groups",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "List, describe, move and delete consumer groups.")
public final class GroupsCommand implements Runnable {
    private static final int NOT_FOUND = 404;

    private final Streams streams;

    @Spec
    private CommandSpec spec;

    /** The command, which prints to {@code streams}. */
    public GroupsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "groups: say what to do: list, describe, seek, skip, snapshot, snapshots, restore or delete");
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "List all groups.",
            versionProvider = Version.class)
    int list(@Mixin ServerOptions server) {
        List<JsonNode> groups = Pages.all(server.connect(), "/v1/groups", "groups");
        ObjectNode document = Json.object();
        document.putArray("groups").addAll(groups);
        answer(server, document, GroupText.list(groups));
        return CliException.OK;
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Show a group, its members, its positions and how far they are behind.",
            versionProvider = Version.class)
    int describe(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group) {
        JsonNode description = server.connect().get(BrokerConnection.groupPath(group));
        answer(server, description, GroupText.describe(group, description));
        return CliException.OK;
    }

    @Command(
            name = "seek",
            mixinStandardHelpOptions = true,
            description = "Move a group, also while its members read.",
            versionProvider = Version.class)
    int seek(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group,
            @Option(
                            names = "--to",
                            paramLabel = "WHERE",
                            description = {
                                "earliest, latest, a time like",
                                "2026-01-31T12:00:00Z (local without zone),",
                                "or a time ago like -15m, -2h, -1d."
                            })
                    Optional<String> to,
            @Option(
                            names = "--topic",
                            paramLabel = "TOPIC[:P,P]",
                            description = {
                                "Move only in this topic, or these partitions of it.",
                                "Repeatable. Default: all that the group has"
                            })
                    List<String> topics,
            @Option(
                            names = "--offset",
                            paramLabel = "TOPIC:P=N",
                            description = "Move to this offset in a partition. Repeatable.")
                    List<String> offsets) {
        ObjectNode request = SeekRequest.of(to, orNone(topics), orNone(offsets), ZoneId.systemDefault());
        BrokerConnection broker = server.connect();
        JsonNode moved = broker.json(broker.send("POST", BrokerConnection.groupPath(group) + "/seek", request));
        answer(server, moved, GroupText.moved(group, moved));
        return CliException.OK;
    }

    @Command(
            name = "skip",
            mixinStandardHelpOptions = true,
            description = "Take one record out of a group's way: the next that it would read.",
            versionProvider = Version.class)
    int skip(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group,
            @Parameters(paramLabel = "TOPIC:P", description = "The partition.") String partition,
            @Option(
                            names = "--offset",
                            paramLabel = "N",
                            description = {
                                "The record's offset: if the group does not stand",
                                "there any more, nothing is done."
                            })
                    Long offset,
            @Option(names = "--dead-letter", paramLabel = "TOPIC", description = "Copy the record to this topic first.")
                    Optional<String> deadLetter,
            @Option(names = "--reason", paramLabel = "TEXT", description = "Why; a header of the copy.")
                    Optional<String> reason) {
        PartitionName of = PartitionName.parse(partition);
        ObjectNode request = Json.object().put("topic", of.topic()).put("partition", of.partition());
        if (offset != null) {
            request.put("offset", offset);
        }
        deadLetter.ifPresent(topic -> request.put("dead_letter_topic", topic));
        reason.ifPresent(text -> request.put("reason", text));
        BrokerConnection broker = server.connect();
        JsonNode skipped = broker.json(broker.send("POST", BrokerConnection.groupPath(group) + "/skip", request));
        answer(server, skipped, GroupText.skipped(group, skipped));
        return CliException.OK;
    }

    @Command(
            name = "snapshot",
            mixinStandardHelpOptions = true,
            description = "Keep a group's positions by a name.",
            versionProvider = Version.class)
    int snapshot(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group,
            @Parameters(paramLabel = "NAME", description = "The snapshot's name.") String name,
            @Option(names = "--delete", description = "Forget the snapshot of that name instead.") boolean delete) {
        BrokerConnection broker = server.connect();
        if (delete) {
            broker.send(broker.request(snapshotPath(group, name)).DELETE().build());
            answer(
                    server,
                    Json.object().put("name", name).put("deleted", true),
                    "deleted snapshot " + name + " of group " + group);
            return CliException.OK;
        }
        JsonNode taken = broker.json(broker.send("PUT", snapshotPath(group, name), Json.object()));
        answer(server, taken, GroupText.taken(group, taken));
        return CliException.OK;
    }

    @Command(
            name = "snapshots",
            mixinStandardHelpOptions = true,
            description = "List the snapshots of a group.",
            versionProvider = Version.class)
    int snapshots(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group) {
        JsonNode document = server.connect().get(BrokerConnection.groupPath(group) + "/snapshots");
        answer(server, document, GroupText.snapshots(document.path("snapshots")));
        return CliException.OK;
    }

    @Command(
            name = "restore",
            mixinStandardHelpOptions = true,
            description = "Move a group to where it stood when a snapshot was taken.",
            versionProvider = Version.class)
    int restore(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group,
            @Parameters(paramLabel = "NAME", description = "The snapshot's name.") String name) {
        BrokerConnection broker = server.connect();
        JsonNode moved = broker.json(broker.send("POST", snapshotPath(group, name) + "/restore", Json.object()));
        answer(server, moved, GroupText.moved(group, moved));
        return CliException.OK;
    }

    @Command(
            name = "delete",
            mixinStandardHelpOptions = true,
            description = "Delete a group without members, its positions and its snapshots.",
            versionProvider = Version.class)
    int delete(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "GROUP", description = "The group's name.") String group,
            @Option(names = "--if-exists", description = "Do nothing if there is no group of that name.")
                    boolean ifExists) {
        BrokerConnection broker = server.connect();
        boolean deleted = broker.sendUnless(
                ifExists ? NOT_FOUND : -1,
                broker.request(BrokerConnection.groupPath(group)).DELETE().build());
        answer(
                server,
                Json.object().put("id", group).put("deleted", deleted),
                deleted ? "deleted group " + group : "there is no group " + group);
        return CliException.OK;
    }

    private static String snapshotPath(String group, String name) {
        return BrokerConnection.groupPath(group) + "/snapshots/" + BrokerConnection.encode(name);
    }

    private static List<String> orNone(List<String> texts) {
        return texts == null ? List.of() : texts;
    }

    private void answer(ServerOptions server, JsonNode document, String text) {
        if (server.json()) {
            streams.print(document);
        } else {
            streams.print(text);
        }
    }
}
