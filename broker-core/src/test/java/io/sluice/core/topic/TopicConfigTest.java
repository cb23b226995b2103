package io.sluice.core.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.config.Setting;
import io.sluice.core.record.TimestampType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TopicConfigTest {
    private static final TopicConfig DEFAULTS = TopicConfig.defaults();

    @Test
    void defaultsAreKafkasButForTheSync() {
        assertThat(DEFAULTS)
                .isEqualTo(new TopicConfig(
                        Map.of(),
                        false,
                        true,
                        "producer",
                        1 << 30,
                        604_800_000,
                        0,
                        -1,
                        604_800_000,
                        4096,
                        10 << 20,
                        1_048_588,
                        TimestampType.CREATE_TIME,
                        Long.MAX_VALUE,
                        3_600_000,
                        0.5,
                        0,
                        Long.MAX_VALUE,
                        86_400_000,
                        1,
                        Long.MAX_VALUE,
                        60_000));
    }

    @Test
    void settingsArriveInTheirComponents() {
        Map<String, String> overrides = Map.ofEntries(
                Map.entry("cleanup.policy", "compact"),
                Map.entry("compression.type", "zstd"),
                Map.entry("segment.bytes", "1048577"),
                Map.entry("segment.ms", "2"),
                Map.entry("segment.jitter.ms", "3"),
                Map.entry("retention.bytes", "4"),
                Map.entry("retention.ms", "5"),
                Map.entry("index.interval.bytes", "6"),
                Map.entry("segment.index.bytes", "700"),
                Map.entry("max.message.bytes", "8"),
                Map.entry("message.timestamp.type", "LogAppendTime"),
                Map.entry("message.timestamp.before.max.ms", "9"),
                Map.entry("message.timestamp.after.max.ms", "10"),
                Map.entry("min.cleanable.dirty.ratio", "0.25"),
                Map.entry("min.compaction.lag.ms", "11"),
                Map.entry("max.compaction.lag.ms", "12"),
                Map.entry("delete.retention.ms", "13"),
                Map.entry("flush.messages", "14"),
                Map.entry("flush.ms", "15"),
                Map.entry("file.delete.delay.ms", "16"));

        assertThat(TopicConfig.parse(overrides, DEFAULTS))
                .isEqualTo(new TopicConfig(
                        overrides,
                        true,
                        false,
                        "zstd",
                        1_048_577,
                        2,
                        3,
                        4,
                        5,
                        6,
                        700,
                        8,
                        TimestampType.LOG_APPEND_TIME,
                        9,
                        10,
                        0.25,
                        11,
                        12,
                        13,
                        14,
                        15,
                        16));
    }

    @Test
    void whatTheTopicDoesNotSetFollowsTheBroker() {
        TopicConfig broker = TopicConfig.parse(
                Map.of("retention.ms", "5", "cleanup.policy", "compact", "message.timestamp.type", "LogAppendTime"),
                DEFAULTS);

        TopicConfig topic = TopicConfig.parse(Map.of("segment.ms", "7"), broker);

        assertThat(topic.retentionMs()).isEqualTo(5);
        assertThat(topic.compacted()).isTrue();
        assertThat(topic.deleted()).isFalse();
        assertThat(topic.timestampType()).isEqualTo(TimestampType.LOG_APPEND_TIME);
        assertThat(topic.segmentMs()).isEqualTo(7);
        assertThat(topic.overrides()).containsExactly(Map.entry("segment.ms", "7"));
    }

    /** Setting, a value at each bound that is allowed, and values that are refused. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "cleanup.policy | delete;compact;compact,delete;'' | deleted;compact,compact;delete,;Delete",
                "compression.type | producer;uncompressed;gzip;snappy;lz4;zstd | none;GZIP;''",
                "compression.gzip.level | -1;1;9 | -2;0;10;x",
                "compression.lz4.level | 1;17 | 0;18",
                "compression.zstd.level | -131072;22 | -131073;23",
                "delete.retention.ms | 0;9223372036854775807 | -1;9223372036854775808",
                "file.delete.delay.ms | 0;9223372036854775807 | -1",
                "flush.messages | 1;9223372036854775807 | 0;-1;1.5",
                "flush.ms | 0;9223372036854775807 | -1",
                "follower.replication.throttled.replicas | *;0:1;0:1,2:3;none;'' | 0;a:b;0:1,x",
                "index.interval.bytes | 0;2147483647 | -1;2147483648",
                "leader.replication.throttled.replicas | *;0:1;0:1,2:3;none;'' | 0;a:b;0:1,x",
                "local.retention.bytes | -2;9223372036854775807 | -3",
                "local.retention.ms | -2;9223372036854775807 | -3",
                "max.compaction.lag.ms | 1;9223372036854775807 | 0",
                "max.message.bytes | 0;2147483647 | -1;2147483648",
                "message.timestamp.after.max.ms | 0;9223372036854775807 | -1",
                "message.timestamp.before.max.ms | 0;9223372036854775807 | -1",
                "message.timestamp.type | CreateTime;LogAppendTime | NoTimestampType;createtime;''",
                "min.cleanable.dirty.ratio | 0;0.0;1;1.0 | -0.1;1.1;NaN;Infinity;half",
                "min.compaction.lag.ms | 0;9223372036854775807 | -1",
                "min.insync.replicas | 1;2147483647 | 0",
                "preallocate | true;FALSE | yes;1;''",
                "remote.log.copy.disable | true;false | x",
                "remote.log.delete.on.disable | true;false | x",
                "remote.storage.enable | false | true;x",
                "retention.bytes | -1;0;9223372036854775807 | -2",
                "retention.ms | -1;0;9223372036854775807 | -2;7d",
                "segment.bytes | 1048576;2147483647 | 1048575;2147483648;1g",
                "segment.index.bytes | 12;2147483647 | 11",
                "segment.jitter.ms | 0;9223372036854775807 | -1",
                "segment.ms | 1;9223372036854775807 | 0",
                "unclean.leader.election.enable | true;false | x",
                "internal.segment.bytes | 1;2147483647 | 0",
            })
    void eachSettingHasItsBounds(String name, String allowed, String refused) {
        for (String value : allowed.split(";")) {
            String text = value.replace("'", "");
            assertThatCode(() -> TopicConfig.parse(Map.of(name, text), DEFAULTS))
                    .as("%s = %s", name, text)
                    .doesNotThrowAnyException();
        }
        for (String value : refused.split(";")) {
            String text = value.replace("'", "");
            assertThatThrownBy(() -> TopicConfig.parse(Map.of(name, text), DEFAULTS))
                    .as("%s = %s", name, text)
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
                    .hasMessageStartingWith(name + " = " + text + ": must be ");
        }
    }

    @Test
    void theTableOfBoundsKnowsEverySetting() throws NoSuchMethodException {
        String[] rows = TopicConfigTest.class
                .getDeclaredMethod("eachSettingHasItsBounds", String.class, String.class, String.class)
                .getAnnotation(CsvSource.class)
                .value();

        assertThat(rows)
                .extracting(row -> row.substring(0, row.indexOf(' ')))
                .containsExactlyInAnyOrderElementsOf(
                        TopicSettings.PARSED.all().stream().map(Setting::name).toList());
    }

    @Test
    void settingsAreListedByNameAndChangeable() {
        List<Setting<?>> all = TopicSettings.ALL.all();

        assertThat(all).extracting(Setting::name).isSorted().hasSize(33);
        assertThat(all).allMatch(Setting::changeable);
        assertThat(all).allSatisfy(setting -> {
            assertThat(setting.documentation()).endsWith(".").hasSizeGreaterThan(20);
            assertThat(setting.defaultText()).isPresent();
        });
        assertThat(all).doesNotContain(TopicSettings.INTERNAL_SEGMENT_BYTES);
    }

    @Test
    void everyFaultIsReportedAtOnce() {
        assertThatThrownBy(() -> TopicConfig.parse(
                        Map.of("retention.m", "1", "segment.bytes", "12", "flush.ms", "", "min.compaction.lag.ms", "x"),
                        DEFAULTS))
                .hasMessage("flush.ms = : must be a whole number, at least 0; "
                        + "min.compaction.lag.ms = x: must be a whole number, at least 0; "
                        + "there is no setting retention.m; did you mean retention.ms?; "
                        + "segment.bytes = 12: must be at least 1048576");
    }

    @Test
    void compactionLagsMustNotContradictEachOther() {
        TopicConfig broker = TopicConfig.parse(Map.of("max.compaction.lag.ms", "10"), DEFAULTS);

        assertThatThrownBy(() -> TopicConfig.parse(Map.of("min.compaction.lag.ms", "11"), broker))
                .hasMessage("min.compaction.lag.ms = 11: must be at most max.compaction.lag.ms, which is 10");
        assertThat(TopicConfig.parse(Map.of("min.compaction.lag.ms", "10"), broker)
                        .minCompactionLagMs())
                .isEqualTo(10);
    }

    @Test
    void anExistingTopicKeepsItsOwnLagWhenTheDefaultComesToContradictIt() {
        TopicConfig lowMax = TopicConfig.parse(Map.of("max.compaction.lag.ms", "10"), DEFAULTS);
        TopicConfig highMin = TopicConfig.parse(Map.of("min.compaction.lag.ms", "10"), DEFAULTS);

        TopicConfig ownMin = TopicConfig.restore(Map.of("min.compaction.lag.ms", "11"), lowMax);
        TopicConfig ownMax = TopicConfig.restore(Map.of("max.compaction.lag.ms", "9"), highMin);

        assertThat(ownMin.minCompactionLagMs()).isEqualTo(11);
        assertThat(ownMin.maxCompactionLagMs()).isEqualTo(11);
        assertThat(ownMax.minCompactionLagMs()).isEqualTo(9);
        assertThat(ownMax.maxCompactionLagMs()).isEqualTo(9);
    }

    @Test
    void anEmptyCleanupPolicyKeepsEverything() {
        TopicConfig config = TopicConfig.parse(Map.of("cleanup.policy", ""), DEFAULTS);

        assertThat(config.compacted()).isFalse();
        assertThat(config.deleted()).isFalse();
    }

    @Test
    void testsMayAskForSmallSegments() {
        assertThat(TopicConfig.parse(Map.of("internal.segment.bytes", "100"), DEFAULTS)
                        .segmentBytes())
                .isEqualTo(100);
    }

    @Test
    void overridesAreKeptAsCanonicalTextAndReadBackTheSame() {
        TopicConfig config = TopicConfig.parse(
                Map.of("retention.ms", " +7 ", "preallocate", "TRUE", "cleanup.policy", "compact , delete"), DEFAULTS);

        assertThat(new TreeMap<>(config.overrides()))
                .isEqualTo(new TreeMap<>(
                        Map.of("retention.ms", "7", "preallocate", "true", "cleanup.policy", "compact,delete")));
        assertThat(TopicConfig.parse(config.overrides(), DEFAULTS)).isEqualTo(config);
    }

    @Test
    void aRecordMadeByHandIsCheckedToo() {
        assertThatThrownBy(() -> new TopicConfig(
                        Map.of(),
                        false,
                        true,
                        "producer",
                        0,
                        1,
                        0,
                        -1,
                        -1,
                        0,
                        12,
                        0,
                        TimestampType.CREATE_TIME,
                        0,
                        0,
                        0,
                        0,
                        1,
                        0,
                        1,
                        0,
                        0))
                .hasMessage("segmentBytes of a topic is 0 but must be at least 1");
    }
}
