package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.Effects.Reply;
import io.sluice.groups.classic.ClassicGroup;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Sync;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The groups of one partition of the coordinator's log: a state machine with time as an argument. What survives is changed by
 * {@link #replay} alone, with the events that its turns record. For one thread.
 */
public final class GroupShard {
    /** How often groups are looked for of which nothing is left since a timer took their last member. */
    private static final long SWEEP_MS = 60_000;

    private final GroupLimits limits;
    private final Timers timers = new Timers();
    private final Map<String, Group> groups = new TreeMap<>();
    private long nextSweepMs;

    public GroupShard(GroupLimits limits) {
        this.limits = limits;
    }

    // ---- what survives ----

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
        } else if (event instanceof GroupEvent.Removed removed) {
            Group group = groups.get(removed.group());
            if (group != null && group.positions().isEmpty()) {
                groups.remove(removed.group());
            } else if (group != null) {
                // Its positions have events of their own.
                Group left = new Group(removed.group(), limits, timers);
                left.positions().putAll(group.positions());
                groups.put(removed.group(), left);
            }
        }
    }

    /** Everything has been replayed: the sessions of all members begin. */
    public void begin(long nowMs) {
        groups.values().removeIf(Group::isForgettable);
        groups.values().forEach(group -> group.members().begin(nowMs));
    }

    private Group orNew(String id) {
        return groups.computeIfAbsent(id, name -> new Group(name, limits, timers));
    }

    private Optional<Group> find(String id) {
        return Optional.ofNullable(groups.get(id));
    }

    /** Nothing is kept of a group that has no members and no positions. */
    private void forgetIfNothingIsLeft(String id, Effects effects) {
        find(id).filter(Group::isForgettable).ifPresent(group -> {
            if (group.settled().isPresent()) {
                effects.record(new GroupEvent.Removed(id));
            }
            groups.remove(id);
        });
    }

    // ---- time ----

    /** When {@link #tick} has something to do, at the earliest, in ms since the epoch. */
    public long nextTimerMs() {
        return timers.nextMs();
    }

    /** Lets everything happen whose time has come. */
    public void tick(Effects effects) {
        timers.run(effects);
        if (effects.nowMs() >= nextSweepMs) {
            nextSweepMs = effects.nowMs() + SWEEP_MS;
            List.copyOf(groups.keySet()).forEach(id -> forgetIfNothingIsLeft(id, effects));
        }
    }

    // ---- members ----

    public void join(String groupId, Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        if (groupId.isEmpty()) {
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
        orNew(groupId).members().join(request, reply, effects);
        forgetIfNothingIsLeft(groupId, effects);
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
        forgetIfNothingIsLeft(groupId, effects);
        effects.answer(reply, List.copyOf(outcomes));
    }

    // ---- positions ----

    /** Moves positions: those whose text is not too long, if the group lets the member. */
    public void commit(Offsets.Commit request, Reply<Map<TopicPartition, GroupError>> reply, Effects effects) {
        GroupError fault = mayCommit(request, effects);
        Map<TopicPartition, GroupError> outcomes = new HashMap<>();
        request.positions().forEach((partition, position) -> {
            GroupError outcome = fault;
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
        // Whoever keeps positions here without being a member begins a group by it.
        return request.generation() < 0 ? GroupError.NONE : GroupError.UNKNOWN_GROUP;
    }

    /**
     * Tells positions.
     *
     * @param wanted which; empty for all
     */
    public void fetch(
            String groupId, Optional<List<TopicPartition>> wanted, Reply<Offsets.Fetched> reply, Effects effects) {
        Map<TopicPartition, CommittedOffset> all =
                find(groupId).map(Group::positions).orElse(Map.of());
        Map<TopicPartition, CommittedOffset> found = new HashMap<>();
        if (wanted.isEmpty()) {
            found.putAll(all);
        } else {
            for (TopicPartition partition : wanted.get()) {
                Optional.ofNullable(all.get(partition)).ifPresent(position -> found.put(partition, position));
            }
        }
        effects.answer(reply, new Offsets.Fetched(GroupError.NONE, found));
    }

    /**
     * Forgets positions.
     *
     * @param subscribed says of a topic whether the members that the group has are subscribed to it
     */
    public void deletePositions(
            String groupId,
            List<TopicPartition> partitions,
            Predicate<Subscribed> subscribed,
            Reply<Offsets.Deleted> reply,
            Effects effects) {
        Optional<Group> group = find(groupId);
        if (group.isEmpty()) {
            effects.answer(
                    reply,
                    new Offsets.Deleted(
                            groupId.isEmpty() ? GroupError.INVALID_GROUP : GroupError.UNKNOWN_GROUP, Map.of()));
            return;
        }
        ClassicGroup members = group.get().members();
        if (!members.isEmpty() && !members.protocolType().equals("consumer")) {
            effects.answer(reply, new Offsets.Deleted(GroupError.GROUP_NOT_EMPTY, Map.of()));
            return;
        }
        Map<TopicPartition, GroupError> outcomes = new HashMap<>();
        for (TopicPartition partition : partitions) {
            boolean inUse = !members.isEmpty()
                    && subscribed.test(
                            new Subscribed(partition.topic(), members.protocol(), GroupView.of(group.get())));
            if (inUse) {
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

    /**
     * A question about what members want, which the shard does not read itself.
     *
     * @param topic the topic
     * @param protocol how partitions are assigned
     * @param group the group with its members
     */
    public record Subscribed(String topic, String protocol, GroupView group) {}

    /**
     * Topics are gone: whoever has such a name later is another topic, in which the old positions mean nothing.
     *
     * @param isGone whether there is no topic of an id any more
     */
    public void topicsDeleted(Predicate<UUID> isGone, Effects effects) {
        for (Group group : List.copyOf(groups.values())) {
            List<TopicPartition> gone = group.positions().entrySet().stream()
                    .filter(entry -> isGone.test(entry.getValue().topicId()))
                    .map(Map.Entry::getKey)
                    .toList();
            gone.forEach(partition -> effects.record(new GroupEvent.Forgotten(group.id(), partition)));
            forgetIfNothingIsLeft(group.id(), effects);
        }
    }

    // ---- groups ----

    /** All groups. */
    public void list(Reply<List<GroupView>> reply, Effects effects) {
        effects.answer(reply, groups.values().stream().map(GroupView::of).toList());
    }

    /** One group. */
    public void describe(String groupId, Reply<GroupView> reply, Effects effects) {
        effects.answer(reply, find(groupId).map(GroupView::of).orElseGet(() -> GroupView.unknown(groupId)));
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
        for (TopicPartition partition : List.copyOf(group.positions().keySet())) {
            effects.record(new GroupEvent.Forgotten(groupId, partition));
        }
        if (group.settled().isPresent()) {
            effects.record(new GroupEvent.Removed(groupId));
        }
        groups.remove(groupId);
        effects.answer(reply, GroupError.NONE);
    }

    /** What survives a restart, by group: for comparisons. */
    public Map<String, Survivor> survivors() {
        Map<String, Survivor> all = new TreeMap<>();
        groups.forEach((id, group) -> {
            Generation settled = group.settled().orElse(Generation.NONE);
            if (!settled.members().isEmpty() || !group.positions().isEmpty()) {
                all.put(id, new Survivor(settled.number(), Map.copyOf(group.positions())));
            }
        });
        return all;
    }

    /**
     * What survives of a group.
     *
     * @param generation the generation's number
     * @param positions the positions
     */
    public record Survivor(int generation, Map<TopicPartition, CommittedOffset> positions) {}
}
