package io.sluice.server.why;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.MessageView;
import io.sluice.groups.queue.QueueView;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A queue as it is at one moment.
 *
 * @param name what it is called
 * @param nowMs the time, in ms since the epoch
 * @param queue what is known of it; empty while it is being read
 * @param partitions those of its topic
 * @param rates how fast messages go through it
 * @param holders who has messages
 * @param heads some of the messages that could be delivered, the first ones
 * @param failure why a delivery came to nothing, of one of the messages that wait for another; or empty
 * @param dyingSinceMs since when a message is on its way to the dead letters, in ms since the epoch, if one is
 * @param dyingFailure why it cannot be brought there; empty if nothing is known
 */
public record QueueSnapshot(
        String name,
        long nowMs,
        Optional<QueueView> queue,
        List<PartitionSnapshot> partitions,
        Rates rates,
        List<Holder> holders,
        List<Head> heads,
        String failure,
        OptionalLong dyingSinceMs,
        Optional<String> dyingFailure) {
    public QueueSnapshot {
        partitions = List.copyOf(partitions);
        holders = List.copyOf(holders);
        heads = List.copyOf(heads);
    }

    /**
     * Messages a second, lately.
     *
     * @param overMs over what time that was counted
     */
    public record Rates(double received, double acknowledged, double returned, double expired, long overMs) {}

    /**
     * A consumer that has messages.
     *
     * @param consumer its name
     * @param messages how many it has, as far as was looked
     * @param sinceMs since when it has the one that it has had longest, in ms since the epoch
     */
    public record Holder(String consumer, int messages, long sinceMs) {}

    /**
     * A message that could be delivered if nothing else kept it.
     *
     * @param isDelayed whether its record says that it is not due
     * @param isExpired whether it is too old
     * @param blocker the message of its key that has to be finished first
     * @param parkedMs when somebody has set its key aside, in ms since the epoch, if somebody has
     */
    public record Head(
            MessageId id, boolean isDelayed, boolean isExpired, Optional<MessageView> blocker, OptionalLong parkedMs) {}
}
