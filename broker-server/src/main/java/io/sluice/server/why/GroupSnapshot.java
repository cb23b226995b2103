package io.sluice.server.why;

import io.sluice.core.TopicPartition;
import io.sluice.groups.Rebalance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A group as it is at one moment.
 *
 * @param id its name
 * @param nowMs the time, in ms since the epoch
 * @param members its members
 * @param positions where it stands, in each partition that it has a position in or a member for
 * @param rebalances what has become of its members lately, the oldest first
 * @param missingTopics topics that its members want and that are not there
 */
public record GroupSnapshot(
        String id,
        long nowMs,
        List<Member> members,
        List<Position> positions,
        List<Rebalance> rebalances,
        List<String> missingTopics) {
    public GroupSnapshot {
        members = List.copyOf(members);
        positions = List.copyOf(positions);
        rebalances = List.copyOf(rebalances);
        missingTopics = List.copyOf(missingTopics);
    }

    /**
     * A member.
     *
     * @param id its id
     * @param clientId what its client calls itself
     * @param connection the number of the connection it speaks by, if that is there
     * @param lastPollMs when it last asked for records, in ms since the epoch, if that is known
     * @param heldRecords how many records it was given and has not committed, as far as the broker keeps count
     * @param heldSinceMs since when, in ms since the epoch
     * @param partitions how many partitions it has
     * @param filtered what became of the records that it asked to be filtered, if it did
     */
    public record Member(
            String id,
            String clientId,
            OptionalLong connection,
            OptionalLong lastPollMs,
            int heldRecords,
            long heldSinceMs,
            int partitions,
            Optional<Filtered> filtered) {}

    /**
     * What a filter has done since a member has had it.
     *
     * @param filters as the client wrote them
     * @param passed how many records passed
     * @param excluded how many did not
     * @param sinceMs since when there is the filter, in ms since the epoch
     */
    public record Filtered(List<String> filters, long passed, long excluded, long sinceMs) {
        public Filtered {
            filters = List.copyOf(filters);
        }
    }

    /**
     * Where the group stands in a partition.
     *
     * @param log the partition
     * @param committed the next offset to read, if there is a position
     * @param committedAtMs when that was committed, in ms since the epoch
     * @param owner the member that reads there, or empty
     * @param waitingSinceMs the time of the first record that waits, in ms since the epoch, if it is known
     */
    public record Position(
            PartitionSnapshot log,
            OptionalLong committed,
            OptionalLong committedAtMs,
            String owner,
            OptionalLong waitingSinceMs) {
        public TopicPartition partition() {
            return log.partition();
        }

        /** Where it goes on: at the position, or at the beginning of what is there. */
        long next() {
            return Math.max(log.logStartOffset(), committed.orElse(log.logStartOffset()));
        }

        /** How many records wait. */
        public long lag() {
            return log.isReadable() ? Math.max(0, log.highWatermark() - next()) : 0;
        }
    }

    /** How many records wait, in all. */
    public long lag() {
        return positions.stream().mapToLong(Position::lag).sum();
    }

    /** Since when the oldest record waits, in ms since the epoch, as far as that is known. */
    public OptionalLong waitingSinceMs() {
        return positions.stream()
                .filter(position -> position.lag() > 0)
                .map(Position::waitingSinceMs)
                .flatMapToLong(OptionalLong::stream)
                .min();
    }

    /** Offsets now, for a sample. */
    public Sample sample() {
        Map<TopicPartition, Sample.Offsets> all = new HashMap<>();
        positions.stream()
                .filter(position -> position.log().isReadable())
                .limit(Samples.MAX_PARTITIONS)
                .forEach(position -> all.put(
                        position.partition(), new Sample.Offsets(position.log().highWatermark(), position.next())));
        return new Sample(nowMs, all);
    }
}
