package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues receive}: takes messages, and leaves it to others to settle them, or does it itself. */
@Command(
        name = "receive",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Take messages from a queue and print them: the lease, a tab, the value.",
            "",
            "With --ack they are acknowledged once they are printed, and only the values are printed."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:there was something, or nothing to take",
            "1:the broker refused",
            "2:the command line is wrong",
            "3:the broker cannot be reached"
        })
final class ReceiveCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Parameters(paramLabel = "QUEUE", description = "The queue.")
    private String queue;

    @Option(
            names = "--max",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many messages at most. Default: ${DEFAULT-VALUE}")
    private int max;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            defaultValue = "0s",
            description = "How long to wait if there is nothing. Default: ${DEFAULT-VALUE}")
    private String wait;

    @Option(
            names = "--visibility-timeout",
            paramLabel = "TIME",
            description = "How long they are hidden from others. Default: the queue's")
    private Optional<String> visibility = Optional.empty();

    @Option(names = "--consumer", paramLabel = "NAME", description = "Who it is that takes them.")
    private Optional<String> consumer = Optional.empty();

    @Option(names = "--ack", description = "Acknowledge what was printed.")
    private boolean acknowledge;

    ReceiveCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        BrokerConnection broker = server.connect();
        QueueApi api = new QueueApi(broker, queue);
        ObjectNode request = Json.object().put("max", max);
        consumer.ifPresent(name -> request.put("consumer", name));
        visibility.ifPresent(text -> request.put(
                "visibility_timeout_ms",
                Durations.parse("--visibility-timeout", text).toMillis()));
        if (!server.json()) {
            request.put("values", Delivered.VALUES);
        }
        long waitMs = Durations.parse("--wait", wait).toMillis();
        try {
            JsonNode messages = api.receive(request, waitMs).path("messages");
            print(messages);
            if (acknowledge && !messages.isEmpty()) {
                List<String> leases = new ArrayList<>();
                messages.forEach(message -> leases.add(message.path("lease").asText()));
                JsonNode results = api.settle("ack", QueueApi.leases(leases));
                return SettledLeases.told(results, streams) ? CliException.OK : CliException.REFUSED;
            }
            return CliException.OK;
        } catch (IOException e) {
            throw broker.notConnected(e);
        }
    }

    private void print(JsonNode messages) {
        try {
            OutputStream out = new BufferedOutputStream(streams.out());
            for (JsonNode message : messages) {
                if (server.json()) {
                    out.write(Json.bytes(message));
                } else {
                    Delivered delivered = Delivered.of(message);
                    if (!acknowledge) {
                        out.write((delivered.lease() + "\t").getBytes(StandardCharsets.UTF_8));
                    }
                    out.write(delivered.value());
                }
                out.write('\n');
            }
            out.flush();
        } catch (IOException e) {
            throw BrokenPipeException.whenWriting(e);
        }
    }
}
