package io.sluice.server.cli.tail;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Problem;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import io.sluice.server.cli.consume.InOrder;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice tail}: records of all partitions as they come, pushed by the broker. */
@Command(
        name = "tail",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Print the records that a topic gets, as it gets them, until interrupted.",
            "",
            "The broker pushes them, and only those that the filters let pass. A lost connection is made again and goes on"
                    + " behind the last record that was printed."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it was interrupted, --max was reached, or nobody reads the output any more",
            "1:the broker refused, or the topic was deleted",
            "2:the command line is wrong",
            "3:the broker cannot be reached"
        })
public final class TailCommand implements Callable<Integer> {
    private static final long HEARTBEAT_MS = 5_000;
    private static final long SILENT_NS = TimeUnit.MILLISECONDS.toNanos(4 * HEARTBEAT_MS);
    private static final long RETRY_MS = 500;

    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Parameters(paramLabel = "TOPIC", description = "The topic.")
    private String topic;

    @Option(
            names = "--from",
            paramLabel = "WHERE",
            description = "earliest, latest, a time like 2026-01-31T12:00:00Z, or a time ago like -15m. With --group"
                    + " earliest or latest, for partitions in which the group has never been. Default: latest, with"
                    + " --group earliest")
    private Optional<String> from = Optional.empty();

    @Option(
            names = "--filter",
            paramLabel = "FILTER",
            description = "type=CREATE,UPDATE, key=user-* or header.NAME=VALUE. Repeatable: then all must hold.")
    private List<String> filters = new ArrayList<>();

    @Option(names = "--group", paramLabel = "GROUP", description = "Read as a member of this group.")
    private Optional<String> group = Optional.empty();

    @Option(names = "--max", paramLabel = "N", description = "End after so many records.")
    private long max = Long.MAX_VALUE;

    private long printed;
    /** The id of the last event; empty before the first. */
    private String lastId = "";

    private volatile long heardNs;

    /** The command, which prints to {@code streams}. */
    public TailCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (max < 0) {
            throw CliException.usage("tail: --max " + max + " is negative");
        }
        BrokerConnection broker = server.connect();
        try {
            InOrder.run(() -> tail(broker));
        } catch (BrokenPipeException nobodyReads) {
            return CliException.OK;
        }
        return CliException.OK;
    }

    private void tail(BrokerConnection broker) throws InterruptedException {
        boolean connected = false;
        boolean told = false;
        while (printed < max) {
            try {
                HttpResponse<InputStream> response = broker.stream(request(broker));
                if (response.statusCode() != 200) {
                    refused(Problem.of(response, response.body().readAllBytes()));
                } else {
                    connected = true;
                    told = false;
                    print(response.body());
                }
            } catch (IOException lost) {
                if (!connected) {
                    throw broker.notConnected(lost);
                }
                if (!told) {
                    streams.say("tail: the connection to " + broker.server() + " is lost; trying again");
                    told = true;
                }
            }
            if (printed < max) {
                TimeUnit.MILLISECONDS.sleep(RETRY_MS);
            }
        }
    }

    private static void refused(Problem problem) {
        if (!problem.retriable()) {
            throw CliException.refused(problem);
        }
    }

    private HttpRequest request(BrokerConnection broker) {
        StringBuilder path =
                new StringBuilder(BrokerConnection.topicPath(topic) + "/events?heartbeat_ms=" + HEARTBEAT_MS);
        from.ifPresent(text -> path.append("&from=").append(BrokerConnection.encode(text)));
        group.ifPresent(text -> path.append("&group=").append(BrokerConnection.encode(text)));
        filters.forEach(text -> path.append("&filter=").append(BrokerConnection.encode(text)));
        HttpRequest.Builder request = broker.request(path.toString()).header("Accept", "text/event-stream");
        if (!lastId.isEmpty()) {
            request.header("Last-Event-ID", lastId);
        }
        return request.GET().build();
    }

    private void print(InputStream stream) throws IOException {
        heardNs = System.nanoTime();
        Thread watch = new Thread(() -> endIfSilent(stream), "watch");
        watch.setDaemon(true);
        watch.start();
        try (stream) {
            EventLines lines = new EventLines(stream, () -> heardNs = System.nanoTime());
            for (Optional<EventLines.Event> event = lines.next();
                    event.isPresent() && printed < max;
                    event = printed < max ? lines.next() : Optional.empty()) {
                take(event.get());
                lastId = event.get().id();
            }
        } finally {
            watch.interrupt();
        }
    }

    /** A broker that was cut off says nothing any more, not even that it is there. */
    private void endIfSilent(InputStream stream) {
        try {
            while (System.nanoTime() - heardNs < SILENT_NS) {
                TimeUnit.MILLISECONDS.sleep(HEARTBEAT_MS);
            }
            stream.close();
        } catch (InterruptedException | IOException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void take(EventLines.Event event) throws IOException {
        JsonNode data = Json.parse(event.data().getBytes(StandardCharsets.UTF_8));
        switch (event.name()) {
            case "sluice.ready", "sluice.assigned", "sluice.cursor" -> {
                return;
            }
            case "sluice.gap" ->
                streams.say("tail: the records of partition "
                        + data.path("partition").asInt() + " from "
                        + data.path("from").asLong() + " to " + data.path("to").asLong() + " are there no more");
            case "sluice.end" -> {
                String code = data.path("code").asText();
                boolean passes = code.equals("shutting_down") || data.has("retry_after_ms");
                if (!passes) {
                    throw new CliException(
                            CliException.REFUSED, data.path("detail").asText(code));
                }
            }
            default -> {
                printed++;
                if (server.json()) {
                    streams.print(data);
                } else {
                    JsonNode value = data.has("value") ? data.get("value") : data.get("value_base64");
                    streams.print(value.isTextual() ? value.textValue() : value.toString());
                }
            }
        }
    }
}
