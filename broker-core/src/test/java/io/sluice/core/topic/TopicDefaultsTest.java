package io.sluice.core.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.config.Setting;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.config.SettingDescription.Synonym;
import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingSource;
import io.sluice.core.config.SettingValues;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TopicDefaultsTest {
    @Test
    void theNamesAreKafkas() {
        assertThat(TopicDefaults.BROKER_SETTINGS.all())
                .extracting(Setting::name)
                .containsExactlyInAnyOrder(
                        "compression.gzip.level",
                        "compression.lz4.level",
                        "compression.type",
                        "compression.zstd.level",
                        "log.cleaner.delete.retention.ms",
                        "log.cleaner.max.compaction.lag.ms",
                        "log.cleaner.min.cleanable.ratio",
                        "log.cleaner.min.compaction.lag.ms",
                        "log.cleanup.policy",
                        "log.flush.interval.messages",
                        "log.flush.interval.ms",
                        "log.flush.scheduler.interval.ms",
                        "log.index.interval.bytes",
                        "log.index.size.max.bytes",
                        "log.message.timestamp.after.max.ms",
                        "log.message.timestamp.before.max.ms",
                        "log.message.timestamp.type",
                        "log.preallocate",
                        "log.retention.bytes",
                        "log.retention.hours",
                        "log.retention.minutes",
                        "log.retention.ms",
                        "log.roll.hours",
                        "log.roll.jitter.hours",
                        "log.roll.jitter.ms",
                        "log.roll.ms",
                        "log.segment.bytes",
                        "log.segment.delete.delay.ms",
                        "message.max.bytes",
                        "min.insync.replicas",
                        "unclean.leader.election.enable");
    }

    @Test
    void everyBrokerDefaultReachesItsTopicSetting() {
        for (Setting<?> topicSetting : TopicSettings.ALL.all()) {
            SettingDescription description = describe(topicSetting.name(), Map.of(), Map.of());
            String brokerName = description.synonyms().get(0).name();
            if (TopicDefaults.BROKER_SETTINGS.find(brokerName).isEmpty()) {
                continue;
            }
            String text = topicSetting.defaultText().orElseThrow();
            TopicConfig defaults = read(Map.of(brokerName, text));

            assertThat(defaults.overrides()).as(brokerName).containsExactly(Map.entry(topicSetting.name(), text));
        }
    }

    @Test
    void aTopicsOwnValueIsDescribedWithWhatItHides() {
        SettingDescription description = describe(
                "retention.ms",
                Map.of("retention.ms", "5"),
                Map.of("log.retention.hours", "2", "log.retention.ms", "6"));

        assertThat(description.value()).contains("5");
        assertThat(description.source()).isEqualTo(SettingSource.TOPIC);
        assertThat(description.synonyms())
                .containsExactly(
                        new Synonym("retention.ms", "5", SettingSource.TOPIC),
                        new Synonym("log.retention.ms", "6", SettingSource.BROKER),
                        new Synonym("log.retention.hours", "2", SettingSource.BROKER),
                        new Synonym("log.retention.ms", "604800000", SettingSource.DEFAULT));
    }

    @Test
    void aBrokersValueIsDescribedInTheTopicsUnit() {
        SettingDescription description = describe("retention.ms", Map.of(), Map.of("log.retention.hours", "2"));

        assertThat(description.value()).contains("7200000");
        assertThat(description.source()).isEqualTo(SettingSource.BROKER);
    }

    @Test
    void whatNobodySetIsADefault() {
        SettingDescription plain = describe("flush.messages", Map.of(), Map.of());
        SettingDescription alone = describe("remote.storage.enable", Map.of(), Map.of());

        assertThat(plain.value()).contains("1");
        assertThat(plain.source()).isEqualTo(SettingSource.DEFAULT);
        assertThat(plain.synonyms())
                .containsExactly(new Synonym("log.flush.interval.messages", "1", SettingSource.DEFAULT));
        assertThat(alone.synonyms())
                .containsExactly(new Synonym("remote.storage.enable", "false", SettingSource.DEFAULT));
    }

    @Test
    void describedValuesAreTheOnesThatHold() {
        Map<String, String> broker = Map.of("log.roll.hours", "3", "log.segment.bytes", "2000000");
        TopicConfig config = TopicConfig.parse(Map.of("segment.bytes", "3000000"), read(broker));

        List<SettingDescription> all = TopicDefaults.describe(config.overrides(), broker);

        assertThat(all).hasSameSizeAs(TopicSettings.ALL.all());
        assertThat(valueOf(all, "segment.bytes")).contains(Integer.toString(config.segmentBytes()));
        assertThat(valueOf(all, "segment.ms")).contains(Long.toString(config.segmentMs()));
        assertThat(valueOf(all, "retention.ms")).contains(Long.toString(config.retentionMs()));
    }

    private static Optional<String> valueOf(List<SettingDescription> all, String name) {
        return all.stream()
                .filter(d -> d.setting().name().equals(name))
                .findFirst()
                .orElseThrow()
                .value();
    }

    private static SettingDescription describe(String name, Map<String, String> topic, Map<String, String> broker) {
        return TopicDefaults.describe(topic, broker).stream()
                .filter(description -> description.setting().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static TopicConfig read(Map<String, String> broker) {
        SettingFaults faults = new SettingFaults();
        SettingValues values = TopicDefaults.BROKER_SETTINGS.parse(broker, faults);
        TopicConfig config = TopicDefaults.read(values, faults);
        assertThat(faults.sentences()).isEmpty();
        return config;
    }
}
