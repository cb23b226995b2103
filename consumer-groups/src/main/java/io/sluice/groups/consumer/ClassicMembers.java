package io.sluice.groups.consumer;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.Effects;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupEvent;
import io.sluice.groups.Timers;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.consumer.MemberState.Client;
import io.sluice.groups.consumer.MemberState.Kind;
import io.sluice.groups.consumer.MemberState.Phase;
import io.sluice.groups.consumer.MemberState.Standing;
import io.sluice.groups.consumer.MemberState.Subscription;
import io.sluice.groups.shard.Reply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Members of the classic protocol in a group whose partitions the broker assigns. To them it looks as if somebody else were
 * always the leader: they join, and are told to join again whenever they are to have something else.
 */
final class ClassicMembers {
    /** What kind of classic group has partitions to assign. */
    static final String PROTOCOL_TYPE = "consumer";

    private final ConsumerGroup group;
    /** Members that got their id and have not joined with it yet, with the timer of each. */
    private final Map<String, Timers.Timer> promised = new HashMap<>();

    ClassicMembers(ConsumerGroup group) {
        this.group = group;
    }

    /** Forgets a member that got its id and never came back with it. */
    private final class Promise extends Timers.Timer {
        private final String memberId;

        Promise(String memberId) {
            this.memberId = memberId;
        }

        @Override
        protected void due(Effects effects) {
            promised.remove(memberId);
        }
    }

    boolean isDeserted() {
        return promised.isEmpty();
    }

    boolean takePromise(String memberId) {
        Timers.Timer promise = promised.remove(memberId);
        if (promise != null) {
            group.timers().cancel(promise);
        }
        return promise != null;
    }

    void end() {
        promised.values().forEach(group.timers()::cancel);
        promised.clear();
    }

    void join(Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        effects.answer(reply, join(request, effects));
    }

    private Join.Answer join(Join.Request request, Effects effects) {
        if (!request.protocolType().equals(PROTOCOL_TYPE) || request.protocols().isEmpty()) {
            return Join.Answer.refused(GroupError.INCONSISTENT_PROTOCOL, request.memberId());
        }
        ConsumerProtocol.Subscription wish;
        try {
            wish = ConsumerProtocol.subscription(request.protocols().get(0).metadata());
        } catch (IllegalArgumentException e) {
            return Join.Answer.refused(GroupError.INCONSISTENT_PROTOCOL, request.memberId());
        }
        Optional<Seat> before = request.instanceId().isEmpty()
                ? group.seat(request.memberId())
                : group.byInstance(request.instanceId());
        boolean isNew = request.memberId().isEmpty();
        if (before.isPresent() && !isNew && !before.get().id().equals(request.memberId())) {
            return Join.Answer.refused(GroupError.FENCED_INSTANCE, request.memberId());
        }
        if (before.isEmpty() && !isNew && !takePromise(request.memberId())) {
            return Join.Answer.refused(GroupError.UNKNOWN_MEMBER, request.memberId());
        }
        if (before.isEmpty() && !group.hasRoomBeside(promised.size())) {
            return Join.Answer.refused(GroupError.GROUP_FULL, "");
        }
        if (isNew && request.instanceId().isEmpty() && request.needsMemberId()) {
            Promise promise = new Promise(request.newMemberId());
            promised.put(request.newMemberId(), promise);
            group.timers().set(promise, effects.nowMs() + request.sessionTimeoutMs());
            return Join.Answer.refused(GroupError.MEMBER_ID_REQUIRED, request.newMemberId());
        }
        return proceed(isNew ? request.newMemberId() : request.memberId(), before, wish, request, effects);
    }

    private Join.Answer proceed(
            String memberId,
            Optional<Seat> before,
            ConsumerProtocol.Subscription wish,
            Join.Request request,
            Effects effects) {
        Client client = new Client(
                request.instanceId(),
                wish.rack().orElse(""),
                request.clientId(),
                request.clientHost(),
                request.rebalanceTimeoutMs(),
                request.sessionTimeoutMs());
        Subscription wanted = new Subscription(wish.topics(), "", "", request.protocols());
        boolean wantsOther = before.map(seat -> !seat.state().subscription().wantsTheSame(wanted))
                .orElse(true);
        MemberState state;
        if (before.isPresent() && before.get().id().equals(memberId)) {
            state = before.get().state().with(client).with(wanted);
        } else {
            Set<TopicIdPartition> target =
                    before.map(seat -> seat.state().target()).orElse(Set.of());
            before.ifPresent(seat -> group.remove(seat, Poll.Interruption.REMOVED, effects));
            state = new MemberState(memberId, Kind.CLASSIC, client, wanted, Standing.NEW, target);
        }
        effects.record(new GroupEvent.MemberChanged(group.id(), state));
        Seat seat = group.seat(memberId).orElseThrow();
        group.alive(seat, effects);
        group.timers().cancel(seat.deadline());
        if (wantsOther) {
            group.assignAnew(effects);
        }
        group.advance(seat, Optional.of(idsOf(wish.owned())), effects);
        group.giveOn(effects);
        return new Join.Answer(
                GroupError.NONE,
                memberId,
                seat.state().standing().epoch(),
                PROTOCOL_TYPE,
                request.protocols().get(0).name(),
                "",
                false,
                List.of());
    }

    private Set<TopicIdPartition> idsOf(List<TopicPartition> named) {
        Set<TopicIdPartition> ids = new HashSet<>();
        for (TopicPartition partition : named) {
            group.topics()
                    .topic(partition.topic())
                    .ifPresent(topic -> ids.add(new TopicIdPartition(topic.id(), partition.partition())));
        }
        return ids;
    }

    void sync(Sync.Request request, Reply<Sync.Answer> reply, Effects effects) {
        Optional<Seat> found = request.instanceId().isEmpty()
                ? group.seat(request.memberId())
                : group.byInstance(request.instanceId());
        GroupError fault = faultOf(found, request.memberId(), request.generation());
        if (fault != GroupError.NONE) {
            effects.answer(reply, Sync.Answer.refused(fault));
            return;
        }
        Seat seat = found.get();
        String protocol = protocolOf(seat);
        boolean differs =
                !request.protocolType().isEmpty() && !request.protocolType().equals(PROTOCOL_TYPE)
                        || !request.protocol().isEmpty() && !request.protocol().equals(protocol);
        if (differs) {
            effects.answer(reply, Sync.Answer.refused(GroupError.INCONSISTENT_PROTOCOL));
            return;
        }
        group.alive(seat, effects);
        effects.answer(
                reply,
                new Sync.Answer(GroupError.NONE, PROTOCOL_TYPE, protocol, assignmentOf(seat.state(), group.topics())));
    }

    private static String protocolOf(Seat seat) {
        return seat.state().subscription().protocols().get(0).name();
    }

    /** What a member has, as its client reads it. */
    static byte[] assignmentOf(MemberState member, io.sluice.groups.Topics topics) {
        Map<String, List<Integer>> named = new TreeMap<>();
        member.standing().assigned().keySet().stream()
                .sorted()
                .forEach(partition -> topics.topic(partition.topicId())
                        .map(Topic::name)
                        .ifPresent(name -> named.computeIfAbsent(name, n -> new ArrayList<>())
                                .add(partition.partition())));
        return ConsumerProtocol.assignment(
                named, versionOf(member.subscription().protocols()));
    }

    /** The version of the bytes that the member's client writes, so that it can read ours. */
    private static int versionOf(List<Protocol> protocols) {
        byte[] metadata = protocols.get(0).metadata();
        return metadata.length < 2 ? 0 : Math.max(0, (short) (metadata[0] << 8 | metadata[1] & 0xff));
    }

    GroupError heartbeat(String memberId, String instanceId, int generation, Effects effects) {
        Optional<Seat> found = instanceId.isEmpty() ? group.seat(memberId) : group.byInstance(instanceId);
        GroupError fault = faultOf(found, memberId, generation);
        if (fault != GroupError.NONE) {
            return fault;
        }
        Seat seat = found.get();
        group.alive(seat, effects);
        watch(seat, effects);
        return mustJoin(seat) ? GroupError.REBALANCE_IN_PROGRESS : GroupError.NONE;
    }

    private static GroupError faultOf(Optional<Seat> found, String memberId, int generation) {
        if (found.isEmpty() || !found.get().is(Kind.CLASSIC)) {
            return GroupError.UNKNOWN_MEMBER;
        }
        if (!found.get().id().equals(memberId)) {
            return GroupError.FENCED_INSTANCE;
        }
        return generation == found.get().state().standing().epoch() ? GroupError.NONE : GroupError.ILLEGAL_GENERATION;
    }

    /** Whether joining again would change anything for the member. */
    private boolean mustJoin(Seat seat) {
        MemberState member = seat.state();
        return switch (member.standing().phase()) {
            case UNREVOKED -> true;
            case UNRELEASED ->
                member.standing().epoch() != group.epoch()
                        || member.target().stream()
                                .filter(partition ->
                                        !member.standing().assigned().containsKey(partition))
                                .anyMatch(partition -> group.isFree(partition, member.id()));
            case STABLE -> !member.standing().assigned().keySet().equals(member.target());
        };
    }

    /** Who must give partitions back by joining again has only so long. */
    void watch(Seat seat, Effects effects) {
        MemberState member = seat.state();
        boolean owes = member.standing().phase() == Phase.UNREVOKED
                || !member.target().containsAll(member.standing().assigned().keySet());
        if (!owes) {
            group.timers().cancel(seat.deadline());
        } else if (seat.deadline().dueMs() == Long.MAX_VALUE) {
            group.timers()
                    .set(seat.deadline(), effects.nowMs() + member.client().rebalanceTimeoutMs());
        }
    }
}
