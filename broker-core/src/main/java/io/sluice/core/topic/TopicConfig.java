package io.sluice.core.topic;

import static io.sluice.core.topic.TopicSettings.PARSED;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.config.Setting;
import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingValues;
import io.sluice.core.record.TimestampType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The settings of one topic, parsed and checked. Each is named after Kafka's topic setting: {@code segmentBytes} is
 * {@code segment.bytes}. {@link TopicSettings} has the names, bounds and defaults.
 *
 * @param overrides what was set on this topic itself, as canonical text by name; everything else follows the broker's
 *     defaults. In the broker's defaults: what the broker's settings decided.
 * @param compacted whether {@code cleanup.policy} contains {@code compact}
 * @param deleted whether {@code cleanup.policy} contains {@code delete}
 * @param compressionType {@code producer} keeps batches as they come; {@code uncompressed}, {@code gzip},
 *     {@code snappy}, {@code lz4} and {@code zstd} make them so
 * @param segmentBytes when a segment is full
 * @param segmentMs when a segment that is not full is rolled all the same
 * @param segmentJitterMs by how much at most a roll by time comes earlier, so that not all come at once
 * @param retentionBytes how large a partition may be; -1 for no limit
 * @param retentionMs how old records may become; -1 for no limit
 * @param indexIntervalBytes how many bytes of log lie between two entries of the index
 * @param segmentIndexBytes how large an index may be
 * @param maxMessageBytes how large a record batch may be
 * @param timestampType whose clock the records carry
 * @param timestampBeforeMaxMs how far in the past a record's time may lie
 * @param timestampAfterMaxMs how far in the future a record's time may lie
 * @param minCleanableDirtyRatio which part of the log must be uncompacted before it is compacted
 * @param minCompactionLagMs how long a record stays uncompacted at least
 * @param maxCompactionLagMs how long a record stays uncompacted at most
 * @param deleteRetentionMs how long tombstones stay after their compaction
 * @param flushMessages after how many records the log is synced; 1, the default, syncs before each answer
 * @param flushMs how long records may stay unsynced
 * @param fileDeleteDelayMs how long deleted segments stay on the disk
 */
public record TopicConfig(
        Map<String, String> overrides,
        boolean compacted,
        boolean deleted,
        String compressionType,
        int segmentBytes,
        long segmentMs,
        long segmentJitterMs,
        long retentionBytes,
        long retentionMs,
        int indexIntervalBytes,
        int segmentIndexBytes,
        int maxMessageBytes,
        TimestampType timestampType,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        double minCleanableDirtyRatio,
        long minCompactionLagMs,
        long maxCompactionLagMs,
        long deleteRetentionMs,
        long flushMessages,
        long flushMs,
        long fileDeleteDelayMs) {
    /** Throws INVALID_CONFIG if a value could not work at all. The bounds for users are narrower. */
    public TopicConfig {
        overrides = Map.copyOf(overrides);
        require(segmentBytes > 0, "segmentBytes", segmentBytes, "at least 1");
        require(segmentMs > 0, "segmentMs", segmentMs, "at least 1");
        require(segmentJitterMs >= 0, "segmentJitterMs", segmentJitterMs, "at least 0");
        require(retentionBytes >= -1, "retentionBytes", retentionBytes, "at least -1");
        require(retentionMs >= -1, "retentionMs", retentionMs, "at least -1");
        require(indexIntervalBytes >= 0, "indexIntervalBytes", indexIntervalBytes, "at least 0");
        require(segmentIndexBytes >= 12, "segmentIndexBytes", segmentIndexBytes, "at least 12");
        require(maxMessageBytes >= 0, "maxMessageBytes", maxMessageBytes, "at least 0");
        require(flushMessages > 0, "flushMessages", flushMessages, "at least 1");
        require(flushMs >= 0, "flushMs", flushMs, "at least 0");
        require(
                minCompactionLagMs >= 0 && minCompactionLagMs <= maxCompactionLagMs,
                "minCompactionLagMs",
                minCompactionLagMs,
                "between 0 and maxCompactionLagMs, " + maxCompactionLagMs);
    }

    /**
     * What is wrong with a record's own timestamp.
     *
     * @param timestampMs -1 for none, which is never wrong
     * @param nowMs the broker's clock
     */
    public Optional<String> timestampFault(long timestampMs, long nowMs) {
        if (timestampType != TimestampType.CREATE_TIME || timestampMs < 0) {
            return Optional.empty();
        }
        if (timestampMs - nowMs > timestampAfterMaxMs) {
            return Optional.of(
                    "a timestamp of " + timestampMs + " lies more than " + TopicSettings.TIMESTAMP_AFTER_MAX_MS + "="
                            + timestampAfterMaxMs + " ahead of the broker's clock, " + nowMs);
        }
        if (nowMs - timestampMs > timestampBeforeMaxMs) {
            return Optional.of("a timestamp of " + timestampMs + " lies more than "
                    + TopicSettings.TIMESTAMP_BEFORE_MAX_MS + "=" + timestampBeforeMaxMs
                    + " behind the broker's clock, " + nowMs);
        }
        return Optional.empty();
    }

    /** The settings of a topic when neither it nor the broker has set anything. */
    public static TopicConfig defaults() {
        return build(PARSED.parse(Map.of()), Optional.empty());
    }

    /**
     * Reads the settings of a topic.
     *
     * @param overrides what is set on the topic, as text by Kafka's names
     * @param brokerDefaults where everything else comes from
     * @throws BrokerException INVALID_CONFIG, which names every unknown setting, bad value and contradiction
     */
    public static TopicConfig parse(Map<String, String> overrides, TopicConfig brokerDefaults) {
        SettingFaults faults = new SettingFaults();
        SettingValues values = check(overrides, brokerDefaults, faults);
        faults.throwIfAny();
        return build(values, Optional.of(brokerDefaults));
    }

    /**
     * The settings of a topic that exists. They were checked when they were set; the broker's defaults may have changed
     * since then and contradict them. Then the topic's own settings hold and the default gives way, so that a change of
     * the broker's settings never keeps a topic from being opened.
     *
     * @throws BrokerException INVALID_CONFIG if there is a setting or a value that this broker does not know
     */
    static TopicConfig restore(Map<String, String> overrides, TopicConfig brokerDefaults) {
        return build(PARSED.parse(overrides), Optional.of(brokerDefaults));
    }

    /** Reads the settings of a topic and notes all that is wrong with them. */
    static SettingValues check(Map<String, String> overrides, TopicConfig brokerDefaults, SettingFaults faults) {
        SettingValues values = PARSED.parse(overrides, faults);
        checkCompactionLag(values, brokerDefaults, faults);
        return values;
    }

    private static void checkCompactionLag(SettingValues values, TopicConfig defaults, SettingFaults faults) {
        Setting<Long> min = TopicSettings.MIN_COMPACTION_LAG_MS;
        Setting<Long> max = TopicSettings.MAX_COMPACTION_LAG_MS;
        long minMs = values.find(min).orElse(defaults.minCompactionLagMs);
        long maxMs = values.find(max).orElse(defaults.maxCompactionLagMs);
        if (minMs > maxMs && !faults.touches(min, max)) {
            faults.add(min.name(), min + " = " + minMs + ": must be at most " + max + ", which is " + maxMs);
        }
    }

    private static TopicConfig build(SettingValues values, Optional<TopicConfig> defaults) {
        Reader reader = new Reader(values, defaults);
        long minCompactionLagMs = reader.value(TopicSettings.MIN_COMPACTION_LAG_MS, TopicConfig::minCompactionLagMs);
        long maxCompactionLagMs = reader.value(TopicSettings.MAX_COMPACTION_LAG_MS, TopicConfig::maxCompactionLagMs);
        if (values.find(TopicSettings.MIN_COMPACTION_LAG_MS).isPresent()) {
            maxCompactionLagMs = Math.max(minCompactionLagMs, maxCompactionLagMs);
        } else {
            minCompactionLagMs = Math.min(minCompactionLagMs, maxCompactionLagMs);
        }
        Optional<List<String>> policy = values.find(TopicSettings.CLEANUP_POLICY);
        List<String> defaultPolicy = TopicSettings.CLEANUP_POLICY.defaultValue().orElseThrow();
        return new TopicConfig(
                values.given(),
                policy.map(p -> p.contains("compact"))
                        .or(() -> defaults.map(TopicConfig::compacted))
                        .orElse(defaultPolicy.contains("compact")),
                policy.map(p -> p.contains("delete"))
                        .or(() -> defaults.map(TopicConfig::deleted))
                        .orElse(defaultPolicy.contains("delete")),
                reader.value(TopicSettings.COMPRESSION_TYPE, TopicConfig::compressionType),
                values.find(TopicSettings.INTERNAL_SEGMENT_BYTES)
                        .orElseGet(() -> reader.value(TopicSettings.SEGMENT_BYTES, TopicConfig::segmentBytes)),
                reader.value(TopicSettings.SEGMENT_MS, TopicConfig::segmentMs),
                reader.value(TopicSettings.SEGMENT_JITTER_MS, TopicConfig::segmentJitterMs),
                reader.value(TopicSettings.RETENTION_BYTES, TopicConfig::retentionBytes),
                reader.value(TopicSettings.RETENTION_MS, TopicConfig::retentionMs),
                reader.value(TopicSettings.INDEX_INTERVAL_BYTES, TopicConfig::indexIntervalBytes),
                reader.value(TopicSettings.SEGMENT_INDEX_BYTES, TopicConfig::segmentIndexBytes),
                reader.value(TopicSettings.MAX_MESSAGE_BYTES, TopicConfig::maxMessageBytes),
                values.find(TopicSettings.TIMESTAMP_TYPE)
                        .map(TopicConfig::timestampTypeOf)
                        .or(() -> defaults.map(TopicConfig::timestampType))
                        .orElse(TimestampType.CREATE_TIME),
                reader.value(TopicSettings.TIMESTAMP_BEFORE_MAX_MS, TopicConfig::timestampBeforeMaxMs),
                reader.value(TopicSettings.TIMESTAMP_AFTER_MAX_MS, TopicConfig::timestampAfterMaxMs),
                reader.value(TopicSettings.MIN_CLEANABLE_DIRTY_RATIO, TopicConfig::minCleanableDirtyRatio),
                minCompactionLagMs,
                maxCompactionLagMs,
                reader.value(TopicSettings.DELETE_RETENTION_MS, TopicConfig::deleteRetentionMs),
                reader.value(TopicSettings.FLUSH_MESSAGES, TopicConfig::flushMessages),
                reader.value(TopicSettings.FLUSH_MS, TopicConfig::flushMs),
                reader.value(TopicSettings.FILE_DELETE_DELAY_MS, TopicConfig::fileDeleteDelayMs));
    }

    private static TimestampType timestampTypeOf(String text) {
        return text.equals("LogAppendTime") ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
    }

    private static void require(boolean holds, String component, long value, String bounds) {
        if (!holds) {
            throw new BrokerException(
                    ErrorCode.INVALID_CONFIG, component + " of a topic is " + value + " but must be " + bounds);
        }
    }

    /** A value comes from the topic, else from the broker's defaults, else from the setting's own default. */
    private record Reader(SettingValues values, Optional<TopicConfig> defaults) {
        <T> T value(Setting<T> setting, Function<TopicConfig, T> ofDefaults) {
            return values.find(setting)
                    .or(() -> defaults.map(ofDefaults))
                    .or(setting::defaultValue)
                    .orElseThrow();
        }
    }
}
