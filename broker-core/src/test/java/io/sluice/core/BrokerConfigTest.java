package io.sluice.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingValues;
import io.sluice.core.record.Codecs;
import io.sluice.core.topic.TopicConfig;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class BrokerConfigTest {
    private static final Path FOLDER = Path.of("data");

    @Test
    void withoutSettingsEverythingHasItsDefault() {
        BrokerConfig config = BrokerConfig.at(FOLDER);

        assertThat(config.dataDirectory()).isEqualTo(FOLDER);
        assertThat(config.given()).isEmpty();
        assertThat(config.topicDefaults()).isEqualTo(TopicConfig.defaults());
        assertThat(config.defaultPartitions()).isEqualTo(1);
        assertThat(config.autoCreateTopics()).isTrue();
        assertThat(config.partitionWorkers()).isBetween(1, 4);
        assertThat(config.readers()).isEqualTo(4);
        assertThat(config.maxQueuedAppends()).isEqualTo(10_000);
        assertThat(config.maxQueuedAppendBytes()).isBetween(1L << 20, 64L << 20);
        assertThat(config.tailCacheBytes()).isBetween(0L, 64L << 20);
        assertThat(config.minFreeBytes()).isEqualTo(-1);
        assertThat(config.recoveryCheckpointMs()).isEqualTo(5_000);
        assertThat(config.cleanerEnabled()).isTrue();
        assertThat(config.maxPartitions()).isEqualTo(100_000);
    }

    @Test
    void settingsArriveInTheirComponents() {
        BrokerConfig config = BrokerConfig.parse(
                FOLDER,
                Map.ofEntries(
                        Map.entry("num.partitions", "3"),
                        Map.entry("auto.create.topics.enable", "False"),
                        Map.entry("num.partition.workers", "2"),
                        Map.entry("num.readers", "5"),
                        Map.entry("max.queued.appends", "6"),
                        Map.entry("max.queued.append.bytes", "7"),
                        Map.entry("max.waiters.per.partition", "8"),
                        Map.entry("tail.cache.bytes", "9"),
                        Map.entry("log.min.free.bytes", "10"),
                        Map.entry("log.retention.check.interval.ms", "11"),
                        Map.entry("log.flush.offset.checkpoint.interval.ms", "12"),
                        Map.entry("log.flush.start.offset.checkpoint.interval.ms", "13"),
                        Map.entry("log.cleaner.enable", "false"),
                        Map.entry("log.cleaner.backoff.ms", "14"),
                        Map.entry("log.cleaner.dedupe.buffer.size", "1500"),
                        Map.entry("producer.id.expiration.ms", "16"),
                        Map.entry("max.producer.ids.per.partition", "17"),
                        Map.entry("max.idempotency.keys.per.partition", "18"),
                        Map.entry("idempotency.key.retention.ms", "19"),
                        Map.entry("max.partitions", "20"),
                        Map.entry("max.partitions.per.topic", "21")));

        assertThat(config.defaultPartitions()).isEqualTo(3);
        assertThat(config.autoCreateTopics()).isFalse();
        assertThat(config.partitionWorkers()).isEqualTo(2);
        assertThat(config.readers()).isEqualTo(5);
        assertThat(config.maxQueuedAppends()).isEqualTo(6);
        assertThat(config.maxQueuedAppendBytes()).isEqualTo(7);
        assertThat(config.maxWaitersPerPartition()).isEqualTo(8);
        assertThat(config.tailCacheBytes()).isEqualTo(9);
        assertThat(config.minFreeBytes()).isEqualTo(10);
        assertThat(config.retentionCheckMs()).isEqualTo(11);
        assertThat(config.recoveryCheckpointMs()).isEqualTo(12);
        assertThat(config.cleanerEnabled()).isFalse();
        assertThat(config.cleanerBackoffMs()).isEqualTo(14);
        assertThat(config.cleanerDedupeBytes()).isEqualTo(1500);
        assertThat(config.producerIdExpirationMs()).isEqualTo(16);
        assertThat(config.maxProducerIdsPerPartition()).isEqualTo(17);
        assertThat(config.maxIdempotencyKeysPerPartition()).isEqualTo(18);
        assertThat(config.idempotencyKeyRetentionMs()).isEqualTo(19);
        assertThat(config.maxPartitions()).isEqualTo(20);
        assertThat(config.maxPartitionsPerTopic()).isEqualTo(21);
    }

    @Test
    void hoursAndMinutesBecomeTheMsOfTopics() {
        BrokerConfig config = BrokerConfig.at(FOLDER)
                .with("log.retention.hours", "2")
                .with("log.roll.hours", "3")
                .with("log.roll.jitter.hours", "1");

        assertThat(config.topicDefaults().retentionMs()).isEqualTo(2 * 3_600_000L);
        assertThat(config.topicDefaults().segmentMs()).isEqualTo(3 * 3_600_000L);
        assertThat(config.topicDefaults().segmentJitterMs()).isEqualTo(3_600_000L);
    }

    @Test
    void theFinerUnitDecides() {
        BrokerConfig hours = BrokerConfig.at(FOLDER).with("log.retention.hours", "2");
        BrokerConfig minutes = hours.with("log.retention.minutes", "5");
        BrokerConfig ms = minutes.with("log.retention.ms", "-1");

        assertThat(minutes.topicDefaults().retentionMs()).isEqualTo(300_000);
        assertThat(ms.topicDefaults().retentionMs()).isEqualTo(-1);
        assertThat(hours.with("log.retention.hours", "-1").topicDefaults().retentionMs())
                .isEqualTo(-1);
        assertThat(hours.with("log.retention.hours", "2147483647")
                        .topicDefaults()
                        .retentionMs())
                .isEqualTo(2147483647L * 3_600_000L);
    }

    @Test
    void everyFaultIsReportedAtOnce() {
        assertThatThrownBy(() -> BrokerConfig.parse(
                        FOLDER,
                        Map.of(
                                "num.partition",
                                "3",
                                "num.readers",
                                "0",
                                "log.segment.bytes",
                                "many",
                                "log.cleaner.min.compaction.lag.ms",
                                "11",
                                "log.cleaner.max.compaction.lag.ms",
                                "10",
                                "max.partitions.per.topic",
                                "0")))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
                .hasMessageContaining("there is no setting num.partition; did you mean num.partitions?")
                .hasMessageContaining("num.readers = 0: must be between 1 and 256")
                .hasMessageContaining("log.segment.bytes = many: must be a whole number, at least 1048576")
                .hasMessageContaining("max.partitions.per.topic = 0: must be between 1 and 100000")
                .hasMessageContaining("min.compaction.lag.ms = 11: must be at most max.compaction.lag.ms, which is 10");
    }

    @Test
    void theDefaultNumberOfPartitionsMustBeAllowed() {
        assertThatThrownBy(() -> BrokerConfig.at(FOLDER)
                        .with("max.partitions.per.topic", "4")
                        .with("num.partitions", "5"))
                .hasMessageContaining("num.partitions = 5: must be at most max.partitions.per.topic, which is 4");
    }

    @Test
    void codecsAndClockStayWhenASettingChanges() {
        Codecs codecs = Codecs.jdk();
        InstantSource clock = InstantSource.fixed(Instant.EPOCH);

        BrokerConfig config =
                BrokerConfig.at(FOLDER).withCodecs(codecs).withClock(clock).with("num.partitions", "2");

        assertThat(config.codecs()).isSameAs(codecs);
        assertThat(config.clock()).isSameAs(clock);
        assertThat(config.given()).containsExactly(Map.entry("num.partitions", "2"));
    }

    @Test
    void whatWasGivenReadsBackTheSame() {
        BrokerConfig config = BrokerConfig.at(FOLDER)
                .with("log.cleanup.policy", " compact , delete ")
                .with("num.partitions", "+3")
                .with("log.cleaner.min.cleanable.ratio", "0.250");

        BrokerConfig again = BrokerConfig.parse(FOLDER, config.given());

        assertThat(config.given())
                .containsEntry("log.cleanup.policy", "compact,delete")
                .containsEntry("num.partitions", "3")
                .containsEntry("log.cleaner.min.cleanable.ratio", "0.25");
        assertThat(again.given()).isEqualTo(config.given());
        assertThat(again.topicDefaults()).isEqualTo(config.topicDefaults());
    }

    @Test
    void everySettingTakesItsOwnDefaultAsText() {
        BrokerSettings.ALL
                .all()
                .forEach(setting -> setting.defaultText().ifPresent(text -> {
                    SettingFaults faults = new SettingFaults();
                    SettingValues values = BrokerSettings.ALL.parse(Map.of(setting.name(), text), faults);

                    assertThat(faults.sentences()).isEmpty();
                    assertThat(values.given()).containsEntry(setting.name(), text);
                }));
    }
}
