package io.sluice.server;

import io.sluice.core.config.Rule;
import io.sluice.core.config.Setting;
import io.sluice.core.config.Settings;
import io.sluice.groups.queue.QueueSetup;
import io.sluice.server.http.records.RecordLimits;
import java.util.List;

/** The settings of the server around the log. Those of the log have Kafka's names and come from the core. */
public final class ServerSettings {
    private static final RecordLimits RECORDS = RecordLimits.defaults();
    private static final QueueSetup QUEUES = QueueSetup.defaults();

    /** {@code data.dir}. */
    public static final Setting<String> DATA_DIR = Setting.ofString(
            "data.dir",
            "./data",
            new Rule<>(path -> !path.isBlank(), "a folder"),
            "The folder that holds topics and records.");

    /** {@code http}. */
    public static final Setting<String> HTTP = Setting.ofString(
            "http",
            "127.0.0.1:8080",
            new Rule<>(HostAndPort::isValid, "HOST:PORT, with port 0 for any that is free"),
            "The address that HTTP listens on.");

    /** {@code http.event.loops}. */
    public static final Setting<Integer> HTTP_EVENT_LOOPS = Setting.ofInt(
            "http.event.loops",
            Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors())),
            Rule.between(1, 64),
            "How many event loops serve connections; by default one per core, but at least 2 and at most 4.");

    /** {@code http.max.connections}. */
    public static final Setting<Integer> HTTP_MAX_CONNECTIONS = Setting.ofInt(
            "http.max.connections",
            20_000,
            Rule.between(1, 1_000_000),
            "How many HTTP connections may be open; one more is answered 503 and closed.");

    /** {@code http.max.header.bytes}. */
    public static final Setting<Integer> HTTP_MAX_HEADER_BYTES = Setting.ofInt(
            "http.max.header.bytes",
            16_384,
            Rule.between(1_024, 1_048_576),
            "How large the headers of a request may be, together; more is answered 431.");

    /** {@code http.max.initial.line.bytes}. */
    public static final Setting<Integer> HTTP_MAX_INITIAL_LINE_BYTES = Setting.ofInt(
            "http.max.initial.line.bytes",
            8_192,
            Rule.between(256, 1_048_576),
            "How long the first line of a request may be, which holds the address; more is answered 414.");

    /** {@code http.max.body.bytes}. */
    public static final Setting<Integer> HTTP_MAX_BODY_BYTES = Setting.ofInt(
            "http.max.body.bytes",
            1_048_576,
            Rule.between(1_024, 67_108_864),
            "How large the body of a request may be that is not a produce; more is answered 413.");

    /** {@code http.max.produce.bytes}. */
    public static final Setting<Integer> HTTP_MAX_PRODUCE_BYTES = Setting.ofInt(
            "http.max.produce.bytes",
            (int) RECORDS.maxBodyBytes(),
            Rule.between(1_024, 1_073_741_823),
            "How large a JSON body of records, or one line of NDJSON, may be; more is answered 413. By default 16 MiB, or an"
                    + " eighth of the heap if that is less.");

    /** {@code http.max.batches.bytes}. */
    public static final Setting<Long> HTTP_MAX_BATCHES_BYTES = Setting.ofLong(
            "http.max.batches.bytes",
            RECORDS.maxBatchesBytes(),
            Rule.between(1_024, 1 << 29),
            "How large a body of raw record batches may be; more is answered 413.");

    /** {@code http.memory.bytes}. */
    public static final Setting<Long> HTTP_MEMORY_BYTES = Setting.ofLong(
            "http.memory.bytes",
            RECORDS.budgetBytes(),
            Rule.atLeast(1_048_576),
            "How many bytes of requests may be in memory at once, over all connections; more are refused.");

    /** {@code http.max.wait.ms}. */
    public static final Setting<Long> HTTP_MAX_WAIT_MS = Setting.ofLong(
            "http.max.wait.ms",
            RECORDS.maxWaitMs(),
            Rule.between(0, 3_600_000),
            "How long a fetch may ask to wait for records.");

    /** {@code http.max.fetch.records}. */
    public static final Setting<Integer> HTTP_MAX_FETCH_RECORDS = Setting.ofInt(
            "http.max.fetch.records",
            RECORDS.maxFetchRecords(),
            Rule.atLeast(1),
            "How many records a fetch may return.");

    /** {@code http.max.fetch.bytes}. */
    public static final Setting<Integer> HTTP_MAX_FETCH_BYTES = Setting.ofInt(
            "http.max.fetch.bytes",
            RECORDS.maxFetchBytes(),
            Rule.atLeast(1),
            "How many bytes of records a fetch may ask for.");

    /** {@code http.default.fetch.bytes}. */
    public static final Setting<Integer> HTTP_DEFAULT_FETCH_BYTES = Setting.ofInt(
            "http.default.fetch.bytes",
            RECORDS.defaultFetchBytes(),
            Rule.atLeast(1),
            "How many bytes of records a fetch returns that does not say.");

    /** {@code http.request.timeout.ms}. */
    public static final Setting<Long> HTTP_REQUEST_TIMEOUT_MS = Setting.ofLong(
            "http.request.timeout.ms",
            30_000,
            Rule.between(100, 3_600_000),
            "How long the head of a request may take to come, and its body beyond what http.min.body.bytes.per.second"
                    + " grants; then it is answered 408 and its connection closed. Also for requests of Kafka clients,"
                    + " which are not answered.");

    /** {@code http.min.body.bytes.per.second}. */
    public static final Setting<Long> HTTP_MIN_BODY_BYTES_PER_SECOND = Setting.ofLong(
            "http.min.body.bytes.per.second",
            1_024,
            Rule.between(1, 1_073_741_824),
            "How fast a body, or a request of a Kafka client, must come at least, once http.request.timeout.ms is"
                    + " over.");

    /** {@code http.idle.timeout.ms}. */
    public static final Setting<Long> HTTP_IDLE_TIMEOUT_MS = Setting.ofLong(
            "http.idle.timeout.ms",
            600_000,
            Rule.between(100, 86_400_000),
            "How long a connection may stay open without a request, or without its client taking any byte of a"
                    + " response; then it is closed.");

    /** {@code http.shutdown.timeout.ms}. */
    public static final Setting<Long> HTTP_SHUTDOWN_TIMEOUT_MS = Setting.ofLong(
            "http.shutdown.timeout.ms",
            10_000,
            Rule.between(100, 600_000),
            "How long requests in flight have to finish when the broker stops.");

    /** {@code http.cors.allowed.origins}. */
    public static final Setting<List<String>> HTTP_CORS_ALLOWED_ORIGINS = Setting.ofList(
            "http.cors.allowed.origins",
            List.of(),
            new Rule<>(
                    origins -> origins.stream()
                            .allMatch(origin -> origin.equals("*") || origin.matches("https?://[^/\\s]+")),
                    "origins like https://shop.example, or *"),
            "The origins whose pages a browser lets read answers; none if empty, * for all.");

    /** {@code http.cors.allowed.methods}. */
    public static final Setting<List<String>> HTTP_CORS_ALLOWED_METHODS = Setting.ofList(
            "http.cors.allowed.methods",
            List.of("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"),
            new Rule<>(
                    methods -> methods.stream().allMatch(method -> method.matches("[A-Z]+")),
                    "methods in capital letters"),
            "The methods that pages of http.cors.allowed.origins may use.");

    /** {@code rest.max.consumer.instances}. */
    public static final Setting<Integer> REST_MAX_CONSUMER_INSTANCES = Setting.ofInt(
            "rest.max.consumer.instances",
            10_000,
            Rule.between(1, 1_000_000),
            "How many consumer instances the REST v2 face may have; one more is answered 503.");

    /** {@code rest.consumer.instance.timeout.ms}. */
    public static final Setting<Long> REST_CONSUMER_INSTANCE_TIMEOUT_MS = Setting.ofLong(
            "rest.consumer.instance.timeout.ms",
            300_000,
            Rule.between(100, 86_400_000),
            "After how long without a request a consumer instance of the REST v2 face is removed.");

    /** {@code http.push.heartbeat.ms}. */
    public static final Setting<Long> HTTP_PUSH_HEARTBEAT_MS = Setting.ofLong(
            "http.push.heartbeat.ms",
            15_000,
            Rule.between(100, 300_000),
            "How long a pushed stream is silent before a sign of life is sent.");

    /** {@code http.push.connection.bytes}. */
    public static final Setting<Integer> HTTP_PUSH_CONNECTION_BYTES = Setting.ofInt(
            "http.push.connection.bytes",
            32_768,
            Rule.between(1_024, 1_048_576),
            "How many bytes of records may be on their way to the client of one pushed stream; less if there are so many"
                    + " streams that http.push.memory.bytes would not do for all of them.");

    /** {@code http.push.memory.bytes}. */
    public static final Setting<Long> HTTP_PUSH_MEMORY_BYTES = Setting.ofLong(
            "http.push.memory.bytes",
            Math.max(4L << 20, Runtime.getRuntime().maxMemory() / 8),
            Rule.atLeast(1_048_576),
            "How many bytes pushed streams may hold, over all connections; who finds none waits. By default an eighth of the"
                    + " heap.");

    /** {@code http.push.max.subscriptions}. */
    public static final Setting<Integer> HTTP_PUSH_MAX_SUBSCRIPTIONS = Setting.ofInt(
            "http.push.max.subscriptions",
            100,
            Rule.between(1, 10_000),
            "How many subscriptions one WebSocket may have.");

    /** {@code http.push.max.message.bytes}. */
    public static final Setting<Integer> HTTP_PUSH_MAX_MESSAGE_BYTES = Setting.ofInt(
            "http.push.max.message.bytes",
            1_048_576,
            Rule.between(1_024, 67_108_864),
            "How large a message from a WebSocket may be; one that is larger ends the connection.");

    /** {@code http.push.max.publishes}. */
    public static final Setting<Integer> HTTP_PUSH_MAX_PUBLISHES = Setting.ofInt(
            "http.push.max.publishes",
            64,
            Rule.between(1, 10_000),
            "How many records and acknowledgements of one WebSocket may be on their way into a log; then it is not read until one is there.");

    /** {@code queues.max.receivers}. */
    public static final Setting<Integer> QUEUES_MAX_RECEIVERS = Setting.ofInt(
            "queues.max.receivers",
            QUEUES.limits().waiters(),
            Rule.between(1, 1_000_000),
            "How many receives may wait at one queue; one more is answered 429.");

    /** {@code queues.memory.messages}. */
    public static final Setting<Integer> QUEUES_MEMORY_MESSAGES = Setting.ofInt(
            "queues.memory.messages",
            QUEUES.maxMessages(),
            Rule.between(1_000, 100_000_000),
            "How many messages that wait for their first delivery may be known in memory, of all queues together; the others wait"
                    + " in the logs. By default as many as fit into a quarter of the heap at 512 bytes each, and at most a million.");

    /** All of them. */
    public static final Settings ALL = Settings.of(List.of(
            DATA_DIR,
            HTTP,
            HTTP_EVENT_LOOPS,
            HTTP_MAX_CONNECTIONS,
            HTTP_MAX_HEADER_BYTES,
            HTTP_MAX_INITIAL_LINE_BYTES,
            HTTP_MAX_BODY_BYTES,
            HTTP_MAX_PRODUCE_BYTES,
            HTTP_MAX_BATCHES_BYTES,
            HTTP_MEMORY_BYTES,
            HTTP_MAX_WAIT_MS,
            HTTP_MAX_FETCH_RECORDS,
            HTTP_MAX_FETCH_BYTES,
            HTTP_DEFAULT_FETCH_BYTES,
            HTTP_REQUEST_TIMEOUT_MS,
            HTTP_MIN_BODY_BYTES_PER_SECOND,
            HTTP_IDLE_TIMEOUT_MS,
            HTTP_SHUTDOWN_TIMEOUT_MS,
            HTTP_CORS_ALLOWED_ORIGINS,
            HTTP_CORS_ALLOWED_METHODS,
            REST_MAX_CONSUMER_INSTANCES,
            REST_CONSUMER_INSTANCE_TIMEOUT_MS,
            HTTP_PUSH_HEARTBEAT_MS,
            HTTP_PUSH_CONNECTION_BYTES,
            HTTP_PUSH_MEMORY_BYTES,
            HTTP_PUSH_MAX_SUBSCRIPTIONS,
            HTTP_PUSH_MAX_MESSAGE_BYTES,
            HTTP_PUSH_MAX_PUBLISHES,
            QUEUES_MAX_RECEIVERS,
            QUEUES_MEMORY_MESSAGES));

    private ServerSettings() {}
}
