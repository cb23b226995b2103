package io.sluice.server.http.restv2;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where an instance stands in a partition that it has.
 *
 * @param partition the partition
 * @param id the same by its topic's id; empty as long as there is no such partition
 * @param since the epoch of the group since which the instance has it, or -1 if it has it without being a member
 * @param position the next offset to be read; empty as long as nobody knows
 * @param committed where the group stands, as far as it is known here
 */
record Place(
        TopicPartition partition,
        Optional<TopicIdPartition> id,
        int since,
        OptionalLong position,
        OptionalLong committed) {
    Place at(long offset) {
        return new Place(partition, id, since, OptionalLong.of(offset), committed);
    }

    Place committedAt(long offset) {
        return new Place(partition, id, since, position, OptionalLong.of(offset));
    }

    /** Whether there is something to commit. */
    boolean hasMoved() {
        return id.isPresent() && position.isPresent() && !position.equals(committed);
    }
}
