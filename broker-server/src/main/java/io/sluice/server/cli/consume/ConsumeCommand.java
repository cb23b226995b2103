package io.sluice.server.cli.consume;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import io.sluice.server.codec.KafkaCodecs;
import java.io.IOException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice consume}: records come out as they went in. */
@Command(
        name = "consume",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Print the records of a topic.",
            "",
            "Without --follow it ends with the last record that was there when it began. Order is kept within each"
                    + " partition."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all was printed, or nobody reads the output any more",
            "1:the broker refused, or what it sent is damaged",
            "2:the command line is wrong",
            "3:the broker cannot be reached"
        })
public final class ConsumeCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Parameters(paramLabel = "TOPIC", description = "The topic to read.")
    private String topic;

    @Option(
            names = "--from",
            paramLabel = "WHERE",
            defaultValue = "earliest",
            description =
                    "earliest, latest, an offset, a time like 2026-01-31T12:00:00Z (local without zone), or a time"
                            + " ago like -15m, -2h, -1d. Default: ${DEFAULT-VALUE}")
    private String from;

    @Option(names = "--partition", paramLabel = "P", description = "Read this partition only. Repeatable. Default: all")
    private Set<Integer> partitions = new TreeSet<>();

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with what comes, until interrupted.")
    private boolean follow;

    @Option(names = "--max", paramLabel = "N", description = "End after so many records.")
    private Long max;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "value: the value's bytes and a line end; key-value: with the key in front; json: an object a"
                    + " line with all fields; ndjson: the same in the form that produce --ndjson takes."
                    + " Default: value, with --json json")
    private Optional<String> format = Optional.empty();

    @Option(
            names = "--key-separator",
            paramLabel = "TEXT",
            description = "What stands between key and value. Default: a tab. Implies --format key-value")
    private Optional<String> keySeparator = Optional.empty();

    @Option(names = "--timestamps", description = "Print the record's time (UTC) and a tab in front.")
    private boolean timestamps;

    @Option(
            names = "--null-value",
            paramLabel = "TEXT",
            defaultValue = "null",
            description = "What stands for a missing key or value. Default: ${DEFAULT-VALUE}")
    private String nullValue;

    @Option(
            names = "--retry-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "How long a lost connection is tried again; with --follow there is no end to it."
                    + " Default: ${DEFAULT-VALUE}")
    private String retryTimeout;

    /** The command, which prints to {@code streams}. */
    public ConsumeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        StartPosition start = StartPosition.parse(from, System.currentTimeMillis(), ZoneId.systemDefault());
        if (max != null && max < 0) {
            throw CliException.usage("consume: --max " + max + " is negative");
        }
        RecordPrinter printer = printer();
        long retryNs = Durations.parse("--retry-timeout", retryTimeout).toNanos();
        BrokerConnection broker = server.connect();
        List<PartitionCursor> cursors = cursors(start, broker.get(BrokerConnection.topicPath(topic)));
        ConsumeLoop loop = new ConsumeLoop(
                new Fetcher(broker, topic, cursors.size(), follow),
                printer,
                new KafkaCodecs(),
                new ConsumeLoop.Limits(max == null ? Long.MAX_VALUE : max, follow ? Long.MAX_VALUE : retryNs),
                broker,
                streams);
        Thread main = Thread.currentThread();
        // Whoever presses Ctrl-C has seen part of the output: the rest of what was taken follows before the end.
        Thread onInterrupt = new Thread(() -> {
            main.interrupt();
            loop.awaitEnd();
        });
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try {
            loop.run(cursors);
        } catch (InterruptedException interrupted) {
            return CliException.OK;
        } catch (BrokenPipeException nobodyReads) {
            return CliException.OK;
        } finally {
            forget(onInterrupt);
        }
        return CliException.OK;
    }

    private RecordPrinter printer() throws IOException {
        String fallback = server.json() ? "json" : keySeparator.isPresent() ? "key-value" : "value";
        String chosen = format.orElse(fallback);
        boolean text = chosen.equals("value") || chosen.equals("key-value");
        if (!text && (keySeparator.isPresent() || timestamps)) {
            throw CliException.usage("consume: --key-separator and --timestamps do not go with --format " + chosen);
        }
        if (chosen.equals("value") && keySeparator.isPresent()) {
            throw CliException.usage("consume: --key-separator does not go with --format value");
        }
        return switch (chosen) {
            case "value" -> new RawPrinter(streams.out(), Optional.empty(), timestamps, nullValue);
            case "key-value" ->
                new RawPrinter(streams.out(), Optional.of(keySeparator.orElse("\t")), timestamps, nullValue);
            case "json" -> new JsonPrinter(streams.out(), true);
            case "ndjson" -> new JsonPrinter(streams.out(), false);
            default ->
                throw CliException.usage("consume: --format " + chosen + " is not value, key-value, json or ndjson");
        };
    }

    private List<PartitionCursor> cursors(StartPosition start, JsonNode description) {
        JsonNode known = description.path("partitions");
        for (int partition : partitions) {
            if (partition < 0 || partition >= known.size()) {
                throw CliException.usage("consume: topic " + topic + " has no partition " + partition + ", only 0 to "
                        + (known.size() - 1));
            }
        }
        List<PartitionCursor> cursors = new ArrayList<>();
        for (JsonNode partition : known) {
            if (partitions.isEmpty()
                    || partitions.contains(partition.path("partition").asInt(-1))) {
                cursors.add(cursor(start, partition));
            }
        }
        return cursors;
    }

    private PartitionCursor cursor(StartPosition start, JsonNode partition) {
        int number = partition.path("partition").asInt();
        if (!partition.path("high_watermark").isNumber()) {
            throw new CliException(
                    CliException.REFUSED,
                    "partition " + number + " of topic " + topic + " cannot be read: "
                            + partition.path("error").path("detail").asText("the broker does not say why"));
        }
        long highWatermark = partition.path("high_watermark").asLong();
        long end = follow ? Long.MAX_VALUE : highWatermark;
        if (!follow && start.kind() == StartPosition.Kind.OFFSET && start.number() > highWatermark) {
            // Nothing is asked for, and so all of it is printed; but whoever has mistyped the offset should see it.
            streams.say("sluice: partition " + number + " ends before offset " + highWatermark
                    + ", nothing is there from " + start.number() + " on");
        }
        return switch (start.kind()) {
            case EARLIEST ->
                PartitionCursor.fromOffset(
                        number, partition.path("log_start_offset").asLong(), end);
            case LATEST -> PartitionCursor.fromOffset(number, highWatermark, end);
            case OFFSET -> PartitionCursor.exactlyFrom(number, start.number(), end);
            case TIME -> PartitionCursor.fromTime(number, start.number(), end);
        };
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook is running, and that is what it is for.
            return;
        }
    }
}
