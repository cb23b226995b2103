package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/** The topics that members may want, as they are at the time of a turn. */
public interface Topics {
    Optional<Topic> topic(String name);

    Optional<Topic> topic(UUID id);

    Collection<Topic> topics();

    /** Where the log of a partition begins; empty if nobody knows at the moment. */
    OptionalLong logStart(TopicPartition partition);
}
