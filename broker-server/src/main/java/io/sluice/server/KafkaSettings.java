package io.sluice.server;

import io.sluice.core.config.Rule;
import io.sluice.core.config.Setting;
import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingValues;
import io.sluice.core.config.Settings;
import io.sluice.groups.GroupConfig;
import io.sluice.groups.GroupLimits;
import io.sluice.server.kafka.KafkaLimits;
import io.sluice.server.kafka.Node;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The settings of the Kafka listener: Kafka's names where Kafka has the setting. */
final class KafkaSettings {
    private static final long MIB = 1 << 20;
    private static final long HEAP_BYTES = Runtime.getRuntime().maxMemory();
    private static final String PROTOCOL = "PLAINTEXT://";

    /** {@code kafka}. */
    static final Setting<String> KAFKA = Setting.ofString(
            "kafka",
            "127.0.0.1:9092",
            new Rule<>(HostAndPort::isValid, "HOST:PORT, with port 0 for any that is free"),
            "The address that Kafka's protocol listens on.");

    static final Setting<Integer> NODE_ID = Setting.ofInt(
            "node.id", 1, Rule.between(0, Integer.MAX_VALUE), "The number of this broker for Kafka clients.");

    static final Setting<String> ADVERTISED_LISTENERS = Setting.ofString(
            "advertised.listeners",
            "",
            new Rule<>(
                    text -> text.isEmpty() || HostAndPort.isValid(withoutProtocol(text)),
                    "HOST:PORT or PLAINTEXT://HOST:PORT, or nothing"),
            "Where Kafka clients are told to connect; if empty, the address by which each of them got here.");

    static final Setting<Integer> MAX_CONNECTIONS = Setting.ofInt(
            "max.connections",
            20_000,
            Rule.between(1, 1_000_000),
            "How many connections of Kafka clients may be open; one more is closed.");

    static final Setting<Integer> MAX_REQUEST_BYTES = Setting.ofInt(
            "socket.request.max.bytes",
            104_857_600,
            Rule.between(1_024, 1_073_741_824),
            "How large a request of a Kafka client may be; a larger one ends its connection.");

    static final Setting<Long> MEMORY_BYTES = Setting.ofLong(
            "queued.max.request.bytes",
            HEAP_BYTES / 8,
            Rule.atLeast(1_048_576),
            "How many bytes of requests of Kafka clients may be in memory at once; more wait in their connections. By"
                    + " default an eighth of the heap.");

    static final Setting<Long> RESPONSE_BYTES = Setting.ofLong(
            "kafka.responses.max.bytes",
            Math.max(MIB, HEAP_BYTES / 8),
            Rule.atLeast(1_048_576),
            "How many bytes of fetched records may be in memory at once until Kafka clients have taken them; further"
                    + " fetches wait. By default an eighth of the heap.");

    static final Setting<Integer> MAX_IN_FLIGHT = Setting.ofInt(
            "kafka.max.in.flight.requests",
            32,
            Rule.between(1, 1_024),
            "How many requests of one Kafka connection are taken in before the first of them is answered.");

    static final Setting<Integer> MAX_FETCH_BYTES = Setting.ofInt(
            "fetch.max.bytes",
            57_671_680,
            Rule.atLeast(1_024),
            "How many bytes of records one fetch of a Kafka client may return; a quarter of kafka.responses.max.bytes if"
                    + " that is less.");

    static final Setting<Long> MAX_IDLE_MS = Setting.ofLong(
            "connections.max.idle.ms",
            600_000,
            Rule.between(100, 86_400_000),
            "How long a connection of a Kafka client may stay open without a request.");

    static final Setting<Integer> GROUP_MIN_SESSION_MS = Setting.ofInt(
            "group.min.session.timeout.ms",
            6_000,
            Rule.between(1, 86_400_000),
            "The shortest session timeout that a member of a group may ask for.");

    static final Setting<Integer> GROUP_MAX_SESSION_MS = Setting.ofInt(
            "group.max.session.timeout.ms",
            1_800_000,
            Rule.between(1, 86_400_000),
            "The longest session timeout that a member of a group may ask for.");

    static final Setting<Integer> GROUP_MAX_SIZE =
            Setting.ofInt("group.max.size", 10_000, Rule.between(1, 1_000_000), "How many members a group may have.");

    static final Setting<Integer> GROUP_INITIAL_DELAY_MS = Setting.ofInt(
            "group.initial.rebalance.delay.ms",
            0,
            Rule.between(0, 600_000),
            "How long an empty group waits for more members after the first, to assign the partitions once.");

    static final Setting<Integer> CONSUMER_SESSION_MS = Setting.ofInt(
            "group.consumer.session.timeout.ms",
            45_000,
            Rule.between(1, 86_400_000),
            "How long a member of the consumer protocol may be silent until it is a member no more.");

    static final Setting<Integer> CONSUMER_HEARTBEAT_MS = Setting.ofInt(
            "group.consumer.heartbeat.interval.ms",
            5_000,
            Rule.between(1, 86_400_000),
            "How often a member of the consumer protocol is to be heard; less than its session timeout.");

    static final Setting<Integer> OFFSETS_RETENTION_MINUTES = Setting.ofInt(
            "offsets.retention.minutes",
            -1,
            Rule.atLeast(-1),
            "After how many minutes without members a group's positions are dropped; -1 keeps them as long as their data.");

    static final Setting<Integer> OFFSET_METADATA_BYTES = Setting.ofInt(
            "offset.metadata.max.bytes",
            4_096,
            Rule.between(0, 1_048_576),
            "How long the text may be that a client keeps with a position.");

    static final Setting<Integer> GROUP_PARTITIONS = Setting.ofInt(
            "offsets.topic.num.partitions",
            4,
            Rule.between(1, 1_000),
            "Over how many partitions of the internal topic groups are spread, when it is created.");

    private static final int MAX_QUEUED_GROUP_REQUESTS = 100_000;

    private static final int MAX_WAIT_MS = 300_000;

    static final Settings ALL = Settings.of(List.of(
            KAFKA,
            NODE_ID,
            ADVERTISED_LISTENERS,
            MAX_CONNECTIONS,
            MAX_REQUEST_BYTES,
            MEMORY_BYTES,
            RESPONSE_BYTES,
            MAX_IN_FLIGHT,
            MAX_FETCH_BYTES,
            MAX_IDLE_MS,
            GROUP_MIN_SESSION_MS,
            GROUP_MAX_SESSION_MS,
            GROUP_MAX_SIZE,
            GROUP_INITIAL_DELAY_MS,
            CONSUMER_SESSION_MS,
            CONSUMER_HEARTBEAT_MS,
            OFFSETS_RETENTION_MINUTES,
            OFFSET_METADATA_BYTES,
            GROUP_PARTITIONS));

    private KafkaSettings() {}

    /**
     * How the Kafka listener is set up.
     *
     * @param listen where it listens
     * @param node this broker as clients see it
     * @param limits what it takes and gives
     */
    record KafkaConfig(HostAndPort listen, Node node, KafkaLimits limits) {}

    static KafkaConfig read(SettingValues values) {
        long responseBytes = values.get(RESPONSE_BYTES);
        return new KafkaConfig(
                HostAndPort.parse(values.get(KAFKA)),
                new Node(values.get(NODE_ID), advertised(values.get(ADVERTISED_LISTENERS))),
                new KafkaLimits(
                        values.get(MAX_CONNECTIONS),
                        values.get(MAX_REQUEST_BYTES),
                        // The messages of such requests take up to a hundred times the bytes they came in.
                        (int) Math.max(MIB, Math.min(16 * MIB, HEAP_BYTES / 64)),
                        values.get(MEMORY_BYTES),
                        responseBytes,
                        values.get(MAX_IN_FLIGHT),
                        (int) Math.min(values.get(MAX_FETCH_BYTES), responseBytes / 4),
                        MAX_WAIT_MS,
                        values.get(ServerSettings.HTTP_REQUEST_TIMEOUT_MS),
                        values.get(ServerSettings.HTTP_MIN_BODY_BYTES_PER_SECOND),
                        values.get(MAX_IDLE_MS),
                        values.get(ServerSettings.HTTP_SHUTDOWN_TIMEOUT_MS)));
    }

    /** How the group coordinator is set up. */
    static GroupConfig groups(SettingValues values, SettingFaults faults) {
        int minMs = values.get(GROUP_MIN_SESSION_MS);
        int maxMs = values.get(GROUP_MAX_SESSION_MS);
        if (minMs > maxMs) {
            faults.add(
                    GROUP_MIN_SESSION_MS.name(),
                    GROUP_MIN_SESSION_MS + " = " + minMs + ": must be at most " + GROUP_MAX_SESSION_MS + ", which is "
                            + maxMs);
        }
        int heartbeatMs = values.get(CONSUMER_HEARTBEAT_MS);
        if (heartbeatMs >= values.get(CONSUMER_SESSION_MS)) {
            faults.add(
                    CONSUMER_HEARTBEAT_MS.name(),
                    CONSUMER_HEARTBEAT_MS + " = " + heartbeatMs + ": must be less than " + CONSUMER_SESSION_MS
                            + ", which is " + values.get(CONSUMER_SESSION_MS));
        }
        return new GroupConfig(
                new GroupLimits(
                        minMs,
                        maxMs,
                        values.get(GROUP_MAX_SIZE),
                        values.get(GROUP_INITIAL_DELAY_MS),
                        values.get(CONSUMER_SESSION_MS),
                        values.get(CONSUMER_HEARTBEAT_MS),
                        retentionMs(values.get(OFFSETS_RETENTION_MINUTES)),
                        values.get(OFFSET_METADATA_BYTES)),
                values.get(GROUP_PARTITIONS),
                MAX_QUEUED_GROUP_REQUESTS);
    }

    private static long retentionMs(int minutes) {
        return minutes < 0 ? -1 : TimeUnit.MINUTES.toMillis(minutes);
    }

    private static Optional<Node.Address> advertised(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        HostAndPort address = HostAndPort.parse(withoutProtocol(text));
        return Optional.of(new Node.Address(address.host(), address.port()));
    }

    private static String withoutProtocol(String text) {
        return text.startsWith(PROTOCOL) ? text.substring(PROTOCOL.length()) : text;
    }
}
