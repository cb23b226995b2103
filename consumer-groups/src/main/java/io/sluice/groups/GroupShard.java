package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.core.record.RecordCursor;
import io.sluice.groups.Rebalance.Reason;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.consumer.ConsumerGroup;
import io.sluice.groups.consumer.Heartbeat;
import io.sluice.groups.consumer.MemberState;
import io.sluice.groups.consumer.MemberState.Standing;
import io.sluice.groups.consumer.Poll;
import io.sluice.groups.shard.Reply;
import io.sluice.groups.shard.Shard;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The groups of one partition of the coordinator's log: a state machine with time as an argument. What survives is changed by
 * {@link #replay} alone, with the events that its turns record. For one thread.
 */
public final class GroupShard implements Shard<Effects> {
    /** How often groups and their positions are looked through for what has happened to them of itself. */
    private static final long SWEEP_MS = 60_000;

    /** How large a snapshot may be, in bytes of its event. */
    public static final int MAX_SNAPSHOT_BYTES = 32 * 1024 * 1024;

    /** How many snapshots a group may have. */
    public static final int MAX_SNAPSHOTS = 100;

    /** What first epochs are counted from, in seconds: 2020-01-01, in ms since the epoch. */
    private static final long EPOCHS_BEGIN_MS = 1_577_836_800_000L;

    /** Leaves room for rebalances. Time gets there in 2054. */
    private static final int MAX_FIRST_EPOCH = Integer.MAX_VALUE / 2;

    /** Stands for the position of a group that has none. */
    public static final long NOWHERE = -1;

    private final GroupLimits limits;
    private final Topics topics;
    private final Timers timers = new Timers();
    private final NavigableMap<String, Group> groups = new TreeMap<>();
    /** Groups of which a timer has taken members. */
    private final Set<String> timedOut = new HashSet<>();

    private long nextSweepMs;
    /** The highest epoch that any group has had, as far as the log still tells. */
    private int highestEpoch;

    /** @param topics the topics that members may want; asked in turns only */
    public GroupShard(GroupLimits limits, Topics topics) {
        this.limits = limits;
        this.topics = topics;
    }

    // ---- what survives ----

    @Override
    public void replay(RecordCursor record) {
        // A record without a value has an empty one as well.
        Optional<ByteBuffer> value = record.hasValue() ? Optional.of(record.value()) : Optional.empty();
        replay(GroupEvents.decode(record.key(), value));
    }

    /** Takes over an event that has been written down, or is being. Nothing else changes what survives. */
    public void replay(GroupEvent event) {
        if (event instanceof GroupEvent.Committed committed) {
            orNew(committed.group()).positions().put(committed.partition(), committed.position());
        } else if (event instanceof GroupEvent.Forgotten forgotten) {
            Group group = groups.get(forgotten.group());
            if (group != null) {
                group.positions().remove(forgotten.partition());
            }
        } else if (event instanceof GroupEvent.Settled settled) {
            orNew(settled.group()).settle(settled.generation());
        } else if (event instanceof GroupEvent.Removed) {
            find(event.group()).ifPresent(Group::unsettle);
        } else if (event instanceof GroupEvent.EpochBegun begun) {
            orNew(begun.group()).asConsumer().epoch(begun.epoch());
            highestEpoch = Math.max(highestEpoch, begun.epoch());
        } else if (event instanceof GroupEvent.EpochsEnded) {
            find(event.group()).ifPresent(Group::endConsumer);
        } else if (event instanceof GroupEvent.MemberChanged changed) {
            orNew(changed.group()).asConsumer().put(changed.member());
        } else if (event instanceof GroupEvent.MemberGone gone) {
            find(gone.group()).flatMap(Group::consumer).ifPresent(members -> members.gone(gone.memberId()));
        } else if (event instanceof GroupEvent.SnapshotTaken taken) {
            orNew(taken.group()).snapshots().put(taken.name(), taken.snapshot());
        } else if (event instanceof GroupEvent.SnapshotForgotten forgotten) {
            find(forgotten.group()).ifPresent(group -> group.snapshots().remove(forgotten.name()));
        }
    }

    /** Everything has been replayed: the sessions of all members begin. Topics may have been deleted since. */
    @Override
    public void begin(Effects effects) {
        forgetDeletedTopics(effects);
        for (Group group : List.copyOf(groups.values())) {
            forgetIfNothingIsLeft(group.id(), effects);
            group.members().begin(effects);
            group.rebalances().begin(group.members(), effects.nowMs());
        }
    }

    private Group orNew(String id) {
        return groups.computeIfAbsent(id, name -> new Group(name, limits, timers, topics, timedOut::add));
    }

    private Optional<Group> find(String id) {
        return Optional.ofNullable(groups.get(id));
    }

    /** Nothing is kept of a group that has no members and no positions. */
    private void forgetIfNothingIsLeft(String id, Effects effects) {
        find(id).filter(Group::isForgettable).ifPresent(group -> {
            forgetMembers(group, effects);
            groups.remove(id);
        });
    }

    private static void forgetMembers(Group group, Effects effects) {
        if (group.settled().isPresent()) {
            effects.record(new GroupEvent.Removed(group.id()));
        }
        if (group.consumer().isPresent()) {
            effects.record(new GroupEvent.EpochsEnded(group.id()));
        }
    }

    /**
     * The broker assigns from now on, if it did not before.
     *
     * <p>A group of this name may have been there before, and members over HTTP choose their own names: a cursor of then must not
     * be taken for one of now. So epochs do not begin at 0 again but above all that the group can have had: above those that
     * are known, and, for nothing is known of a deleted group once the log has been compacted, at the seconds that have
     * passed. No group is rebalanced more often than once a second for all its life.
     */
    private GroupError toConsumer(Group group, Effects effects) {
        long seconds = (effects.nowMs() - EPOCHS_BEGIN_MS) / 1_000;
        int first = Math.max(highestEpoch, (int) Math.max(0, Math.min(seconds, MAX_FIRST_EPOCH)));
        return ProtocolMoves.toConsumer(group, topics, first, effects);
    }

    /** A member may have been the last that needed the broker to assign. */
    private void membersChanged(String id, Effects effects) {
        find(id).ifPresent(group -> ProtocolMoves.toClassicIfPossible(group, topics, effects));
        forgetIfNothingIsLeft(id, effects);
    }

    /** As {@link Rebalances#look}, after a turn. */
    private void look(String id, Reason turn, String by, Effects effects) {
        find(id).ifPresent(group -> group.rebalances().look(group.members(), turn, by, effects.nowMs()));
    }

    // ---- time ----

    /** When {@link #tick} has something to do, at the earliest, in ms since the epoch. */
    @Override
    public long nextTimerMs() {
        return Math.min(timers.nextMs(), groups.isEmpty() ? Long.MAX_VALUE : nextSweepMs);
    }

    /** Lets everything happen whose time has come. */
    @Override
    public void tick(Effects effects) {
        timers.run(effects);
        List<String> changed = List.copyOf(timedOut);
        timedOut.clear();
        changed.forEach(id -> {
            membersChanged(id, effects);
            look(id, Reason.MEMBER_EXPIRED, "", effects);
        });
        if (effects.nowMs() >= nextSweepMs) {
            nextSweepMs = effects.nowMs() + SWEEP_MS;
            for (Group group : List.copyOf(groups.values())) {
                group.lookAfterPositions(effects);
                forgetIfNothingIsLeft(group.id(), effects);
            }
        }
    }

    // ---- members ----

    public void join(String groupId, Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        if (isNoName(groupId)) {
            effects.answer(reply, refusedJoin(GroupError.INVALID_GROUP, request));
            return;
        }
        if (request.sessionTimeoutMs() < limits.minSessionTimeoutMs()
                || request.sessionTimeoutMs() > limits.maxSessionTimeoutMs()) {
            effects.answer(reply, refusedJoin(GroupError.INVALID_SESSION_TIMEOUT, request));
            return;
        }
        Optional<Group> known = find(groupId);
        if (known.isEmpty() && !request.memberId().isEmpty()) {
            effects.answer(reply, refusedJoin(GroupError.UNKNOWN_MEMBER, request));
            return;
        }
        long bytes = MemberSize.of(
                request.protocols(),
                List.of(),
                request.memberId(),
                request.newMemberId(),
                request.instanceId(),
                request.clientId(),
                request.clientHost());
        if (isTooMuch(known, request.memberId(), request.instanceId(), bytes)) {
            effects.answer(reply, refusedJoin(GroupError.TOO_LARGE, request));
            return;
        }
        known.ifPresent(group -> ProtocolMoves.toClassicIfEmpty(group, effects));
        orNew(groupId).members().join(request, reply, effects);
        membersChanged(groupId, effects);
        look(groupId, Reason.MEMBER_CHANGED, request.memberId(), effects);
    }

    private static boolean isNoName(String groupId) {
        return groupId.isEmpty() || groupId.length() > MemberSize.MAX_GROUP_CHARS;
    }

    /** Whether the group's members would say too much, if one said this much of itself. */
    private static boolean isTooMuch(Optional<Group> group, String memberId, String instanceId, long bytes) {
        long others =
                group.map(of -> of.members().bytesBeside(memberId, instanceId)).orElse(0L);
        return others + bytes > MemberSize.MAX_BYTES;
    }

    private static Join.Answer refusedJoin(GroupError error, Join.Request request) {
        return new Join.Answer(error, request.memberId(), -1, "", "", "", false, List.of());
    }

    public void sync(String groupId, Sync.Request request, Reply<Sync.Answer> reply, Effects effects) {
        Optional<Group> group = find(groupId);
        if (group.isEmpty()) {
            effects.answer(reply, new Sync.Answer(memberFault(groupId), "", "", new byte[0]));
            return;
        }
        group.get().members().sync(request, reply, effects);
        look(groupId, Reason.MEMBER_CHANGED, request.memberId(), effects);
    }

    public void heartbeat(
            String groupId,
            String memberId,
            String instanceId,
            int generation,
            Reply<GroupError> reply,
            Effects effects) {
        GroupError outcome = find(groupId)
                .map(group -> group.members().heartbeat(memberId, instanceId, generation, effects))
                .orElseGet(() -> memberFault(groupId));
        effects.answer(reply, outcome);
    }

    private static GroupError memberFault(String groupId) {
        return groupId.isEmpty() ? GroupError.INVALID_GROUP : GroupError.UNKNOWN_MEMBER;
    }

    /**
     * Somebody who leaves.
     *
     * @param memberId its id, or empty
     * @param instanceId its name if it is a static member, else empty
     */
    public record Leaving(String memberId, String instanceId) {}

    /** Members leave, or are sent away; each is answered on its own. */
    public void leave(String groupId, List<Leaving> leaving, Reply<List<GroupError>> reply, Effects effects) {
        List<GroupError> outcomes = new ArrayList<>();
        for (Leaving one : leaving) {
            outcomes.add(find(groupId)
                    .map(group -> group.members().leave(one.memberId(), one.instanceId(), effects))
                    .orElseGet(() -> memberFault(groupId)));
        }
        membersChanged(groupId, effects);
        look(groupId, Reason.MEMBER_LEFT, "", effects);
        effects.answer(reply, List.copyOf(outcomes));
    }

    /** A member of the consumer protocol says what it wants and has. */
    public void consumerHeartbeat(
            String groupId, Heartbeat.Request request, Reply<Heartbeat.Answer> reply, Effects effects) {
        boolean joins = request.epoch() == Heartbeat.JOIN;
        Optional<Group> known = find(groupId);
        if (known.isEmpty() && !joins) {
            effects.answer(
                    reply, Heartbeat.Answer.refused(GroupError.UNKNOWN_GROUP, "Group " + groupId + " not found."));
            return;
        }
        if (isNoName(groupId)) {
            effects.answer(
                    reply,
                    Heartbeat.Answer.refused(GroupError.INVALID_GROUP, "The group's name is empty or too long."));
            return;
        }
        long bytes = MemberSize.of(
                List.of(),
                request.topics().orElse(List.of()),
                request.memberId(),
                request.instanceId(),
                request.rackId().orElse(""),
                request.regex().orElse(""),
                request.clientId(),
                request.clientHost());
        if (request.epoch() >= 0 && isTooMuch(known, request.memberId(), request.instanceId(), bytes)) {
            effects.answer(
                    reply,
                    Heartbeat.Answer.refused(
                            GroupError.TOO_LARGE,
                            "The members of group " + groupId + " would say more than " + MemberSize.MAX_BYTES
                                    + " bytes of themselves and what they want."));
            return;
        }
        Group group = orNew(groupId);
        GroupError fault =
                joins || group.consumer().isPresent() ? toConsumer(group, effects) : GroupError.UNKNOWN_GROUP;
        if (fault != GroupError.NONE) {
            effects.answer(reply, Heartbeat.Answer.refused(fault, "Group " + groupId + " is not a consumer group."));
        } else {
            group.consumer().orElseThrow().heartbeat(request, reply, effects);
        }
        membersChanged(groupId, effects);
        look(groupId, Reason.MEMBER_CHANGED, request.memberId(), effects);
    }

    /** A member over HTTP comes for records. */
    public void poll(String groupId, Poll.Request request, Reply<Poll.Answer> reply, Effects effects) {
        if (request.sessionTimeoutMs() < limits.minSessionTimeoutMs()
                || request.sessionTimeoutMs() > limits.maxSessionTimeoutMs()) {
            effects.answer(reply, Poll.Answer.refused(GroupError.INVALID_SESSION_TIMEOUT));
            return;
        }
        long bytes =
                MemberSize.of(List.of(), request.topics(), request.member(), request.clientId(), request.clientHost());
        if (isTooMuch(find(groupId), request.member(), "", bytes)) {
            effects.answer(reply, Poll.Answer.refused(GroupError.TOO_LARGE));
            return;
        }
        Group group = orNew(groupId);
        GroupError fault = toConsumer(group, effects);
        if (fault != GroupError.NONE) {
            effects.answer(reply, Poll.Answer.refused(fault));
            forgetIfNothingIsLeft(groupId, effects);
            return;
        }
        Map<TopicPartition, CommittedOffset> positions = group.positions();
        group.consumer()
                .orElseThrow()
                .poll(request, partition -> Optional.ofNullable(positions.get(partition)), reply, effects);
        membersChanged(groupId, effects);
        look(groupId, Reason.MEMBER_CHANGED, request.member(), effects);
    }

    /** The client of a poll that is being answered takes the answer. */
    public void pollGoesOn(String groupId, String memberId, long poll, Effects effects) {
        find(groupId).flatMap(Group::consumer).ifPresent(members -> members.pollGoesOn(memberId, poll, effects));
    }

    /** A member over HTTP is there. */
    public void isThere(String groupId, String memberId, Effects effects) {
        find(groupId).flatMap(Group::consumer).ifPresent(members -> members.isThere(memberId, effects));
    }

    /** A poll has been answered. */
    public void pollDone(String groupId, Poll.Done done, Effects effects) {
        find(groupId).flatMap(Group::consumer).ifPresent(members -> members.pollDone(done, effects));
        look(groupId, Reason.MEMBER_CHANGED, done.member(), effects);
    }

    /** A member over HTTP leaves after a poll, unless it has polled since. */
    public void leave(String groupId, String memberId, long poll, Effects effects) {
        find(groupId).flatMap(Group::consumer).ifPresent(members -> members.leave(memberId, poll, effects));
        membersChanged(groupId, effects);
        look(groupId, Reason.MEMBER_LEFT, "", effects);
    }

    /** A member over HTTP says what it has done, and does not ask for more. */
    public void commit(
            String groupId, String memberId, Poll.Cursor cursor, Reply<Poll.Committed> reply, Effects effects) {
        Optional<ConsumerGroup> members = find(groupId).flatMap(Group::consumer);
        Poll.Committed committed =
                members.map(all -> all.commit(memberId, cursor, effects)).orElse(Poll.Committed.NOTHING);
        members.ifPresent(all -> all.committed(memberId, effects));
        look(groupId, Reason.MEMBER_CHANGED, memberId, effects);
        effects.answer(reply, committed);
    }

    // ---- positions ----

    /** Moves positions: those of topics that there are, whose text is not too long, if the group lets the member. */
    public void commit(Offsets.Commit request, Reply<Map<TopicPartition, GroupError>> reply, Effects effects) {
        GroupError fault = mayCommit(request, effects);
        Map<TopicPartition, GroupError> outcomes = new HashMap<>();
        request.positions().forEach((partition, position) -> {
            GroupError outcome = fault;
            if (outcome == GroupError.NONE && !isCurrent(partition, position)) {
                outcome = GroupError.UNKNOWN_PARTITION;
            }
            if (outcome == GroupError.NONE && position.metadata().length() > limits.maxMetadataBytes()) {
                outcome = GroupError.METADATA_TOO_LARGE;
            }
            if (outcome == GroupError.NONE) {
                effects.record(new GroupEvent.Committed(request.group(), partition, position));
            }
            outcomes.put(partition, outcome);
        });
        effects.answer(reply, Map.copyOf(outcomes));
    }

    private GroupError mayCommit(Offsets.Commit request, Effects effects) {
        Optional<Group> group = find(request.group());
        if (group.isPresent()) {
            return group.get()
                    .members()
                    .mayCommit(request.memberId(), request.instanceId(), request.generation(), effects);
        }
        if (isNoName(request.group())) {
            return GroupError.INVALID_GROUP;
        }
        // Whoever keeps positions here without being a member begins a group by it.
        return request.generation() < 0 ? GroupError.NONE : GroupError.UNKNOWN_GROUP;
    }

    /**
     * Tells positions.
     *
     * @param memberId the member of the consumer protocol that asks, or empty
     * @param memberEpoch its epoch, or -1
     * @param wanted which; empty for all
     */
    public void fetch(
            String groupId,
            String memberId,
            int memberEpoch,
            Optional<List<TopicPartition>> wanted,
            Reply<Offsets.Fetched> reply,
            Effects effects) {
        GroupError fault = find(groupId)
                .flatMap(Group::consumer)
                .map(members -> members.mayFetch(memberId, memberEpoch))
                .orElse(GroupError.NONE);
        if (fault != GroupError.NONE) {
            effects.answer(reply, new Offsets.Fetched(fault, Map.of()));
            return;
        }
        Map<TopicPartition, CommittedOffset> all =
                find(groupId).map(Group::positions).orElse(Map.of());
        Map<TopicPartition, CommittedOffset> found = new HashMap<>();
        for (TopicPartition partition :
                wanted.<Collection<TopicPartition>>map(some -> some).orElse(all.keySet())) {
            Optional.ofNullable(all.get(partition))
                    .filter(position -> isCurrent(partition, position))
                    .ifPresent(position -> found.put(partition, position));
        }
        effects.answer(reply, new Offsets.Fetched(GroupError.NONE, found));
    }

    /** Forgets positions, but not those in topics that the group's members want. */
    public void deletePositions(
            String groupId, List<TopicPartition> partitions, Reply<Offsets.Deleted> reply, Effects effects) {
        Optional<Group> group = find(groupId);
        if (group.isEmpty()) {
            effects.answer(
                    reply,
                    new Offsets.Deleted(
                            groupId.isEmpty() ? GroupError.INVALID_GROUP : GroupError.UNKNOWN_GROUP, Map.of()));
            return;
        }
        boolean isOfOtherType = group.get()
                .classic()
                .filter(members -> !members.isEmpty() && !members.protocolType().equals("consumer"))
                .isPresent();
        if (isOfOtherType) {
            effects.answer(reply, new Offsets.Deleted(GroupError.GROUP_NOT_EMPTY, Map.of()));
            return;
        }
        Map<TopicPartition, GroupError> outcomes = new HashMap<>();
        for (TopicPartition partition : partitions) {
            if (isSubscribed(group.get(), partition.topic())) {
                outcomes.put(partition, GroupError.SUBSCRIBED_TO_TOPIC);
                continue;
            }
            if (group.get().positions().containsKey(partition)) {
                effects.record(new GroupEvent.Forgotten(groupId, partition));
            }
            outcomes.put(partition, GroupError.NONE);
        }
        forgetIfNothingIsLeft(groupId, effects);
        effects.answer(reply, new Offsets.Deleted(GroupError.NONE, outcomes));
    }

    private static boolean isSubscribed(Group group, String topic) {
        return group.consumer()
                .map(members -> members.isSubscribed(topic))
                .orElseGet(() -> group.classic()
                        .filter(members -> members.isSubscribed(topic))
                        .isPresent());
    }

    /** Whether a position is of the topic that has its name now, and not of one of that name before. */
    private boolean isCurrent(TopicPartition partition, CommittedOffset position) {
        return topics.topic(position.topicId())
                .filter(topic -> topic.name().equals(partition.topic()))
                .isPresent();
    }

    /** Whoever has the name of a deleted topic is another topic, in which the old positions mean nothing. */
    private void forgetDeletedTopics(Effects effects) {
        for (Group group : List.copyOf(groups.values())) {
            List<TopicPartition> gone = group.positions().entrySet().stream()
                    .filter(entry -> !isCurrent(entry.getKey(), entry.getValue()))
                    .map(Map.Entry::getKey)
                    .toList();
            gone.forEach(partition -> group.topicDeleted(partition, effects));
            forgetIfNothingIsLeft(group.id(), effects);
        }
    }

    /** There are other topics than before, or more partitions. */
    public void topicsChanged(Effects effects) {
        forgetDeletedTopics(effects);
        for (Group group : List.copyOf(groups.values())) {
            group.consumer().ifPresent(members -> members.topicsChanged(effects));
            look(group.id(), Reason.TOPICS_CHANGED, "", effects);
        }
    }

    // ---- moving a running group ----

    /**
     * What came of moving positions.
     *
     * @param error NONE, or why nothing was moved
     * @param evicted the members that had one of the partitions: they go on at the new positions
     */
    public record Moved(GroupError error, List<String> evicted) {
        public Moved {
            evicted = List.copyOf(evicted);
        }
    }

    /**
     * Moves positions, whoever reads there: members that do are sent away or made to read at the new ones, and what they
     * commit of the old ones is refused.
     *
     * @param to the new positions
     * @param expected what positions must be for any of them to be moved; {@link #NOWHERE} for one that must not be there
     */
    public void seek(
            String groupId,
            Map<TopicPartition, CommittedOffset> to,
            Map<TopicPartition, Long> expected,
            Reply<Moved> reply,
            Effects effects) {
        if (isNoName(groupId)) {
            effects.answer(reply, new Moved(GroupError.INVALID_GROUP, List.of()));
            return;
        }
        Group group = orNew(groupId);
        if (!to.entrySet().stream().allMatch(entry -> isCurrent(entry.getKey(), entry.getValue()))) {
            effects.answer(reply, new Moved(GroupError.UNKNOWN_PARTITION, List.of()));
            forgetIfNothingIsLeft(groupId, effects);
            return;
        }
        for (Map.Entry<TopicPartition, Long> must : expected.entrySet()) {
            CommittedOffset position = group.positions().get(must.getKey());
            if ((position == null ? NOWHERE : position.offset()) != must.getValue()) {
                effects.answer(reply, new Moved(GroupError.POSITION_HAS_MOVED, List.of()));
                forgetIfNothingIsLeft(groupId, effects);
                return;
            }
        }
        to.forEach((partition, position) -> effects.record(new GroupEvent.Committed(groupId, partition, position)));
        List<String> evicted;
        if (group.consumer().isPresent()) {
            Set<TopicIdPartition> moved = new HashSet<>();
            to.forEach((partition, position) ->
                    moved.add(new TopicIdPartition(position.topicId(), partition.partition())));
            evicted = group.consumer().get().evict(moved, effects);
        } else {
            evicted = group.classic().orElseThrow().evict(assignment -> hasAny(assignment, to.keySet()), effects);
        }
        effects.answer(reply, new Moved(GroupError.NONE, evicted));
        membersChanged(groupId, effects);
        look(groupId, Reason.POSITIONS_MOVED, "", effects);
    }

    private static boolean hasAny(byte[] assignment, Set<TopicPartition> partitions) {
        try {
            return ProtocolMoves.assigned(assignment).stream().anyMatch(partitions::contains);
        } catch (IllegalArgumentException e) {
            // Nobody knows what it has: it may be one of them.
            return true;
        }
    }

    /** Keeps the group's positions by a name, in place of what was kept by it before. */
    public void takeSnapshot(String groupId, String name, Reply<GroupError> reply, Effects effects) {
        Optional<Group> group = find(groupId);
        if (group.isEmpty()) {
            effects.answer(reply, GroupError.UNKNOWN_GROUP);
        } else if (group.get().snapshots().size() >= MAX_SNAPSHOTS
                && !group.get().snapshots().containsKey(name)) {
            effects.answer(reply, GroupError.TOO_MANY_SNAPSHOTS);
        } else if (GroupEvents.sizeOf(group.get().positions()) > MAX_SNAPSHOT_BYTES) {
            effects.answer(reply, GroupError.TOO_LARGE);
        } else {
            effects.record(new GroupEvent.SnapshotTaken(
                    groupId, name, new Snapshot(effects.nowMs(), group.get().positions())));
            effects.answer(reply, GroupError.NONE);
        }
    }

    /** Forgets what is kept by a name. */
    public void deleteSnapshot(String groupId, String name, Reply<GroupError> reply, Effects effects) {
        boolean known = find(groupId)
                .filter(group -> group.snapshots().containsKey(name))
                .isPresent();
        if (known) {
            effects.record(new GroupEvent.SnapshotForgotten(groupId, name));
            forgetIfNothingIsLeft(groupId, effects);
        }
        effects.answer(reply, known ? GroupError.NONE : GroupError.UNKNOWN_SNAPSHOT);
    }

    /** The snapshots of a group by name; none if it is not known. */
    public void snapshots(String groupId, Reply<Snapshots> reply, Effects effects) {
        Map<String, Snapshot> all = find(groupId).map(Group::snapshots).orElse(Map.of());
        effects.answer(reply, new Snapshots(GroupError.NONE, all));
    }

    // ---- groups ----

    /**
     * Some groups by name; no others are looked at.
     *
     * @param after the name behind which to begin, or empty
     * @param limit how many at most
     */
    public void list(String after, int limit, Reply<List<GroupSummary>> reply, Effects effects) {
        effects.answer(
                reply,
                groups.tailMap(after, false).values().stream()
                        .limit(limit)
                        .map(GroupSummary::of)
                        .toList());
    }

    /** One group. */
    public void describe(String groupId, Reply<GroupView> reply, Effects effects) {
        effects.answer(
                reply,
                find(groupId)
                        .map(group -> GroupView.of(group, effects.nowMs()))
                        .orElseGet(() -> GroupView.refused(GroupError.UNKNOWN_GROUP, groupId)));
    }

    /** Deletes a group that has no members, with its positions. */
    public void delete(String groupId, Reply<GroupError> reply, Effects effects) {
        Optional<Group> found = find(groupId);
        if (found.isEmpty()) {
            effects.answer(reply, GroupError.UNKNOWN_GROUP);
            return;
        }
        Group group = found.get();
        if (!group.members().isEmpty()) {
            effects.answer(reply, GroupError.GROUP_NOT_EMPTY);
            return;
        }
        group.members().end(effects);
        group.snapshots().keySet().stream()
                .toList()
                .forEach(name -> effects.record(new GroupEvent.SnapshotForgotten(groupId, name)));
        for (TopicPartition partition : List.copyOf(group.positions().keySet())) {
            effects.record(new GroupEvent.Forgotten(groupId, partition));
        }
        forgetMembers(group, effects);
        groups.remove(groupId);
        effects.answer(reply, GroupError.NONE);
    }

    /** What survives a restart, by group: for comparisons. */
    public Map<String, Survivor> survivors() {
        Map<String, Survivor> all = new TreeMap<>();
        groups.forEach((id, group) -> {
            Generation settled = group.settled().orElse(Generation.NONE);
            Map<String, MemberState> members =
                    group.consumer().map(ConsumerGroup::states).orElse(Map.of());
            boolean hasAny = !settled.members().isEmpty()
                    || !members.isEmpty()
                    || !group.positions().isEmpty()
                    || !group.snapshots().isEmpty();
            if (hasAny) {
                int number = group.consumer().map(ConsumerGroup::generation).orElse(settled.number());
                all.put(
                        id,
                        new Survivor(
                                number,
                                Map.copyOf(group.positions()),
                                Map.copyOf(group.snapshots()),
                                standings(members)));
            }
        });
        return all;
    }

    private static Map<String, Standing> standings(Map<String, MemberState> members) {
        Map<String, Standing> all = new TreeMap<>();
        members.forEach((id, member) -> all.put(id, member.standing()));
        return all;
    }

    /**
     * What survives of a group.
     *
     * @param generation the number of the generation or of the epoch
     * @param positions the positions
     * @param snapshots the snapshots
     * @param standings what the members have, if the broker assigns it
     */
    public record Survivor(
            int generation,
            Map<TopicPartition, CommittedOffset> positions,
            Map<String, Snapshot> snapshots,
            Map<String, Standing> standings) {}
}
