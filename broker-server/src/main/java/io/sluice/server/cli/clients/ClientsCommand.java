package io.sluice.server.cli.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Pages;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice clients}: who is connected, and ending a connection. */
@Command(
        name = "clients",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "List, describe and close connections of all protocols.")
public final class ClientsCommand implements Runnable {
    private final Streams streams;

    @Spec
    private CommandSpec spec;

    /** The command, which prints to {@code streams}. */
    public ClientsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "clients: say what to do: list, describe or close");
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "List who is connected; this command is one of them.",
            versionProvider = Version.class)
    int list(
            @Mixin ServerOptions server,
            @Option(names = "--protocol", paramLabel = "NAME", description = "Only http, or only kafka.")
                    Optional<String> protocol,
            @Option(names = "--group", paramLabel = "GROUP", description = "Only members of this group.")
                    Optional<String> group,
            @Option(
                            names = "--topic",
                            paramLabel = "TOPIC",
                            description = "Only those that read this topic, or write to it.")
                    Optional<String> topic) {
        List<String> query = new ArrayList<>(List.of("limit=1000"));
        protocol.ifPresent(name -> query.add("protocol=" + BrokerConnection.encode(name)));
        group.ifPresent(name -> query.add("group=" + BrokerConnection.encode(name)));
        topic.ifPresent(name -> query.add("topic=" + BrokerConnection.encode(name)));
        List<JsonNode> clients =
                Pages.all(server.connect(), "/v1/clients?" + String.join("&", query), "clients", "after");
        ObjectNode document = Json.object();
        document.putArray("clients").addAll(clients);
        answer(server, document, ClientText.list(clients));
        return CliException.OK;
    }

    @Command(
            name = "describe",
            mixinStandardHelpOptions = true,
            description = "Show a connection and what it is subscribed to.",
            versionProvider = Version.class)
    int describe(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "ID", description = "The connection's number.") long id) {
        JsonNode client = server.connect().get(path(id));
        answer(server, client, ClientText.describe(client));
        return CliException.OK;
    }

    @Command(
            name = "close",
            mixinStandardHelpOptions = true,
            description = "Close a connection, whatever is under way on it. Its client may come back.",
            versionProvider = Version.class)
    int close(
            @Mixin ServerOptions server,
            @Parameters(paramLabel = "ID", description = "The connection's number.") long id) {
        BrokerConnection broker = server.connect();
        broker.send(broker.request(path(id)).DELETE().build());
        answer(server, Json.object().put("id", id).put("closed", true), "closed connection " + id);
        return CliException.OK;
    }

    private void answer(ServerOptions server, JsonNode document, String text) {
        if (server.json()) {
            streams.print(document);
        } else {
            streams.print(text);
        }
    }

    private static String path(long id) {
        return "/v1/clients/" + id;
    }
}
