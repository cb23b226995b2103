package io.sluice.server;

import io.sluice.core.BrokerConfig;
import io.sluice.core.BrokerSettings;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingSource;
import io.sluice.core.config.SettingValues;
import io.sluice.core.config.Settings;
import io.sluice.groups.GroupConfig;
import io.sluice.groups.queue.QueueSetup;
import io.sluice.server.KafkaSettings.KafkaConfig;
import io.sluice.server.alerts.AlertConfig;
import io.sluice.server.codec.KafkaCodecs;
import io.sluice.server.http.Cors;
import io.sluice.server.http.HttpLimits;
import io.sluice.server.http.push.PushLimits;
import io.sluice.server.http.records.RecordLimits;
import io.sluice.server.http.restv2.RestLimits;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the server is set up. Read once at the start, and wrong in all places at once rather than one after the other.
 *
 * @param broker the log's part
 * @param http where HTTP listens
 * @param kafka the Kafka listener
 * @param groups the group coordinator
 * @param queues how queues are set up
 * @param alerts what is looked after, and who is told
 * @param settings every setting of the process as it holds
 * @param eventLoopCount how many event loops serve connections
 * @param limits the limits of HTTP
 * @param records the limits of the routes of records
 * @param cors which pages of other origins may read what HTTP answers
 * @param rest the limits of the REST v2 face
 * @param push the limits of pushed streams
 * @param chosen a line for every setting that somebody chose: its name, its value, and where it was found
 */
public record ServerConfig(
        BrokerConfig broker,
        HostAndPort http,
        KafkaConfig kafka,
        GroupConfig groups,
        QueueSetup queues,
        AlertConfig alerts,
        List<SettingDescription> settings,
        int eventLoopCount,
        HttpLimits limits,
        RecordLimits records,
        Cors cors,
        RestLimits rest,
        PushLimits push,
        List<String> chosen) {
    /** Every setting that a broker process has. */
    public static final Settings SETTINGS =
            ServerSettings.ALL.and(KafkaSettings.ALL).and(AlertSettings.ALL).and(BrokerSettings.ALL);

    /** Keeps its own list. */
    public ServerConfig {
        chosen = List.copyOf(chosen);
        settings = List.copyOf(settings);
    }

    /**
     * Reads what was written down.
     *
     * @param insecure whether an address that others reach may be listened on without authentication
     * @throws ServerException naming every unknown setting, bad value and contradiction
     */
    static ServerConfig read(ConfigSources sources, boolean insecure) {
        List<String> faults = new ArrayList<>();
        Map<String, String> sound = new TreeMap<>();
        List<String> chosen = new ArrayList<>();
        sources.byName().forEach((name, written) -> {
            // One by one, so that a fault can say where it was written.
            SettingFaults fault = new SettingFaults();
            SettingValues value = SETTINGS.parse(Map.of(name, written.text()), fault);
            fault.sentences().forEach(sentence -> faults.add(sentence + " (" + written.source() + ")"));
            value.given().forEach((key, text) -> {
                sound.put(key, text);
                boolean secret = SETTINGS.find(key).orElseThrow().sensitive();
                chosen.add(key + "=" + (secret ? "[hidden]" : text) + " (" + written.source() + ")");
            });
        });
        ServerConfig config = together(SETTINGS.parse(sound), chosen, faults);
        if (!insecure) {
            requireLoopback("http", config.http(), faults);
            requireLoopback("kafka", config.kafka().listen(), faults);
        }
        if (!faults.isEmpty()) {
            throw new ServerException("the configuration has "
                    + (faults.size() == 1 ? "a fault: " : faults.size() + " faults:\n  ")
                    + String.join("\n  ", faults));
        }
        return config;
    }

    private static void requireLoopback(String setting, HostAndPort address, List<String> faults) {
        if (!address.isLoopback()) {
            faults.add(
                    setting + " = " + address + ": others can reach this address, and nothing asks them who they are;"
                            + " listen on 127.0.0.1, or say --insecure if that is meant");
        }
    }

    private static ServerConfig together(SettingValues values, List<String> chosen, List<String> faults) {
        SettingFaults contradictions = new SettingFaults();
        Path dataDirectory =
                Path.of(values.get(ServerSettings.DATA_DIR)).toAbsolutePath().normalize();
        BrokerConfig broker =
                BrokerConfig.read(dataDirectory, values, new KafkaCodecs(), InstantSource.system(), contradictions);
        ServerConfig config = new ServerConfig(
                broker,
                HostAndPort.parse(values.get(ServerSettings.HTTP)),
                KafkaSettings.read(values),
                KafkaSettings.groups(values, contradictions),
                QueueSetup.defaults()
                        .with(
                                values.get(ServerSettings.QUEUES_MAX_RECEIVERS),
                                values.get(ServerSettings.QUEUES_MEMORY_MESSAGES)),
                AlertSettings.read(values),
                values.describe(SettingSource.BROKER),
                values.get(ServerSettings.HTTP_EVENT_LOOPS),
                limits(values),
                recordLimits(values, contradictions),
                new Cors(
                        values.get(ServerSettings.HTTP_CORS_ALLOWED_ORIGINS),
                        values.get(ServerSettings.HTTP_CORS_ALLOWED_METHODS)),
                new RestLimits(
                        values.get(ServerSettings.REST_MAX_CONSUMER_INSTANCES),
                        values.get(ServerSettings.REST_CONSUMER_INSTANCE_TIMEOUT_MS)),
                push(values),
                chosen);
        faults.addAll(contradictions.sentences());
        return config;
    }

    /** The same with another clock. */
    ServerConfig withClock(InstantSource clock) {
        return new ServerConfig(
                broker.withClock(clock),
                http,
                kafka,
                groups,
                queues,
                alerts,
                settings,
                eventLoopCount,
                limits,
                records,
                cors,
                rest,
                push,
                chosen);
    }

    private static HttpLimits limits(SettingValues values) {
        return new HttpLimits(
                values.get(ServerSettings.HTTP_MAX_CONNECTIONS),
                values.get(ServerSettings.HTTP_MAX_HEADER_BYTES),
                values.get(ServerSettings.HTTP_MAX_INITIAL_LINE_BYTES),
                values.get(ServerSettings.HTTP_MAX_BODY_BYTES),
                values.get(ServerSettings.HTTP_REQUEST_TIMEOUT_MS),
                values.get(ServerSettings.HTTP_MIN_BODY_BYTES_PER_SECOND),
                values.get(ServerSettings.HTTP_IDLE_TIMEOUT_MS),
                values.get(ServerSettings.HTTP_SHUTDOWN_TIMEOUT_MS),
                values.get(ServerSettings.HTTP_PUSH_MAX_MESSAGE_BYTES));
    }

    private static PushLimits push(SettingValues values) {
        return new PushLimits(
                values.get(ServerSettings.HTTP_PUSH_MEMORY_BYTES),
                values.get(ServerSettings.HTTP_PUSH_CONNECTION_BYTES),
                values.get(ServerSettings.HTTP_PUSH_HEARTBEAT_MS),
                values.get(ServerSettings.HTTP_PUSH_MAX_SUBSCRIPTIONS),
                values.get(ServerSettings.HTTP_PUSH_MAX_PUBLISHES));
    }

    private static RecordLimits recordLimits(SettingValues values, SettingFaults faults) {
        RecordLimits defaults = RecordLimits.defaults();
        int defaultFetchBytes = values.get(ServerSettings.HTTP_DEFAULT_FETCH_BYTES);
        int maxFetchBytes = values.get(ServerSettings.HTTP_MAX_FETCH_BYTES);
        if (defaultFetchBytes > maxFetchBytes) {
            faults.add(
                    ServerSettings.HTTP_DEFAULT_FETCH_BYTES.name(),
                    ServerSettings.HTTP_DEFAULT_FETCH_BYTES + " = " + defaultFetchBytes + ": must be at most "
                            + ServerSettings.HTTP_MAX_FETCH_BYTES + ", which is " + maxFetchBytes);
        }
        return new RecordLimits(
                values.get(ServerSettings.HTTP_MAX_PRODUCE_BYTES),
                values.get(ServerSettings.HTTP_MAX_BATCHES_BYTES),
                values.get(ServerSettings.HTTP_MEMORY_BYTES),
                defaults.streamBatchBytes(),
                defaults.streamBatchRecords(),
                defaults.streamWindowBytes(),
                values.get(ServerSettings.HTTP_MAX_WAIT_MS),
                values.get(ServerSettings.HTTP_MAX_FETCH_RECORDS),
                Math.min(defaultFetchBytes, maxFetchBytes),
                maxFetchBytes);
    }
}
