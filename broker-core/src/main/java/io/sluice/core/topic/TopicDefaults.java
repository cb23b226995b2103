package io.sluice.core.topic;

import io.sluice.core.config.Rule;
import io.sluice.core.config.Setting;
import io.sluice.core.config.SettingDescription;
import io.sluice.core.config.SettingDescription.Synonym;
import io.sluice.core.config.SettingFaults;
import io.sluice.core.config.SettingSource;
import io.sluice.core.config.SettingValues;
import io.sluice.core.config.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The broker's settings that decide the defaults of topics, by Kafka's names: {@code log.retention.hours} is the
 * default of every topic's {@code retention.ms}. Of several for one topic setting the first that is set decides.
 */
public final class TopicDefaults {
    /** The broker settings of each topic setting, strongest first. */
    private static final Map<String, List<BrokerDefault>> BY_TOPIC_SETTING = byTopicSetting();

    /** All of them, to be part of the broker's registry. */
    public static final Settings BROKER_SETTINGS = Settings.of(BY_TOPIC_SETTING.values().stream()
            .flatMap(List::stream)
            .map(BrokerDefault::setting)
            .toList());

    private TopicDefaults() {}

    /**
     * The defaults for topics that a broker's settings ask for.
     *
     * @param broker values of a registry that has {@link #BROKER_SETTINGS}
     * @param faults is told of settings that contradict each other
     */
    public static TopicConfig read(SettingValues broker, SettingFaults faults) {
        Map<String, String> decided = new LinkedHashMap<>();
        BY_TOPIC_SETTING.forEach((topicSetting, candidates) -> candidates.stream()
                .flatMap(candidate -> candidate.topicText(broker.given()).stream())
                .findFirst()
                .ifPresent(text -> decided.put(topicSetting, text)));
        SettingFaults contradictions = new SettingFaults();
        TopicConfig.check(decided, TopicConfig.defaults(), contradictions);
        contradictions
                .sentences()
                .forEach(sentence -> faults.add("topic defaults", "in the broker's defaults for topics: " + sentence));
        return contradictions.sentences().isEmpty()
                ? TopicConfig.parse(decided, TopicConfig.defaults())
                : TopicConfig.defaults();
    }

    /**
     * Every setting of a topic as it holds, by name.
     *
     * @param topicOverrides what is set on the topic
     * @param brokerGiven what is set on the broker, as canonical text
     */
    public static List<SettingDescription> describe(
            Map<String, String> topicOverrides, Map<String, String> brokerGiven) {
        return TopicSettings.ALL.all().stream()
                .map(setting -> describe(setting, topicOverrides, brokerGiven))
                .toList();
    }

    private static SettingDescription describe(
            Setting<?> setting, Map<String, String> topicOverrides, Map<String, String> brokerGiven) {
        List<BrokerDefault> candidates = BY_TOPIC_SETTING.getOrDefault(setting.name(), List.of());
        List<Synonym> synonyms = new ArrayList<>();
        List<String> values = new ArrayList<>();
        Optional.ofNullable(topicOverrides.get(setting.name())).ifPresent(text -> {
            synonyms.add(new Synonym(setting.name(), text, SettingSource.TOPIC));
            values.add(text);
        });
        for (BrokerDefault candidate : candidates) {
            candidate.topicText(brokerGiven).ifPresent(text -> {
                String name = candidate.setting().name();
                synonyms.add(new Synonym(name, brokerGiven.get(name), SettingSource.BROKER));
                values.add(text);
            });
        }
        setting.defaultText().ifPresent(text -> {
            String name = candidates.isEmpty()
                    ? setting.name()
                    : candidates.get(0).setting().name();
            synonyms.add(new Synonym(name, text, SettingSource.DEFAULT));
            values.add(text);
        });
        return new SettingDescription(
                setting, values.stream().findFirst(), synonyms.get(0).source(), synonyms);
    }

    /**
     * A broker setting that is the default of a topic setting.
     *
     * @param setting the broker's setting
     * @param unitMs how many ms its unit has; 1 also for what is no time
     */
    private record BrokerDefault(Setting<?> setting, long unitMs) {
        /** What it decides, in the topic setting's unit. Negative times mean "no limit" in every unit. */
        Optional<String> topicText(Map<String, String> brokerGiven) {
            return Optional.ofNullable(brokerGiven.get(setting.name())).map(text -> {
                if (unitMs == 1) {
                    return text;
                }
                long units = Long.parseLong(text);
                return Long.toString(units < 0 ? units : units * unitMs);
            });
        }
    }

    private static Map<String, List<BrokerDefault>> byTopicSetting() {
        long minuteMs = TimeUnit.MINUTES.toMillis(1);
        long hourMs = TimeUnit.HOURS.toMillis(1);
        Map<String, List<BrokerDefault>> all = new LinkedHashMap<>();
        for (Setting<?> setting : TopicSettings.ALL.all()) {
            String name = setting.name();
            List<BrokerDefault> candidates = switch (name) {
                case "segment.ms" -> List.of(same(setting, "log.roll.ms"), time(setting, "log.roll.hours", 1, hourMs));
                case "segment.jitter.ms" ->
                    List.of(same(setting, "log.roll.jitter.ms"), time(setting, "log.roll.jitter.hours", 0, hourMs));
                case "retention.ms" ->
                    List.of(
                            same(setting, "log.retention.ms"),
                            time(setting, "log.retention.minutes", -1, minuteMs),
                            time(setting, "log.retention.hours", -1, hourMs));
                case "flush.ms" ->
                    List.of(same(setting, "log.flush.interval.ms"), same(setting, "log.flush.scheduler.interval.ms"));
                case "segment.index.bytes" -> List.of(same(setting, "log.index.size.max.bytes"));
                case "flush.messages" -> List.of(same(setting, "log.flush.interval.messages"));
                case "max.message.bytes" -> List.of(same(setting, "message.max.bytes"));
                case "file.delete.delay.ms" -> List.of(same(setting, "log.segment.delete.delay.ms"));
                case "min.cleanable.dirty.ratio" -> List.of(same(setting, "log.cleaner.min.cleanable.ratio"));
                case "delete.retention.ms", "min.compaction.lag.ms", "max.compaction.lag.ms" ->
                    List.of(same(setting, "log.cleaner." + name));
                case "cleanup.policy",
                        "index.interval.bytes",
                        "message.timestamp.after.max.ms",
                        "message.timestamp.before.max.ms",
                        "message.timestamp.type",
                        "preallocate",
                        "retention.bytes",
                        "segment.bytes" -> List.of(same(setting, "log." + name));
                case "compression.type",
                        "compression.gzip.level",
                        "compression.lz4.level",
                        "compression.zstd.level",
                        "min.insync.replicas",
                        "unclean.leader.election.enable" -> List.of(same(setting, name));
                // What belongs to replication or remote storage has no default at the broker.
                default -> List.of();
            };
            if (!candidates.isEmpty()) {
                all.put(name, candidates);
            }
        }
        return all;
    }

    private static BrokerDefault same(Setting<?> topicSetting, String name) {
        return new BrokerDefault(
                topicSetting.named(
                        name, "The default of topics for " + topicSetting + ": " + topicSetting.documentation()),
                1);
    }

    private static BrokerDefault time(Setting<?> topicSetting, String name, int minimum, long unitMs) {
        String unit = name.substring(name.lastIndexOf('.') + 1);
        return new BrokerDefault(
                Setting.ofInt(
                                name,
                                Math.max(1, minimum),
                                Rule.atLeast(minimum),
                                "The default of topics for " + topicSetting + ", in " + unit + ".")
                        .withoutDefault(),
                unitMs);
    }
}
