package io.sluice.core;

import io.sluice.core.config.Rule;
import io.sluice.core.config.Setting;
import io.sluice.core.config.Settings;
import io.sluice.core.log.LogRecovery.ProducerLimits;
import io.sluice.core.topic.TopicDefaults;
import java.util.List;

/**
 * The settings of the broker core: Kafka's names where Kafka has the setting. {@link BrokerConfig} is read from them.
 * Defaults that depend on the machine are worked out once, when the class is loaded.
 */
public final class BrokerSettings {
    private static final long MIB = 1 << 20;
    private static final long DAY_MS = 24 * 60 * 60 * 1000L;
    private static final long HEAP_BYTES = Runtime.getRuntime().maxMemory();
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    static final Setting<Integer> DEFAULT_PARTITIONS = Setting.ofInt(
            "num.partitions", 1, Rule.atLeast(1), "How many partitions a topic gets that does not ask for a number.");
    static final Setting<Boolean> AUTO_CREATE_TOPICS = Setting.ofBoolean(
            "auto.create.topics.enable", true, "Whether a topic is created when somebody first writes to its name.");
    static final Setting<Integer> PARTITION_WORKERS = Setting.ofInt(
            "num.partition.workers",
            Math.min(4, CORES),
            Rule.between(1, 256),
            "How many threads own partitions and write them.");
    static final Setting<Integer> READERS =
            Setting.ofInt("num.readers", 4, Rule.between(1, 256), "How many threads read what is no longer in memory.");
    static final Setting<Integer> MAX_QUEUED_APPENDS = Setting.ofInt(
            "max.queued.appends",
            10_000,
            Rule.between(1, 10_000_000),
            "How many batches may wait for each partition worker; more are refused.");
    static final Setting<Long> MAX_QUEUED_APPEND_BYTES = Setting.ofLong(
            "max.queued.append.bytes",
            Math.max(MIB, Math.min(64 * MIB, HEAP_BYTES / 8)),
            Rule.atLeast(1),
            "How many bytes of batches may wait to be written in all; more are refused.");
    static final Setting<Integer> MAX_WAITERS_PER_PARTITION = Setting.ofInt(
            "max.waiters.per.partition",
            10_000,
            Rule.between(1, 10_000_000),
            "How many readers may wait for new records of one partition; more are refused.");
    static final Setting<Long> TAIL_CACHE_BYTES = Setting.ofLong(
            "tail.cache.bytes",
            Math.min(64 * MIB, HEAP_BYTES / 16),
            Rule.atLeast(0),
            "How many bytes of the newest batches of all partitions are kept in memory for readers.");
    static final Setting<Long> MIN_FREE_BYTES = Setting.ofLong(
            "log.min.free.bytes",
            -1,
            Rule.atLeast(-1),
            "Writes are refused while the disk has less room than this; -1 is the lesser of 1 GiB and 5 % of it.");
    static final Setting<Long> RETENTION_CHECK_MS = Setting.ofLong(
            "log.retention.check.interval.ms",
            300_000,
            Rule.atLeast(1),
            "How often the broker looks for segments that are too old or too many.");
    static final Setting<Long> RECOVERY_CHECKPOINT_MS = Setting.ofLong(
            "log.flush.offset.checkpoint.interval.ms",
            5_000,
            Rule.atLeast(0),
            "How often the recovery point is written down; a start after a crash reads what came after it.");
    static final Setting<Long> LOG_START_CHECKPOINT_MS = Setting.ofLong(
            "log.flush.start.offset.checkpoint.interval.ms",
            60_000,
            Rule.atLeast(0),
            "Accepted for Kafka's tools and without effect: a log start offset is written down before its records are deleted.");
    static final Setting<Boolean> CLEANER_ENABLED =
            Setting.ofBoolean("log.cleaner.enable", true, "Whether compacted topics are compacted.");
    static final Setting<Long> CLEANER_BACKOFF_MS = Setting.ofLong(
            "log.cleaner.backoff.ms",
            15_000,
            Rule.atLeast(0),
            "How long the cleaner sleeps when there is nothing to compact.");
    static final Setting<Long> CLEANER_DEDUPE_BYTES = Setting.ofLong(
            "log.cleaner.dedupe.buffer.size",
            Math.max(MIB, Math.min(128 * MIB, HEAP_BYTES / 8)),
            Rule.atLeast(1024),
            "How much memory the cleaner may use to remember keys.");
    static final Setting<Long> PRODUCER_ID_EXPIRATION_MS = Setting.ofLong(
            "producer.id.expiration.ms",
            DAY_MS,
            Rule.atLeast(1),
            "How long the sequence of an idempotent producer is remembered after its last batch.");
    static final Setting<Integer> MAX_PRODUCER_IDS = Setting.ofInt(
            "max.producer.ids.per.partition",
            100_000,
            Rule.between(1, ProducerLimits.MOST),
            "How many idempotent producers one partition remembers.");
    static final Setting<Integer> MAX_IDEMPOTENCY_KEYS = Setting.ofInt(
            "max.idempotency.keys.per.partition",
            100_000,
            Rule.between(0, ProducerLimits.MOST),
            "How many idempotency keys of HTTP requests one partition remembers.");
    static final Setting<Long> IDEMPOTENCY_KEY_RETENTION_MS = Setting.ofLong(
            "idempotency.key.retention.ms",
            DAY_MS,
            Rule.atLeast(1),
            "How long an idempotency key of an HTTP request is remembered.");
    static final Setting<Integer> MAX_PARTITIONS = Setting.ofInt(
            "max.partitions",
            100_000,
            Rule.between(1, 10_000_000),
            "How many partitions all topics together may have.");
    static final Setting<Integer> MAX_PARTITIONS_PER_TOPIC = Setting.ofInt(
            "max.partitions.per.topic",
            10_000,
            // A folder is named after topic and partition: 249 characters, a dash and five digits fill a file name.
            Rule.between(1, 100_000),
            "How many partitions one topic may have.");

    /** All settings of the broker core: its own, then the defaults for topics. */
    public static final Settings ALL = Settings.of(List.of(
                    DEFAULT_PARTITIONS,
                    AUTO_CREATE_TOPICS,
                    PARTITION_WORKERS,
                    READERS,
                    MAX_QUEUED_APPENDS,
                    MAX_QUEUED_APPEND_BYTES,
                    MAX_WAITERS_PER_PARTITION,
                    TAIL_CACHE_BYTES,
                    MIN_FREE_BYTES,
                    RETENTION_CHECK_MS,
                    RECOVERY_CHECKPOINT_MS,
                    LOG_START_CHECKPOINT_MS,
                    CLEANER_ENABLED,
                    CLEANER_BACKOFF_MS,
                    CLEANER_DEDUPE_BYTES,
                    PRODUCER_ID_EXPIRATION_MS,
                    MAX_PRODUCER_IDS,
                    MAX_IDEMPOTENCY_KEYS,
                    IDEMPOTENCY_KEY_RETENTION_MS,
                    MAX_PARTITIONS,
                    MAX_PARTITIONS_PER_TOPIC))
            .and(TopicDefaults.BROKER_SETTINGS);

    private BrokerSettings() {}
}
