package io.sluice.core.topic;

import io.sluice.core.config.Rule;
import io.sluice.core.config.Setting;
import io.sluice.core.config.Settings;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Every setting that a topic may have, by Kafka's names, with Kafka's bounds and, but for {@code flush.messages},
 * Kafka's defaults. {@link TopicConfig#parse} reads them.
 *
 * <p>Some mean nothing on a single node. They are kept and shown because Kafka's tools and libraries set them, and
 * their documentation says that they have no effect.
 */
public final class TopicSettings {
    private static final long HOUR_MS = TimeUnit.HOURS.toMillis(1);
    private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);
    private static final Pattern REPLICAS = Pattern.compile("\\*|\\d{1,10}:\\d{1,10}");

    static final Setting<List<String>> CLEANUP_POLICY = Setting.ofList(
            "cleanup.policy",
            List.of("delete"),
            Rule.someOf("compact", "delete"),
            "What happens to old records: delete drops old segments, compact keeps the last record of each key, both do"
                    + " both, and an empty list keeps everything.");
    static final Setting<String> COMPRESSION_TYPE = Setting.ofString(
            "compression.type",
            "producer",
            Rule.oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
            "How batches are compressed on disk; producer keeps them as they came.");
    private static final Setting<Integer> COMPRESSION_GZIP_LEVEL = Setting.ofInt(
            "compression.gzip.level",
            -1,
            new Rule<>(level -> level == -1 || level >= 1 && level <= 9, "-1 or between 1 and 9"),
            "The level wanted for gzip; kept for Kafka's tools, the codec's own level is used.");
    private static final Setting<Integer> COMPRESSION_LZ4_LEVEL = Setting.ofInt(
            "compression.lz4.level",
            9,
            Rule.between(1, 17),
            "The level wanted for lz4; kept for Kafka's tools, the codec's own level is used.");
    private static final Setting<Integer> COMPRESSION_ZSTD_LEVEL = Setting.ofInt(
            "compression.zstd.level",
            3,
            Rule.between(-131_072, 22),
            "The level wanted for zstd; kept for Kafka's tools, the codec's own level is used.");
    static final Setting<Long> DELETE_RETENTION_MS = Setting.ofLong(
            "delete.retention.ms",
            DAY_MS,
            Rule.atLeast(0),
            "How long the tombstones of a compacted topic stay, so that a reader who began before can see them.");
    static final Setting<Long> FILE_DELETE_DELAY_MS = Setting.ofLong(
            "file.delete.delay.ms",
            60_000,
            Rule.atLeast(0),
            "Accepted for Kafka's tools and without effect: a deleted segment's space is given back when its last reader has"
                    + " gone.");
    static final Setting<Long> FLUSH_MESSAGES = Setting.ofLong(
            "flush.messages",
            1,
            Rule.atLeast(1),
            "After how many records the log is synced; with 1 it is synced before acks=all is answered.");
    static final Setting<Long> FLUSH_MS =
            Setting.ofLong("flush.ms", Long.MAX_VALUE, Rule.atLeast(0), "How long records may wait to be synced.");
    private static final Setting<List<String>> FOLLOWER_THROTTLED =
            throttled("follower.replication.throttled.replicas");
    static final Setting<Integer> INDEX_INTERVAL_BYTES = Setting.ofInt(
            "index.interval.bytes",
            4096,
            Rule.atLeast(0),
            "About how many bytes of log lie between two entries of the offset index.");
    private static final Setting<List<String>> LEADER_THROTTLED = throttled("leader.replication.throttled.replicas");
    private static final Setting<Long> LOCAL_RETENTION_BYTES = Setting.ofLong(
            "local.retention.bytes",
            -2,
            Rule.atLeast(-2),
            "Belongs to Kafka's remote storage; kept for Kafka's tools, no effect here.");
    private static final Setting<Long> LOCAL_RETENTION_MS = Setting.ofLong(
            "local.retention.ms",
            -2,
            Rule.atLeast(-2),
            "Belongs to Kafka's remote storage; kept for Kafka's tools, no effect here.");
    static final Setting<Long> MAX_COMPACTION_LAG_MS = Setting.ofLong(
            "max.compaction.lag.ms",
            Long.MAX_VALUE,
            Rule.atLeast(1),
            "How long a record of a compacted topic may wait to be compacted at most.");
    static final Setting<Integer> MAX_MESSAGE_BYTES = Setting.ofInt(
            "max.message.bytes", 1_048_588, Rule.atLeast(0), "How large a record batch may be, compressed, in bytes.");
    static final Setting<Long> TIMESTAMP_AFTER_MAX_MS = Setting.ofLong(
            "message.timestamp.after.max.ms",
            HOUR_MS,
            Rule.atLeast(0),
            "How far a record's own timestamp may lie ahead of the broker's clock.");
    static final Setting<Long> TIMESTAMP_BEFORE_MAX_MS = Setting.ofLong(
            "message.timestamp.before.max.ms",
            Long.MAX_VALUE,
            Rule.atLeast(0),
            "How far a record's own timestamp may lie behind the broker's clock.");
    static final Setting<String> TIMESTAMP_TYPE = Setting.ofString(
            "message.timestamp.type",
            "CreateTime",
            Rule.oneOf("CreateTime", "LogAppendTime"),
            "Whose clock records carry: the producer's (CreateTime) or the broker's at the append (LogAppendTime).");
    static final Setting<Double> MIN_CLEANABLE_DIRTY_RATIO = Setting.ofDouble(
            "min.cleanable.dirty.ratio",
            0.5,
            Rule.fraction(),
            "Which part of a compacted log must be uncompacted before the cleaner takes it up.");
    static final Setting<Long> MIN_COMPACTION_LAG_MS = Setting.ofLong(
            "min.compaction.lag.ms",
            0,
            Rule.atLeast(0),
            "How long a record of a compacted topic stays uncompacted at least.");
    private static final Setting<Integer> MIN_INSYNC_REPLICAS = Setting.ofInt(
            "min.insync.replicas",
            1,
            Rule.atLeast(1),
            "How many replicas must have a record; kept for Kafka's tools, one node has one replica and no effect"
                    + " follows.");
    private static final Setting<Boolean> PREALLOCATE = Setting.ofBoolean(
            "preallocate",
            false,
            "Whether segment files are made large beforehand; kept for Kafka's tools, files grow as they are written.");
    private static final Setting<Boolean> REMOTE_COPY_DISABLE = Setting.ofBoolean(
            "remote.log.copy.disable",
            false,
            "Belongs to Kafka's remote storage; kept for Kafka's tools, no effect here.");
    private static final Setting<Boolean> REMOTE_DELETE_ON_DISABLE = Setting.ofBoolean(
            "remote.log.delete.on.disable",
            false,
            "Belongs to Kafka's remote storage; kept for Kafka's tools, no effect here.");
    private static final Setting<Boolean> REMOTE_STORAGE_ENABLE = Setting.ofBoolean(
            "remote.storage.enable",
            false,
            new Rule<>(enabled -> !enabled, "false: there is no remote storage here"),
            "Whether old segments move to remote storage; only false, there is none here.");
    static final Setting<Long> RETENTION_BYTES = Setting.ofLong(
            "retention.bytes",
            -1,
            Rule.atLeast(-1),
            "How large a partition may become before its oldest segments are deleted; -1 for no limit.");
    static final Setting<Long> RETENTION_MS = Setting.ofLong(
            "retention.ms",
            7 * DAY_MS,
            Rule.atLeast(-1),
            "How old records may become before their segments are deleted; -1 for no limit.");
    static final Setting<Integer> SEGMENT_BYTES =
            Setting.ofInt("segment.bytes", 1 << 30, Rule.atLeast(1 << 20), "How large a segment file may become.");
    static final Setting<Integer> SEGMENT_INDEX_BYTES = Setting.ofInt(
            "segment.index.bytes",
            10 << 20,
            // Kafka takes 4, which would leave no room for one entry of the time index and roll at every append.
            Rule.atLeast(12),
            "How large each index of a segment may become; a full index ends the segment.");
    static final Setting<Long> SEGMENT_JITTER_MS = Setting.ofLong(
            "segment.jitter.ms",
            0,
            Rule.atLeast(0),
            "By how much at most a segment is rolled before segment.ms is over, so that not all roll at once.");
    static final Setting<Long> SEGMENT_MS = Setting.ofLong(
            "segment.ms", 7 * DAY_MS, Rule.atLeast(1), "After how long a segment is rolled even if it is not full.");
    private static final Setting<Boolean> UNCLEAN_LEADER_ELECTION = Setting.ofBoolean(
            "unclean.leader.election.enable",
            false,
            "Whether a replica that lags may lead; kept for Kafka's tools, one node has one replica and no effect"
                    + " follows.");

    /** Kafka's way around the lower bound of {@code segment.bytes}, for tests; it is not shown. */
    static final Setting<Integer> INTERNAL_SEGMENT_BYTES = Setting.ofInt(
                    "internal.segment.bytes",
                    1 << 30,
                    Rule.atLeast(1),
                    "How large a segment file may become, without the lower bound of segment.bytes; for tests only.")
            .withoutDefault()
            .changeableAtRunTime();

    /** The settings that are shown to people, by name. */
    public static final Settings ALL = Settings.of(List.of(
                    CLEANUP_POLICY,
                    COMPRESSION_GZIP_LEVEL,
                    COMPRESSION_LZ4_LEVEL,
                    COMPRESSION_TYPE,
                    COMPRESSION_ZSTD_LEVEL,
                    DELETE_RETENTION_MS,
                    FILE_DELETE_DELAY_MS,
                    FLUSH_MESSAGES,
                    FLUSH_MS,
                    FOLLOWER_THROTTLED,
                    INDEX_INTERVAL_BYTES,
                    LEADER_THROTTLED,
                    LOCAL_RETENTION_BYTES,
                    LOCAL_RETENTION_MS,
                    MAX_COMPACTION_LAG_MS,
                    MAX_MESSAGE_BYTES,
                    TIMESTAMP_AFTER_MAX_MS,
                    TIMESTAMP_BEFORE_MAX_MS,
                    TIMESTAMP_TYPE,
                    MIN_CLEANABLE_DIRTY_RATIO,
                    MIN_COMPACTION_LAG_MS,
                    MIN_INSYNC_REPLICAS,
                    PREALLOCATE,
                    REMOTE_COPY_DISABLE,
                    REMOTE_DELETE_ON_DISABLE,
                    REMOTE_STORAGE_ENABLE,
                    RETENTION_BYTES,
                    RETENTION_MS,
                    SEGMENT_BYTES,
                    SEGMENT_INDEX_BYTES,
                    SEGMENT_JITTER_MS,
                    SEGMENT_MS,
                    UNCLEAN_LEADER_ELECTION)
            .stream()
            .map(Setting::changeableAtRunTime)
            .toList());

    /** All that {@link TopicConfig#parse} takes. */
    static final Settings PARSED = ALL.and(Settings.of(List.of(INTERNAL_SEGMENT_BYTES)));

    private TopicSettings() {}

    private static Setting<List<String>> throttled(String name) {
        return Setting.ofList(
                name,
                List.of(),
                new Rule<>(
                        replicas -> replicas.equals(List.of("none"))
                                || replicas.stream()
                                        .allMatch(r -> REPLICAS.matcher(r).matches()),
                        "* or a list of partition:broker pairs"),
                "Which replicas are throttled while they move; kept for Kafka's tools, no effect on one node.");
    }
}
