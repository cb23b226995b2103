package io.sluice.server.kafka.topics;

import io.sluice.core.config.SettingDescription;
import io.sluice.core.config.SettingSource;
import io.sluice.core.config.SettingType;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicDefaults;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.requests.DescribeConfigsResponse;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource;

/** Settings as the protocol describes them. Immutable. */
public final class ConfigEntries {
    private final Map<String, String> brokerGiven;
    private final List<SettingDescription> broker;

    /**
     * @param brokerGiven what is set on the broker, as canonical text by name
     * @param broker every setting of the broker
     */
    public ConfigEntries(Map<String, String> brokerGiven, List<SettingDescription> broker) {
        this.brokerGiven = Map.copyOf(brokerGiven);
        this.broker = List.copyOf(broker);
    }

    /** Every setting of a topic as it holds. */
    List<SettingDescription> ofTopic(Topic topic) {
        return TopicDefaults.describe(topic.config().overrides(), brokerGiven);
    }

    /** Every setting of this broker as it holds. */
    List<SettingDescription> ofBroker() {
        return broker;
    }

    /** How many partitions a topic gets that does not ask for a number. */
    int defaultPartitions() {
        return broker.stream()
                .filter(setting -> setting.setting().name().equals("num.partitions"))
                .flatMap(setting -> setting.value().stream())
                .mapToInt(Integer::parseInt)
                .findFirst()
                .orElse(1);
    }

    /** Who decided a value. */
    static byte sourceOf(SettingSource source) {
        return (switch (source) {
                    case DEFAULT -> ConfigSource.DEFAULT_CONFIG;
                    case BROKER -> ConfigSource.STATIC_BROKER_CONFIG;
                    case TOPIC -> ConfigSource.TOPIC_CONFIG;
                })
                .id();
    }

    /** What kind of value it is. */
    static byte typeOf(SettingType type) {
        return (switch (type) {
                    case BOOLEAN -> DescribeConfigsResponse.ConfigType.BOOLEAN;
                    case STRING -> DescribeConfigsResponse.ConfigType.STRING;
                    case INT -> DescribeConfigsResponse.ConfigType.INT;
                    case LONG -> DescribeConfigsResponse.ConfigType.LONG;
                    case DOUBLE -> DescribeConfigsResponse.ConfigType.DOUBLE;
                    case LIST -> DescribeConfigsResponse.ConfigType.LIST;
                    case PASSWORD -> DescribeConfigsResponse.ConfigType.PASSWORD;
                })
                .id();
    }
}
