package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.Problem;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import io.sluice.server.cli.produce.Inputs;
import io.sluice.server.cli.produce.LineReader;
import io.sluice.server.cli.produce.RetryingSender;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues send}: what comes in becomes messages; their ids go out. For one thread. */
@Command(
        name = "send",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Send messages to a queue, from standard input or files, and print their ids.",
            "",
            "Each line is one message; its bytes are kept as they are."
        })
final class SendCommand implements Callable<Integer> {
    private static final int MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

    private final Streams streams;
    private final MessageBatch batch = new MessageBatch();
    private final String run = UUID.randomUUID().toString();
    private long requests;
    private long refused;

    @Mixin
    private ServerOptions server;

    @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue to send to.")
    private String queue;

    @Parameters(index = "1..*", paramLabel = "FILE", description = "Files to read; - or none is standard input.")
    private List<String> files = List.of();

    @Option(
            names = {"-m", "--message"},
            paramLabel = "TEXT",
            description = "Send this, and read nothing.")
    private Optional<String> message = Optional.empty();

    @Option(names = "--ndjson", description = "Each line is a message object as HTTP takes it.")
    private boolean ndjson;

    @Option(names = "--file-as-message", description = "Each file, or all of standard input, is one message.")
    private boolean fileAsMessage;

    @Option(names = "--key", paramLabel = "KEY", description = "The key of every message.")
    private Optional<String> key = Optional.empty();

    @Option(
            names = "--key-separator",
            paramLabel = "TEXT",
            description = "Each line is a key, this text and a value; the first one in the line counts.")
    private Optional<String> keySeparator = Optional.empty();

    @Option(names = "--header", paramLabel = "NAME=VALUE", description = "A header for every message. Repeatable.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(names = "--delay", paramLabel = "TIME", description = "Deliver it after 500ms, 30s, 5m, 2h or 1d.")
    private Optional<String> delay = Optional.empty();

    @Option(
            names = "--at",
            paramLabel = "WHEN",
            description = "Deliver it at a time like 2026-01-31T12:00:00Z, local without zone.")
    private Optional<String> at = Optional.empty();

    @Option(names = "--ttl", paramLabel = "TIME", description = "Drop it if it is not done after that time.")
    private Optional<String> ttl = Optional.empty();

    @Option(
            names = "--dedup-id",
            paramLabel = "ID",
            description = "With --message: another one with this id is the same message.")
    private Optional<String> dedupId = Optional.empty();

    @Option(
            names = "--retry-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "How long a request is repeated, for example 500ms, 30s or 5m. Default: ${DEFAULT-VALUE}")
    private String retryTimeout;

    @Option(
            names = {"-q", "--quiet"},
            description = "Do not print the ids.")
    private boolean quiet;

    SendCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        BrokerConnection broker = server.connect();
        RetryingSender sender = new RetryingSender(broker, Durations.parse("--retry-timeout", retryTimeout));
        MessageBatch.Common common = new MessageBatch.Common(members(), headers);
        if (message.isPresent()) {
            batch.add(1, key.map(SendCommand::utf8), utf8(message.get()), common);
        } else {
            Inputs inputs = new Inputs("queues send", streams.in(), files);
            for (String name : inputs.names()) {
                try (InputStream in = inputs.open(name)) {
                    if (fileAsMessage) {
                        addWhole(name, in, common);
                        send(broker, sender);
                    } else {
                        lines(in, common, broker, sender);
                    }
                }
            }
        }
        send(broker, sender);
        return refused == 0 ? CliException.OK : CliException.REFUSED;
    }

    private void checkOptions() {
        boolean perMessage = key.isPresent() || keySeparator.isPresent() || !headers.isEmpty() || delay.isPresent();
        if (ndjson && (perMessage || at.isPresent() || ttl.isPresent() || message.isPresent() || fileAsMessage)) {
            throw CliException.usage("queues send: with --ndjson all stands in the message objects");
        }
        if (key.isPresent() && keySeparator.isPresent()) {
            throw CliException.usage("queues send: --key and --key-separator do not go together");
        }
        if (keySeparator.filter(String::isEmpty).isPresent()) {
            throw CliException.usage("queues send: --key-separator is empty");
        }
        if (keySeparator.isPresent() && (message.isPresent() || fileAsMessage)) {
            throw CliException.usage("queues send: --key-separator is for lines");
        }
        if (delay.isPresent() && at.isPresent()) {
            throw CliException.usage("queues send: --delay and --at do not go together");
        }
        if (message.isPresent() && (!files.isEmpty() || fileAsMessage)) {
            throw CliException.usage("queues send: --message and files do not go together");
        }
        if (dedupId.isPresent() && message.isEmpty()) {
            throw CliException.usage("queues send: --dedup-id goes with --message; lines can have it with --ndjson");
        }
    }

    private Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        delay.ifPresent(
                text -> members.put("delay_ms", Durations.parse("--delay", text).toMillis()));
        at.ifPresent(text -> members.put("deliver_at", time(text)));
        ttl.ifPresent(
                text -> members.put("ttl_ms", Durations.parse("--ttl", text).toMillis()));
        dedupId.ifPresent(id -> members.put("dedup_id", id));
        return members;
    }

    private static long time(String text) {
        try {
            return Durations.instant(text, ZoneId.systemDefault()).toEpochMilli();
        } catch (DateTimeException e) {
            throw CliException.usage("queues send: --at " + text + " is not a time like 2026-01-31T12:00:00Z");
        }
    }

    private void addWhole(String name, InputStream in, MessageBatch.Common common) throws IOException {
        byte[] whole = in.readNBytes(MAX_MESSAGE_BYTES + 1);
        if (whole.length > MAX_MESSAGE_BYTES) {
            throw CliException.usage(
                    "queues send: " + name + " is larger than " + MAX_MESSAGE_BYTES + " bytes, the limit of a message");
        }
        batch.add(1, key.map(SendCommand::utf8), ByteBuffer.wrap(whole), common);
    }

    private void lines(InputStream in, MessageBatch.Common common, BrokerConnection broker, RetryingSender sender)
            throws IOException, InterruptedException {
        // Whoever types sees each message go; a pipe fills batches.
        LineReader lines = new LineReader(in, MAX_MESSAGE_BYTES, () -> sendWaiting(broker, sender));
        while (lines.next()) {
            if (ndjson) {
                byte[] object = Arrays.copyOfRange(lines.array(), lines.from(), lines.from() + lines.length());
                if (!new String(object, StandardCharsets.ISO_8859_1).isBlank()) {
                    batch.addObject(lines.number(), object);
                }
            } else {
                add(lines, common);
            }
            if (batch.isFull()) {
                send(broker, sender);
            }
        }
    }

    private void add(LineReader line, MessageBatch.Common common) {
        ByteBuffer whole = ByteBuffer.wrap(line.array(), line.from(), line.length());
        if (keySeparator.isEmpty()) {
            batch.add(line.number(), key.map(SendCommand::utf8), whole, common);
            return;
        }
        byte[] separator = keySeparator.get().getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at + separator.length <= line.length(); at++) {
            int from = line.from() + at;
            if (Arrays.equals(line.array(), from, from + separator.length, separator, 0, separator.length)) {
                int valueFrom = from + separator.length;
                int valueLength = line.from() + line.length() - valueFrom;
                batch.add(
                        line.number(),
                        Optional.of(ByteBuffer.wrap(line.array(), line.from(), at)),
                        ByteBuffer.wrap(line.array(), valueFrom, valueLength),
                        common);
                return;
            }
        }
        throw CliException.usage("queues send: line " + line.number() + " has no key separator");
    }

    private void sendWaiting(BrokerConnection broker, RetryingSender sender) {
        try {
            send(broker, sender);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted", e));
        }
    }

    private void send(BrokerConnection broker, RetryingSender sender) throws InterruptedException {
        int count = batch.count();
        if (count == 0) {
            return;
        }
        HttpRequest request = broker.request(QueueApi.path(queue) + "/messages")
                .timeout(BrokerConnection.REQUEST_TIMEOUT.plus(Duration.ofSeconds(30)))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .header("Idempotency-Key", run + "-" + ++requests)
                .POST(BodyPublishers.ofByteArray(batch.take()))
                .build();
        JsonNode sent;
        try {
            sent = broker.json(sender.send(request)).path("messages");
        } catch (CliException e) {
            // All of them may be at fault, and those of the next request none.
            sent = e.problem()
                    .map(Problem::document)
                    .orElse(MissingNode.getInstance())
                    .path("messages");
            if (message.isPresent() || sent.size() != count) {
                throw e;
            }
        }
        StringBuilder ids = new StringBuilder();
        for (int i = 0; i < count; i++) {
            JsonNode one = sent.path(i);
            if (one.has("id")) {
                ids.append(ids.length() == 0 ? "" : "\n").append(line(one));
            } else {
                refused++;
                streams.say("sluice: input line " + batch.line(i) + ": "
                        + one.path("error").path("detail").asText("not taken") + " ("
                        + one.path("error").path("code").asText("?") + ")");
            }
        }
        if (!quiet && ids.length() > 0) {
            streams.print(ids.toString());
        }
    }

    private String line(JsonNode sent) {
        return server.json() ? ((ObjectNode) sent).toString() : sent.path("id").asText();
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
