package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicConfig;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;

/** Topics that a test makes up. */
final class TestTopics implements Topics {
    private final Map<String, Topic> byName = new TreeMap<>();
    private final Map<TopicPartition, Long> starts = new TreeMap<>();
    private int created;

    /** Creates a topic, or gives it more partitions. */
    Topic put(String name, int partitions) {
        UUID id = topic(name).map(Topic::id).orElseGet(() -> new UUID(name.hashCode(), ++created));
        Topic topic = new Topic(name, id, partitions, TopicConfig.defaults(), 0);
        byName.put(name, topic);
        return topic;
    }

    void delete(String name) {
        byName.remove(name);
    }

    @Override
    public Optional<Topic> topic(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    @Override
    public Optional<Topic> topic(UUID id) {
        return byName.values().stream().filter(topic -> topic.id().equals(id)).findFirst();
    }

    /** Deletes what lies before an offset. */
    void trim(TopicPartition partition, long offset) {
        starts.put(partition, offset);
    }

    @Override
    public OptionalLong logStart(TopicPartition partition) {
        return OptionalLong.of(starts.getOrDefault(partition, 0L));
    }

    @Override
    public Collection<Topic> topics() {
        return byName.values();
    }
}
