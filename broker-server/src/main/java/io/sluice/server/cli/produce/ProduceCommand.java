package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.Problem;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.TopicDescription;
import io.sluice.server.cli.client.Version;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice produce}: what comes in becomes records, each acknowledged once. */
@Command(
        name = "produce",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Append records to a topic, from standard input or files.",
            "",
            "Each line is one record; its bytes are kept as they are. A request whose answer is lost is sent again"
                    + " under the same idempotency key, so nothing is appended twice."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything is acknowledged",
            "1:the broker refused",
            "2:the command line or the input is wrong",
            "3:the broker cannot be reached"
        })
public final class ProduceCommand implements Callable<Integer> {
    /** How large a line or file may be; the topic's max.message.bytes is asked for by the broker. */
    static final int MAX_RECORD_BYTES = 128 * 1024 * 1024;

    private static final int NOT_FOUND = 404;
    private static final int SENDING_THREADS = 8;
    private static final int MIN_BATCH_BYTES = 1024;
    private static final int MAX_BATCH_BYTES = 16 * 1024 * 1024;

    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Parameters(index = "0", paramLabel = "TOPIC", description = "The topic to append to.")
    private String topic;

    @Parameters(index = "1..*", paramLabel = "FILE", description = "Files to read; - or none is standard input.")
    private List<String> files = List.of();

    @Option(
            names = "--key-separator",
            paramLabel = "TEXT",
            description = "Each line is a key, this text and a value; the first one in the line counts.")
    private Optional<String> keySeparator = Optional.empty();

    @Option(
            names = "--ndjson",
            description = {
                "Each line is a record object as HTTP takes it:",
                "{\"key\":\"k\",\"value\":{\"a\":1},\"headers\":{\"h\":\"x\"}}"
            })
    private boolean ndjson;

    @Option(names = "--file-as-record", description = "Each file, or all of standard input, is one record.")
    private boolean fileAsRecord;

    @Option(names = "--file-key", description = "With --file-as-record: the key is the file's name.")
    private boolean fileKey;

    @Option(
            names = "--partition",
            paramLabel = "P",
            description = "Append all records here. Default: by the key's hash, as Kafka does; without a key, batch"
                    + " by batch")
    private Integer partition;

    @Option(names = "--header", paramLabel = "NAME=VALUE", description = "A header for every record. Repeatable.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(
            names = "--acks",
            paramLabel = "all|1|0",
            defaultValue = "all",
            description = "What counts as acknowledged: all: as durable as the topic promises; 1: written; 0: taken."
                    + " Default: ${DEFAULT-VALUE}")
    private String acks;

    @Option(
            names = "--batch-bytes",
            paramLabel = "N",
            defaultValue = "524288",
            description = "How large a request becomes at most. Default: ${DEFAULT-VALUE}")
    private int batchBytes;

    @Option(
            names = "--batch-records",
            paramLabel = "N",
            defaultValue = "100000",
            description = "How many records a request has at most. Default: ${DEFAULT-VALUE}")
    private int batchRecords;

    @Option(
            names = "--retry-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "How long a request is repeated, for example 500ms, 30s or 5m. Default: ${DEFAULT-VALUE}")
    private String retryTimeout;

    @Option(
            names = {"-q", "--quiet"},
            description = "No progress and no summary.")
    private boolean quiet;

    /** The command, which reads from and reports to {@code streams}. */
    public ProduceCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        Duration retry = Durations.parse("--retry-timeout", retryTimeout);
        BrokerConnection broker = server.connect();
        Optional<TopicDescription> description = describe(broker);
        ExecutorService executor = Executors.newFixedThreadPool(SENDING_THREADS, ProduceCommand::daemon);
        Streams shown = quiet ? new Streams(streams.in(), streams.out(), streams.err(), false) : streams;
        Progress progress = new Progress(shown);
        Thread onInterrupt = new Thread(() -> streams.say("sluice: interrupted: " + progress.counts()));
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try (progress) {
            Requests requests = new Requests(broker, topic, acks, BrokerConnection.REQUEST_TIMEOUT);
            RetryingSender sender = new RetryingSender(broker, retry);
            Lane.Limits limits = new Lane.Limits(batchBytes, batchRecords);
            Inputs inputs = new Inputs("produce", streams.in(), files);
            if (ndjson) {
                new RecordReading(inputs).objects(new LinesOutlet(limits, requests, sender, progress, executor));
            } else {
                BatchOutlet outlet = new BatchOutlet(
                        new BatchOutlet.Settings(limits, fixedPartition(), HeaderOption.bytes(headers)),
                        requests,
                        sender,
                        progress,
                        executor,
                        description,
                        () -> TopicDescription.fetch(broker, topic));
                read(new RecordReading(inputs), outlet);
            }
        } catch (CliException e) {
            // Whoever gives up tells what is safe.
            throw new CliException(e.exitCode(), e.getMessage() + "; " + progress.counts());
        } finally {
            executor.shutdownNow();
            forget(onInterrupt);
        }
        summarise(progress);
        return CliException.OK;
    }

    private void read(RecordReading reading, BatchOutlet outlet) throws IOException, InterruptedException {
        if (fileAsRecord) {
            reading.files(outlet, fileKey);
        } else {
            reading.lines(outlet, keySeparator.map(text -> text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private void checkOptions() {
        if (ndjson && (keySeparator.isPresent() || fileAsRecord || partition != null || !headers.isEmpty())) {
            throw CliException.usage("produce: with --ndjson key, partition and headers stand in the record objects;"
                    + " --key-separator, --partition, --header and --file-as-record do not go with it");
        }
        if (fileAsRecord && keySeparator.isPresent()) {
            throw CliException.usage("produce: --key-separator and --file-as-record do not go together");
        }
        if (partition != null && partition < 0) {
            throw CliException.usage("produce: --partition " + partition + " is not at least 0");
        }
        if (fileKey && !fileAsRecord) {
            throw CliException.usage("produce: --file-key goes with --file-as-record only");
        }
        if (keySeparator.filter(String::isEmpty).isPresent()) {
            throw CliException.usage("produce: --key-separator is empty");
        }
        if (!List.of("all", "1", "0").contains(acks)) {
            throw CliException.usage("produce: --acks " + acks + " is not all, 1 or 0");
        }
        if (batchBytes < MIN_BATCH_BYTES || batchBytes > MAX_BATCH_BYTES) {
            throw CliException.usage("produce: --batch-bytes " + batchBytes + " is not between " + MIN_BATCH_BYTES
                    + " and " + MAX_BATCH_BYTES);
        }
        if (batchRecords < 1) {
            throw CliException.usage("produce: --batch-records " + batchRecords + " is not at least 1");
        }
    }

    private OptionalInt fixedPartition() {
        return partition == null ? OptionalInt.empty() : OptionalInt.of(partition);
    }

    /** Empty if there is no such topic: the broker may create it with the first record. */
    private Optional<TopicDescription> describe(BrokerConnection broker) throws InterruptedException {
        HttpResponse<byte[]> response;
        try {
            response = broker.exchange(broker.request(BrokerConnection.topicPath(topic))
                    .header("Accept", "application/json")
                    .GET()
                    .build());
        } catch (IOException e) {
            throw broker.notConnected(e);
        }
        if (response.statusCode() == NOT_FOUND) {
            return Optional.empty();
        }
        if (response.statusCode() >= 300) {
            throw CliException.refused(Problem.of(response));
        }
        return Optional.of(TopicDescription.of(topic, broker.json(response)));
    }

    private void summarise(Progress progress) {
        if (server.json()) {
            streams.print(progress.document(topic));
        } else if (!quiet) {
            streams.say(topic + ": " + progress.text());
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "sender");
        thread.setDaemon(true);
        return thread;
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
