package io.sluice.core;

import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingValues;
import io.sluice.core.record.Codecs;
import io.sluice.core.topic.TopicConfig;
import io.sluice.core.topic.TopicDefaults;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a broker is set up. Read once, at the start, from settings whose names, defaults and bounds are in
 * {@link BrokerSettings}. A library user begins with {@link #at} and goes on with {@link #with}:
 *
 * <pre>{@code BrokerConfig.at(folder).with("num.partitions", "3")}</pre>
 *
 * @param dataDirectory where everything is kept
 * @param given what was set, as canonical text by name; everything else has its default
 * @param topicDefaults the settings of a topic that sets nothing itself
 * @param defaultPartitions how many partitions a topic gets that does not ask for a number
 * @param autoCreateTopics whether a topic is created when somebody first writes to its name
 * @param partitionWorkers how many threads own partitions and write them
 * @param readers how many threads read what is no longer in memory
 * @param maxQueuedAppends how many batches may wait for each partition worker
 * @param maxQueuedAppendBytes how many bytes of batches may wait to be written in all
 * @param maxWaitersPerPartition how many readers may wait for new records of one partition
 * @param tailCacheBytes how many bytes of the newest batches of all partitions are kept in memory
 * @param minFreeBytes writes are refused while the disk has less room than this; -1 is the lesser of 1 GiB and 5 % of
 *     the file system
 * @param retentionCheckMs how often retention is looked at
 * @param recoveryCheckpointMs how often the recovery point is written down
 * @param cleanerEnabled whether compacted topics are compacted
 * @param cleanerBackoffMs how long the cleaner sleeps when there is nothing to do
 * @param cleanerDedupeBytes how much memory the cleaner may use to remember keys
 * @param producerIdExpirationMs how long an idempotent producer is remembered after its last batch
 * @param maxProducerIdsPerPartition how many of them one partition remembers
 * @param maxIdempotencyKeysPerPartition how many idempotency keys one partition remembers
 * @param idempotencyKeyRetentionMs how long an idempotency key is remembered
 * @param maxPartitions how many partitions all topics together may have
 * @param maxPartitionsPerTopic how many partitions one topic may have
 * @param codecs what compresses and decompresses records
 * @param clock the time
 */
public record BrokerConfig(
        Path dataDirectory,
        Map<String, String> given,
        TopicConfig topicDefaults,
        int defaultPartitions,
        boolean autoCreateTopics,
        int partitionWorkers,
        int readers,
        int maxQueuedAppends,
        long maxQueuedAppendBytes,
        int maxWaitersPerPartition,
        long tailCacheBytes,
        long minFreeBytes,
        long retentionCheckMs,
        long recoveryCheckpointMs,
        boolean cleanerEnabled,
        long cleanerBackoffMs,
        long cleanerDedupeBytes,
        long producerIdExpirationMs,
        int maxProducerIdsPerPartition,
        int maxIdempotencyKeysPerPartition,
        long idempotencyKeyRetentionMs,
        int maxPartitions,
        int maxPartitionsPerTopic,
        Codecs codecs,
        InstantSource clock) {
    public BrokerConfig {
        given = Map.copyOf(given);
    }

    /** All defaults, on a folder. */
    public static BrokerConfig at(Path dataDirectory) {
        return parse(dataDirectory, Map.of());
    }

    /**
     * Reads the broker's settings.
     *
     * @throws BrokerException INVALID_CONFIG, which names every unknown setting, bad value and contradiction
     */
    public static BrokerConfig parse(Path dataDirectory, Map<String, String> settings) {
        return parse(dataDirectory, settings, Codecs.jdk(), InstantSource.system());
    }

    private static BrokerConfig parse(
            Path dataDirectory, Map<String, String> settings, Codecs codecs, InstantSource clock) {
        SettingFaults faults = new SettingFaults();
        SettingValues values = BrokerSettings.ALL.parse(settings, faults);
        BrokerConfig config = read(dataDirectory, values, codecs, clock, faults);
        faults.throwIfAny();
        return config;
    }

    /**
     * The broker's part of settings that were read together with others, for example the server's.
     *
     * @param values values of a registry that has {@link BrokerSettings#ALL}
     * @param faults is told of contradictions; with any in it the result is not to be used
     */
    public static BrokerConfig read(
            Path dataDirectory, SettingValues values, Codecs codecs, InstantSource clock, SettingFaults faults) {
        Map<String, String> given = new TreeMap<>(values.given());
        given.keySet().removeIf(name -> BrokerSettings.ALL.find(name).isEmpty());
        TopicConfig topicDefaults = TopicDefaults.read(values, faults);
        int defaultPartitions = values.get(BrokerSettings.DEFAULT_PARTITIONS);
        int maxPartitionsPerTopic = values.get(BrokerSettings.MAX_PARTITIONS_PER_TOPIC);
        if (defaultPartitions > maxPartitionsPerTopic
                && !faults.touches(BrokerSettings.DEFAULT_PARTITIONS, BrokerSettings.MAX_PARTITIONS_PER_TOPIC)) {
            faults.add(
                    BrokerSettings.DEFAULT_PARTITIONS.name(),
                    BrokerSettings.DEFAULT_PARTITIONS + " = " + defaultPartitions + ": must be at most "
                            + BrokerSettings.MAX_PARTITIONS_PER_TOPIC + ", which is " + maxPartitionsPerTopic);
        }
        return new BrokerConfig(
                dataDirectory,
                given,
                topicDefaults,
                defaultPartitions,
                values.get(BrokerSettings.AUTO_CREATE_TOPICS),
                values.get(BrokerSettings.PARTITION_WORKERS),
                values.get(BrokerSettings.READERS),
                values.get(BrokerSettings.MAX_QUEUED_APPENDS),
                values.get(BrokerSettings.MAX_QUEUED_APPEND_BYTES),
                values.get(BrokerSettings.MAX_WAITERS_PER_PARTITION),
                values.get(BrokerSettings.TAIL_CACHE_BYTES),
                values.get(BrokerSettings.MIN_FREE_BYTES),
                values.get(BrokerSettings.RETENTION_CHECK_MS),
                values.get(BrokerSettings.RECOVERY_CHECKPOINT_MS),
                values.get(BrokerSettings.CLEANER_ENABLED),
                values.get(BrokerSettings.CLEANER_BACKOFF_MS),
                values.get(BrokerSettings.CLEANER_DEDUPE_BYTES),
                values.get(BrokerSettings.PRODUCER_ID_EXPIRATION_MS),
                values.get(BrokerSettings.MAX_PRODUCER_IDS),
                values.get(BrokerSettings.MAX_IDEMPOTENCY_KEYS),
                values.get(BrokerSettings.IDEMPOTENCY_KEY_RETENTION_MS),
                values.get(BrokerSettings.MAX_PARTITIONS),
                maxPartitionsPerTopic,
                codecs,
                clock);
    }

    /**
     * The same with one setting more.
     *
     * @throws BrokerException INVALID_CONFIG
     */
    public BrokerConfig with(String setting, String value) {
        Map<String, String> settings = new LinkedHashMap<>(given);
        settings.put(setting, value);
        return parse(dataDirectory, settings, codecs, clock);
    }

    /** The same with other codecs. */
    public BrokerConfig withCodecs(Codecs otherCodecs) {
        return parse(dataDirectory, given, otherCodecs, clock);
    }

    /** The same with another clock. */
    public BrokerConfig withClock(InstantSource otherClock) {
        return parse(dataDirectory, given, codecs, otherClock);
    }
}
