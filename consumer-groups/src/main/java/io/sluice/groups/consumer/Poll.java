package io.sluice.groups.consumer;

import io.sluice.core.TopicPartition;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupError;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.shard.Reply;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Members without a connection: each poll says what was done with the records of the one before, and is told what to read.
 * The broker keeps no position for them but the committed one, so a poll whose answer was lost is simply made again.
 */
public final class Poll {
    /** Of a poll that goes on with no other. */
    public static final long NEW = 0;

    private Poll() {}

    /**
     * The request.
     *
     * @param member the member's name, chosen by its client
     * @param topics the topics it wants
     * @param sessionTimeoutMs how long it may be silent
     * @param clientId what its client calls itself
     * @param clientHost where it is
     * @param commit the cursor of the records that are done, if there were any
     * @param continues the number of the poll that this one goes on with because it was interrupted, or {@link #NEW}
     * @param interrupted told once if what the poll was told is not true any more, unless {@link Done} came first
     */
    public record Request(
            String member,
            List<String> topics,
            int sessionTimeoutMs,
            String clientId,
            String clientHost,
            Optional<Cursor> commit,
            long continues,
            Reply<Interruption> interrupted) {
        public Request {
            topics = List.copyOf(topics);
        }
    }

    /** Why a poll that waits should not wait any longer. */
    public enum Interruption {
        /** The member has other partitions now, or another position: ask again. */
        CHANGED,
        /** Another poll of the same member has come. */
        SUPERSEDED,
        /** The member is one no more: it may ask again, and be one again. */
        REMOVED,
        /** The member has left. */
        LEFT
    }

    /**
     * How far a member has got.
     *
     * @param epoch the epoch that its poll was told
     * @param offsets the next offset to be read of each partition it was given records of
     */
    public record Cursor(int epoch, Map<TopicIdPartition, Long> offsets) {
        public Cursor {
            offsets = Map.copyOf(offsets);
        }
    }

    /**
     * What became of a commit.
     *
     * @param error NONE, or why nothing could be committed
     * @param partitions each partition of the cursor; a topic that is no more has none
     */
    public record Committed(GroupError error, Map<TopicPartition, GroupError> partitions) {
        public static final Committed NOTHING = new Committed(GroupError.NONE, Map.of());

        public static Committed refused(GroupError error) {
            return new Committed(error, Map.of());
        }

        public Committed {
            partitions = Map.copyOf(partitions);
        }
    }

    /**
     * A partition that the member may read.
     *
     * @param partition the partition
     * @param id the partition by its topic's id
     * @param position where to go on, if the group has been there before
     * @param since the epoch since which the member has had the partition without a break, and nobody has moved its position
     */
    public record Readable(
            TopicPartition partition, TopicIdPartition id, Optional<CommittedOffset> position, int since) {}

    /**
     * The answer.
     *
     * @param error NONE, or why there is nothing to read
     * @param poll the number of this poll among those of its member, to be given back with {@link Done}
     * @param epoch to be given back with the cursor
     * @param committed what became of the commit
     * @param partitions what the member may read
     * @param waitingFor how many more partitions it will have when others have given them back
     */
    public record Answer(
            GroupError error, long poll, int epoch, Committed committed, List<Readable> partitions, int waitingFor) {
        public Answer {
            partitions = List.copyOf(partitions);
        }

        public static Answer refused(GroupError error) {
            return new Answer(error, -1, -1, Committed.NOTHING, List.of(), 0);
        }
    }

    /**
     * A poll has ended.
     *
     * @param member the member
     * @param poll the number of the poll
     * @param holding the partitions of which its client has records now
     * @param records how many records it has
     */
    public record Done(String member, long poll, Set<TopicIdPartition> holding, int records) {
        public Done {
            holding = Set.copyOf(holding);
        }
    }
}
