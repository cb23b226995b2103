package io.sluice.server.cli.consume;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.OwnName;
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
            "Print the records of a topic, or those of one topic or more that a group has not read.",
            "",
            "Without --follow it ends with the last record that was there when it began. Order is kept within each"
                    + " partition.",
            "",
            "With --group it is a member of the group for as long as it runs: each partition goes to one member at a"
                    + " time, and records that have been written to the output are committed as read."
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

    @Parameters(
            paramLabel = "TOPIC",
            arity = "1..*",
            description = "The topic to read; with --group there may be several.")
    private List<String> topics;

    @Option(
            names = "--from",
            paramLabel = "WHERE",
            defaultValue = "earliest",
            description =
                    "earliest, latest, an offset, a time like 2026-01-31T12:00:00Z (local without zone), or a time"
                            + " ago like -15m, -2h, -1d. With --group earliest or latest, for partitions in which the"
                            + " group has never been. Default: ${DEFAULT-VALUE}")
    private String from;

    @Option(names = "--group", paramLabel = "GROUP", description = "Read as a member of this group.")
    private Optional<String> group = Optional.empty();

    @Option(
            names = "--member",
            paramLabel = "NAME",
            description = "The member's name in the group; no two may have the same. Default: host, process, and a"
                    + " random number")
    private Optional<String> member = Optional.empty();

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
    public Integer call() throws IOException {
        if (max != null && max < 0) {
            throw CliException.usage("consume: --max " + max + " is negative");
        }
        long retryNs = Durations.parse("--retry-timeout", retryTimeout).toNanos();
        Limits limits = new Limits(max == null ? Long.MAX_VALUE : max, follow ? Long.MAX_VALUE : retryNs);
        InOrder.Work work = group.isPresent() ? asMember(group.get(), limits) : alone(limits);
        try {
            InOrder.run(work);
        } catch (BrokenPipeException nobodyReads) {
            return CliException.OK;
        }
        return CliException.OK;
    }

    private InOrder.Work alone(Limits limits) throws IOException {
        if (member.isPresent()) {
            throw CliException.usage("consume: --member needs --group");
        }
        if (topics.size() > 1) {
            throw CliException.usage("consume: several topics need --group");
        }
        String topic = topics.get(0);
        StartPosition start = StartPosition.parse(from, System.currentTimeMillis(), ZoneId.systemDefault());
        RecordPrinter printer = printer();
        BrokerConnection broker = server.connect();
        List<PartitionCursor> cursors = cursors(start, broker.get(BrokerConnection.topicPath(topic)));
        ConsumeLoop loop = new ConsumeLoop(
                topic,
                new Fetcher(broker, topic, cursors.size(), follow),
                printer,
                new KafkaCodecs(),
                limits,
                broker,
                streams);
        return () -> loop.run(cursors);
    }

    private InOrder.Work asMember(String name, Limits limits) throws IOException {
        if (!from.equals("earliest") && !from.equals("latest")) {
            throw CliException.usage("consume: --from " + from
                    + " does not go with --group, only earliest and latest do; sluice groups seek moves a group");
        }
        if (!partitions.isEmpty()) {
            throw CliException.usage("consume: --partition does not go with --group: the broker assigns partitions");
        }
        RecordPrinter printer = printer();
        BrokerConnection broker = server.connect();
        Membership membership =
                new Membership(broker, name, member.orElseGet(OwnName::make), topics, from, limits, streams);
        return new GroupLoop(membership, GroupLoop.endsOf(broker, topics), printer, follow, limits)::run;
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
            case "json" -> new JsonPrinter(streams.out(), group.isPresent(), true);
            case "ndjson" -> new JsonPrinter(streams.out(), false, false);
            default ->
                throw CliException.usage("consume: --format " + chosen + " is not value, key-value, json or ndjson");
        };
    }

    private List<PartitionCursor> cursors(StartPosition start, JsonNode description) {
        JsonNode known = description.path("partitions");
        for (int partition : partitions) {
            if (partition < 0 || partition >= known.size()) {
                throw CliException.usage("consume: topic " + topics.get(0) + " has no partition " + partition
                        + ", only 0 to " + (known.size() - 1));
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
                    "partition " + number + " of topic " + topics.get(0) + " cannot be read: "
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
}
