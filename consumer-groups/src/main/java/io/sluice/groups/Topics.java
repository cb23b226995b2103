package io.sluice.groups;

import io.sluice.core.topic.Topic;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;

/** The topics that members may want, as they are at the time of a turn. */
public interface Topics {
    Optional<Topic> topic(String name);

    Optional<Topic> topic(UUID id);

    Collection<Topic> topics();
}
